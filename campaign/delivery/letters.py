"""Mailing the letters that wait: confirmations and the like. No pause holds them, for a person waits for an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from campaign.channels.base import Channel
from campaign.errors import ChannelError, Refused
from campaign.model import Email, Sender
from campaign.render.letter import compose_letter
from campaign.store.database import Database
from campaign.store.letters import Letter, settle_letter, take_letters
from campaign.tokens import Key


class Postman:
    """Mails letters over one email channel. `channel` gives it as it is now (the outbox until it is live)."""

    def __init__(
        self,
        database: Database,
        key: Key,
        channel: Callable[[], Channel[Email]],
        *,
        senders: Callable[[], Mapping[str, Sender]],
        base_url: str,
    ) -> None:
        self._database = database
        self._key = key
        self._channel = channel
        self._senders = senders
        self._base_url = base_url

    def work(self, *, now: datetime) -> int:
        """Try every letter that is due, once; how many went."""
        sent = 0
        for letter in take_letters(self._database, now=now):
            outcome = self._try(letter, now)
            settle_letter(self._database, letter, sent=outcome is None, refused=isinstance(outcome, Refused), now=now)
            sent += outcome is None
        return sent

    def _try(self, letter: Letter, now: datetime) -> ChannelError | None:
        """One attempt; the error it came to. One that may have gone is tried again: a second letter harms nobody."""
        try:
            self._channel().send(self._email(letter, now), key=self._key.token("letter-v1", str(letter.id)), notes={})
        except ChannelError as error:
            return error
        return None

    def _email(self, letter: Letter, now: datetime) -> Email:
        sender = self._senders().get(letter.sender)
        if sender is None:
            raise Refused(f"The sender {letter.sender} is not in senders.yaml any more.")
        token = self._key.stamped("letter-id-v1", letter.id)
        domain = sender.domain or sender.from_address.rpartition("@")[2]
        return compose_letter(
            letter.kind,
            letter.address,
            sender=sender,
            values=letter.values,
            base_url=self._base_url,
            message_id=f"<{token}@{domain}>",
            envelope_from=sender.return_path or sender.from_address,
            date=now,
        )
