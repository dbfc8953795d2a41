"""Mailboxes read to their end: what was understood is deleted, what was not is left and not read again."""

from __future__ import annotations

import io
import json
import mailbox
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.channels.base import FeedbackKind
from campaign.delivery.feedback import Outcome, Policy
from campaign.delivery.feedback.hooks import hooks
from campaign.delivery.feedback.reading import read_all
from campaign.delivery.feedback.sources import Item, MailServer, maildir, standard_input
from campaign.errors import SettingsError, TryLater
from campaign.store.database import Database
from campaign.store.feedback import counted
from tests.feedback.mailservers import PASSWORD, Mailbox
from tests.feedback.test_callbacks import TOPIC, bounce, signed
from tests.feedback.test_messages import report
from tests.feedback.test_policy import ANN, KEY, STAMP, delivered, populate, reached, tell
from tests.smtpserver.certificates import make
from tests.store.conftest import fill
from tests.store.people import NOW, RING

__all__ = ["delivered"]

BOUNCE = report("failed", "5.1.1", to=f"bounces+{STAMP}@example.org").encode()
LETTER = b"From: bob@example.com\r\nSubject: A question\r\nMessage-ID: <q@x>\r\n\r\nHello?\r\n.\r\n"


def policy(database: Database) -> Policy:
    return Policy(database, RING, KEY)


def test_a_message_piped_in(delivered: Database) -> None:
    found = read_all(standard_input(io.BytesIO(BOUNCE)), policy(delivered), source="stdin", now=NOW)
    assert found == {"suppressed": 1}
    assert not reached(delivered)


def test_a_maildir_keeps_only_what_a_person_must_read(delivered: Database, tmp_path: Path) -> None:
    box = mailbox.Maildir(str(tmp_path / "box"))
    box.add(BOUNCE)
    box.add(LETTER)
    first = read_all(maildir(tmp_path / "box"), policy(delivered), source="maildir", now=NOW)
    assert first == {"suppressed": 1, "counted": 1}
    assert [message["Subject"] for message in mailbox.Maildir(str(tmp_path / "box"))] == ["A question"]
    assert not read_all(maildir(tmp_path / "box"), policy(delivered), source="maildir", now=NOW)


@pytest.mark.parametrize("protocol", ["imaps", "pop3s"])
def test_a_mailbox_on_a_server(delivered: Database, tmp_path: Path, protocol: str) -> None:
    context, authority = make(tmp_path)
    with Mailbox(protocol, context, [BOUNCE, LETTER, BOUNCE]) as box:
        server = MailServer.of(box.address, PASSWORD, ca_file=str(authority))
        found = read_all(server.items(), policy(delivered), source=protocol, now=NOW)
        assert found == {"suppressed": 1, "counted": 1, "came before": 1}
        assert list(box.messages.values()) == [LETTER]
        again = read_all(server.items(), policy(delivered), source=protocol, now=NOW)
        assert set(again) <= {"came before"}
    assert counted(delivered) == {("hard", "suppressed"): 1, ("unknown", "counted"): 1}


def test_over_pop3_what_a_person_has_to_read_is_fetched_once(delivered: Database, tmp_path: Path) -> None:
    context, authority = make(tmp_path)
    with Mailbox("pop3s", context, [LETTER, BOUNCE]) as box:
        looked_at: set[str] = set()
        for _ in range(3):
            server = MailServer.of(box.address, PASSWORD, ca_file=str(authority), looked_at=looked_at)
            read_all(server.items(), policy(delivered), source="pop3s", now=NOW)
        assert box.fetched == [("RETR", 1), ("RETR", 2)]
        assert list(box.messages.values()) == [LETTER]


def test_over_pop3_a_line_of_any_length_and_a_huge_message_hold_up_nothing(delivered: Database, tmp_path: Path) -> None:
    context, authority = make(tmp_path)
    long = b"Subject: offer\r\n\r\n" + b"x" * 200_000 + b"\r\n"
    with Mailbox("pop3s", context, [long, b"Subject: huge\r\n\r\nx\r\n", BOUNCE]) as box:
        box.larger[2] = 50_000_000
        server = MailServer.of(box.address, PASSWORD, ca_file=str(authority))
        found = read_all(server.items(), policy(delivered), source="pop3s", now=NOW)
        assert found == {"suppressed": 1, "counted": 2}
        assert box.fetched == [("RETR", 1), ("TOP", 2), ("RETR", 3)]


