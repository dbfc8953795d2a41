"""A mailing's way from the ledger to its people: taken in groups, filled, sent over lanes, journalled, settled."""
