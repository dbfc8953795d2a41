"""One message at the desk: as its readers get it, approved as it stands, and what became of it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from campaign.delivery.shelf import Shelf
from campaign.errors import Refused
from campaign.model import Exclusion, Role
from campaign.store.tables_lists import subscribers
from tests.delivery.world import EIGHT, a_mailing, a_post, a_week
from tests.web.desks import DeskStand

NINE = EIGHT + timedelta(hours=1)
POST, MAIL = "/desk/message/week/hello/mon", "/desk/message/week/daily/mon"


def test_a_post_shows_each_channel_with_its_count(desk: DeskStand) -> None:
    desk.load()
    desk.world.ways.made["a"].limits = replace(desk.world.ways.made["a"].limits, text=10)
    desk.sign_in(Role.VIEWER)
    page = desk.text(POST)
    assert page.count("preview-card") == 2
    assert "hello Theme of mon" in page
    assert "of 10 characters" in page
    assert "characters too many" in page
    assert "Skip it" not in page
    desk.text("/desk/message/week/nothing/mon", 404)
    desk.text("/desk/message/week/hello/someday", 404)


def test_an_email_is_shown_in_a_frame_of_its_own(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.VIEWER)
    page = desk.text(MAIL)
    assert 'sandbox=""' in page
    assert "Monday" in page
    assert "As things stand it reaches" in page
    frame = desk.client.get(f"{MAIL}/frame")
    assert "What mon is about." in frame.text
    rules = frame.headers["content-security-policy"]
    assert rules.endswith("; sandbox")
    assert "script" not in rules
    assert "frame-ancestors 'self'" in rules
    assert "x-frame-options" not in frame.headers


def test_the_numbers_of_a_mailing_add_up_at_every_moment(desk: DeskStand) -> None:
    desk.load(mailings=(a_mailing(),))
    desk.world.ways.made["mail"].faults = [Refused("no such mailbox")]
    service = desk.world.start()
    desk.world.play(service, EIGHT + timedelta(minutes=1))
    desk.sign_in(Role.VIEWER)
    page = desk.text(MAIL)
    tiles = page.split('<ul class="number-tiles">')[1].split("</ul>")[0]
    numbers = [int(part.split("</strong>")[0].replace(",", "")) for part in tiles.split("<strong>")[1:]]
    assert sum(numbers[:-1]) == numbers[-1]
    assert "no such mailbox" in page


def test_who_would_not_get_a_mailing_is_counted_by_why(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.VIEWER)
    assert "On its lists, and not reached" not in desk.text(MAIL)
    desk.load(mailings=(replace(a_mailing(), exclude=Exclusion(areas=("HAM",))),))
    with desk.world.store.database.write() as connection:
        connection.execute(update(subscribers).where(subscribers.c.id == 1).values(areas=",HAM,"))
    table = desk.text(MAIL).split("On its lists, and not reached")[1].split("</table>")[0]
    assert "This email leaves them out" in table
    assert ">1<" in table


def test_whom_a_mailing_reaches_is_told_by_list_area_and_audience(both: DeskStand) -> None:
    both.load()
    both.sign_in(Role.VIEWER)
    table = both.text(MAIL).split('id="whom"')[1].split("</section>")[0]
    assert "As things stand it reaches 1 person." in table
    assert "By area" not in table, "nobody is told apart by area"
    with both.world.store.database.write() as connection:
        connection.execute(
            update(subscribers).where(subscribers.c.id == 1).values(areas=",HAM,IOW,", audiences=",parents,")
        )
    both.world.clock.set(EIGHT + timedelta(minutes=2))
    table = both.text(MAIL).split('id="whom"')[1].split("</section>")[0]
    by_area = re.findall(r'data-label="Area">([^<]+)</td><td data-label="People">(\d+)<', table)
    assert by_area == [("HAM", "1"), ("IOW", "1")]
    by_audience = re.findall(r'data-label="Audience">([^<]+)</td><td data-label="People">(\d+)<', table)
    assert by_audience == [("Parents and carers", "1")]


def test_what_happened_tells_each_attempt(desk: DeskStand) -> None:
    desk.load()
    desk.world.ways.made["b"].faults = [Refused("too long for b")]
    desk.world.play(desk.world.start(), NINE)
    desk.sign_in(Role.VIEWER)
    page = desk.text(POST)
    assert page.count("opened it") == 1
    assert "a and b" in page.split("opened it")[1][:60]
    assert "too long for b" in page.split("What happened")[1]


def test_approval_is_of_one_version_and_falls_with_a_change(both: DeskStand) -> None:
    both.world.approvals = True
    both.load(a_post())
    service = both.world.start()
    both.sign_in(Role.APPROVER, "Ada")
    assert "Needs approval" in both.text(POST)
    assert both.post(f"{POST}/approve", POST, revision="1", comment="Good.").status_code == 303
    page = both.text(POST)
    assert "Approved, exactly as it stands" in page
    assert "Ada (“Good.”)" in page
    both.world.load(a_week(a_post(text="Other words"), mailings=(a_mailing(),)))
    assert "Needs approval" in both.text(POST)
    stale = both.post(f"{POST}/approve", POST, revision="1")
    assert stale.status_code == 422
    assert "changed while you read" in stale.text
    both.world.play(service, NINE + timedelta(minutes=1))
    assert both.world.sent("a") == []
    both.post("/desk/approve/week", "/desk", revision="2")
    assert "messages need approval" not in both.text("/desk")
    both.world.play(service, NINE + timedelta(minutes=2))
    assert len(both.world.sent("a")) == 1


def test_taking_an_approval_back_needs_words_and_stops_the_message(desk: DeskStand) -> None:
    desk.world.approvals = True
    desk.load(a_post())
    service = desk.world.start()
    desk.sign_in(Role.APPROVER, "Ada")
    desk.post(f"{POST}/approve", POST, revision="1")
    assert desk.post(f"{POST}/withdraw", POST, comment="").status_code == 422
    assert desk.post(f"{POST}/withdraw", POST, comment="The name is wrong.").status_code == 303
    desk.world.play(service, NINE + timedelta(minutes=1))
    assert desk.world.sent("a") == []


def test_nobody_approves_what_they_last_edited_where_that_is_the_rule(desk: DeskStand) -> None:
    desk.world.approvals = True
    desk.load(a_post())
    door = replace(desk.parts.desk, other=True)  # type: ignore[type-var]
    desk.rebuild(replace(desk.parts, desk=door))
    desk.sign_in(Role.APPROVER, "Ada")
    refused = desk.post(f"{POST}/approve", POST, revision="1")
    assert refused.status_code == 422
    assert "another person" in refused.text
    desk.sign_in(Role.APPROVER, "Bea")
    assert desk.post(f"{POST}/approve", POST, revision="1").status_code == 303


def test_a_message_ahead_is_moved_or_skipped(desk: DeskStand) -> None:
    desk.load(a_post(channels=("a", "b")), a_post("two"))
    service = desk.world.start()
    desk.sign_in(Role.APPROVER)
    assert desk.post(f"{POST}/move", POST, to="2023-10-09T10:30").status_code == 303
    desk.post("/desk/message/week/two/mon/skip", POST, reason="Not today")
    desk.world.play(service, EIGHT + timedelta(hours=4))
    assert desk.world.sent("a") == [EIGHT + timedelta(hours=2, minutes=30)]
    assert desk.world.sent("b") == [EIGHT + timedelta(hours=2, minutes=30)]
    assert desk.post(f"{POST}/skip", "/desk/account").status_code == 422
    assert Shelf(desk.world.store).get("week").number == 1


def test_a_message_is_sent_back_with_words_and_comes_again_when_it_is_changed(both: DeskStand) -> None:
    both.world.approvals = True
    both.load(a_post())
    both.sign_in(Role.APPROVER, "Ada")
    both.post(f"{POST}/withdraw", POST, comment="Say where it is.")
    page = both.text(POST)
    assert "Changes asked for" in page
    assert "Ada asked for changes: “Say where it is.”" in page
    assert both.text("/desk").count("tag-changes") == 1
    assert "Ada: asked for changes: “Say where it is.”" in page
    both.post("/desk/approve/week", "/desk", revision="1")
    assert "Changes asked for" in both.text(POST)
    both.world.load(a_week(a_post(text="It is in the hall."), mailings=(a_mailing(),)))
    page = both.text(POST)
    assert "Needs approval" in page
    assert "Ada asked for changes:" not in page
    both.post(f"{POST}/approve", POST, revision="2")
    assert "Approved, exactly as it stands" in both.text(POST)


def test_versions_tell_who_changed_what(desk: DeskStand) -> None:
    desk.load(a_post())
    desk.world.load(a_week(a_post(), a_post("other"), mailings=(a_mailing(),)), author="Bea")
    desk.world.load(a_week(a_post(text="Other words"), a_post("other"), mailings=(a_mailing(),)), author="Cy")
    desk.sign_in(Role.VIEWER)
    versions = desk.text(POST).split('id="versions"')[1]
    assert "Revision 3" in versions
    assert "Cy" in versions
    assert "Other words" in versions
    assert "Revision 2" not in versions
    assert "It came into the programme." in versions.split("Revision 1")[1]


@pytest.mark.parametrize("approve_first", [True, False])
def test_an_approver_who_moves_a_message_approves_it_once(desk: DeskStand, approve_first: bool) -> None:
    desk.world.approvals = True
    desk.load(a_post())
    service = desk.world.start()
    desk.sign_in(Role.APPROVER, "Ada")
    if approve_first:
        desk.post(f"{POST}/approve", POST, revision="1")
    desk.post(f"{POST}/move", POST, to="2023-10-09T10:30")
    if not approve_first:
        assert "Needs approval" in desk.text(POST)
        desk.post(f"{POST}/approve", POST, revision="1")
    assert "Approved, exactly as it stands" in desk.text(POST) or approve_first
    desk.world.play(service, EIGHT + timedelta(hours=4))
    assert desk.world.sent("a") == [EIGHT + timedelta(hours=2, minutes=30)]


def test_a_posts_figures_stand_beside_it_once_they_were_read(desk: DeskStand) -> None:
    desk.load(a_post())
    desk.world.play(desk.world.start(), NINE)
    desk.sign_in(Role.VIEWER)
    assert "likes" not in desk.text(POST)
    row = desk.world.store.ledger.of("week")["week/hello/mon/a"]
    desk.world.store.figures.keep(row.id, {"likes": 9, "reposts": 1}, now=desk.world.now)
    assert "9 likes, 1 repost (as of 9am)." in desk.text(POST)
