"""A marked test message, to see that a channel works before a week depends on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from campaign.channels.base import Channel, Receipt
from campaign.model import About, Post
from campaign.model.messages import Message


def trial_post(name: str, now: datetime) -> Post:
    """A short post that says what it is. `now` (aware UTC) makes it unlike an earlier one."""
    about = About(campaign="test", message="test", day="test", channel=name, planned_at=now, title="Test message")
    text = f"Test message, {now:%d %B %Y %H:%M:%S} UTC. Please ignore it: it will be deleted."
    return Post(about=about, text=text, title="Test message")


def try_post(channel: Channel[Any], message: Message, key: str) -> Receipt:
    """Prepare and send `message` once; raises one of the four errors."""
    return channel.send(message, key=key, notes=channel.prepare(message, key=key, notes={}))
