"""One open mailing in the ledger's terms: what its flow takes, asks and settles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Protocol

from campaign import policy
from campaign.address import KeyRing, parse
from campaign.channels.base import Receipt
from campaign.delivery import gates, outcomes
from campaign.delivery.mail.brake import Brake
from campaign.delivery.mail.filling import Moulds
from campaign.delivery.mail.flow import PACED
from campaign.delivery.mail.lanes import WITHDRAWN
from campaign.delivery.mail.precedence import Precedence
from campaign.delivery.mail.results import Other, Outcome, Result, Row, domain_of, gather
from campaign.delivery.outcomes import RESENT
from campaign.delivery.parts import Parts
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from campaign.model import Broadcast, ChannelRef, DeliveryState, Email
from campaign.model.rows import Accepted, Kinds, PlainRow, Settled, Taken
from campaign.store.mailings import Audience
from campaign.store.suppressions import Reason, suppress

#: How long a channel rests when its relay takes nothing, so that an hour's outage costs no more than the hour.
SHORTEST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(seconds=60)
#: How long somebody stands aside whose email met a relay's trouble, so that others have their turn first.
ASIDE = timedelta(minutes=5)
#: So many in a row without an answer are no accident of theirs.
DOUBTS = 5
#: A wait longer than this was meant.
BELIEVED = timedelta(minutes=5)

#: Parts of rows, got from thousands at a time: see `model.rows`.
_ID, _SUBSCRIBER, _REASON = itemgetter(0), itemgetter(1), itemgetter(3)
_TAKEN, _WHO = itemgetter(0), itemgetter(0)


class Message(Protocol):
    """A mailing compiled: whom it asks for, over what, and each person's email."""

    ref: ChannelRef
    audience: Audience

    def moulds(self, kinds: Kinds) -> Moulds:
        """What makes the emails of plain rows, what their people are like told in `kinds`."""
        ...


