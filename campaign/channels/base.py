"""The shape of a channel: all that an adapter, ours or a stranger's, must know.

A channel makes one attempt at a time and says exactly what came of it: a `Receipt`, or one of the four `ChannelError`s.
It touches no database, environment, clock or sleep but through the `Tools` handed to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict

from campaign.channels.bulk import (
    Begun,
    Elsewhere,
    Lane,
    LaneResult,
    OpensLane,
    Pace,
    Paced,
    Rate,
    Receipt,
    Step,
    Stepped,
)
from campaign.errors import Problem
from campaign.model import Email, Message, Post

if TYPE_CHECKING:
    from campaign.channels.http import Http


class Options(BaseModel):
    """A channel's settings. Secrets are `SecretStr`; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one message may hold. `text` is in the unit of `length`; sizes in bytes; 0 means no limit known."""

    text: int = 0
    unit: str = "characters"
    images: int = 0
    image_bytes: int = 0
    image_types: tuple[str, ...] = ("image/jpeg", "image/png")
    alt_text: int = 0
    hashtags: int = 0
    links: int = 0
    message_bytes: int = 0
    needs_image: bool = False
    needs_media_url: bool = False


class ReplayKind(StrEnum):
    """How a second attempt after an unknown outcome can be made safe."""

    SAFE = "safe"
    ASK = "ask"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Replay:
    """SAFE: the network honours our key for `window`; ASK: `find()` can tell; NEVER: only a person can.

    `promise` is the sentence shown to users.
    """

    kind: ReplayKind
    promise: str
    window: timedelta = timedelta(0)


class Unknown:
    """`find` could not tell."""


UNKNOWN = Unknown()

Notes = Mapping[str, str]


class NoteStore(Protocol):
    """A small store of one channel's own, safe over processes. Values may be kept encrypted."""

    def get(self, name: str) -> str | None:
        """The value kept under `name`, or None."""
        ...

    def swap(self, name: str, *, old: str | None, new: str | None, secret: bool = False) -> bool:
        """Set `name` from `old` to `new` in one step (None: absent); False when it was not `old` any more."""
        ...


class MemoryNotes:
    """A `NoteStore` that lives as long as the process."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def get(self, name: str) -> str | None:
        """The value kept under `name`, or None."""
        return self._values.get(name)

    def swap(self, name: str, *, old: str | None, new: str | None, secret: bool = False) -> bool:
        """Set `name` from `old` to `new`; False when it was not `old` any more."""
        if self._values.get(name) != old:
            return False
        if new is None:
            self._values.pop(name, None)
        else:
            self._values[name] = new
        return True


def _utc_epoch() -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a channel is handed: never more than this.

    `name` is the channel's own name. `now` gives aware UTC. `folder` is where a channel that writes files may write
    (`outbox`); None elsewhere. `http` is the one way to the network for adapters that speak HTTP. `media_url` is the
    public https address under which `publish_media` makes a file readable, "" where none is set. `sleep` waits seconds
    inside one attempt, only before anything irreversible.
    """

    name: str
    now: Callable[[], datetime] = _utc_epoch
    http: Http | None = None
    notes: NoteStore = field(default_factory=MemoryNotes)
    folder: Path | None = None
    media_url: str = ""
    publish_media: Callable[[bytes, str], str] | None = None
    sleep: Callable[[float], None] = lambda seconds: None
    ca_file: str = ""


M = TypeVar("M", Post, Email)


