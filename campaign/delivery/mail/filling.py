"""What one mailing's emails are made from, and each person's email made from it, in this process or in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from campaign.model import ChannelRef, Day, Email, PlannedMailing, Programme, Recipient, Sender
from campaign.render.filling import Filling
from campaign.render.pages import Pages, Urls
from campaign.tokens import Key

if TYPE_CHECKING:
    from campaign.render.mailing import Compiled


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

    def compile(self) -> Compiled:
        """The mailing, ready to be filled for any recipient."""
        from campaign.render.mailing import compile_mailing  # a process that only fills has no need of templates

        return compile_mailing(
            self.programme,
            self.planned,
            self.day,
            planned_at=self.planned_at,
            now=self.opened_at,
            pages=self.pages,
            files=self.files,
            sender=self.sender,
            channel=self.channel,
        )


class Filler:
    """Makes each person's email. `urls` gives a person's own links. Threads may share it."""

    def __init__(self, compiled: Filling[Any], sender: Sender, key: Key, urls: Callable[[Recipient], Urls]) -> None:
        self.compiled = compiled
        self._stamps = key.stamps("message-v1", "return-path-v1")
        self._urls = urls
        self._mailbox, _, self._host = sender.return_path.partition("@")
        self._domain = sender.domain

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
