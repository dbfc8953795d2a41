"""A marked test message, to see that a channel works before a week depends on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from campaign.channels.base import Channel, Receipt
from campaign.model import About, Post


def trial_post(name: str, now: datetime) -> Post:
    """A short post that says what it is. `now` (aware UTC) makes it unlike an earlier one."""
    about = About(campaign="test", message="test", day="test", channel=name, planned_at=now, title="Test message")
    text = f"Test message, {now:%d %B %Y %H:%M:%S} UTC. Please ignore it: it will be deleted."
    return Post(about=about, text=text, title="Test message")


def try_post(channel: Channel[Any], post: Post, key: str) -> Receipt:
    """Prepare and send `post` once; raises one of the four errors."""
    return channel.send(post, key=key, notes=channel.prepare(post, key=key, notes={}))
