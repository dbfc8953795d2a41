"""What follows from feedback, on both databases: at once, after three days, or never; and each thing once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from campaign.address import parse
from campaign.channels.base import Feedback, FeedbackKind
from campaign.clock import to_micros
from campaign.delivery import people
from campaign.delivery.feedback import Outcome, Policy
from campaign.store.bases import Evidence
from campaign.store.database import Database
from campaign.store.feedback import counted
from campaign.store.links import ListSets
from campaign.store.lists import get_list
from campaign.store.selection import choose, count
from campaign.store.subscribers import Details, by_id, save, subscribe
from campaign.store.suppressions import Reason, in_force, lift_by_staff
from campaign.store.tables import broadcasts, campaigns, deliveries
from campaign.store.tables_lists import feedback
from tests.store.conftest import fill
from tests.store.people import NOW, RING

KEY = RING.current
ANN = "ann@example.org"
SAID = Evidence(given_at=NOW, how="form", wording="I agree.")
DAY = timedelta(days=1)


@pytest.fixture
def delivered(database: Database) -> Database:
    """Ann, on two lists, to whom delivery 1 went."""
    fill(database)
    populate(database)
    return database


def populate(database: Database) -> None:
    """Ann and her delivery."""
    with database.write() as connection:
        number = save(connection, RING, parse(ANN), Details(), now=NOW)
        for slug in ("practitioners", "parents"):
            subscribe(connection, number, get_list(connection, slug), evidence=SAID, who="test", now=NOW)
        connection.execute(insert(campaigns).values(slug="week", loaded_at=1))
        moments = dict.fromkeys(("planned_at", "late_until", "stop_at", "changed_at"), 1)
        connection.execute(insert(broadcasts).values(campaign=1, key="week/daily/mon/mail", **moments))
        connection.execute(insert(deliveries).values(broadcast=1, subscriber=number, state="sent"))


STAMP = KEY.stamped("return-path-v1", 1)


def tell(
    database: Database,
    kind: FeedbackKind,
    *,
    name: str = "1",
    token: str = STAMP,
    address: str = "",
    code: str = "",
    now: datetime = NOW,
    trusted: bool = False,
) -> Outcome:
    said = Feedback(id=name, kind=kind, at=now, token=token, address=address, code=code)
    return Policy(database, RING, KEY).apply([said], source="test", trusted=trusted, now=now)[0]


def reached(database: Database, slug: str = "practitioners") -> bool:
    with database.read() as connection:
        return bool(count(connection, choose(connection, [slug]), now=NOW))


@pytest.mark.parametrize(
    ("kind", "reason"), [(FeedbackKind.HARD, Reason.HARD), (FeedbackKind.COMPLAINT, Reason.COMPLAINT)]
)
def test_a_dead_address_and_a_complaint_suppress_at_once(
    delivered: Database, kind: FeedbackKind, reason: Reason
) -> None:
    assert tell(delivered, kind) is Outcome.SUPPRESSED
    assert not reached(delivered)
    assert not reached(delivered, "parents")
    with delivered.read() as connection:
        assert [each.reason for each in in_force(connection, [RING.hash(ANN)])] == [reason]


def test_a_failing_address_is_suppressed_on_the_third_day_and_not_before(delivered: Database) -> None:
    for hours in (0, 1, 2, 24, 25, 26):
        moment = NOW + timedelta(hours=hours)
        assert tell(delivered, FeedbackKind.SOFT, name=str(hours), now=moment) is Outcome.COUNTED
    assert reached(delivered)
    assert tell(delivered, FeedbackKind.SOFT, name="e", now=NOW + 2 * DAY) is Outcome.SUPPRESSED
    assert not reached(delivered)


def test_failures_of_long_ago_do_not_add_up(delivered: Database) -> None:
    for name, day in (("a", 0), ("b", 20), ("c", 40)):
        assert tell(delivered, FeedbackKind.SOFT, name=name, now=NOW + day * DAY) is Outcome.COUNTED


@pytest.mark.parametrize(
    "kind", [FeedbackKind.POLICY, FeedbackKind.AUTO_REPLY, FeedbackKind.DELIVERED, FeedbackKind.UNKNOWN]
)
def test_a_fault_of_ours_and_an_auto_reply_suppress_nobody(delivered: Database, kind: FeedbackKind) -> None:
    for day in range(5):
        assert tell(delivered, kind, name=str(day), now=NOW + day * DAY) is Outcome.COUNTED
    assert reached(delivered)
    assert counted(delivered) == {(kind, "counted"): 5}


def test_after_staff_let_mail_through_again_three_new_days_are_needed(delivered: Database) -> None:
    for day in range(3):
        tell(delivered, FeedbackKind.SOFT, name=str(day), now=NOW + day * DAY)
    assert not reached(delivered)
    with delivered.write() as connection:
        lift_by_staff(connection, RING, ANN, who="Jo", reason="mended", now=NOW + 3 * DAY)
    for day in (3, 4):
        moment = NOW + day * DAY + timedelta(hours=1)
        assert tell(delivered, FeedbackKind.SOFT, name=str(day), now=moment) is Outcome.COUNTED
    assert reached(delivered)
    assert tell(delivered, FeedbackKind.SOFT, name="5", now=NOW + 5 * DAY) is Outcome.SUPPRESSED


@pytest.mark.parametrize(("began", "outcome"), [(-1, Outcome.COUNTED), (1, Outcome.SUPPRESSED)])
def test_what_an_old_address_sends_back_stops_no_mail_to_the_new_one(
    delivered: Database, began: int, outcome: Outcome
) -> None:
    with delivered.write() as connection:
        connection.execute(update(deliveries).values(began_at=to_micros(NOW + began * DAY)))
    people.move(delivered, RING, ANN, "ann@example.com", who="Jo", now=NOW)
    assert tell(delivered, FeedbackKind.HARD, address=ANN, now=NOW + DAY) is outcome
    assert reached(delivered) is (outcome is Outcome.COUNTED)


def test_delivered_twice_counts_once(delivered: Database) -> None:
    assert tell(delivered, FeedbackKind.SOFT) is Outcome.COUNTED
    for day in range(1, 5):
        assert tell(delivered, FeedbackKind.SOFT, now=NOW + day * DAY) is Outcome.BEFORE
    assert reached(delivered)


@pytest.mark.parametrize("token", ["", "aaaaaaaa-" + "0" * 32, KEY.stamped("another use", 1)])
@pytest.mark.parametrize("kind", [FeedbackKind.HARD, FeedbackKind.COMPLAINT, FeedbackKind.SOFT])
def test_a_stranger_cannot_get_somebody_suppressed_by_writing_a_bounce(
    delivered: Database, kind: FeedbackKind, token: str
) -> None:
    for day in range(4):
        assert tell(delivered, kind, name=f"{day}", token=token, address=ANN, now=NOW + day * DAY) is Outcome.UNMATCHED
    assert reached(delivered)
    with delivered.read() as connection:
        assert set(connection.scalars(select(feedback.c.address_hash))) == {""}


def test_a_proven_callback_needs_no_token_of_ours(delivered: Database) -> None:
    assert (
        tell(delivered, FeedbackKind.HARD, token="f" * 32, address="ANN@example.org", trusted=True)
        is Outcome.SUPPRESSED
    )
    assert not reached(delivered)


def test_a_bounce_from_where_mail_was_forwarded_counts_for_the_person_it_was_sent_to(delivered: Database) -> None:
    assert tell(delivered, FeedbackKind.HARD, address="elsewhere@example.com") is Outcome.SUPPRESSED
    assert not reached(delivered)


def test_leaving_by_the_links_own_secret_leaves_its_lists(delivered: Database) -> None:
    with delivered.read() as connection:
        person = by_id(connection, 1)
        assert person is not None
        one = get_list(connection, "parents")
    token = ListSets(delivered).link(person.token, [one])
    assert tell(delivered, FeedbackKind.UNSUBSCRIBE, token=token) is Outcome.LEFT
    assert (reached(delivered), reached(delivered, "parents")) == (True, False)


@pytest.mark.parametrize(("token", "address"), [(STAMP, ""), ("", "Ann@Example.org")])
def test_leaving_by_a_delivery_or_an_address_leaves_everything(delivered: Database, token: str, address: str) -> None:
    assert tell(delivered, FeedbackKind.UNSUBSCRIBE, token=token, address=address) is Outcome.LEFT
    assert not reached(delivered)
    assert not reached(delivered, "parents")


def test_leaving_by_somebody_unknown_is_kept_and_counted(delivered: Database) -> None:
    assert tell(delivered, FeedbackKind.UNSUBSCRIBE, token="", address="bob@example.org") is Outcome.UNMATCHED
    assert counted(delivered) == {("unsubscribe", "unmatched"): 1}
