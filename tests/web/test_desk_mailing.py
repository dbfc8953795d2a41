"""A mailing at the desk: looked at in every way, tested, watched, held, and asked after."""

from dataclasses import replace
from datetime import timedelta

from campaign.errors import Refused, TryLater
from campaign.model import DeliveryState, Role
from tests.delivery.world import EIGHT, a_mailing, a_post
from tests.web.desks import DeskStand

MAIL = "/desk/message/week/daily/mon"


def test_it_is_looked_at_on_each_screen_and_in_dark(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.VIEWER)
    assert "email-frame-phone" in desk.text(f"{MAIL}?view=phone")
    assert "<iframe" not in desk.text(f"{MAIL}?view=words")
    inbox = desk.text(f"{MAIL}?view=inbox")
    assert "inbox-line" in inbox
    assert "Today" in inbox
    light, dark = (desk.client.get(f"{MAIL}/frame{query}").text for query in ("", "?dark=yes"))
    assert "prefers-color-scheme:dark" not in light
    assert "@media not all" in light
    assert "@media all" in dark
    assert "img-src" not in desk.client.get(f"{MAIL}/frame?images=off").headers["content-security-policy"]
    assert "It has no images" in desk.text(f"{MAIL}?images=off")


def test_it_is_seen_as_any_subscriber_gets_it_by_those_who_may(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.EDITOR)
    page = desk.text(f"{MAIL}?find=parents")
    assert "parents@example.org" in page
    assert "nothing, as yet" in page
    person = page.split("?person=")[1].split("#")[0]
    shown = desk.text(f"{MAIL}?person={person}")
    assert "As Sam, Parents and carers" in shown
    assert f"person={person}" in shown.split("<iframe")[1]
    assert "does not go to this person" in desk.text(f"{MAIL}?person=999")
    desk.text(f"{MAIL}?person=9999999999999999999999")
    desk.sign_in(Role.VIEWER)
    hidden = desk.text(f"{MAIL}?find=parents&person={person}")
    assert "parents@example.org" not in hidden
    assert "?person=" not in hidden


def test_a_test_goes_to_who_asks_for_it_and_counts_as_nothing(desk: DeskStand) -> None:
    desk.load()
    whole = desk.parts
    desk.rebuild(replace(whole, desk=replace(whole.desk, send_test=None)))  # type: ignore[type-var]
    desk.sign_in(Role.EDITOR)
    assert "Send a test" not in desk.text(MAIL)
    assert desk.post(f"{MAIL}/test").status_code == 422
    desk.rebuild(whole)
    desk.sign_in(Role.EDITOR, "Ada")
    assert "Send a test to ada@example.org" in desk.text(MAIL)
    assert desk.post(f"{MAIL}/test", MAIL).headers["location"] == MAIL
    page = desk.text(MAIL)
    assert "A test is on its way to ada@example.org" in page
    assert "Ada: sent a test of it" in page
    [(_, _, email)] = desk.world.ways.made["mail"].accepted
    assert (email.to, email.subject) == ("ada@example.org", "TEST: Monday")
    assert desk.world.store.ledger.of("week") == {}
    desk.world.ways.made["mail"].faults = [Refused("no such mailbox")]
    assert "no such mailbox" in desk.post(f"{MAIL}/test", MAIL).text
    desk.sign_in(Role.VIEWER)
    assert "Send a test" not in desk.text(MAIL)


def test_who_got_it_when_and_what_the_relay_said(both: DeskStand) -> None:
    both.load()
    both.world.ways.made["mail"].faults = [Refused("no such mailbox")]
    both.world.play(both.world.start(), EIGHT + timedelta(minutes=1))
    both.sign_in(Role.EDITOR)
    page = both.text(f"{MAIL}?find=parents").split('id="somebody"')[1]
    assert "Failed" in page
    assert "no such mailbox" in page
    assert "8am" in page
    assert "No one matches" in both.text(f"{MAIL}?find=nobody-here")


def test_what_is_put_off_is_told_and_the_end_is_not_called_finished(desk: DeskStand) -> None:
    desk.load(mailings=(a_mailing(),))
    desk.world.ways.made["mail"].faults = [TryLater("greylisted", after=600)]
    service = desk.world.start()
    desk.world.play(service, EIGHT + timedelta(minutes=1))
    desk.sign_in(Role.VIEWER)
    page = desk.text(MAIL)
    assert "greylisted" in page.split("Put off by their mail server")[1]
    assert "Finished" not in page
    row = desk.world.store.ledger.of("week")["week/daily/mon/mail"]
    assert desk.world.store.outcomes.put_off(row.id, among=1) == ([("greylisted", 1)], False)
    assert desk.world.store.outcomes.put_off(row.id, among=0)[1], "there are more than were asked for"
    desk.world.play(service, EIGHT + timedelta(hours=1))
    page = desk.text(MAIL)
    assert "Finished: everybody has it." in page
    assert "Put off" not in page


def test_it_is_held_alone_and_the_rest_goes_on(desk: DeskStand) -> None:
    desk.load(a_post(), mailings=(a_mailing(),))
    service = desk.world.start()
    desk.world.play(service, EIGHT + timedelta(hours=2))
    tuesday = "/desk/message/week/daily/tue"
    desk.sign_in(Role.EDITOR, "Ada")
    assert desk.post(f"{tuesday}/hold", tuesday, reason="A wrong name.").status_code == 303
    assert "Held by Ada" in desk.text(tuesday)
    desk.world.play(service, EIGHT + timedelta(days=1, hours=2))
    desk.sign_in(Role.EDITOR, "Ada")
    assert len(desk.world.sent("mail")) == 1
    assert len(desk.world.sent("a")) == 2
    assert "Held" in desk.text(tuesday)


def test_the_numbers_of_every_moment_add_up(desk: DeskStand) -> None:
    desk.load(mailings=(a_mailing(),))
    desk.world.ways.made["mail"].faults = [TryLater("greylisted", after=600)]
    service = desk.world.start()
    desk.sign_in(Role.VIEWER)
    for minutes in (0, 1, 30):
        desk.world.play(service, EIGHT + timedelta(minutes=minutes))
        page = desk.text(MAIL)
        if '<ul class="number-tiles">' not in page:
            continue
        tiles = page.split('<ul class="number-tiles">')[1].split("</ul>")[0]
        numbers = [int(part.split("</strong>")[0].replace(",", "")) for part in tiles.split("<strong>")[1:]]
        assert sum(numbers[:-1]) == numbers[-1]
        row = desk.world.store.ledger.of("week")["week/daily/mon/mail"]
        assert len(desk.world.store.deliveries.of(row.id, *DeliveryState)) == numbers[-1]
