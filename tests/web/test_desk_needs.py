"""Needs you: sign-ins that end too soon, mailings that stand still, checks that fail, channels that are down."""

from dataclasses import replace
from datetime import timedelta

from campaign.model import BroadcastKey, Role
from tests.delivery.world import EIGHT, a_mailing, a_post
from tests.web.desks import DeskStand


def test_a_good_day_says_what_is_next(both: DeskStand) -> None:
    both.load()
    both.sign_in(Role.VIEWER)
    page = both.text("/desk/needs-you")
    assert "Nothing needs you." in page
    assert "Next: Theme of mon, 9am." in page


def test_approvals_that_wait_are_counted_on_every_page(desk: DeskStand) -> None:
    desk.world.approvals = True
    desk.load()
    desk.sign_in(Role.VIEWER)
    assert "Needs you (10)" in desk.text("/desk/people")
    page = desk.text("/desk/needs-you")
    assert "Waiting for approval (10)" in page
    assert "Review Email: Theme of mon" in page
    assert "hello Theme of mon" in page, "what is to be approved stands there, before any button"


def test_a_sign_in_that_ends_before_the_last_message_of_its_channel(desk: DeskStand) -> None:
    desk.load(a_post(channels=("a", "b")))
    desk.world.ways.is_live = lambda name: name == "a"  # type: ignore[method-assign]
    ends = {"a": EIGHT + timedelta(days=2), "b": EIGHT}
    made = desk.parts.desk
    assert made is not None
    desk.rebuild(replace(desk.parts, desk=replace(made, until=ends.get)))
    desk.sign_in(Role.EDITOR)
    page = desk.text("/desk/needs-you")
    assert "The sign-in of a ends at 8am on Wednesday 11 October 2023" in page
    assert "planned over it until 9am on Friday 13 October 2023" in page
    assert 'href="/desk/channels/a"' in page
    assert "sign-in of b" not in page
    ends["a"] = EIGHT + timedelta(days=9)
    assert "Nothing needs you" in desk.text("/desk/needs-you")


def test_a_mailing_that_stands_still_can_be_paused(desk: DeskStand) -> None:
    desk.load(mailings=(a_mailing(),))
    service = desk.world.start()
    desk.world.play(service, EIGHT - timedelta(minutes=5))
    desk.world.ways.made["mail"].before = lambda: None
    desk.world.play(service, EIGHT + timedelta(minutes=1))
    row = desk.world.store.ledger.get(BroadcastKey.parse("week/daily/mon/mail"))
    assert row is not None
    with desk.world.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE broadcasts SET state = 'open' WHERE key = 'week/daily/mon/mail'")
    desk.world.store.ledger.explain(row.id, "the relay asked us to wait", desk.world.now)
    desk.sign_in(Role.EDITOR)
    page = desk.text("/desk/needs-you")
    assert "Not going on (1)" in page
    assert "the relay asked us to wait" in page
    assert "Pause mail" in page
    desk.post("/desk/channels/mail/pause", "/desk/needs-you")
    assert [hold.target for hold in desk.world.store.holds.current(desk.world.now)] == ["mail"]


def test_a_channel_that_is_down_is_said_to_work_again(desk: DeskStand) -> None:
    desk.load()
    desk.world.store.channels.set_down("a", "recorder", "signed out", now=desk.world.now)
    desk.sign_in(Role.APPROVER, "Ada")
    page = desk.text("/desk/needs-you")
    assert "The channel a is down" in page
    assert "signed out" in page
    desk.post("/desk/channels/a/up", "/desk/needs-you")
    assert "Nothing needs you" in desk.text("/desk/needs-you")


def test_checks_that_fail_are_listed_with_their_places(desk: DeskStand) -> None:
    desk.load(a_post(text="Words {{ nonsense }}"))
    desk.sign_in(Role.EDITOR, "Ada")
    where = "/desk/programme/week/checks"
    assert "Not checked yet" in desk.text(where)
    assert desk.post(where, where).status_code == 303
    page = desk.text(where)
    assert "To mend" in page
    assert 'href="/desk/message/week/hello/mon"' in page
    needs = desk.text("/desk/needs-you")
    assert "the checks found" in needs
    assert f'href="{where}"' in needs
    desk.sign_in(Role.VIEWER)
    assert desk.post(where, "/desk/account").status_code == 403
