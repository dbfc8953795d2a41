"""What one mailing's emails are made from, and each person's email made from it, in this process or in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from campaign.model import ChannelRef, Day, Email, PlannedMailing, Programme, Recipient, Sender
from campaign.model.rows import Kinds, Person, recipient_of
from campaign.render.filling import Filling
from campaign.render.headers import DateLine
from campaign.render.pages import Pages, PersonUrls, Urls
from campaign.render.quick import Frank, Mould
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
        self.stamps = key.stamps("message-v1", "return-path-v1")
        self._urls = urls
        self._mailbox, _, self._host = sender.return_path.partition("@")
        self._domain = sender.domain

    def moulds(self, kinds: Kinds) -> Moulds:
        """What fills plain rows, what their people are like told in `kinds`; that may grow meanwhile."""
        return Moulds(self, kinds)

    def mould(self, recipient: Recipient, link: str) -> Mould | None:
        """What fills the usual emails of all who are like `recipient`; None where they have to be made singly.

        `link`: what follows the secret in their links.
        """
        if not isinstance(self._urls, PersonUrls):
            return None
        frank = Frank(self._mailbox, self._host, self._domain, self._urls, link)
        return self.compiled.mould(recipient, self._urls(recipient), frank)

    def email(self, delivery: int, person: Recipient, now: datetime) -> Email | None:
        """The person's email; None where there is nothing for them."""
        token, bounce = self.stamps(delivery)
        return self.compiled.email(
            person,
            message_id=f"<{token}@{self._domain}>",
            envelope_from=f"{self._mailbox}+{bounce}@{self._host}",
            urls=self._urls(person),
            date=now,
        )


class Moulds:
    """The emails of plain rows: from a mould where the person is plain, like nearly all; else made singly.

    Threads may share it.
    """

    def __init__(self, filler: Filler, kinds: Kinds) -> None:
        self._filler = filler
        self._kinds = kinds
        self._made: dict[tuple[str, str, int, str, bool, bool], Mould] = {}
        self._date = DateLine()

    def email(self, delivery: int, person: Person, now: datetime) -> Email | None:
        """The person's email; None where there is nothing for them. `now` is aware UTC. Raises as `Compiled.email`."""
        _, _, first_name, organisation, language, _, areas, audiences, chosen = person
        alike = areas, audiences, chosen, language, not first_name, not organisation
        mould = self._made.get(alike)
        if mould is not None:
            token, bounce = self._filler.stamps(delivery)
            made = mould.fill(person, token, bounce, self._date(now))
            if made is not None:
                return made
        recipient = recipient_of(person, self._kinds)
        email = self._filler.email(delivery, recipient, now)
        if mould is None:
            link = self._kinds[areas, audiences, chosen].link
            if (made_now := self._filler.mould(recipient, link)) is not None:
                self._made[alike] = made_now
        return email
