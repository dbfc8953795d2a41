"""What the counting relay does wrong, and when."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

DROP = "drop"


@dataclass(slots=True, kw_only=True)
class Script:
    """How the relay behaves. Replies are given without line ends; `DROP` cuts the connection instead. Bytes that are no
    text stand in them as surrogates (`os.fsdecode`).

    A list of replies is used up one at a time, in order; then the relay behaves well. Keys are recipient addresses;
    `*` stands for any that has no list of its own.
    """

    features: tuple[str, ...] = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
    greeting: str = "220 relay.test ready"
    #: keeps only the first command of what arrives in one piece, though PIPELINING may be announced
    forgets_pipelined: bool = False
    #: answers commands that came too early with a refusal and hangs up
    refuses_early: bool = False
    hello: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    rcpt: dict[str, list[str]] = field(default_factory=dict)
    data: dict[str, list[str]] = field(default_factory=dict)
    #: what is said after the final dot; a 2yz reply accepts, anything else does not
    final: dict[str, list[str]] = field(default_factory=dict)
    #: hang up in the middle of the text
    drop_in_text: dict[str, int] = field(default_factory=dict)
    #: take the message and hang up without a word
    drop_after_dot: dict[str, int] = field(default_factory=dict)
    #: said after the good reply to a message, unasked
    extra: list[str] = field(default_factory=list)
    greylist: bool = False
    #: every reply one byte at a time
    crumbs: bool = False
    #: seconds before each final reply
    delay: float = 0.0
    #: after that many messages: 421 and goodbye
    per_connection: int = 0
    #: so many connections at once; others are told 421
    room: int = 0
    #: say nothing to RCPT, and leave the connection open
    mute: set[str] = field(default_factory=set)
    #: stop reading in the middle of the text, and leave the connection open
    stall: set[str] = field(default_factory=set)
    #: take connections and say nothing at all
    dumb: bool = False
    #: set once a mute recipient was named, or a text is not read on
    silent: threading.Event = field(default_factory=threading.Event)
    #: 354 even where no recipient was taken
    eager_data: bool = False
    #: what came behind each MAIL
    heard: list[str] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    #: as many connections as it has parties wait for one another before a token is judged
    judging: threading.Barrier | None = None
    #: said in the clear right behind the answer to STARTTLS
    injected: str = ""
    #: set to let those who read no more end
    over: threading.Event = field(default_factory=threading.Event)
    _seen: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, table: dict[str, list[str]] | list[str], address: str = "*") -> str:
        """The next scripted reply for `address`, or an empty string."""
        with self._lock:
            replies = table if isinstance(table, list) else table.get(address, table.get("*", []))
            return replies.pop(0) if replies else ""

    def once(self, table: dict[str, int], address: str) -> bool:
        """Whether that mishap is to happen to `address` now; counts it down."""
        with self._lock:
            name = address if address in table else "*"
            left = table.get(name, 0)
            if left:
                table[name] = left - 1
            return left > 0

    def new(self, address: str) -> bool:
        """Whether `address` is met for the first time."""
        with self._lock:
            known = address in self._seen
            self._seen.add(address)
            return not known
