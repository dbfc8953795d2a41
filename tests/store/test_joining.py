"""Joining and leaving by the person themselves, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from campaign.errors import AddressError, BusyError, RefusedError
from campaign.store.database import Database
from campaign.store.joining import (
    FROM_A_NETWORK,
    RequestKind,
    SignUp,
    ask_about_self,
    asked_for,
    confirm,
    one_click_leave,
    rejoin,
    sign_up,
)
from campaign.store.letters import settle_letter, take_letters
from campaign.store.limits import network_of
from campaign.store.links import ListSets, link, read_link
from campaign.store.lists import get_list
from campaign.store.mailings import Audience, Mailings
from campaign.store.preferences import Wanted, read_preferences, save_preferences
from campaign.store.selection import choose, count
from campaign.store.subscribers import State, Subscriber, find_one
from campaign.store.suppressions import Reason, suppress
from campaign.store.tables_lists import consents, letters, requests, subscribers, wordings
from tests.store.people import NOW, RING

HOUR = timedelta(hours=1)
CLIENT = "192.0.2.7"


def join(database: Database, address: str = "ann@example.org", *lists: str, hours: int = 0) -> str:
    """Sign up and press the button; the token of the confirmation link."""
    asked = SignUp(address=address, lists=lists or ("practitioners",), wording="I agree.", controllers="HSCP")
    sign_up(database, RING, asked, client=CLIENT, now=NOW + hours * HOUR)
    token = newest_letter(database)["token"]
    assert confirm(database, RING, token, now=NOW + hours * HOUR) is not None
    return str(token)


def newest_letter(database: Database) -> Any:
    with database.read() as connection:
        return json.loads(connection.scalars(select(letters.c.content).order_by(letters.c.id.desc()).limit(1)).one())


def person(database: Database, address: str = "ann@example.org") -> Subscriber:
    with database.read() as connection:
        found = find_one(connection, address)
    assert found is not None
    return found


def link_of(database: Database, *lists: str) -> str:
    with database.read() as connection:
        chosen = [get_list(connection, slug) for slug in lists]
    return ListSets(database).link(person(database).token, chosen)


def reached(database: Database, slug: str = "practitioners") -> int:
    with database.read() as connection:
        return count(connection, choose(connection, [slug]), now=NOW + 10 * HOUR)


def rows(database: Database, table: Any) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_nothing_is_known_of_a_person_until_they_confirm(filled: Database) -> None:
    asked = SignUp(address="ann@example.org", lists=("practitioners",), wording="I agree.")
    sign_up(filled, RING, asked, client=CLIENT, now=NOW)
    assert rows(filled, subscribers) == 0
    token = newest_letter(filled)["token"]
    shown = asked_for(filled, token, now=NOW)
    assert shown is not None
    assert shown.address == "a•••@example.org"
    assert [each.slug for each in shown.lists] == ["practitioners"]
    assert rows(filled, subscribers) == 0
    assert reached(filled) == 0


def test_a_confirmed_sign_up_is_reached_and_its_proof_kept(filled: Database) -> None:
    join(filled)
    assert reached(filled) == 1
    with filled.read() as connection:
        proof = connection.execute(select(consents, wordings.c.text, wordings.c.controllers).join(wordings)).one()
        assert (proof.text, proof.controllers, proof.who, proof.how) == ("I agree.", "HSCP", "self", "sign-up form")
        kept = connection.execute(select(requests)).one()
        assert kept.address == ""


def test_pressing_twice_is_as_good_as_once(filled: Database) -> None:
    token = join(filled)
    assert confirm(filled, RING, token, now=NOW + HOUR) is not None
    assert rows(filled, consents) == 1


def test_a_link_stops_working_after_a_week(filled: Database) -> None:
    asked = SignUp(address="ann@example.org", lists=("practitioners",), wording="I agree.")
    sign_up(filled, RING, asked, client=CLIENT, now=NOW)
    token = newest_letter(filled)["token"]
    late = NOW + timedelta(days=7, seconds=1)
    assert asked_for(filled, token, now=late) is None
    assert confirm(filled, RING, token, now=late) is None
    assert confirm(filled, RING, "no-such-token", now=NOW) is None


def test_one_confirmation_mail_an_hour_whatever_is_asked(filled: Database) -> None:
    asked = SignUp(address="ann@example.org", lists=("practitioners",), wording="I agree.")
    for minutes in (0, 10, 59):
        sign_up(filled, RING, asked, client=CLIENT, now=NOW + timedelta(minutes=minutes))
    assert rows(filled, letters) == 1
    sign_up(filled, RING, asked, client=CLIENT, now=NOW + timedelta(minutes=60))
    assert rows(filled, letters) == 2


def test_a_network_that_signs_up_many_is_slowed(filled: Database) -> None:
    for number in range(FROM_A_NETWORK):
        asked = SignUp(address=f"p{number}@example.org", lists=("practitioners",), wording="I agree.")
        sign_up(filled, RING, asked, client=f"192.0.2.{number}", now=NOW)
    asked = SignUp(address="last@example.org", lists=("practitioners",), wording="I agree.")
    with pytest.raises(BusyError):
        sign_up(filled, RING, asked, client="192.0.2.200", now=NOW)
    sign_up(filled, RING, asked, client="198.51.100.1", now=NOW)
    sign_up(filled, RING, asked, client="192.0.2.200", now=NOW + HOUR)


@pytest.mark.parametrize("reason", [Reason.HARD, Reason.COMPLAINT, Reason.STAFF])
def test_a_mailbox_that_refuses_mail_gets_no_confirmation(filled: Database, reason: Reason) -> None:
    with filled.write() as connection:
        suppress(connection, RING, "ann@example.org", reason=reason, now=NOW)
    asked = SignUp(address="ann@example.org", lists=("practitioners",), wording="I agree.")
    sign_up(filled, RING, asked, client=CLIENT, now=NOW)
    assert rows(filled, letters) == 0


@pytest.mark.parametrize("reason", [Reason.LEFT, Reason.ERASED])
def test_only_their_own_confirmed_sign_up_brings_a_person_back(filled: Database, reason: Reason) -> None:
    with filled.write() as connection:
        suppress(connection, RING, "ann@example.org", reason=reason, now=NOW)
    asked = SignUp(address="ann@example.org", lists=("practitioners",), wording="I agree.")
    sign_up(filled, RING, asked, client=CLIENT, now=NOW)
    assert reached(filled) == 0
    confirm(filled, RING, newest_letter(filled)["token"], now=NOW)
    assert reached(filled) == 1


def test_a_bounce_that_came_between_asking_and_confirming_still_stops(filled: Database) -> None:
    asked = SignUp(address="ann@example.org", lists=("practitioners",), wording="I agree.")
    sign_up(filled, RING, asked, client=CLIENT, now=NOW)
    with filled.write() as connection:
        suppress(connection, RING, "ann@example.org", reason=Reason.HARD, now=NOW)
    joined = confirm(filled, RING, newest_letter(filled)["token"], now=NOW)
    assert joined is not None
    assert [each.reason for each in joined.still_stopped] == [Reason.HARD]
    assert reached(filled) == 0


def test_what_is_no_address_or_no_public_list_is_refused(filled: Database) -> None:
    with pytest.raises(AddressError):
        sign_up(filled, RING, SignUp(address="ann", lists=("practitioners",), wording="x"), client=CLIENT, now=NOW)
    for lists in ((), ("councils",), ("nowhere",)):
        with pytest.raises(RefusedError):
            sign_up(filled, RING, SignUp(address="a@example.org", lists=lists, wording="x"), client=CLIENT, now=NOW)
    assert rows(filled, requests) == 0


def test_one_click_leaves_the_lists_of_that_mailing_alone(filled: Database) -> None:
    join(filled, "ann@example.org", "practitioners", "parents")
    left = one_click_leave(filled, RING, link_of(filled, "practitioners"), now=NOW)
    assert left is not None
    assert left.lists == ("Practitioners",)
    assert left.address == "a•••@example.org"
    assert (reached(filled, "practitioners"), reached(filled, "parents")) == (0, 1)


def test_one_click_is_safe_to_repeat(filled: Database) -> None:
    join(filled)
    both = link_of(filled, "practitioners", "parents")
    assert one_click_leave(filled, RING, both, now=NOW) is not None
    again = one_click_leave(filled, RING, both, now=NOW + HOUR)
    assert again is not None
    assert again.lists == ()
    assert reached(filled) == 0


def test_leaving_everything_holds_for_lists_to_come(filled: Database) -> None:
    join(filled)
    one_click_leave(filled, RING, link(person(filled).token), now=NOW)
    assert all(each.state is State.UNSUBSCRIBED for each in person(filled).subscriptions)
    assert reached(filled, "parents") == 0


@pytest.mark.parametrize("text", ["", ".", "short.1", "x" * 22 + ".1", "x" * 22, "x" * 22 + ".!", "x" * 500 + ".1"])
def test_a_strangers_link_is_nobodys(filled: Database, text: str) -> None:
    join(filled)
    with filled.read() as connection:
        assert read_link(connection, text) is None
    assert one_click_leave(filled, RING, text, now=NOW) is None


def test_the_number_of_a_set_of_lists_is_the_same_for_ever(filled: Database) -> None:
    first = ListSets(filled)
    number = first.number([3, 1])
    assert ListSets(filled).number([1, 3, 3]) == number
    assert first.number([1]) != number


def test_a_mistake_is_mended_by_mail(filled: Database) -> None:
    join(filled)
    mine = link_of(filled, "practitioners")
    one_click_leave(filled, RING, mine, now=NOW + HOUR)
    assert rejoin(filled, RING, mine, wording="I agree again.", now=NOW + HOUR) == "a•••@example.org"
    assert reached(filled) == 0
    confirm(filled, RING, newest_letter(filled)["token"], now=NOW + HOUR)
    assert reached(filled) == 1


def test_preferences_leave_at_once_and_join_by_mail(filled: Database) -> None:
    join(filled)
    mine = link_of(filled, "practitioners")
    shown = read_preferences(filled, mine, now=NOW)
    assert shown is not None
    assert [(each.list.slug, each.on) for each in shown.offered] == [("parents", False), ("practitioners", True)]
    wanted = Wanted(lists=frozenset({"parents"}), areas=frozenset({"HAM"}), wording="I agree.")
    saved = save_preferences(filled, RING, mine, wanted, now=NOW + HOUR)
    assert saved is not None
    assert (saved.left, saved.to_confirm) == (("Practitioners",), ("Parents",))
    assert (reached(filled, "practitioners"), reached(filled, "parents")) == (0, 0)
    confirm(filled, RING, newest_letter(filled)["token"], now=NOW + HOUR)
    assert reached(filled, "parents") == 1
    assert person(filled).details.areas == {"HAM"}


def test_a_pause_stops_mail_until_its_end(filled: Database) -> None:
    join(filled)
    mine = link_of(filled, "practitioners")
    until = NOW + timedelta(days=3)
    save_preferences(filled, RING, mine, Wanted(lists=frozenset({"practitioners"}), paused_until=until), now=NOW)
    assert reached(filled) == 0
    shown = read_preferences(filled, mine, now=NOW)
    assert shown is not None
    assert shown.paused_until == until
    with filled.read() as connection:
        assert count(connection, choose(connection, ["practitioners"]), now=until) == 1
    save_preferences(filled, RING, mine, Wanted(lists=frozenset({"practitioners"})), now=NOW)
    assert reached(filled) == 1


def test_a_pause_in_the_past_and_a_closed_list_are_refused(filled: Database) -> None:
    join(filled)
    mine = link_of(filled, "practitioners")
    for wanted in (
        Wanted(lists=frozenset({"practitioners"}), paused_until=NOW),
        Wanted(lists=frozenset({"practitioners"}), paused_until=NOW + timedelta(days=400)),
        Wanted(lists=frozenset({"councils"})),
    ):
        with pytest.raises(RefusedError):
            save_preferences(filled, RING, mine, wanted, now=NOW)
    assert reached(filled) == 1
    assert save_preferences(filled, RING, "nobody.0", Wanted(lists=frozenset()), now=NOW) is None


def test_a_person_asks_for_their_data_once_an_hour(filled: Database) -> None:
    join(filled)
    mine = link_of(filled, "practitioners")
    for _ in range(3):
        assert ask_about_self(filled, RING, mine, RequestKind.EXPORT, now=NOW) == "a•••@example.org"
    assert rows(filled, letters) == 2
    assert ask_about_self(filled, RING, "nobody.0", RequestKind.ERASE, now=NOW) is None


def test_a_letter_is_tried_with_growing_waits_and_wiped_when_it_went(filled: Database) -> None:
    asked = SignUp(address="ann@example.org", lists=("practitioners",), wording="I agree.")
    sign_up(filled, RING, asked, client=CLIENT, now=NOW)
    letter = take_letters(filled, now=NOW)[0]
    assert letter.address == "ann@example.org"
    assert take_letters(filled, now=NOW) == []
    settle_letter(filled, letter, sent=False, now=NOW)
    again = take_letters(filled, now=NOW + timedelta(minutes=1))
    assert [each.attempts for each in again] == [2]
    settle_letter(filled, again[0], sent=True, now=NOW)
    assert take_letters(filled, now=NOW + timedelta(days=9)) == []
    with filled.read() as connection:
        assert connection.execute(select(letters.c.address, letters.c.content)).one() == ("", "{}")


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("testclient", "unknown"),
    ],
)
def test_a_client_counts_for_its_network(client: str, network: str) -> None:
    assert network_of(client) == network


def test_a_mailings_own_link_leaves_the_lists_that_chose_the_person(filled: Database) -> None:
    join(filled, "ann@example.org", "practitioners", "parents")
    mailings = Mailings(filled)
    for lists, left in ((("parents",), ("Parents",)), (("practitioners", "parents"), ("Practitioners",))):
        people = mailings.recipients(Audience(lists=lists), [person(filled).id], now=NOW + 5 * HOUR)
        token = people[person(filled).id].unsubscribe_token
        gone = one_click_leave(filled, RING, token, now=NOW + 5 * HOUR)
        assert gone is not None
        assert gone.lists == left
