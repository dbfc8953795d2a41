"""Erasure and keeping, where they reach beyond the database: the outbox, kept feedback, figures that stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from campaign.address import parse
from campaign.channels.base import Feedback, FeedbackKind
from campaign.clock import to_micros
from campaign.delivery import rights
from campaign.delivery.feedback import Policy
from campaign.errors import RefusedError
from campaign.model import DeliveryState
from campaign.store import tallies
from campaign.store.bases import Evidence
from campaign.store.database import Database
from campaign.store.desk_forms import OF_PEOPLE, Forms
from campaign.store.held import access
from campaign.store.joining import SignUp, sign_up
from campaign.store.lists import get_list
from campaign.store.subscribers import Details, State, find_one, leave_all, save, set_state, subscribe
from campaign.store.tables import attempts, broadcasts, campaigns, deliveries
from campaign.store.tables_lists import (
    consents,
    feedback,
    letters,
    requests,
    subscribers,
    subscription_events,
    subscriptions,
    suppressions,
)
from tests.store.conftest import fill
from tests.store.people import NOW, RING

ANN, BOB = "ann@example.org", "bob@example.org"
KEY = RING.current
BROADCAST = "week/daily/mon/mail"
SAID = Evidence(given_at=NOW, how="form", wording="I agree.")


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Database:
    """Ann and Bob, each with an email in the outbox, feedback, a request and a letter."""
    fill(database)
    with database.write() as connection:
        connection.execute(insert(campaigns).values(slug="week", loaded_at=1))
        moments = dict.fromkeys(("planned_at", "late_until", "stop_at", "changed_at"), to_micros(NOW))
        connection.execute(
            insert(broadcasts).values(campaign=1, key=BROADCAST, state="done", finished_at=to_micros(NOW), **moments)
        )
        for address in (ANN, BOB):
            number = save(connection, RING, parse(address), Details(first_name="Jo"), now=NOW)
            subscribe(connection, number, get_list(connection, "parents"), evidence=SAID, who="test", now=NOW)
            connection.execute(insert(deliveries).values(broadcast=1, subscriber=number, state="sent"))
            tallies.move(connection, {(1, DeliveryState.SENT): 1})
            connection.execute(
                insert(attempts).values(delivery=number, number=1, ended_at=1, reply=f"250 to {address}")
            )
            write_email(tmp_path / "outbox", address, number)
    for number, address in ((1, ANN), (2, BOB)):
        said = Feedback(id=f"came-{number}", kind=FeedbackKind.SOFT, at=NOW, address=address, reason="busy")
        Policy(database, RING, KEY).apply([said], source="test", trusted=True, now=NOW)
        asked = SignUp(address=address, lists=("practitioners",), wording="I agree.")
        sign_up(database, RING, asked, client=f"192.0.2.{number}", now=NOW)
    return database


def write_email(outbox: Path, address: str, number: int) -> None:
    name = KEY.token("delivery-v1", BROADCAST, str(number))
    path = outbox / BROADCAST / f"{name}.eml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"From: x@example.org\r\nTo: {address}\r\n\r\nHello\r\n".encode())
    (outbox / "samples").mkdir(exist_ok=True)
    (outbox / "samples" / f"mon--{name[:12]}.html").write_text(f"Hello {address}")


def holding(database: Database, outbox: Path, address: str) -> list[str]:
    """Where anything of a person is still found."""
    number = {ANN: 1, BOB: 2}[address]
    mark = RING.hash(address)
    found = [str(path) for path in outbox.rglob("*") if path.is_file() and address.encode() in path.read_bytes()]
    with database.read() as connection:
        theirs = [(table, table.c.subscriber == number) for table in (subscriptions, subscription_events, consents)]
        theirs += [(table, table.c.address_hash == mark) for table in (requests, letters, feedback, subscribers)]
        counted = {t.name: connection.scalar(select(func.count()).select_from(t).where(match)) for t, match in theirs}
        found += [name for name, many in counted.items() if many]
        if connection.scalar(select(attempts.c.reply).where(attempts.c.delivery == number)):
            found.append("attempts")
    return found


def test_erasure_takes_everything_of_one_person_and_nothing_of_another(kept: Database, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    before = holding(kept, outbox, BOB)
    assert len(before) == 10
    assert rights.erase(kept, RING, KEY, outbox, parse("ANN@example.org"), who="Jo", now=NOW) == 1
    assert holding(kept, outbox, ANN) == []
    assert holding(kept, tmp_path, ANN) == []
    assert holding(kept, outbox, BOB) == before
    with kept.read() as connection:
        kept_back = connection.execute(select(suppressions)).one()
    assert (kept_back.reason, kept_back.address_hash, kept_back.subscriber) == ("erased", RING.hash(ANN), 0)


def test_erasing_twice_or_somebody_unknown_is_fine(kept: Database, tmp_path: Path) -> None:
    for _ in range(2):
        rights.erase(kept, RING, KEY, tmp_path / "outbox", parse("nobody@example.org"), who="self", now=NOW)
    with kept.read() as connection:
        assert connection.scalar(select(func.count()).select_from(suppressions)) == 1
        assert find_one(connection, ANN) is not None


def test_access_shows_all_of_it_and_no_secret(kept: Database) -> None:
    held = access(kept, RING, parse(ANN))
    assert held["person"]["address"] == ANN
    assert held["emails"][0]["message"] == BROADCAST
    assert held["consents"][0]["text"] == "I agree."
    assert all(held[name] for name in ("subscriptions", "history", "feedback", "requests", "letters"))
    shown = rights.as_json(held) + rights.as_page(held)
    with kept.read() as connection:
        token = connection.scalar(select(subscribers.c.token).where(subscribers.c.id == 1))
        asked = connection.scalar(select(requests.c.token).where(requests.c.id == 1))
    assert token
    assert token not in shown
    assert asked
    assert asked not in shown
    assert BOB not in shown


def test_a_page_of_what_is_held_runs_nothing(kept: Database) -> None:
    with kept.write() as connection:
        connection.execute(
            update(subscribers).where(subscribers.c.id == 1).values(first_name="<script>alert(1)</script>")
        )
    page = rights.as_page(access(kept, RING, parse(ANN)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_detail_is_forgotten_when_its_time_is_over_and_its_figures_stay(kept: Database, tmp_path: Path) -> None:
    early = NOW + timedelta(days=300)
    assert rights.forget_old(kept, KEY, tmp_path / "outbox", now=early, keep_months=12) == 0
    with kept.read() as connection:
        before = tallies.of(connection, [1])[1]
        assert connection.scalar(select(func.count()).select_from(requests)) == 0
        assert connection.scalar(select(func.count()).select_from(letters)) == 0
    late = NOW + timedelta(days=400)
    assert rights.forget_old(kept, KEY, tmp_path / "outbox", now=late, keep_months=12) == 2
    with kept.read() as connection:
        assert tallies.of(connection, [1])[1] == before == {DeliveryState.SENT: 2}
        assert connection.scalar(select(func.count()).select_from(deliveries)) == 0
        assert connection.scalar(select(func.count()).select_from(feedback)) == 0
        assert find_one(connection, ANN) is not None
    assert not list(tmp_path.rglob("*.eml"))
    assert rights.forget_old(kept, KEY, tmp_path / "outbox", now=late, keep_months=12) == 0


def test_letters_in_the_outbox_are_forgotten_after_a_week(kept: Database, tmp_path: Path) -> None:
    letter = tmp_path / "outbox" / "letters" / "confirm" / "once" / "letters" / "x.eml"
    letter.parent.mkdir(parents=True)
    letter.write_bytes(b"To: ann@example.org\r\n\r\n")
    written = datetime.fromtimestamp(letter.stat().st_mtime, UTC)
    rights.forget_old(kept, KEY, tmp_path / "outbox", now=written + timedelta(days=7), keep_months=12)
    assert letter.exists()
    rights.forget_old(kept, KEY, tmp_path / "outbox", now=written + timedelta(days=9), keep_months=12)
    assert not letter.exists()


def test_who_left_long_ago_is_forgotten_and_still_kept_out(kept: Database, tmp_path: Path) -> None:
    with kept.write() as connection:
        person = find_one(connection, ANN)
        assert person is not None
        leave_all(connection, RING, person, who="self", how="link", now=NOW)
    rights.forget_old(kept, KEY, tmp_path / "outbox", now=NOW + timedelta(days=6 * 365), keep_months=12)
    with kept.read() as connection:
        assert find_one(connection, ANN) is not None
    rights.forget_old(kept, KEY, tmp_path / "outbox", now=NOW + timedelta(days=7 * 366), keep_months=12)
    with kept.read() as connection:
        assert find_one(connection, ANN) is None
        assert find_one(connection, BOB) is not None
        assert connection.scalar(select(suppressions.c.reason)) == "left"


def test_who_was_asked_and_never_said_yes_is_kept_no_longer_than_emails_are(kept: Database, tmp_path: Path) -> None:
    with kept.write() as connection:
        parents, councils = (get_list(connection, name).id for name in ("parents", "councils"))
        set_state(connection, 1, parents, State.UNCONFIRMED, who="test", how="import", now=NOW)
        set_state(connection, 2, councils, State.UNCONFIRMED, who="test", how="import", now=NOW)
    for days, there in ((360, [ANN, BOB]), (380, [BOB])):
        rights.forget_old(kept, KEY, tmp_path / "outbox", now=NOW + timedelta(days=days), keep_months=12)
        with kept.read() as connection:
            assert [one for one in (ANN, BOB) if find_one(connection, one) is not None] == there


@pytest.mark.parametrize("state", ["missed", "held", "cancelled"])
def test_detail_of_a_mailing_that_never_ended_is_forgotten_too(kept: Database, tmp_path: Path, state: str) -> None:
    with kept.write() as connection:
        connection.execute(update(broadcasts).values(state=state, finished_at=None))
    assert rights.forget_old(kept, KEY, tmp_path, now=NOW + timedelta(days=300), keep_months=12) == 0
    assert rights.forget_old(kept, KEY, tmp_path, now=NOW + timedelta(days=400), keep_months=12) == 2


def test_a_file_of_people_waits_for_a_day_alone(kept: Database, tmp_path: Path) -> None:
    forms = Forms(kept)
    token = forms.keep(author="Jo", name="people.csv", slug=OF_PEOPLE, base=0, data=b"Email", now=NOW)
    rights.forget_old(kept, KEY, tmp_path, now=NOW + timedelta(hours=23), keep_months=12)
    assert forms.upload(token).data == b"Email"
    rights.forget_old(kept, KEY, tmp_path, now=NOW + timedelta(hours=25), keep_months=12)
    with pytest.raises(RefusedError, match="not here any more"):
        forms.upload(token)


@pytest.mark.parametrize(
    ("to", "theirs"),
    [
        ("ann@example.org", True),
        ("Ann Smith <ANN@Example.org>", True),
        ("Ann\r\n <ann@example.org>", True),
        ("joann@example.org", False),
        ("ann@example.org.uk", False),
        ("bob@example.org\r\nReply-To: ann@example.org", False),
    ],
)
def test_a_copy_is_theirs_by_its_whole_address(tmp_path: Path, to: str, theirs: bool) -> None:
    path = tmp_path / "week" / "x.eml"
    path.parent.mkdir()
    path.write_bytes(f"From: team@example.org\r\nTo: {to}\r\n\r\nHello ann@example.org\r\n".encode())
    assert rights.delete_addressed(tmp_path, parse(ANN)) == int(theirs)
    assert path.exists() is not theirs
