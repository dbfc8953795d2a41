"""A marked test message, to see that a channel works before a week depends on it."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

from campaign.channels.base import Channel, Receipt
from campaign.model import About, Image, Post
from campaign.model.messages import Message


def trial_post(name: str, now: datetime, *, picture: bool = False) -> Post:
    """A short post that says what it is. `now` (aware UTC) makes it unlike an earlier one.

    `picture`: with a plain one, for a network that takes no post without.
    """
    about = About(campaign="test", message="test", day="test", channel=name, planned_at=now, title="Test message")
    text = f"Test message, {now:%d %B %Y %H:%M:%S} UTC. Please ignore it: it will be deleted."
    return Post(about=about, text=text, title="Test message", images=(_plain_picture(),) if picture else ())


def _plain_picture() -> Image:
    """A grey square."""
    from PIL import Image as Pillow  # six megabytes

    out = io.BytesIO()
    Pillow.new("RGB", (600, 600), "#8a8a8a").save(out, "PNG")
    data = out.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    return Image(name="test.png", media_type="image/png", sha256=digest, data=data, alt="A plain grey square")


def try_post(channel: Channel[Any], message: Message, key: str) -> Receipt:
    """Prepare and send `message` once; raises one of the four errors."""
    return channel.send(message, key=key, notes=channel.prepare(message, key=key, notes={}))
