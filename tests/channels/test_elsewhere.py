"""What travels to a process that sends opens there what the channel itself has here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from campaign.channels.base import Channel, Tools
from campaign.channels.bulk import Paced
from campaign.channels.outbox import EmailOutbox
from campaign.channels.smtp import Smtp
from campaign.channels.smtp.options import SmtpOptions
from campaign.channels.smtp.outlet import Outlet
from campaign.delivery.mail.link import packed, unpacked
from campaign.errors import SettingsError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def there(channel: Channel[Any]) -> object:
    return unpacked(packed(channel.elsewhere())).open(lambda: NOW)


def smtp(folder: Path, **facts: object) -> Smtp:
    given = {
        "host": "smtp.example.org", "username": "us", "password": "correct horse", "rate": 20, "connections": 6,
        "relays": [{"host": "other.example.org", "rate": 5, "password_file": str(folder / "password")}],
        "domain_rates": {"big.example": 3}, "slow_start": {"rate": 2, "doubles_every": 60},
    }  # fmt: skip
    return Smtp(SmtpOptions.model_validate(given | facts), Tools(name="mail", now=lambda: NOW, ca_file=""))


def test_the_lanes_of_smtp_keep_its_limits(tmp_path: Path) -> None:
    here = smtp(tmp_path)
    outlet = there(here)
    assert isinstance(outlet, Outlet)
    assert isinstance(outlet, Paced)
    assert outlet.lanes == here.lanes == 6
    for relay in ("smtp.example.org:587", "other.example.org:587", "", "unknown"):
        assert outlet.rate(relay) == here.rate(relay)
    assert outlet.rate("other.example.org:587").per_second == 5
    assert outlet.rate("").start == 2
    for domain in ("big.example", "BIG.example", "small.example"):
        assert outlet.domain_rate(domain) == here.domain_rate(domain)
    assert outlet.domain_rate("BIG.example") == 3


def test_they_enter_each_relay_with_its_own_password_and_show_it_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("battery staple\n")
    here = smtp(tmp_path)
    outlet = there(here)
    assert isinstance(outlet, Outlet)
    entries = [relay.entry for relay in outlet.relays._relays]
    assert [entry.secret("") for entry in entries if entry.secret] == ["correct horse", "battery staple"]
    assert all(entry.context is not None for entry in entries), "TLS is demanded there too"
    shown = repr(here.elsewhere()) + repr(entries)
    assert "horse" not in shown
    assert "staple" not in shown


def test_they_sign_with_its_keys(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    here = smtp(tmp_path, dkim=[{"domain": "example.org", "selector": "s", "key_file": str(file)}])
    outlet = there(here)
    assert isinstance(outlet, Outlet)
    assert outlet.covers("news@example.org")
    assert not outlet.covers("news@other.example")
    file.unlink()
    with pytest.raises(SettingsError):
        there(here)


def test_any_other_channel_is_made_anew_from_its_options(tmp_path: Path) -> None:
    here = EmailOutbox(EmailOutbox.Options(), Tools(name="mail", folder=tmp_path, ca_file="ca.pem"))
    made = there(here)
    assert isinstance(made, EmailOutbox)
    assert made.options == here.options
    assert (made.tools.name, made.tools.ca_file, made.tools.now()) == ("mail", "ca.pem", NOW)
