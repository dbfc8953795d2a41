"""Messages and tools to try a channel with. Everything is made of example.org and repeats itself exactly."""

from __future__ import annotations

import hashlib
import struct
import zlib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import Any

from campaign.model import About, Email, Image, Link, PlainBody, Post

#: The instant at which the factories' messages are planned, and at which a channel under test begins: aware UTC.
NOON = datetime(2023, 10, 10, 12, 0, tzinfo=UTC)


def a_key(number: int = 1) -> str:
    """A delivery's wire token: 32 hex digits, another for each number."""
    return hashlib.sha256(f"key {number}".encode()).hexdigest()[:32]


def an_about(**changes: Any) -> About:
    """Which message it is."""
    fields: dict[str, Any] = {
        "campaign": "example-week-2023",
        "message": "launch",
        "day": "tue",
        "channel": "example",
        "planned_at": NOON,
        "title": "The toolkit is here",
    }
    return About(**{**fields, **changes})


def a_post(**changes: Any) -> Post:
    """A post with a link and hashtags, without images."""
    fields: dict[str, Any] = {
        "about": an_about(),
        "text": "Today we open the toolkit. It helps people to see the signs early.",
        "link": Link(url="https://www.example.org/toolkit", title="The toolkit", description="For practitioners"),
        "hashtags": ("ExampleWeek2023", "Toolkit"),
    }
    return Post(**{**fields, **changes})


def an_image(*, width: int = 64, height: int = 48, colour: int = 90, **changes: Any) -> Image:
    """A small grey PNG with a description."""
    data = _png(width, height, colour)
    fields: dict[str, Any] = {
        "name": "people.png",
        "media_type": "image/png",
        "data": data,
        "alt": "Two adults and a child talking at a table",
    }
    fields |= changes
    return Image(sha256=hashlib.sha256(fields["data"]).hexdigest(), **fields)


def an_email(number: int = 1, **changes: Any) -> Email:
    """A whole email to one reader, another for each number."""
    to, name = f"reader{number}@example.org", f"Reader{number}"
    leave = f"https://www.example.org/leave/{a_key(number)}"
    text = f"Dear {name},\n\nToday we open the toolkit.\n\nLeave: {leave}\n"
    html = f"<!doctype html><html lang=en><head><title>Today</title></head><body><p>Dear {name},</p><p>Today we open the toolkit.</p><p><a href='{leave}'>Leave</a></p></body></html>"  # noqa: E501
    message_id = f"<{a_key(number)}@example.org>"
    fields: dict[str, Any] = {
        "about": an_about(message="daily", channel="mail"),
        "to": to,
        "to_name": name,
        "envelope_from": "bounces@example.org",
        "message_id": message_id,
        "subject": "Tuesday: the toolkit is here",
        "from_name": "Example Partnership",
        "from_address": "news@example.org",
        "body": PlainBody(text, html),
        "unsubscribe_url": leave,
        "headers": (("List-Unsubscribe", f"<{leave}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")),
    }
    fields |= changes
    return Email(**{"raw": _raw(fields, text, html), **fields})


def _raw(fields: dict[str, Any], text: str, html: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{fields['from_name']} <{fields['from_address']}>"
    message["To"] = f"{fields['to_name']} <{fields['to']}>"
    message["Subject"] = fields["subject"]
    message["Date"] = NOON
    message["Message-ID"] = fields["message_id"]
    for name, value in fields["headers"]:
        message[name] = value
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    boundary = f"part-{hashlib.sha256(fields['message_id'].encode()).hexdigest()[:16]}"
    message.set_boundary(boundary)
    return message.as_bytes()


@cache
def _png(width: int, height: int, grey: int) -> bytes:
    """A PNG of one shade, written by hand so that nothing need be installed (W3C PNG, third edition)."""
    rows = b"".join(b"\0" + bytes([grey]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)
