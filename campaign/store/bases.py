"""Lawful bases: what each asks of a list and of the evidence that a person is on it. Pure.

UK law, as of 2026: PECR regulation 22 (consent; individuals), 22(3A) (charitable soft opt-in, in force 5 February 2026,
not retroactive), UK GDPR articles 6 and 7. Summaries, not legal advice: the data-protection officer decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from campaign.address import Address
from campaign.errors import RefusedError

#: The day from which details may have been collected under the charitable-purpose soft opt-in (DUAA 2025 s114).
SOFT_OPT_IN_FROM = date(2026, 2, 5)


class Basis(StrEnum):
    """Why a list may be mailed."""

    CONSENT = "consent"
    PUBLIC_TASK = "public_task"
    CORPORATE = "corporate"
    CHARITY_SOFT_OPT_IN = "charity_soft_opt_in"


#: The same in words, as the foot of a page or a report says it.
MEANING = {
    Basis.CONSENT: "each person agreed, and the words they agreed to are kept",
    Basis.PUBLIC_TASK: "a public body's message, necessary for its task; promotes nothing paid for",
    Basis.CORPORATE: "work addresses of councils, health bodies, companies and the like",
    Basis.CHARITY_SOFT_OPT_IN: "supporters of a charity, told at collection how to opt out, since 5 February 2026",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How it is known that a person may be mailed. `given_at` is aware UTC; `how` a source such as `2024 event form`.

    `wording` is exactly what the person was shown; `controllers` the organisations it named.
    """

    given_at: datetime | None = None
    how: str = ""
    wording: str = ""
    controllers: str = ""

    @property
    def whole(self) -> bool:
        """Whether it says when, how, and in which words."""
        return bool(self.given_at and self.how.strip() and self.wording.strip())


def read_basis(text: str) -> Basis:
    """The basis of that name, as people write it; RefusedError naming those there are."""
    try:
        return Basis(text.strip().casefold().replace(" ", "_").replace("-", "_"))
    except ValueError:
        known = "; ".join(f"{basis} ({MEANING[basis]})" for basis in Basis)
        raise RefusedError(f"A list needs a lawful basis, and {text.strip()!r} is none. One of: {known}.") from None


def check_list(basis: Basis, charity_number: str) -> None:
    """Whether a list may have this basis; RefusedError says why not."""
    if basis is Basis.CHARITY_SOFT_OPT_IN and not charity_number.strip():
        raise RefusedError(
            "Only a charity may use the charitable-purpose soft opt-in: give its number with --charity-number. "
            "A council or a partnership cannot use it."
        )


def check_evidence(basis: Basis, evidence: Evidence, *, now: datetime) -> str:
    """Why a person may not be put on a list of this basis with this evidence; "" where they may."""
    given = evidence.given_at
    if given and given > now:
        return f"the consent date {given:%d/%m/%Y} is in the future"
    if basis is Basis.CONSENT and not evidence.whole:
        missing = [
            name
            for name, value in (
                ("date", given),
                ("source", evidence.how.strip()),
                ("wording", evidence.wording.strip()),
            )
            if not value
        ]
        return f"the list's basis is consent, and the consent {', '.join(missing)} is missing"
    if basis is Basis.CHARITY_SOFT_OPT_IN:
        if given is None:
            return "the soft opt-in needs the date on which the details were collected"
        if given.astimezone(UTC).date() < SOFT_OPT_IN_FROM:
            return (
                f"the soft opt-in holds for details collected from 5 February 2026, and these are of {given:%d/%m/%Y}"
            )
        if not evidence.wording.strip():
            return "the soft opt-in needs the opt-out wording shown at collection"
    return ""


def warn_of(basis: Basis, address: Address) -> str:
    """What a person should look at before this address joins a list of this basis; "" for nothing."""
    if basis is Basis.CORPORATE and address.freemail:
        return f"{address.domain} is a private person's mailbox, and the list is for organisations' addresses"
    return ""
