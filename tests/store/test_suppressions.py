"""Suppressions: who may lift which, and that no order of events mails somebody who asked not to be mailed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from campaign.address import KeyRing, parse
from campaign.errors import RefusedError
from campaign.store.bases import Evidence
from campaign.store.database import Database
from campaign.store.joining import SignUp, ask, confirm
from campaign.store.lists import get_list
from campaign.store.lists_import import Importer, ImportRow
from campaign.store.selection import choose, count
from campaign.store.subscribers import Details, change_address, find_one, leave, leave_all, rehash, save, subscribe
from campaign.store.suppressions import Reason, Scope, for_addresses, in_force, lift_by_staff, lift_own, suppress
from campaign.store.tables_lists import (
    consents,
    counts,
    letters,
    requests,
    subscribers,
    subscription_events,
    subscriptions,
    suppressions,
)
from campaign.tokens import Key
from tests.store.conftest import fill
from tests.store.people import NOW, RING

ANN = "ann@example.org"
BOTH = ["practitioners", "parents"]
SAID = Evidence(given_at=NOW, how="form", wording="I agree.")


def add(database: Database, address: str = ANN, *lists: str) -> int:
    with database.write() as connection:
        number = save(connection, RING, parse(address), Details(), now=NOW)
        for slug in lists or ("practitioners",):
            subscribe(connection, number, get_list(connection, slug), evidence=SAID, who="test", now=NOW)
    return number


def reached(database: Database, slug: str = "practitioners") -> int:
    with database.read() as connection:
        return count(connection, choose(connection, [slug]), now=NOW)


def test_saying_the_same_twice_changes_nothing(filled: Database) -> None:
    with filled.write() as connection:
        assert suppress(connection, RING, ANN, reason=Reason.HARD, now=NOW) == 1
        assert suppress(connection, RING, ANN, reason=Reason.HARD, now=NOW) == 0
        assert suppress(connection, RING, ANN, reason=Reason.COMPLAINT, now=NOW) == 1
        assert len(in_force(connection, [RING.hash(ANN)])) == 2


@pytest.mark.parametrize("reason", [Reason.LEFT, Reason.ERASED])
def test_staff_cannot_lift_what_a_person_wished(filled: Database, reason: Reason) -> None:
    with filled.write() as connection:
        suppress(connection, RING, ANN, reason=reason, now=NOW)
        with pytest.raises(RefusedError, match="own confirmed sign-up"):
            lift_by_staff(connection, RING, ANN, who="Jo", reason="they rang", now=NOW)
        assert in_force(connection, [RING.hash(ANN)])


@pytest.mark.parametrize("reason", [Reason.HARD, Reason.COMPLAINT, Reason.STAFF])
def test_staff_lift_the_rest_with_a_reason(filled: Database, reason: Reason) -> None:
    add(filled)
    with filled.write() as connection:
        suppress(connection, RING, ANN, reason=reason, now=NOW)
    assert reached(filled) == 0
    with filled.write() as connection:
        with pytest.raises(RefusedError, match="Say why"):
            lift_by_staff(connection, RING, ANN, who="Jo", reason=" ", now=NOW)
        assert lift_by_staff(connection, RING, ANN, who="Jo", reason="mailbox mended", now=NOW) == 1
    assert reached(filled) == 1


def test_a_sign_up_lifts_only_what_stands_against_its_lists(filled: Database) -> None:
    with filled.write() as connection:
        suppress(
            connection, RING, ANN, reason=Reason.LEFT, scope=Scope.LIST, targets=["practitioners", "parents"], now=NOW
        )
        suppress(connection, RING, ANN, reason=Reason.LEFT, scope=Scope.ORGANISATION, targets=["IOWSCP"], now=NOW)
        assert lift_own(connection, RING, ANN, {"parents": "HSCP"}, now=NOW) == []
        kept = [(each.scope, each.target) for each in in_force(connection, [RING.hash(ANN)])]
        assert kept == [(Scope.LIST, "practitioners"), (Scope.ORGANISATION, "IOWSCP")]


def test_what_an_old_key_suppressed_is_found_for_ever(filled: Database) -> None:
    with filled.write() as connection:
        suppress(connection, RING, ANN, reason=Reason.ERASED, now=NOW)
    newest = KeyRing(Key(b"c" * 32), (Key(b"b" * 32), RING.current))
    with filled.write() as connection:
        assert [each.reason for each in for_addresses(connection, newest, [ANN])[ANN]] == [Reason.ERASED]
        save(connection, newest, parse(ANN), Details(), now=NOW)
        assert [each.reason for each in in_force(connection, [newest.hash(ANN)])] == [Reason.ERASED]


def test_a_new_key_is_brought_to_everybody_slice_by_slice(filled: Database) -> None:
    people = [add(filled, f"p{number}@example.org") for number in range(5)]
    with filled.write() as connection:
        suppress(connection, RING, "p3@example.org", reason=Reason.LEFT, now=NOW)
    newer = KeyRing(Key(b"n" * 32), (RING.current,))
    after: int | None = 0
    while after is not None:
        with filled.write() as connection:
            after = rehash(connection, newer, after=after, limit=2, now=NOW)
    with filled.read() as connection:
        marks = set(connection.scalars(select(subscribers.c.address_hash)))
        assert marks == {newer.hash(f"p{number}@example.org") for number in range(5)}
    assert reached(filled) == len(people) - 1


def test_a_new_address_does_not_shed_what_a_person_wished(filled: Database) -> None:
    add(filled, ANN, "practitioners", "parents")
    with filled.write() as connection:
        person = find_one(connection, ANN)
        assert person is not None
        leave(connection, RING, person, [get_list(connection, "practitioners")], who="self", how="link", now=NOW)
        suppress(connection, RING, ANN, reason=Reason.HARD, now=NOW)
        change_address(connection, RING, person, parse("new@example.org"), who="Jo", now=NOW)
    assert (reached(filled), reached(filled, "parents")) == (0, 1)
    with filled.read() as connection:
        kept = [(each.target, each.reason) for each in in_force(connection, [RING.hash("new@example.org")])]
    assert kept == [("practitioners", Reason.LEFT)]
    with filled.write() as connection:
        moved = find_one(connection, "new@example.org")
        assert moved is not None
        other = save(connection, RING, parse("other@example.org"), Details(), now=NOW)
        assert other != moved.id
        with pytest.raises(RefusedError, match="Somebody has that address"):
            change_address(connection, RING, moved, parse("OTHER@example.org"), who="Jo", now=NOW)


ACTS = st.lists(
    st.sampled_from(["import", "leave", "leave all", "erase", "bounce", "complain", "staff lifts", "ask", "confirm"]),
    max_size=12,
)


@pytest.fixture(scope="module")
def plain() -> Iterator[Database]:
    """One database in memory for all examples: each empties it first."""
    database = Database("sqlite://")
    database.create()
    fill(database)
    yield database
    database.close()


PEOPLE = (subscription_events, consents, subscriptions, subscribers, suppressions, requests, letters, counts)


@given(acts=ACTS)
@settings(max_examples=60)
def test_no_order_of_events_mails_somebody_who_asked_not_to_be(plain: Database, acts: list[str]) -> None:
    """A model beside the store: who wished what, and who bounced, in the plainest words."""
    wished, refused, asked = False, False, False
    with plain.write() as connection:
        for table in PEOPLE:
            connection.execute(delete(table))
    for hours, act in enumerate(acts):
        do(plain, act, hours)
        if act in ("leave", "leave all", "erase"):
            wished = True
        elif act in ("bounce", "complain"):
            refused = True
        elif act == "staff lifts":
            refused = False
        elif act == "ask":
            asked = asked or not refused
        elif act == "confirm" and asked:
            wished, asked = False, False
        with plain.read() as connection:
            found = count(connection, choose(connection, ["practitioners"]), now=NOW + timedelta(hours=hours))
        assert not (found and (wished or refused)), f"mailed after {acts[: hours + 1]}"


def do(database: Database, act: str, hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    if act == "import":
        with database.read() as connection:
            lists = [get_list(connection, "practitioners")]
        importer = Importer(database, RING, lists, now=now, who="test", default="practitioners")
        list(importer.run([ImportRow(number=2, address=ANN, evidence=SAID)], apply=True))
        return
    if act == "confirm":
        with database.read() as connection:
            token = connection.scalars(select(requests.c.token).order_by(requests.c.id.desc()).limit(1)).first()
        confirm(database, RING, token or "none", now=now)
        return
    with database.write() as connection:
        person = find_one(connection, ANN)
        chosen = [get_list(connection, "practitioners")]
        if act == "ask":
            ask(connection, RING, parse(ANN), SignUp(address="", lists=(), wording="I agree."), chosen, now=now)
        elif act == "staff lifts":
            refusing = [each for each in in_force(connection, [RING.hash(ANN)]) if each.reason is Reason.HARD]
            complaints = [each for each in in_force(connection, [RING.hash(ANN)]) if each.reason is Reason.COMPLAINT]
            if refusing or complaints:
                lift_by_staff(connection, RING, ANN, who="Jo", reason="mended", now=now)
        elif act in ("bounce", "complain"):
            suppress(connection, RING, ANN, reason=Reason.HARD if act == "bounce" else Reason.COMPLAINT, now=now)
        elif act == "erase" or person is None:
            suppress(connection, RING, ANN, reason=Reason.ERASED, now=now)
        elif act == "leave":
            leave(connection, RING, person, chosen, who="self", how="link", now=now)
        elif act == "leave all":
            leave_all(connection, RING, person, who="self", how="link", now=now)
