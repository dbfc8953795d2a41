"""The bulk lane: one connection, one round trip a message (RFC 2920).

The end of one message and the envelope of the next travel in one write; their four replies come back together. At any
moment at most two messages are on the connection: one whose final dot was written, and one whose envelope was. So
whatever breaks, the first is in doubt and the second never began.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from campaign.channels.bulk import LATER, Begun, LaneResult, Receipt, Step
from campaign.channels.smtp import outcomes
from campaign.channels.smtp.item import Again, Item, OutOfStep, lost
from campaign.channels.smtp.relays import CROWDED, Relay, Relays
from campaign.channels.smtp.replies import GO_AHEAD, Garbled, Reply, confused, orderly, redacted
from campaign.channels.smtp.session import Session
from campaign.channels.smtp.supply import Supply
from campaign.channels.smtp.wire import END_OF_TEXT, Cut
from campaign.errors import ChannelError, Refused
from campaign.model import Email

TRIES = 2
#: So many messages pass between two looks at whether another relay wants this connection.
LOOK = 8

_BROKEN = (Cut, Garbled)
_QUEUE_ID = re.compile(rb"(?:queued as|id=)\s*<?([A-Za-z0-9._-]{4,64})", re.IGNORECASE)


class PipelinedLane:
    """One connection at a time, used by one thread at a time. `sign` gives the message with its signatures on top."""

    #: A relay knows nothing of our keys, so that any text serves to tell messages apart.
    keyless = True

    def __init__(self, relays: Relays, sign: Callable[[Email], bytes], now: Callable[[], datetime]) -> None:
        self._relays = relays
        self._sign = sign
        self._now = now
        self._relay: Relay | None = None
        self._session: Session | None = None
        self._last = (b"", Receipt())
        self._leaves = False

    @property
    def relay(self) -> str:
        """`host:port` of the relay it is connected to, or will be: its first message counts against the limit too."""
        return self._relay.name if self._relay is not None else self._relays.next_name()

    @property
    def ready(self) -> bool:
        """Whether messages should be given to this lane now: not while its relay takes no more connections."""
        return self._session is not None or self._relays.room()

    def send(self, messages: Iterator[tuple[str, Email]], begun: Begun) -> Iterator[LaneResult]:
        """Send all; see `Lane`. Of the messages asked for at most three have no outcome: see above, and `Supply`."""
        for step in self.steps(messages, begun):
            if isinstance(step, tuple):
                yield step

    def steps(self, messages: Iterator[tuple[str, Email]], begun: Begun) -> Iterator[Step]:
        """As `send`, for whoever drives several lanes; see `Stepped`."""
        held: Item | None = None  # the relay waits for its text
        whole = False
        supply = Supply(messages, self._sign)
        self._leave_if_idle()
        try:
            for item in supply:
                if isinstance(item, tuple):
                    yield item
                    continue
                if held is None or not begun(held.key):
                    yield None
                    held, results = self._without(held, item)
                else:
                    before, held = held, None  # spoken for: what follows always gives its outcome
                    smooth, broken = None, None
                    data = self._one_write(before, item)
                    if data is not None:
                        wire = self._here()[0].wire
                        try:
                            if (sent := wire.offer(data)) < len(data):
                                yield None
                                wire.put(data, sent)
                            yield LATER
                            supply.prepare()
                            yield wire.descriptor
                            smooth = wire.smooth()
                        except _BROKEN as error:
                            broken = error
                    if smooth is not None:
                        held = item
                        yield before.key, self._accepted(smooth)
                        continue
                    yield None
                    held, results = self._unusual(before, item, broken, apart=data is None)
                yield from results
                if held is None and not self.ready:
                    break
            yield None
            yield from self._end_with(held, begun)
            yield from supply.left()
            whole = True
        finally:
            if not whole:
                self._drop()  # abandoned on the way: a text that waits must never get a dot, nor another one's reply
            elif self._session is not None:
                self._session.last_used = self._now()

    def close(self) -> None:
        """Take leave of the relay."""
        if self._session is not None:
            self._session.quit()
            self._forget()

    # -- one message

    def _one_write(self, before: Item, item: Item) -> bytes | None:
        """The end of `before` and the envelope of `item`; None where they cannot go together."""
        session, relay = self._here()
        self._leaves = self._relays.several and session.count % LOOK == 0 and self._relays.better(relay)
        if self._leaves or not (relay.pipelining and session.pipelining) or 0 < session.most <= session.count + 1:
            return None
        try:
            envelope = session.envelope(item.email, item.text)
        except Refused:  # it is alone with that, or another relay can carry it
            return None
        session.wire.set_patience(session.final)
        return b"".join((before.text, END_OF_TEXT, envelope))

    def _accepted(self, smooth: bytes) -> Receipt:
        session, relay = self._here()
        session.count += 1
        relay.proved = True
        relay.parted.clear()
        return self._receipt(smooth)

    def _without(self, held: Item | None, item: Item) -> tuple[Item | None, list[LaneResult]]:
        """Begin with `item` where no message before it ends: there is none, or it was withdrawn."""
        results = self._withdraw(held) if held is not None else []
        now_held, more = self._start(item)
        return now_held, results + more

    def _unusual(
        self, before: Item, item: Item, broken: Exception | None, *, apart: bool
    ) -> tuple[Item | None, list[LaneResult]]:
        """Where not all four replies came as they should, or the two were not for one write."""
        if apart:
            return self._apart(before, item, leave=self._leaves)
        return self._rough(before, item) if broken is None else self._broken(before, item, broken)

    def _apart(self, before: Item, item: Item, *, leave: bool) -> tuple[Item | None, list[LaneResult]]:
        results = self._finish(before)
        if leave:
            self.close()
        held, more = self._start(item)
        return held, results + more

    def _broken(self, before: Item, item: Item, error: Exception) -> tuple[Item | None, list[LaneResult]]:
        outcome = lost(before, error)
        self._drop()
        held, more = self._start(item)
        return held, [(before.key, outcome), *more]

    def _rough(self, before: Item, item: Item) -> tuple[Item | None, list[LaneResult]]:
        """The four replies, one at a time: some are bad, late or missing."""
        session, relay = self._here()
        outcome: Receipt | ChannelError
        try:
            outcome = self._final(before, session.wire.read())
        except _BROKEN as error:
            return self._broken(before, item, error)
        session.count += 1
        held, more = None, list[LaneResult]()
        try:
            self._judge(item, *self._three(session, relay))
            held = item
        except Again as again:
            if isinstance(again, OutOfStep):
                outcome = outcomes.out_of_step()
            self._drop()
            item.tries += 1
            held, more = self._start(item)
        except ChannelError as error:
            more = [(item.key, error)]
            if self._elsewhere(item, error):
                held, more = self._start(item)
        return held, [(before.key, outcome), *more]

    def _end_with(self, held: Item | None, begun: Begun) -> list[LaneResult]:
        if held is None:
            return []
        return self._finish(held) if begun(held.key) else self._withdraw(held)

    def _finish(self, before: Item) -> list[LaneResult]:
        """Write the text of `before` (begun), with its final dot, and nothing after it."""
        session, relay = self._here()
        session.wire.set_patience(session.entry.waits.final)
        try:
            session.wire.put(before.text + END_OF_TEXT)
            outcome = self._final(before, session.wire.read())
        except _BROKEN as error:
            self._drop()
            return [(before.key, lost(before, error))]
        session.count += 1
        if not session.wire.quiet:
            self._drop()
        elif 0 < relay.entry.place.messages_per_connection <= session.count:
            self.close()
        return [(before.key, outcome)]

    def _start(self, item: Item) -> tuple[Item | None, list[LaneResult]]:
        """Give the envelope of `item` alone; on a new connection where the old one turns out to be gone."""
        while True:
            try:
                self._envelope(item)
            except Again as again:
                relay = self._relay
                self._drop()
                item.tries += 1
                if item.tries >= TRIES:
                    return None, [(item.key, self._given_up(item, relay, again.error))]
            except ChannelError as error:
                if not self._elsewhere(item, error):
                    return None, [(item.key, outcomes.withdrawn() if error.code == CROWDED else error)]
            else:
                return item, []

    def _given_up(self, item: Item, relay: Relay | None, error: ChannelError) -> ChannelError:
        """The error of a message that was cut off too often: where that befalls several in a row, all must wait."""
        if relay is not None and outcomes.is_cut(error) and relay.parts(item.email.to):
            return outcomes.cut_before(error.raw, slow=not self._relays.troubled(relay, error))
        return error

    def _elsewhere(self, item: Item, error: ChannelError) -> bool:
        """Whether another relay may carry what the one at hand cannot; then the connection to this one has ended."""
        if self._relay is not None and outcomes.beyond_relay(error):
            item.unfit |= {self._relay.name}
            if self._relays.others(item.unfit):
                self.close()
                return True
        return False

    def _withdraw(self, held: Item) -> list[LaneResult]:
        self._drop()  # after 354 only a dot or the end of the connection ends a text
        return [(held.key, outcomes.withdrawn())]

    # -- envelope

    def _envelope(self, item: Item) -> None:
        session, relay = self._open(item.unfit)
        envelope = session.envelope(item.email, item.text)
        session.wire.set_patience(session.entry.waits.command)
        try:
            if session.reset:
                session.wire.put(b"RSET\r\n")
                if not session.wire.read().good:
                    raise Garbled("RSET was refused")
                session.reset = False
            if relay.pipelining and session.features.pipelining:
                session.wire.put(envelope)
                replies = self._three(session, relay)
            else:
                replies = _one_by_one(session, envelope.splitlines(keepends=True))
        except _BROKEN as error:
            raise Again(outcomes.cut_before(redacted(str(error)))) from None
        self._judge(item, *replies)

    def _three(self, session: Session, relay: Relay) -> tuple[Reply, Reply, Reply]:
        """The replies to a pipelined envelope. A relay that leaves some out did not mean what it announced."""
        try:
            mail = rcpt = data = session.wire.read()
            session.wire.set_patience(session.entry.waits.stall)
            if mail.code != outcomes.SERVICE_CLOSING:
                rcpt = data = session.wire.read()
            if rcpt.code != outcomes.SERVICE_CLOSING:
                data = session.wire.read()
            return mail, rcpt, data
        except _BROKEN as error:
            if not relay.proved or (isinstance(error, Cut) and error.silent):
                relay.pipelining = False
            raise Again(outcomes.cut_before(redacted(str(error)))) from None

    def _judge(self, item: Item, mail: Reply, rcpt: Reply, data: Reply) -> None:
        """Return where the relay waits for the text; else raise what became of the message, or Again."""
        session, relay = self._here()
        if not session.wire.quiet:
            if _closing(session):
                raise Again(outcomes.cut_before("the relay said goodbye"))
            relay.pipelining = False
            raise OutOfStep(outcomes.cut_before("more replies than commands"))
        if not orderly(mail, rcpt, data):
            relay.pipelining = False
            raise OutOfStep(outcomes.cut_before("replies out of order"))
        if relay.pipelining and not relay.proved and confused(mail, rcpt, data):
            relay.pipelining = False
            raise Again(outcomes.on_recipient(next(r for r in (mail, rcpt, data) if not r.good)))
        if mail.good and rcpt.good and data.code == GO_AHEAD:
            return
        closing = outcomes.SERVICE_CLOSING in (mail.code, rcpt.code, data.code)
        refusal = data if rcpt.good else rcpt
        alike = mail.good and outcomes.of_system(refusal) and not (closing and session.count)
        slow = alike and relay.parts(item.email.to)
        error = outcomes.on_recipient(refusal, slow=slow) if mail.good else outcomes.on_mail(mail)
        if closing and session.count:
            raise Again(error)  # the end of this connection, not of this message
        if (closing or outcomes.about_relay(error)) and self._relays.troubled(relay, error):
            raise Again(error)
        if closing:
            self._drop()
        elif data.code == GO_AHEAD:
            self._empty_text(session)
        else:
            session.reset = mail.good
        raise error

    def _empty_text(self, session: Session) -> None:
        """354 although no recipient was taken: a lone dot, which can reach nobody (RFC 2920 3.1)."""
        try:
            session.wire.put(END_OF_TEXT)
            session.wire.read()
        except _BROKEN:
            self._drop()

    # -- outcome

    def _final(self, item: Item, reply: Reply) -> Receipt | ChannelError:
        relay = self._here()[1]
        if reply.good:
            relay.parted.clear()
            return self._receipt(f"{reply.code} {reply.text}".encode())
        if reply.code >= 400:
            slow = outcomes.of_system(reply) and relay.parts(item.email.to)
            return outcomes.on_recipient(reply, slow=slow)
        return outcomes.out_of_step()

    def _receipt(self, said: bytes) -> Receipt:
        if self._last[0] != said:
            line = said.partition(b"\r\n")[0]
            queue = _QUEUE_ID.search(line)
            text = redacted(line.decode("utf-8", "replace"))
            remote = queue[1].decode() if queue else ""
            self._last = (said, Receipt(remote_id=remote, reply=text, code=text[:3]))
        return self._last[1]

    # -- connection

    def _here(self) -> tuple[Session, Relay]:
        if self._session is None or self._relay is None:
            raise RuntimeError("no connection is open")
        return self._session, self._relay

    def _open(self, unfit: frozenset[str]) -> tuple[Session, Relay]:
        if self._session is None or self._relay is None:
            self._relay, self._session = self._relays.connect(unfit)
        return self._session, self._relay

    def _leave_if_idle(self) -> None:
        session = self._session
        if session is not None:
            idle = (self._now() - session.last_used).total_seconds()
            elsewhere = self._relays.several and self._relay is not None and self._relays.better(self._relay)
            if elsewhere or idle >= session.entry.waits.idle:
                self.close()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.wire.close()
            self._forget()

    def _forget(self) -> None:
        gave = self._session is not None and self._session.count > 0
        self._session = None
        if self._relay is not None:
            self._relays.left(self._relay, gave=gave)
            self._relay = None


def _one_by_one(session: Session, commands: list[bytes]) -> tuple[Reply, Reply, Reply]:
    """Lock-step. What follows a refusal is not asked, and counts as refused with it."""
    replies: list[Reply] = []
    for command in commands:
        session.wire.put(command)
        replies.append(session.wire.read())
        if not replies[-1].good:
            break
    last = replies[-1]
    mail, rcpt, data = [*replies, last, last][:3]
    return mail, rcpt, data


def _closing(session: Session) -> bool:
    """Whether what waits beyond the replies is the relay's own goodbye."""
    with contextlib.suppress(*_BROKEN):
        return session.wire.read().code == outcomes.SERVICE_CLOSING and session.wire.quiet
    return False
