"""What a mail worker left, read from its journal into the ledger before anything new is taken.

Accepted is accepted, refused is refused, what never began goes back. What was begun and has no outcome may have gone
out: that is one message a connection at most. Its network is asked where it can tell, else the mailing's `in_doubt`
says what becomes of it. Where the journal is not at hand (another machine's), or the machine itself was restarted,
every row the worker still held is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from campaign import policy
from campaign.address import KeyRing, parse
from campaign.delivery.mail import journal
from campaign.delivery.mail.journal import Mark
from campaign.delivery.outcomes import KILLED, REBOOTED, RESENT
from campaign.delivery.parts import Parts
from campaign.model import DeliveryState
from campaign.model.rows import Accepted, Settled
from campaign.store.groups import Held
from campaign.store.subscribers import by_id
from campaign.store.suppressions import Reason, suppress

NOT_AT_HAND = "it was being sent from another machine, whose journal is not here"
REFUSED = "the relay refused it; its words were lost when the service was stopped"


#: Rows settled in one transaction, each with its attempt.
SLICE = 500

#: Asks the network after one row: what became of it, when to ask, or None where it cannot tell.
Ask = Callable[[int, Held], Settled | datetime | None]


def settle_left(
    parts: Parts, worker: int, *, rebooted: bool, now: datetime, broadcast: int = 0, ask: Ask | None = None
) -> dict[int, datetime]:
    """Settle every row of a mailing that a dead worker still holds. Safe to repeat.

    Answers the rows that wait until the network can be asked after them, each with that moment (aware UTC): those stay
    as they are, and so does the journal. With `broadcast`: only that mailing's rows, of a worker that lives and whose
    flow broke off. Its journal is here, and where it is gone already, nothing was on its way.
    """
    groups, folder = parts.store.groups, parts.store.journals
    held = groups.held(worker, broadcast=broadcast)
    if rebooted or not (broadcast or journal.files_of(folder, worker)):
        marks = dict.fromkeys(held, Mark.BEGUN)
        lost = REBOOTED if rebooted else NOT_AT_HAND
    else:
        marks = {delivery: mark for delivery, mark in journal.read(folder, worker).items() if delivery in held}
        lost = ""
    sent = [delivery for delivery, mark in marks.items() if mark is Mark.SENT]
    others = [Settled(delivery=delivery, state=DeliveryState.FAILED, reason=REFUSED, outcome="Refused")
              for delivery, mark in marks.items() if mark in (Mark.REFUSED, Mark.DEAD)]  # fmt: skip
    later: dict[int, datetime] = {}
    for delivery, mark in marks.items():
        if mark not in (Mark.BEGUN, Mark.UNCERTAIN):
            continue
        answer = ask(delivery, held[delivery]) if ask else None
        if isinstance(answer, datetime):
            later[delivery] = answer
        else:
            others.append(answer or _in_doubt(parts, delivery, held[delivery], lost))
    _suppress(parts, [held[delivery] for delivery, mark in marks.items() if mark is Mark.DEAD], now)
    if held:
        known = {*sent, *(each.delivery for each in others), *later}
        groups.settle(worker=worker, began=now, now=now, back=held.keys() - known)
        for of, accepted in _accepted(held, sent).items():
            groups.settle(worker=worker, began=now, now=now, broadcast=of, sent=accepted)
        for start in range(0, len(others), SLICE):
            groups.settle(worker=worker, began=now, now=now, others=others[start : start + SLICE])
    if not (broadcast or later):
        journal.forget(folder, worker)
    return later


def _accepted(held: Mapping[int, Held], sent: list[int]) -> dict[int, list[Accepted]]:
    """Rows that were accepted, by their broadcast, those alike together. What was said of them is lost."""
    alike: dict[tuple[int, str], list[int]] = {}
    for delivery in sent:
        alike.setdefault((held[delivery].broadcast, held[delivery].reason), []).append(delivery)
    found: dict[int, list[Accepted]] = {}
    for (broadcast, reason), ids in alike.items():
        found.setdefault(broadcast, []).append(Accepted("", "", reason, ids, []))
    return found


def _in_doubt(parts: Parts, delivery: int, held: Held, lost: str) -> Settled:
    """What the mailing says of an email that may have gone. Where all marks are `lost`, a person is asked whatever it
    says: then it is not one email a connection, but all that was taken."""
    if lost:
        return Settled(delivery=delivery, state=DeliveryState.UNCERTAIN, reason=lost)
    rule = parts.store.ledger.by_id(held.broadcast).in_doubt
    state = policy.in_doubt(rule, mail=True, resent=held.reason == RESENT)
    reason = RESENT if state is DeliveryState.PENDING else KILLED
    return Settled(delivery=delivery, state=state, reason=reason, outcome="killed")


def _suppress(parts: Parts, dead: list[Held], now: datetime) -> None:
    """Suppress the addresses that a relay called dead, as when its answer is settled at once."""
    if not dead:
        return
    ring = KeyRing(parts.key)
    with parts.store.database.write() as connection:
        for each in dead:
            person = by_id(connection, each.subscriber)
            if person is not None:  # erased since: then their hash is suppressed for everything already
                suppress(connection, ring, parse(person.address).key, reason=Reason.HARD, now=now)