class MailJob:
    """See `flow.Job`.

    `rest`: until when the channel asked to be left alone, `trouble`: why. `leaves`: mail goes out to real people.
    `turns`: numbers the groups taken, over all mailings of this worker. `asks`: the channel can be asked whether an
    email arrived. `wary`: its relay gave trouble a moment ago. `precedence`: which of the channel's
    mailings goes first.
    """

    def __init__(
        self,
        parts: Parts,
        broadcast: Broadcast,
        message: Message,
        holds: gates.HoldsNow,
        worker: int,
        *,
        turns: Iterator[int],
        precedence: Precedence,
        leaves: bool = True,
        asks: bool = False,
        wary: bool = False,
    ) -> None:
        self._parts = parts
        self._store = parts.store
        self._broadcast = broadcast
        self._message = message
        self._holds = holds
        self._worker = worker
        self._brake = Brake()
        self._key = str(broadcast.key)
        self._guests = parts.guests if leaves else frozenset()
        self._down = ""
        self._asks = asks
        self._wary = wary
        self._precedence = precedence
        self._behind = ""
        self._doubts = 0
        self._turns = turns
        self.kinds: Kinds = {}
        self._moulds = message.moulds(self.kinds)
        self._given: dict[int, PlainRow] = {}
        self._resent: set[int] = set()
        self.turn = 0
        self.rest: datetime | None = None
        self.trouble = ""

    def take(self, limit: int, now: datetime) -> tuple[int, list[PlainRow]]:
        """Take rows, and pass over those whose person is not to be reached any more."""
        self.turn = next(self._turns)
        rows = self._store.groups.take(self._broadcast.id, worker=self._worker, now=now, limit=limit)
        if not rows:
            return 0, []
        going = self._with_people(rows, now)
        gone: list[Taken] = []
        if len(going) < len(rows):
            found = set(map(_ID, map(_TAKEN, going)))
            gone = [row for row in rows if row[0] not in found]
        skipped = list(self._lapsed(gone, now))
        if self._guests:
            strangers = [each for each in going if each[1][1].casefold() not in self._guests]
            going = [each for each in going if each[1][1].casefold() in self._guests]
            skipped += [_skip(taken[0], "not on the guest list") for taken, _ in strangers]
        self._given.update(zip(map(_ID, map(_TAKEN, going)), going, strict=True))
        if RESENT in set(map(_REASON, rows)):
            self._resent.update(taken[0] for taken, _ in going if taken[3] == RESENT)
        if skipped:
            self._store.groups.settle(worker=self._worker, began=now, now=now, others=skipped)
        return len(rows), going

    def _with_people(self, rows: list[Taken], now: datetime) -> list[PlainRow]:
        """Each row with its person; those without one to be reached are left out. Mostly both are in the same order."""
        ids = list(map(_SUBSCRIBER, rows))
        people = self._store.mailings.people(self._message.audience, ids, now=now, kinds=self.kinds)
        if list(map(_WHO, people)) == ids:
            return list(zip(rows, people, strict=True))
        by = {person[0]: person for person in people}
        return [(row, by[row[1]]) for row in rows if row[1] in by]

    def waiting(self) -> int:
        """How many rows wait to be taken, now or later."""
        found = self._store.deliveries.tally(self._broadcast.id)
        return found[self._broadcast.id].get(DeliveryState.PENDING, 0)

    def reached(self, subscribers: list[int], now: datetime) -> Collection[int]:
        """Ask after people again."""
        people = self._store.mailings.people(self._message.audience, subscribers, now=now, kinds=self.kinds)
        return set(map(_WHO, people))

    def email(self, row: Row, now: datetime) -> Email | None:
        """The person's email."""
        return self._moulds.email(row.id, row.person, now)

    def key(self, row: Row) -> str:
        """The delivery's token on the wire."""
        return self._parts.key.token("delivery-v1", self._key, str(row.subscriber))

    def stopped(self, now: datetime) -> str:
        """A hold, the channel being down, too many refusals, or an essential mailing that waits."""
        if self._store.workers.lost(self._worker):
            return "the session with the database was lost"
        key = self._broadcast.key
        hold = self._holds.stopping(
            campaign=key.campaign,
            channel=key.channel,
            broadcast=self._key,
            essential=self._broadcast.essential,
            now=now,
        )
        if hold is not None:
            return f"paused: {hold.reason}"
        if self.rest is not None:
            return "the relay asked us to wait"
        return self._down or self._brake.reason or self._parts.ways.problem(self._message.ref) or self._overtaken(now)

    def _overtaken(self, now: datetime) -> str:
        """Why another of its channel goes first; said to all who ask once it was said to one."""
        self._behind = self._behind or self._precedence.against(self._broadcast, now)
        return self._behind

    def hear(self, row: Row, outcome: Outcome) -> bool:
        """Count refusals by policy; True where the mailing must stop, or the channel rest."""
        return self.weigh(domain_of(row), outcome)

    def weigh(self, domain: str, outcome: Outcome) -> bool:
        """As `hear`, of a message to somebody at `domain`."""
        if isinstance(outcome, Receipt | Refused):
            self._doubts = 0
        if isinstance(outcome, Refused) and outcome.policy:
            self._brake.refused(domain, str(outcome))
        elif isinstance(outcome, Receipt | Refused):
            self._brake.accepted(domain)
        elif isinstance(outcome, Uncertain):
            self._doubt(outcome)
        elif isinstance(outcome, ChannelError):
            self._goes_back(outcome, self._parts.clock.now())
        return bool(self._brake.reason or self._down or self.rest)

    def fine(self, domains: Collection[str]) -> None:
        """As `hear`, of messages that were accepted, or refused for a reason of their own, at each of `domains`."""
        self._doubts = 0 if domains else self._doubts
        self._brake.accepted_many(domains)

    def _doubt(self, outcome: Uncertain) -> None:
        """Rest where nothing but doubt comes back: else a relay in a bad way leaves a whole mailing in doubt."""
        self._doubts += 1
        if self._wary or self._doubts >= DOUBTS:
            self.rest = self._parts.clock.now() + (LONGEST_REST if self._wary else SHORTEST_REST)
            self.trouble = f"one after another ended without an answer: {outcome}"

    def settle(self, results: list[Result], began: datetime, now: datetime) -> None:
        """Write what came of a group; suppress dead addresses; stop the channel where it must be stopped."""
        self.write(*gather(results), began, now)

    def write(self, accepted: list[Accepted], results: list[Other], began: datetime, now: datetime) -> None:
        """As `settle`, of what was gathered already."""
        others: list[Settled] = []
        back: list[int] = []
        gone: list[Taken] = []
        for delivery, left, outcome in results:
            if isinstance(outcome, str):
                others.append(_skip(delivery, outcome))
            elif left:
                gone.append(self._given[delivery][0])
            elif isinstance(outcome, TryLater) and outcome.code == PACED:
                others.append(_later(self._given[delivery][0], now + timedelta(seconds=outcome.after)))
            elif self._goes_back(outcome, now):
                if isinstance(outcome, TryLater) and outcome.aside:
                    others.append(_later(self._given[delivery][0], now + ASIDE))
                else:
                    back.append(delivery)
            else:
                others.append(self._failed(self._given[delivery][0], outcome, now))
        others += self._lapsed(gone, now)
        self._suppress(results, now)  # first: a row once settled is read from no journal any more
        sent = self._with_reasons(accepted) if self._resent else accepted
        self._store.groups.settle(
            worker=self._worker, began=began, now=now, broadcast=self._broadcast.id,
            sent=sent, others=others, back=back,
        )  # fmt: skip
        self._let_go(*(each.ids for each in accepted), [delivery for delivery, _, _ in results])
        self._stop_channel(now)

    def put_back(self, rows: list[int], now: datetime) -> None:
        """Give rows back."""
        self._store.groups.settle(worker=self._worker, began=now, now=now, back=rows)
        self._let_go(rows)

    def _let_go(self, *groups: list[int]) -> None:
        for ids in groups:
            for delivery in ids:
                del self._given[delivery]
            if self._resent:
                self._resent.difference_update(ids)

    def _with_reasons(self, accepted: list[Accepted]) -> list[Accepted]:
        """Those that were sent a second time apart: they stay in the list of possible duplicates."""
        found: list[Accepted] = []
        for these in accepted:
            for reason in ("", RESENT):
                places = [place for place, id_ in enumerate(these.ids) if (id_ in self._resent) is bool(reason)]
                ids = [these.ids[place] for place in places]
                remotes = [these.remotes[place] for place in places] if these.remotes else []
                if ids:
                    found.append(these._replace(reason=reason, ids=ids, remotes=remotes))
        return found

    def _goes_back(self, error: ChannelError, now: datetime) -> bool:
        """Whether the row's turn comes again as if it had not been: the trouble is not the recipient's."""
        if isinstance(error, ChannelDown):
            self._down = str(error)
            return True
        if not isinstance(error, TryLater):
            return False
        if error.code == WITHDRAWN:
            return True
        if error.slow_all:
            self.rest = max(self.rest or now, now + _rest(error))
            self.trouble = f"{error} ({error.raw})" if error.raw else str(error)
        return error.slow_all

    def _failed(self, taken: Taken, error: ChannelError, now: datetime) -> Settled:
        if isinstance(error, Uncertain):
            return self._doubtful(taken, error)
        delivery, _, tries, reason = taken
        following = outcomes.follow(
            error,
            attempts=tries + 1,
            now=now,
            stop_at=self._broadcast.stop_at,
            jitter=self._parts.random.random(),
        )
        settled = outcomes.of_error(delivery, error, following)
        again = settled.state is DeliveryState.PENDING and reason == RESENT
        return replace(settled, reason=RESENT) if again else settled  # else it would be sent a third time one day

    def _doubtful(self, taken: Taken, error: ChannelError) -> Settled:
        delivery, _, _, reason = taken
        resent = reason == RESENT
        state = policy.in_doubt(self._broadcast.in_doubt, mail=True, resent=resent)
        if self._asks:  # its network is asked first: see `asking.Unanswered`
            state = DeliveryState.SENDING
        again = state is DeliveryState.PENDING or (self._asks and resent)
        return Settled(
            delivery=delivery,
            state=state,
            reason=RESENT if again else str(error),
            code=error.code,
            outcome="Uncertain",
            reply=error.raw[: outcomes.REPLY_LENGTH],
        )

    def _lapsed(self, rows: list[Taken], now: datetime) -> Iterable[Settled]:
        if not rows:
            return []
        reasons = self._store.mailings.lapsed(self._message.audience, list(map(_SUBSCRIBER, rows)), now=now)
        return [_skip(delivery, reasons.get(subscriber, "left")) for delivery, subscriber, _, _ in rows]

    def _suppress(self, results: list[Other], now: datetime) -> None:
        dead = [(id_, error) for id_, _, error in results if isinstance(error, Refused) and error.suppress]
        if not dead:
            return
        ring = KeyRing(self._parts.key)
        with self._store.database.write() as connection:
            for delivery, error in dead:
                key = parse(self._given[delivery][1][1]).key
                suppress(connection, ring, key, reason=Reason.HARD, now=now, detail=error.code)

    def _stop_channel(self, now: datetime) -> None:
        """Mark the channel as down where only a person can help: it asks."""
        reason = self._down or self._brake.reason
        ref = self._message.ref
        if reason and not self._parts.ways.problem(ref):
            self._store.channels.set_down(ref.id, ref.kind, reason, now=now)


def passing(outcome: object) -> bool:
    """Whether it says that nothing goes just now, which may hold for some connections and not for others."""
    return isinstance(outcome, TryLater) and outcome.slow_all and outcome.after <= BELIEVED.total_seconds()


def _later(taken: Taken, moment: datetime) -> Settled:
    """Its turn comes then, and what is known of it stays; nothing was tried."""
    delivery, _, _, reason = taken
    return Settled(delivery=delivery, state=DeliveryState.PENDING, not_before=moment, reason=reason)


def _skip(delivery: int, reason: str) -> Settled:
    return Settled(delivery=delivery, state=DeliveryState.SKIPPED, reason=reason)


def _rest(error: TryLater) -> timedelta:
    """A relay that is merely down is tried every minute; one that names a far moment (a daily limit) is believed."""
    asked = timedelta(seconds=error.after)
    return asked if asked > BELIEVED else min(max(asked, SHORTEST_REST), LONGEST_REST)
