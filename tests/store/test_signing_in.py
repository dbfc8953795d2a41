"""What people sign in with, on each database: kept once, used once, gone with its owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.errors import RefusedError
from campaign.model import Role
from campaign.store import Cipher, Store
from campaign.store.database import Database
from campaign.store.staff import add_person, remove_person

NOW = datetime(2023, 10, 9, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Store:
    return Store(database, folder=tmp_path, cipher=Cipher(b"c" * 32))


def person(store: Store, name: str = "Ada") -> int:
    """Somebody with an account and a password."""
    invited = {"name": name, "login": f"{name.lower()}@example.org", "role": Role.EDITOR}
    token = store.sign_in_links.invite(**invited, who="test", now=NOW)  # type: ignore[arg-type]
    return store.sign_in_links.accept(token, password="a hash", now=NOW).person


def test_what_was_begun_is_answered_once_even_by_many_at_once(store: Store) -> None:
    token = store.challenges.begin("a kind", {"secret": "word"}, lasts=DAY, now=NOW)
    assert store.challenges.take("another", token, now=NOW) is None
    assert store.challenges.take("a kind", token, person=7, now=NOW) is None
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: store.challenges.take("a kind", token, now=NOW), range(8)))
    assert [each for each in answers if each is not None] == [{"secret": "word"}]


def test_what_was_begun_too_long_ago_is_gone(store: Store) -> None:
    ada = person(store)
    token = store.challenges.begin("a kind", {}, person=ada, lasts=DAY, now=NOW)
    late = NOW + DAY + timedelta(seconds=1)
    assert store.challenges.of("a kind", ada, now=late) is None
    assert store.challenges.take("a kind", token, person=ada, now=late) is None
    second = store.challenges.begin("a kind", {"n": "2"}, person=ada, lasts=DAY, now=NOW)
    store.challenges.begin("a kind", {"n": "3"}, person=ada, lasts=DAY, now=NOW)
    assert store.challenges.take("a kind", second, person=ada, now=NOW) is None, "one of each kind at a time"


def test_tries_are_counted_one_by_one_however_many_come_at_once(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(lambda _: store.tries.count("name", window=DAY, now=NOW), range(20)))
    assert sorted(counted) == list(range(1, 21))
    assert store.tries.count("name", window=DAY, now=NOW + DAY) == 1, "a window ends"
    store.tries.count("name", window=DAY, now=NOW + DAY)
    assert store.tries.count("name", window=DAY, now=NOW - DAY) == 1, "a clock set back locks nobody out"
    store.tries.give_back("name", all_of_it=False)
    store.tries.give_back("name", all_of_it=False)
    assert store.tries.used("name") == 0


def test_passkeys_are_ones_own_and_the_last_way_in_stays(store: Store) -> None:
    ada, bea = person(store), person(store, "Bea")
    store.passkeys.add(ada, "one", b"key", uses=0, name="phone", now=NOW)
    with pytest.raises(RefusedError, match="kept already"):
        store.passkeys.add(bea, "one", b"key", uses=0, name="phone", now=NOW)
    found = store.passkeys.find("one")
    assert found
    passkey, account = found
    assert account.person == ada
    assert store.passkeys.used(passkey, uses=1, now=NOW)
    assert not store.passkeys.used(passkey, uses=1, now=NOW), "of two at once, one counts"
    with pytest.raises(RefusedError, match="not yours"):
        store.passkeys.remove(bea, passkey.id, now=NOW)
    store.accounts.set_password(ada, "", who="test", now=NOW)
    with pytest.raises(RefusedError, match="all that you sign in with"):
        store.passkeys.remove(ada, passkey.id, now=NOW)
    store.accounts.recognise(ada, "https://id.example.org", "ada", now=NOW)
    store.passkeys.remove(ada, passkey.id, now=NOW)
    assert store.passkeys.of(ada) == []


def test_a_subject_is_one_persons_and_a_person_one_subject_of_an_issuer(store: Store) -> None:
    ada, bea = person(store), person(store, "Bea")
    store.accounts.recognise(ada, "https://id.example.org", "ada", now=NOW)
    store.accounts.recognise(ada, "https://id.example.org", "ada", now=NOW)
    store.accounts.recognise(ada, "https://other.example.org", "ada", now=NOW)
    with pytest.raises(RefusedError, match="another account"):
        store.accounts.recognise(bea, "https://id.example.org", "ada", now=NOW)
    with pytest.raises(RefusedError, match="Somebody else"):
        store.accounts.recognise(ada, "https://id.example.org", "another", now=NOW)
    assert len(store.accounts.issuers_of(ada)) == 2


def test_a_session_ends_when_idle_and_at_last_in_any_case(store: Store) -> None:
    account = store.accounts.find(person(store))
    assert account
    token, now = store.sessions.start(account, network="", agent="", now=NOW), NOW
    while store.sessions.find(token, now=now):
        now += timedelta(hours=11)
    assert timedelta(days=7) <= now - NOW < timedelta(days=7, hours=11)
    idle = store.sessions.start(account, network="", agent="", now=NOW)
    assert store.sessions.find(idle, now=NOW + timedelta(hours=12)) is None


def test_who_was_removed_and_comes_back_has_nothing_of_before(store: Store) -> None:
    ada = person(store)
    account = store.accounts.find(ada)
    assert account
    session = store.sessions.start(account, network="", agent="", now=NOW)
    store.passkeys.add(ada, "one", b"key", uses=0, name="phone", now=NOW)
    store.accounts.recognise(ada, "https://id.example.org", "ada", now=NOW)
    store.seconds.switch_on(ada, "SECRET", step=1, now=NOW)
    link = store.sign_in_links.reset(ada, who="test", now=NOW)
    with store.database.write() as connection:
        remove_person(connection, "Ada", who="test", now=NOW)
        add_person(connection, "Ada", who="test", now=NOW)
    assert store.accounts.all() == []
    assert store.sessions.find(session, now=NOW) is None
    assert store.passkeys.find("one") is None
    assert store.accounts.known_as("https://id.example.org", "ada") is None
    assert store.sign_in_links.find(link, now=NOW) is None
    again = person(store)
    assert again == ada, "the log names one person"
    assert store.sessions.find(session, now=NOW) is None
    assert store.seconds.codes_left(again) == 0
