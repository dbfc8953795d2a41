"""The outbox: where messages go while a channel is not live. Files to look at; nothing leaves the machine.

`stand_in(type)` makes an outbox that counts and checks as the real channel does, so that a rehearsal and a week that
goes to the outbox meet the same limits as the networks would.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, cast

from campaign.channels._files import write_emails, write_post
from campaign.channels.base import (
    Begun,
    Channel,
    ChannelType,
    LaneResult,
    Notes,
    Receipt,
    Replay,
    ReplayKind,
    Tools,
)
from campaign.channels.outbox.page import Entry, page
from campaign.errors import ChannelDown, ChannelError, Problem, TryLater
from campaign.model import Email, Post

PROMISE = Replay(
    ReplayKind.SAFE, "Once: each message is one file under a name of its own.", window=timedelta(days=36500)
)
#: How many emails of a lane are written together.
BATCH = 50
#: No room, or somebody tidied up in between: it may go well later.
PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOENT})


class _Outbox:
    """What both outboxes share."""

    tools: Tools

    @property
    def folder(self) -> Path:
        """Where it writes; ChannelDown where wiring gave no folder."""
        if self.tools.folder is None:
            raise ChannelDown("The outbox was given no folder to write in.")
        return self.tools.folder

    def failed(self, error: OSError) -> ChannelError:
        """What an error of the file system means for the message: nothing was written."""
        words = f"The outbox could not write in {self.folder}: {error.strerror or error}."
        return TryLater(words, after=60, slow_all=True) if error.errno in PASSING else ChannelDown(words)


class PostOutbox(_Outbox, Channel[Post]):
    """Posts as JSON files."""

    kind: ClassVar[str] = "outbox"
    title: ClassVar[str] = "Outbox"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = PROMISE
    harmless: ClassVar[bool] = True

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Write the post. Raises TryLater (disk full) or ChannelDown (cannot write there)."""
        at = self.tools.now()
        try:
            path, new = write_post(self.folder, message, key=key, at=at, network=self.title, kind=self.kind)
        except OSError as error:
            raise self.failed(error) from error
        return Receipt(remote_id=path.relative_to(self.folder).as_posix(), url=path.as_uri(), duplicate=not new)


class EmailOutbox(_Outbox, Channel[Email]):
    """Emails as .eml files, byte for byte as they would leave."""

    kind: ClassVar[str] = "outbox-mail"
    title: ClassVar[str] = "Outbox (email)"
    carries: ClassVar[type[Any]] = Email
    replay: ClassVar[Replay] = PROMISE
    harmless: ClassVar[bool] = True

    def send(self, message: Email, *, key: str, notes: Notes) -> Receipt:
        """Write the email. Raises TryLater (disk full) or ChannelDown (cannot write there)."""
        [outcome] = self.write([(key, message)])
        if isinstance(outcome, ChannelError):
            raise outcome
        return outcome

    def write(self, batch: Sequence[tuple[str, Email]]) -> list[Receipt | ChannelError]:
        """Write emails together: for each, in order, what came of it."""
        try:
            wrote = write_emails(self.folder, batch, at=self.tools.now(), network=self.title)
        except OSError as error:
            return [self.failed(error) for _ in batch]
        return [
            self.failed(new) if isinstance(new, OSError) else self._receipt(path, duplicate=not new)
            for path, new in wrote
        ]

    def _receipt(self, path: Path, *, duplicate: bool) -> Receipt:
        return Receipt(remote_id=path.relative_to(self.folder).as_posix(), url=path.as_uri(), duplicate=duplicate)

    def open_lane(self) -> OutboxLane:
        """A lane for one worker thread."""
        return OutboxLane(self)


class OutboxLane:
    """Bulk mail into files, a batch at a time."""

    def __init__(self, outbox: EmailOutbox) -> None:
        self._outbox = outbox

    def send(self, messages: Iterator[tuple[str, Email]], begun: Begun) -> Iterable[LaneResult]:
        """Write all of `messages`, asking `begun` before each."""
        while batch := list(islice(messages, BATCH)):
            going = [(key, email) for key, email in batch if begun(key)]
            went = {key for key, _ in going}
            for key, _ in batch:
                if key not in went:
                    yield key, TryLater("It was not to begin any more.")
            yield from zip((key for key, _ in going), self._outbox.write(going), strict=True)

    def close(self) -> None:
        """Nothing is held open."""


def stand_in(real: ChannelType) -> ChannelType:
    """An outbox of that kind: it carries, counts, limits and checks as `real` does, and writes files.

    Made as any channel, `(options, tools)`; the options may be those of `Registry.measure`, with examples in place of
    secrets, as `real` is only asked what it can tell without the network.
    """
    base = EmailOutbox if issubclass(real.carries, Email) else PostOutbox

    def measure(self: Any, options: Any, tools: Tools) -> None:
        base.__init__(self, options, tools)
        self.real = real(options, tools)
        self.limits = self.real.limits

    def length(self: Any, text: str) -> int:
        return int(self.real.length(text))

    def words(self: Any, message: Any) -> str:
        return str(self.real.words(message))

    def check(self: Any, message: Any) -> list[Problem]:
        return list(self.real.check(message))

    def close(self: Any) -> None:
        self.real.close()

    body = {
        "__doc__": f"The outbox in place of {real.title}.",
        "__init__": measure,
        "kind": real.kind,
        "title": real.title,
        "Options": real.Options,
        "length": length,
        "words": words,
        "check": check,
        "close": close,
    }
    return cast(ChannelType, type(f"{real.__name__}Outbox", (base,), body))


__all__ = ["EmailOutbox", "Entry", "OutboxLane", "PostOutbox", "page", "stand_in"]
