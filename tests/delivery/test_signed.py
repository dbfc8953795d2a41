"""A signed mailing: each message whole and signed, once, whatever the relay does to its neighbours."""

from __future__ import annotations

from pathlib import Path

from campaign.delivery.mail.nursery import Nursery
from campaign.store.database import Database
from tests.channels.test_smtp_dkim import verified, with_key
from tests.delivery.mailworld import address_of
from tests.delivery.test_mailing import everyone, mailing
from tests.smtpserver import CountingServer, Script


def send_all(database: Database, folder: Path, lanes: int, nursery: Nursery | None) -> None:
    refused, cut = address_of(3), address_of(6)
    script = Script(rcpt={refused: ["550 5.1.1 nobody"]}, drop_after_dot={cut: 1})
    with (
        CountingServer(script) as relay,
        mailing(database, folder, relay, 60, lanes=lanes, options=with_key(folder), nursery=nursery) as world,
    ):
        world.send()
        assert world.states() == {"sent": 58, "failed": 1, "uncertain": 1}
        assert relay.counts == {to: 1 for to in everyone(60) if to != refused}
        assert all(verified(message.data) for message in relay.accepted)


def test_everyone_gets_a_signed_email_once(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    send_all(database, tmp_path, 4, nursery)


def test_one_connection_signs_too(database: Database, tmp_path: Path) -> None:
    send_all(database, tmp_path, 1, None)
