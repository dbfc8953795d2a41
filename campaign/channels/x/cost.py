"""What posts on X cost, and a cap on it. Prices are those of X's pay-per-use list of 20 April 2026."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from campaign.channels._text import links
from campaign.channels.base import NoteStore
from campaign.errors import ChannelDown

POST = Decimal("0.015")
POST_WITH_LINK = Decimal("0.20")
ALT_TEXT = Decimal("0.005")


def of_text(text: str) -> Decimal:
    """US dollars for one post: a link, with or without a scheme, makes it dearer."""
    return POST_WITH_LINK if links(text) else POST


def spent(notes: NoteStore, now: datetime) -> Decimal:
    """US dollars spent in the month of `now` (UTC), by our own book."""
    return Decimal(notes.get(_name(now)) or "0")


def book(notes: NoteStore, amount: Decimal, *, cap: Decimal | None, now: datetime) -> None:
    """Add `amount` to the month's book; ChannelDown where it would go over `cap`."""
    while True:
        old = notes.get(_name(now))
        total = Decimal(old or "0") + amount
        if cap is not None and amount > 0 and total > cap:
            raise ChannelDown(
                f"The spending cap of this month is reached: ${total} would be spent of ${cap}. Raise `cap` to go on.",
                code="cap",
            )
        if notes.swap(_name(now), old=old, new=str(total)):
            return


def _name(now: datetime) -> str:
    return f"spent.{now:%Y-%m}"
