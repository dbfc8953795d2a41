"""Names that a campaign cannot have, because our own pages live there."""

from __future__ import annotations

__all__ = ["TAKEN"]

#: The first parts of addresses that are not campaigns.
TAKEN = frozenset(
    {
        "accessibility",
        "confirm",
        "desk",
        "healthz",
        "hooks",
        "join",
        "media",
        "preferences",
        "privacy",
        "static",
        "unsubscribe",
        "weeks",
    }
)
