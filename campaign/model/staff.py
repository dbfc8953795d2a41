"""What a member of the team may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Each may do more than the one before: look; prepare and pause; approve, settle and resume; administer."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"

    def may(self, least: Role) -> bool:
        """Whether it reaches as far as `least`."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(least)
