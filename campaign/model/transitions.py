"""The moves a broadcast and a delivery may make; the ledger refuses any other."""

from __future__ import annotations

from campaign.model.ledger import BroadcastState as B
from campaign.model.ledger import DeliveryState as D

__all__ = ["BROADCAST_MOVES", "DELIVERY_MOVES", "STAFF_BROADCAST_MOVES", "STAFF_DELIVERY_MOVES"]

#: Moves that the service makes by itself.
BROADCAST_MOVES: dict[B | None, frozenset[B]] = {
    None: frozenset({B.PLANNED, B.WAITING, B.OPENING, B.HELD, B.MISSED}),
    B.PLANNED: frozenset({B.WAITING, B.OPENING, B.HELD, B.MISSED}),
    B.WAITING: frozenset({B.WAITING, B.OPENING, B.HELD, B.MISSED}),
    B.OPENING: frozenset({B.OPEN, B.MISSED}),
    B.OPEN: frozenset({B.DONE}),
}

#: Moves that only a named person makes.
STAFF_BROADCAST_MOVES: dict[B | None, frozenset[B]] = {
    None: frozenset({B.PLANNED, B.DROPPED, B.CANCELLED}),
    B.PLANNED: frozenset({B.PLANNED, B.DROPPED, B.CANCELLED}),
    B.WAITING: frozenset({B.PLANNED, B.DROPPED, B.CANCELLED}),
    B.HELD: frozenset({B.PLANNED, B.DROPPED, B.CANCELLED}),
    B.MISSED: frozenset({B.PLANNED, B.DROPPED, B.CANCELLED}),
    B.OPENING: frozenset({B.CANCELLED}),
    B.OPEN: frozenset({B.CANCELLED}),
    B.CANCELLED: frozenset(),
}

DELIVERY_MOVES: dict[D, frozenset[D]] = {
    # pending to uncertain: its time was over while only its key kept another attempt from being a second post
    D.PENDING: frozenset({D.TAKEN, D.SKIPPED, D.MISSED, D.UNCERTAIN}),
    # taken to sent: for mail, that it was sending stood in its worker's journal
    D.TAKEN: frozenset({D.SENDING, D.SENT, D.PENDING, D.SKIPPED, D.MISSED, D.FAILED, D.UNCERTAIN}),
    D.SENDING: frozenset({D.SENT, D.FAILED, D.PENDING, D.UNCERTAIN, D.MISSED}),
}

#: Moves that only a named person makes: settling what is in doubt, trying the failed again, dropping.
STAFF_DELIVERY_MOVES: dict[D, frozenset[D]] = {
    D.UNCERTAIN: frozenset({D.SENT, D.PENDING, D.DROPPED}),
    D.FAILED: frozenset({D.PENDING, D.DROPPED}),
    D.MISSED: frozenset({D.PENDING, D.DROPPED}),
    D.PENDING: frozenset({D.DROPPED}),
}
