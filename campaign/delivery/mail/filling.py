"""What one mailing's emails are made from, and each person's email made from it, in this process or in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from campaign import render
from campaign.model import ChannelRef, Day, Email, PlannedMailing, Programme, Recipient, Sender
from campaign.render import Pages, Urls
from campaign.tokens import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A mailing as it was frozen at opening: plain values, so that another process can be handed them.

    `programme` has the ledger's facts of that moment laid over it; times are aware UTC.
    """

    programme: Programme = field(repr=False)
    planned: PlannedMailing
    day: Day | None
    planned_at: datetime
    opened_at: datetime
    pages: Pages
    files: Mapping[str, bytes] = field(repr=False)
    sender: Sender
    channel: ChannelRef


class Filler:
    """Makes each person's email. `urls` gives a person's own links. Threads may share it."""

    def __init__(self, matter: Matter, key: Key, urls: Callable[[Recipient], Urls]) -> None:
        self.compiled = render.compile_mailing(
            matter.programme,
            matter.planned,
            matter.day,
            planned_at=matter.planned_at,
            now=matter.opened_at,
            pages=matter.pages,
            files=matter.files,
            sender=matter.sender,
            channel=matter.channel,
        )
        self._stamps = key.stamps("message-v1", "return-path-v1")
        self._urls = urls
        self._mailbox, _, self._host = matter.sender.return_path.partition("@")
        self._domain = matter.sender.domain

    def email(self, delivery: int, person: Recipient, now: datetime) -> Email | None:
        """The person's email; None where there is nothing for them."""
        token, bounce = self._stamps(delivery)
        return self.compiled.email(
            person,
            message_id=f"<{token}@{self._domain}>",
            envelope_from=f"{self._mailbox}+{bounce}@{self._host}",
            urls=self._urls(person),
            date=now,
        )
