"""The rows of a mailing on their way, and what came of them, those alike together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from campaign.channels.bulk import Receipt
from campaign.delivery import outcomes
from campaign.delivery.mail.journal import Mark
from campaign.errors import ChannelError, Refused, Uncertain
from campaign.model.rows import Accepted, Person


@dataclass(slots=True)
class Row:
    """The delivery `id` on its way.

    `asked`: when its person was last asked after (monotonic seconds). `stamp`: its number in the journal.
    """

    id: int
    subscriber: int
    person: Person
    asked: float
    stamp: int
    gone: bool = False
    begun: bool = False


#: What came of one row: the next hop's receipt, an error, or why it was passed over.
Outcome = Receipt | ChannelError | str
Result = tuple[Row, Outcome]
#: What came of a delivery that was not accepted: its id, whether its person had gone, and why.
Other = tuple[int, bool, ChannelError | str]


def gather(results: Iterable[Result]) -> tuple[list[Accepted], list[Other]]:
    """What was accepted, in groups of the same words, and the others."""
    groups: dict[tuple[str, str, bool], Accepted] = {}
    others: list[Other] = []
    last, group = None, Accepted("", "", "", [], [])
    for row, outcome in results:
        if not isinstance(outcome, Receipt):
            others.append((row.id, row.gone, outcome))
            continue
        if outcome is not last:  # a relay that does not number its replies gives one receipt for all
            last = outcome
            alike = outcome.code, outcomes.wording(outcome), bool(outcome.remote_id)
            if alike not in groups:
                groups[alike] = Accepted(outcome.code, alike[1], "", [], [])
            group = groups[alike]
        group.ids.append(row.id)
        if outcome.remote_id:
            group.remotes.append(outcome.remote_id)
    return list(groups.values()), others


def domain_of(row: Row) -> str:
    """The recipient domain of a row, lower case."""
    return row.person[1].rpartition("@")[2].lower()


_SENT = int(Mark.SENT)


def mark_of(outcome: Outcome) -> int:
    """How an outcome stands in the journal: a `Mark`."""
    if isinstance(outcome, Receipt):
        return _SENT
    if isinstance(outcome, Refused):
        return Mark.DEAD if outcome.suppress else Mark.REFUSED
    return Mark.UNCERTAIN if isinstance(outcome, Uncertain) else Mark.LATER
