"""Letters: mailed once, tried again while they can be, and wiped when they went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from campaign.channels.base import Channel, Notes, Options, Receipt, Replay, ReplayKind, Tools
from campaign.delivery.letters import Postman
from campaign.errors import Refused, TryLater
from campaign.model import Email, Sender
from campaign.store.database import Database
from campaign.store.joining import SignUp, sign_up
from campaign.store.tables_lists import letters
from tests.store.conftest import fill
from tests.store.people import NOW, RING

SENDER = Sender(
    id="hscp",
    from_name="Hampshire SCP, partnerschaft & co",
    from_address="news@example.org",
    return_path="bounces@example.org",
    domain="example.org",
    postal_address="1 Example Street",
)


class Relay(Channel[Email]):
    """Keeps what it is given, after failing as often as it is told."""

    kind: ClassVar[str] = "relay"
    title: ClassVar[str] = "Relay"
    carries: ClassVar[type[Any]] = Email
    replay = Replay(ReplayKind.NEVER, "")

    def __init__(self, *errors: Exception) -> None:
        super().__init__(Options(), Tools(name="relay"))
        self.errors = list(errors)
        self.sent: list[tuple[str, Email]] = []

    def send(self, message: Email, *, key: str, notes: Notes) -> Receipt:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append((key, message))
        return Receipt()


def postman(database: Database, relay: Relay, senders: Mapping[str, Sender] | None = None) -> Postman:
    known = {"hscp": SENDER} if senders is None else senders
    return Postman(database, RING.current, lambda: relay, senders=lambda: known, base_url="https://week.example.org")


def ask(database: Database, address: str = "ann@example.org", now: datetime = NOW) -> None:
    fill(database)
    asked = SignUp(address=address, lists=("practitioners", "parents"), wording="I agree.")
    sign_up(database, RING, asked, client="192.0.2.1", now=now)


def test_a_confirmation_says_what_for_and_holds_one_link(database: Database) -> None:
    ask(database)
    relay = Relay()
    assert postman(database, relay).work(now=NOW) == 1
    key, email = relay.sent[0]
    message = message_from_bytes(email.raw, policy=policy.default)
    assert len(key) == 32
    assert email.to == message["To"] == "ann@example.org"
    assert message["From"].addresses[0].display_name == SENDER.from_name
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["List-Unsubscribe"] is None
    text, html = email.body.text, email.body.html
    for part in (text, html):
        assert "Practitioners and Parents" in part
        assert part.count("https://week.example.org/confirm/") == 1
    assert "&amp; co" in html
    assert all(len(line) <= 78 for line in email.raw.splitlines())
    assert b"\n" not in email.raw.replace(b"\r\n", b"")


def test_a_letter_that_could_not_go_is_tried_again_and_goes_once(database: Database) -> None:
    ask(database)
    relay = Relay(TryLater("not now"))
    assert postman(database, relay).work(now=NOW) == 0
    assert postman(database, relay).work(now=NOW) == 0
    assert postman(database, relay).work(now=NOW + timedelta(minutes=1)) == 1
    assert postman(database, relay).work(now=NOW + timedelta(days=1)) == 0
    assert len(relay.sent) == 1


@pytest.mark.parametrize("senders", [None, {}])
def test_a_letter_that_never_can_go_is_given_up_and_wiped(
    database: Database, senders: Mapping[str, Sender] | None
) -> None:
    ask(database)
    relay = Relay(Refused("no such mailbox"))
    assert postman(database, relay, senders).work(now=NOW) == 0
    assert postman(database, relay, senders).work(now=NOW + timedelta(days=1)) == 0
    with database.read() as connection:
        kept = connection.execute(select(letters)).one()
    assert (kept.address, kept.content, kept.sent_at) == ("", "{}", None)


def test_an_address_outside_ascii_is_written_in_utf_8(database: Database) -> None:
    ask(database, "jané@bücher.example")
    relay = Relay()
    postman(database, relay).work(now=NOW)
    assert relay.sent[0][1].smtputf8
    assert "jané@xn--bcher-kva.example".encode() in relay.sent[0][1].raw


def test_a_long_sender_outside_ascii_keeps_its_name(database: Database) -> None:
    name = "Bwrdd Diogelu Plant Llŷn, Ynys Môn a Gwynedd, â'i bartneriaid ym maes addysg ac iechyd"
    ask(database)
    relay = Relay()
    postman(database, relay, {"hscp": replace(SENDER, from_name=name)}).work(now=NOW)
    raw = relay.sent[0][1].raw
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(len(line) for line in lines if line.startswith((b"From", b" "))) <= 78
    shown, address = parseaddr(message_from_bytes(raw)["From"].replace("\r\n", ""))
    assert "@" in address
    assert str(make_header(decode_header(shown))) == name
