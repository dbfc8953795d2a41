"""What a mail worker left, read from its journal into the ledger before anything new is taken.

Accepted is accepted, refused is refused, what never began goes back. What was begun and has no outcome may have gone
out: that is one message a connection at most, and the mailing's `in_doubt` says what becomes of it. Where the journal
is not at hand (another machine's), or the machine itself was restarted, every row the worker still held is in doubt.
"""

from __future__ import annotations

from datetime import datetime

from campaign import policy
from campaign.delivery import journal
from campaign.delivery.journal import Mark
from campaign.delivery.outcomes import KILLED, REBOOTED, RESENT
from campaign.delivery.parts import Parts
from campaign.model import DeliveryState
from campaign.store.deliveries import Settled
from campaign.store.groups import Sent

NOT_AT_HAND = "it was being sent from another machine, whose journal is not here"
REFUSED = "the relay refused it; its words were lost when the service was stopped"


def settle_left(parts: Parts, worker: int, *, rebooted: bool, now: datetime, broadcast: int = 0) -> None:
    """Settle every row of a mailing that a dead worker still holds. Safe to repeat.

    With `broadcast`: only that mailing's rows, of a worker that lives and whose flow broke off. Its journal is here,
    and where it is gone already, nothing was on its way.
    """
    groups, folder = parts.store.groups, parts.store.journals
    held = groups.held(worker, broadcast=broadcast)
    if held and (rebooted or not (broadcast or journal.files_of(folder, worker))):
        groups.doubt(worker, reason=REBOOTED if rebooted else NOT_AT_HAND, now=now)
    elif held:
        marks = {delivery: mark for delivery, mark in journal.read(folder, worker).items() if delivery in held}
        sent = [Sent(delivery, "", "", held[delivery]) for delivery, mark in marks.items() if mark is Mark.SENT]
        others = [
            settled
            for delivery, mark in marks.items()
            if (settled := _settled(parts, delivery, mark, resent=held[delivery] == RESENT)) is not None
        ]
        known = {each.id for each in sent} | {each.delivery for each in others}
        groups.settle(worker=worker, began=now, now=now, sent=sent, others=others, back=held.keys() - known)
    if not broadcast:
        journal.forget(folder, worker)


def _settled(parts: Parts, delivery: int, mark: Mark, *, resent: bool) -> Settled | None:
    """What becomes of a row with this mark; None where it was accepted, or never began."""
    if mark is Mark.REFUSED:
        return Settled(delivery=delivery, state=DeliveryState.FAILED, reason=REFUSED, outcome="Refused")
    if mark not in (Mark.BEGUN, Mark.UNCERTAIN):
        return None
    broadcast = parts.store.ledger.by_id(parts.store.deliveries.get(delivery).broadcast)
    state = policy.in_doubt(broadcast.in_doubt, mail=True, resent=resent)
    reason = RESENT if state is DeliveryState.PENDING else KILLED
    return Settled(delivery=delivery, state=state, reason=reason, outcome="killed")
