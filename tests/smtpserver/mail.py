"""Emails and channels for the tests of mail."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from campaign.channels.base import Tools
from campaign.channels.smtp import Smtp
from campaign.channels.smtp.options import SmtpOptions
from campaign.model import About, Email
from campaign.model.messages import PlainBody

#: Seconds: a relay on a busy machine may be slow, and is not to be taken for one that hangs.
PATIENT = {"connect": 120, "command": 120, "final": 120, "stall": 120}
NOON = datetime(2023, 10, 9, 12, 0, tzinfo=UTC)
ABOUT = About(campaign="week", message="daily", day="mon", channel="mail", planned_at=NOON)


def key_of(number: int) -> str:
    """A delivery's wire token: 32 hex digits."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def email(to: str = "ann@example.org", *, text: str = "Hello.\r\n", sender: str = "bounces@example.org") -> Email:
    """A small whole message to one person."""
    head = (
        f"From: The partnership <news@example.org>\r\nTo: {to}\r\nSubject: Monday\r\n"
        f"Message-ID: <{key_of(hash(to))}@example.org>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "List-Id: Practitioners <practitioners.example.org>\r\n"
        "List-Unsubscribe: <https://example.org/u/abc>, <mailto:leave@example.org>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"
    )
    return Email(
        about=ABOUT,
        to=to,
        envelope_from=sender,
        message_id=f"<{key_of(hash(to))}@example.org>",
        raw=(head + text).encode(),
        subject="Monday",
        from_name="The partnership",
        from_address="news@example.org",
        body=PlainBody(text, ""),
        smtputf8=not to.isascii(),
    )


def smtp(port: int, tools: Tools | None = None, **options: object) -> Smtp:
    """An smtp channel to a relay of the test. It waits long: only a test whose relay stays silent says otherwise."""
    settings: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "off",
        "timeouts": PATIENT,
    }
    tools = tools or Tools(name="mail", now=lambda: NOON)
    return Smtp(SmtpOptions.model_validate(settings | options), tools)