def test_what_no_database_takes_is_kept_without_it_and_holds_up_nothing(delivered: Database) -> None:
    """PostgreSQL refuses NUL, and bad mail decodes to half characters."""
    odd = BOUNCE.replace(b"Status: 5.1.1", b"Status: 5.1.1\r\nDiagnostic-Code: smtp; \x00 \xed\xa0\x80 no such user")
    assert odd != BOUNCE
    for raw in (odd, b"From: a@example.org\r\nSubject: \x00\xff odd \x00\r\n\r\n\x00"):
        read_all(standard_input(io.BytesIO(raw)), policy(delivered), source="stdin", now=NOW)
    assert counted(delivered) == {("hard", "suppressed"): 1, ("unknown", "counted"): 1}


def test_a_message_that_nobody_can_read_holds_up_none_behind_it(delivered: Database) -> None:
    class Broken(Policy):
        calls = 0

        def apply(self, *args: Any, **options: Any) -> list[Outcome]:
            self.calls += 1
            if self.calls == 1:
                raise ZeroDivisionError
            return super().apply(*args, **options)

    left: list[bool] = []
    items = [Item(BOUNCE, left.append), Item(BOUNCE, left.append)]
    found = read_all(items, Broken(delivered, RING, KEY), source="test", now=NOW)
    assert found == {"unreadable": 1, "suppressed": 1}
    assert left == [False, True]


def test_a_maildir_of_many_that_were_looked_at_gives_the_new_one(delivered: Database, tmp_path: Path) -> None:
    box = mailbox.Maildir(str(tmp_path / "box"))
    for number in range(3):
        seen = mailbox.MaildirMessage(LETTER + b"%d" % number)
        seen.set_subdir("cur")
        seen.add_flag("S")
        box.add(seen)
    box.add(BOUNCE)
    items = list(islice(maildir(tmp_path / "box", most=1), 2))
    assert [item.raw for item in items] == [BOUNCE]


@pytest.mark.parametrize("protocol", ["imaps", "pop3s"])
def test_a_wrong_password_and_an_unknown_authority_are_said_so(tmp_path: Path, protocol: str) -> None:
    context, authority = make(tmp_path)
    with Mailbox(protocol, context, [BOUNCE]) as box:
        with pytest.raises(TryLater, match="refused"):
            list(MailServer.of(box.address, "wrong", ca_file=str(authority)).items())
        with pytest.raises(TryLater, match="cannot be reached"):
            list(MailServer.of(box.address, PASSWORD).items())
        assert len(box.messages) == 1


@pytest.mark.parametrize(
    "address", ["", "imap://me@host", "imaps://host", "imaps://me:password@host", "http://me@host", "imaps://me@host:x"]
)
def test_a_mailbox_is_named_with_tls_and_without_its_password(address: str) -> None:
    with pytest.raises(SettingsError) as refused:
        MailServer.of(address, "secret")
    assert "password@" not in str(refused.value)
    assert "secret" not in repr(MailServer.of("imaps://me@host/Bounces", "secret"))


def test_a_folder_that_is_no_maildir_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not a Maildir"):
        list(maildir(tmp_path))


def test_a_callback_suppresses_once_and_a_forged_one_never(delivered: Database) -> None:
    served = hooks(policy(delivered), topics=frozenset(), postmark="", notify="token", fetch=lambda url: b"")
    assert set(served) == {"notify"}
    body = json.dumps({"id": "1", "to": ANN, "status": "permanent-failure"}).encode()
    assert served["notify"](body, {"authorization": "Bearer forged"}, NOW)[0] == 401
    assert reached(delivered)
    assert served["notify"](b"no json", {"authorization": "Bearer token"}, NOW)[0] == 400
    for _ in range(2):
        assert served["notify"](body, {"authorization": "Bearer token"}, NOW) == (200, "kept")
    assert not reached(delivered)
    assert counted(delivered) == {("hard", "suppressed"): 1}


def test_a_callback_whose_certificate_cannot_be_fetched_is_asked_to_come_again(delivered: Database) -> None:
    def fetch(url: str) -> bytes:
        raise TryLater("no network")

    served = hooks(policy(delivered), topics=frozenset({TOPIC}), postmark="", notify="", fetch=fetch)
    assert served["sns"](json.dumps(signed(bounce())).encode(), {}, NOW)[0] == 503


@given(days=st.lists(st.integers(min_value=0, max_value=40), max_size=6))
@settings(max_examples=25)
def test_three_days_of_a_month_and_no_fewer(days: list[int]) -> None:
    """The rule beside the store, after each failure in order of time."""
    database = Database("sqlite://")
    database.create()
    fill(database)
    populate(database)
    seen: list[int] = []
    for number, day in enumerate(sorted(days)):
        seen.append(day)
        outcome = tell(database, FeedbackKind.SOFT, name=str(number), now=NOW + timedelta(days=day))
        assert (outcome == "suppressed") == (len({each for each in seen if each > day - 30}) >= 3)
    database.close()
