"""Whom a mailing reaches, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from campaign.errors import RefusedError
from campaign.model import Exclusion
from campaign.model.rows import Person
from campaign.store.database import Database
from campaign.store.reached import groups, people, recipients
from campaign.store.selection import (
    Choice,
    breakdown,
    choose,
    count,
    labels,
    lapsed,
    next_slice,
    read_labels,
    selection,
)
from tests.store.people import NOW, add_list, add_person, add_suppression


def reached(connection: Connection, choice: Choice) -> list[int]:
    return [row.subscriber for row in connection.execute(selection(choice, now=NOW))]


def test_only_confirmed_subscriptions_that_are_not_paused_are_reached(database: Database) -> None:
    with database.write() as connection:
        one = add_list(connection, "practitioners")
        yes = add_person(connection, "a@example.org", one)
        add_person(connection, "b@example.org", one, state="unconfirmed")
        add_person(connection, "c@example.org", one, state="unsubscribed")
        add_person(connection, "d@example.org", one, paused_until=NOW + timedelta(days=1))
        back = add_person(connection, "e@example.org", one, paused_until=NOW)
        add_person(connection, "f@example.org")
        choice = choose(connection, ["practitioners"])
        assert reached(connection, choice) == [yes, back]
        assert count(connection, choice, now=NOW) == 2


def test_a_person_on_several_lists_is_one_row_that_names_them_all(database: Database) -> None:
    with database.write() as connection:
        first, second, third = (add_list(connection, slug) for slug in ("one", "two", "three"))
        both = add_person(connection, "a@example.org", second, first)
        last = add_person(connection, "b@example.org", third)
        choice = choose(connection, ["two", "one", "three"])
        rows = {row.subscriber: row.chosen for row in connection.execute(selection(choice, now=NOW))}
        assert [each.slug for each in choice.chosen(rows[both])] == ["two", "one"]
        assert [each.slug for each in choice.chosen(rows[last])] == ["three"]


@pytest.mark.parametrize(
    ("own", "asked", "is_reached"),
    [
        (["HAM"], ["HAM"], True),
        (["HAM", "IOW"], ["IOW"], True),
        (["HAM"], ["IOW", "POR"], False),
        ([], ["IOW"], True),
        (["HAM"], [], True),
        (["HAM"], ["ham"], False),
        (["H_M"], ["HAM"], False),
        (["HAMX"], ["HAM"], False),
    ],
)
def test_areas_narrow_and_none_means_all(
    database: Database, own: Iterable[str], asked: Iterable[str], is_reached: bool
) -> None:
    with database.write() as connection:
        add_person(connection, "a@example.org", add_list(connection, "one"), areas=own)
        assert bool(reached(connection, choose(connection, ["one"], areas=asked))) is is_reached


@pytest.mark.parametrize(
    ("own", "of_list", "asked", "is_reached"),
    [
        (["parents"], ["vcs"], ["parents"], True),
        (["parents"], ["vcs"], ["vcs"], False),
        ([], ["vcs"], ["vcs"], True),
        ([], ["vcs"], ["parents"], False),
        ([], [], ["parents"], True),
        ([], ["vcs"], [], True),
    ],
)
def test_audiences_are_their_own_else_those_of_the_list(
    database: Database, own: Iterable[str], of_list: Iterable[str], asked: Iterable[str], is_reached: bool
) -> None:
    with database.write() as connection:
        add_person(connection, "a@example.org", add_list(connection, "one", audiences=of_list), audiences=own)
        assert bool(reached(connection, choose(connection, ["one"], audiences=asked))) is is_reached


@pytest.mark.parametrize(
    ("scope", "target", "lifted", "chosen"),
    [
        ("all", "", False, []),
        ("all", "", True, ["one", "two"]),
        ("list", "one", False, ["two"]),
        ("list", "other", False, ["one", "two"]),
        ("organisation", "HSCP", False, []),
        ("organisation", "IOWSCP", False, ["one", "two"]),
    ],
)
def test_a_suppression_stops_what_its_scope_says(
    database: Database, scope: str, target: str, lifted: bool, chosen: list[str]
) -> None:
    with database.write() as connection:
        add_person(connection, "a@example.org", add_list(connection, "one"), add_list(connection, "two"))
        add_suppression(connection, "A@Example.org", scope=scope, target=target, lifted=lifted)
        choice = choose(connection, ["one", "two"])
        rows = connection.execute(selection(choice, now=NOW)).all()
        assert [each.slug for row in rows for each in choice.chosen(row.chosen)] == chosen


def test_the_people_of_an_excluded_list_are_left_out(database: Database) -> None:
    with database.write() as connection:
        one, staff = add_list(connection, "one"), add_list(connection, "staff", sender="other")
        outside = add_person(connection, "a@example.org", one)
        inside = add_person(connection, "b@example.org", one, staff)
        choice = choose(connection, ["one"], without=Exclusion(lists=("staff",)))
        assert reached(connection, choice) == [outside]
        assert lapsed(connection, choice, [outside, inside], now=NOW) == {inside: "excluded"}


@pytest.mark.parametrize(
    ("person", "without", "is_reached"),
    [
        ({"areas": ["HAM", "POR"]}, {"areas": ("POR",)}, False),
        ({"areas": ["HAM"]}, {"areas": ("POR",)}, True),
        ({}, {"areas": ("POR",)}, True),
        ({"audiences": ["vcs", "parents"]}, {"audiences": ("parents",)}, False),
        ({"audiences": ["vcs"]}, {"audiences": ("parents",)}, True),
        ({}, {"audiences": ("parents",)}, False),  # by the list that chose them
        ({}, {"audiences": ("vcs",)}, True),
        ({"state": "unsubscribed"}, {}, False),
    ],
)
def test_areas_and_audiences_are_left_out(
    database: Database, person: dict[str, Any], without: dict[str, tuple[str, ...]], is_reached: bool
) -> None:
    with database.write() as connection:
        parents, plain = add_list(connection, "parents", audiences=["parents"]), add_list(connection, "plain")
        number = add_person(connection, "a@example.org", parents, plain, **person)
        choice = choose(connection, ["parents", "plain"], without=Exclusion(**without))
        assert reached(connection, choice) == ([number] if is_reached else [])


def test_everybody_on_the_lists_is_counted_once_with_the_most_telling_reason(database: Database) -> None:
    with database.write() as connection:
        one, two = add_list(connection, "one"), add_list(connection, "two")
        board = add_list(connection, "board")
        add_person(connection, "in@example.org", one, two)
        add_person(connection, "on-board@example.org", one, board)
        add_person(connection, "elsewhere@example.org", one, areas=["IOW"])
        add_person(connection, "portsmouth@example.org", one, areas=["HAM", "POR"])
        add_person(connection, "voter@example.org", two, audiences=["voters"])
        add_person(connection, "paused@example.org", two, paused_until=NOW + timedelta(days=1))
        add_person(connection, "gone@example.org", one, two, state="unsubscribed")
        add_person(connection, "new@example.org", two, state="unconfirmed")
        add_person(connection, "bounced@example.org", one, two)
        add_suppression(connection, "bounced@example.org")
        add_person(connection, "half@example.org", one, two)
        add_suppression(connection, "half@example.org", scope="list", target="one")
        choice = choose(
            connection,
            ["one", "two"],
            areas=["HAM"],
            audiences=["staff"],
            without=Exclusion(lists=("board",), areas=("POR",)),
        )
        found = breakdown(connection, choice, now=NOW)
        assert found == {
            "reached": count(connection, choice, now=NOW),
            "suppressed": 1,
            "paused": 1,
            "excluded": 2,
            "another area": 1,
            "another audience": 1,
            "not confirmed yet": 1,
            "left the list": 1,
        }
        assert found["reached"] == 2
        everyone = choose(connection, ["one", "two"])
        assert breakdown(connection, everyone, now=NOW)["reached"] == count(connection, everyone, now=NOW) == 6


def test_people_are_counted_by_what_they_have_in_common(database: Database) -> None:
    with database.write() as connection:
        one, two = add_list(connection, "one", audiences=["staff"]), add_list(connection, "two")
        add_person(connection, "a@example.org", one, areas=["HAM", "IOW"])
        add_person(connection, "b@example.org", one, areas=["HAM", "IOW"])
        add_person(connection, "c@example.org", one, two)
        add_person(connection, "d@example.org", two, audiences=["parents"])
        add_person(connection, "e@example.org", two, state="unsubscribed")
        choice = choose(connection, ["one", "two"])
        found = {
            (areas, groups, tuple(each.slug for each in chosen)): number
            for (areas, groups, chosen), number in groups(connection, choice, now=NOW)
        }
        assert found == {
            (frozenset({"HAM", "IOW"}), frozenset({"staff"}), ("one",)): 2,
            (frozenset(), frozenset(), ("one", "two")): 1,
            (frozenset(), frozenset({"parents"}), ("two",)): 1,
        }
        assert sum(found.values()) == count(connection, choice, now=NOW)


def test_slices_cover_everybody_once_and_jump_over_gaps(database: Database) -> None:
    with database.write() as connection:
        add_person(connection, "nobody@example.org")
        one = add_list(connection, "one")
        people = [add_person(connection, f"p{number}@example.org", one) for number in range(5)]
        choice = choose(connection, ["one"])
        first = next_slice(connection, choice, 0)
        assert first is not None
        assert first[0] == people[0] - 1
        rows = connection.execute(selection(choice, now=NOW, after=first[0], upto=people[2])).all()
        assert [row.subscriber for row in rows] == people[:3]
        second = next_slice(connection, choice, people[2])
        assert second is not None
        rows = connection.execute(selection(choice, now=NOW, after=second[0], upto=second[1])).all()
        assert [row.subscriber for row in rows] == people[3:]
        assert next_slice(connection, choice, second[1]) is None


def test_a_thousand_and_one_suppressed_people_do_not_hide_the_next(database: Database) -> None:
    with database.write() as connection:
        one = add_list(connection, "one")
        for number in range(1001):
            add_person(connection, f"p{number}@example.org", one)
            add_suppression(connection, f"p{number}@example.org")
        last = add_person(connection, "last@example.org", one)
        choice = choose(connection, ["one"])
        found, after = [], 0
        while window := next_slice(connection, choice, after):
            rows = connection.execute(selection(choice, now=NOW, after=window[0], upto=window[0] + 100))
            found += [row.subscriber for row in rows]
            after = window[0] + 100
        assert found == [last]


def test_a_recipient_is_what_a_mailing_may_know_of_a_person(database: Database) -> None:
    with database.write() as connection:
        one = add_list(connection, "one", audiences=["vcs"])
        two = add_list(connection, "two", audiences=["parents"])
        person = add_person(connection, "a@example.org", one, two, areas=["HAM"])
        gone = add_person(connection, "b@example.org", one)
        add_suppression(connection, "b@example.org")
        choice = choose(connection, ["one", "two"])
        found = recipients(connection, choice, [person, gone], now=NOW)
        assert list(found) == [person]
        assert found[person].address == "a@example.org"
        assert found[person].areas == {"HAM"}
        assert found[person].audiences == {"vcs", "parents"}
        assert [each.slug for each in found[person].lists] == ["one", "two"]
        assert found[person].unsubscribe_token


@pytest.mark.parametrize("names", [["one"], ["one", "two"]])
def test_a_run_of_ids_reaches_whom_it_reaches_one_by_one(database: Database, names: list[str]) -> None:
    with database.write() as connection:
        one, two = add_list(connection, "one"), add_list(connection, "two")
        before = add_person(connection, "before@example.org", one)
        run = [
            add_person(connection, "a@example.org", one),
            add_person(connection, "b@example.org", one, two),
            add_person(connection, "c@example.org", two),
            add_person(connection, "d@example.org", one, state="unsubscribed"),
            add_person(connection, "e@example.org", one, paused_until=NOW + timedelta(days=1)),
            add_person(connection, "f@example.org", one),
            add_person(connection, "g@example.org", one),
        ]
        behind = add_person(connection, "behind@example.org", one)
        add_suppression(connection, "f@example.org")
        choice = choose(connection, names)

        def reached(ids: list[int]) -> list[Person]:
            return sorted(people(connection, choice, ids, now=NOW, kinds={}))

        singly = sorted(person for each in run for person in reached([each]))
        assert reached(run) == reached([*reversed(run)]) == reached([*run, run[0]]) == singly
        assert {person[0] for person in singly} == {run[0], run[1], run[6]} | ({run[2]} if "two" in names else set())
        assert reached([run[0], run[6], behind]) == sorted([*reached([run[0]]), *reached([run[6]]), *reached([behind])])
        assert reached([]) == []
        assert before not in {person[0] for person in singly}


def test_why_somebody_is_no_longer_reached(database: Database) -> None:
    with database.write() as connection:
        one = add_list(connection, "one")
        left = add_person(connection, "a@example.org", one, state="unsubscribed")
        paused = add_person(connection, "b@example.org", one, paused_until=NOW + timedelta(days=1))
        stopped = add_person(connection, "c@example.org", one)
        add_suppression(connection, "c@example.org")
        fine = add_person(connection, "d@example.org", one)
        never = add_person(connection, "e@example.org")
        choice = choose(connection, ["one"])
        assert lapsed(connection, choice, [left, paused, stopped, fine, never, 9999], now=NOW) == {
            left: "left",
            paused: "paused",
            stopped: "suppressed",
            never: "left",
            9999: "erased",
        }


def test_an_unknown_list_is_named_with_those_there_are(database: Database) -> None:
    with database.write() as connection:
        add_list(connection, "parents")
        with pytest.raises(RefusedError, match=r"no list called parent\..*parents"):
            choose(connection, ["parent"])


def test_lists_of_one_mailing_share_a_sender(database: Database) -> None:
    with database.write() as connection:
        add_list(connection, "one")
        add_list(connection, "two", sender="iowscp")
        with pytest.raises(RefusedError, match="different senders"):
            choose(connection, ["one", "two"])


def test_a_mailing_without_a_list_is_refused(database: Database) -> None:
    with database.read() as connection, pytest.raises(RefusedError, match="at least one list"):
        choose(connection, [])


def test_labels_are_kept_between_commas() -> None:
    assert labels(["IOW", "HAM", " ", "IOW"]) == ",HAM,IOW,"
    assert read_labels(labels(["IOW", "HAM"])) == {"HAM", "IOW"}
    assert labels([]) == ""
    assert read_labels("") == frozenset()