class Channel(ABC, Generic[M]):
    """One configured way out.

    Class attributes: `kind` (the word in channels.yaml), `carries` (Post or Email), `replay`. `limits` may be set in
    `__init__`, as an instance's own limits can differ. Constructor arguments are exactly `(options, tools)`.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    carries: ClassVar[type[Any]]
    replay: ClassVar[Replay]
    Options: ClassVar[type[Options]] = Options
    limits: Limits = Limits()
    #: True where nothing leaves the installation (outbox): it may run before anything is switched live.
    harmless: ClassVar[bool] = False
    #: True where a person carries the message: its broadcast stays `waiting` until they mark it.
    by_hand: ClassVar[bool] = False
    #: True where another process may make it anew from its options alone, and `now` and `ca_file` are all it needs.
    portable: bool = False
    #: How many threads may send at a time: lanes where it opens lanes, calls of `send` elsewhere.
    lanes: int = 1

    def __init__(self, options: Any, tools: Tools) -> None:
        self.options = options
        self.tools = tools

    def elsewhere(self) -> Elsewhere:
        """What opens its lanes in another process, where it is `portable`: unless it says so, it is made anew there."""
        return Anew(type(self), self.tools.name, self.options, self.tools.ca_file)

    def promise(self) -> Replay:
        """`replay` of this very channel, as it is set up and as far as its server is known. Needs no network."""
        return self.replay

    def length(self, text: str) -> int:
        """How long `text` is, counted as this network counts."""
        return len(text)

    def words(self, message: M) -> str:
        """The text whose `length` counts against the limit, for one message."""
        whole: str = getattr(message, "whole", "")
        return whole or str(getattr(message, "subject", ""))

    def check(self, message: M) -> list[Problem]:
        """What the network would refuse or readers would miss. Needs no network."""
        return []

    def prepare(self, message: M, *, key: str, notes: Notes) -> Notes:
        """Reversible, repeatable work (uploads, containers). The notes returned are saved before `send`."""
        return notes

    @abstractmethod
    def send(self, message: M, *, key: str, notes: Notes) -> Receipt:
        """One irreversible attempt.

        `key` is this delivery's wire token: the same for every attempt, unforgeable, 32 hex digits. Raises TryLater,
        Refused, Uncertain or ChannelDown; anything else that escapes counts as Uncertain.
        """

    def close(self) -> None:
        """Let go of connections. Called once, after the last send."""


@runtime_checkable
class Finds(Protocol):
    """A channel that can tell whether a message arrived. Read-only."""

    def find(self, message: Any, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """The receipt of the message where it arrived; None where it surely did not; UNKNOWN otherwise.

        None only when asked 120 s or more after the attempt ended and the listing reached back past `since`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom the network says we are, what we may do, and until when (aware UTC)."""

    name: str
    rights: tuple[str, ...] = ()
    expires: datetime | None = None
    detail: str = ""


@runtime_checkable
class Verifies(Protocol):
    """A channel that can ask who it is signed in as, sending nothing."""

    def verify(self) -> Account:
        """The account; raises ChannelError."""
        ...


@runtime_checkable
class Deletes(Protocol):
    """A channel that can take a sent post back."""

    def delete(self, remote_id: str) -> None:
        """Remove what `send` made; raises ChannelError."""
        ...


@runtime_checkable
class Costs(Protocol):
    """A channel whose network is paid by the post."""

    def cost(self, message: Any) -> Decimal:
        """US dollars that `message` will cost. Needs no network."""
        ...


@runtime_checkable
class Stats(Protocol):
    """A channel that can read figures of a sent post."""

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """likes, reposts, replies, views: those the network gives; raises ChannelError."""
        ...


class FeedbackKind(StrEnum):
    """What later came back about a message."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    POLICY = "policy"
    DELIVERED = "delivered"
    AUTO_REPLY = "auto_reply"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One thing that came back, normalised. `token` is our return-path or message token where it was found.

    `id` makes it count once however often it is delivered.
    """

    id: str
    kind: FeedbackKind
    at: datetime
    token: str = ""
    address: str = field(default="", repr=False)
    code: str = ""
    reason: str = ""


@runtime_checkable
class GivesFeedback(Protocol):
    """A channel whose provider calls back."""

    def feedback(self, headers: Mapping[str, str], body: bytes) -> list[Feedback]:
        """What a signed callback says; raises Refused where the signature is not the provider's."""
        ...


@dataclass(frozen=True, slots=True)
class Anew:
    """A channel made anew in another process, from its options alone."""

    kind: type[Channel[Any]]
    name: str
    options: Options
    ca_file: str

    def open(self, now: Callable[[], datetime]) -> Channel[Any]:
        """The channel. Raises SettingsError."""
        return self.kind(self.options, Tools(name=self.name, now=now, ca_file=self.ca_file))


ChannelType = type[Channel[Any]]
__all__ = [
    "UNKNOWN", "Account", "Begun", "Channel", "ChannelType", "Costs", "Deletes", "Elsewhere", "Feedback",
    "FeedbackKind", "Finds", "GivesFeedback", "Lane", "LaneResult", "Limits", "MemoryNotes", "Message", "NoteStore",
    "Notes", "OpensLane", "Options", "Pace", "Paced", "Rate", "Receipt", "Replay", "ReplayKind", "Stats", "Step",
    "Stepped", "Tools", "Unknown", "Verifies",
]  # fmt: skip
