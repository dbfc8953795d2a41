"""What the public pages are handed: the programmes in force, and joining and leaving. Other rooms do the work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from campaign.address import Address, KeyRing
from campaign.clock import Clock
from campaign.delivery.forms import Labels, Offer, PreferencesForm, Published, SignUpForm
from campaign.delivery.shelf import Shelf
from campaign.model import CampaignStatus, Programme
from campaign.store import Store, joining, preferences
from campaign.store.database import Database
from campaign.store.joining import Asked, Joined, Left, RequestKind
from campaign.store.preferences import Preferences, Saved
from campaign.store.subscribers import Details


class Weeks:
    """The programmes in force, for the public pages."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._shelf = Shelf(store)

    def count(self) -> int:
        """The ledger's count of changes: one read."""
        return self._store.ledger.changes()

    def all(self) -> list[Published]:
        """Every campaign as it stands, closed ones too: they are the archive."""
        holds = tuple(self._store.holds.current(self._clock.now()))
        found = [self._shelf.get(row.slug) for row in self._store.campaigns.all(closed=True)]
        return [Published(one.now_says, one.files, holds) for one in found]

    def labels(self, campaign: str = "") -> Labels:
        """The areas, audiences and organisations of one campaign, else of every one; a later one's names win.

        A draft gives none: it is nobody's to see.
        """
        ready = [one.now_says for one in self._shelf.all()]
        ready = [one for one in ready if one.campaign.status is not CampaignStatus.DRAFT]
        return labels_of([one for one in ready if one.campaign.id == campaign] or ready)

    def mailed(self, campaign: str) -> frozenset[str]:
        """The lists that a campaign mails, by name; empty where it is not there, or a draft."""
        found = [one.now_says for one in self._shelf.all() if one.slug == campaign]
        ready = [one for one in found if one.campaign.status is not CampaignStatus.DRAFT]
        return frozenset(name for one in ready for mailing in one.mailings.values() for name in mailing.lists)


def labels_of(programmes: list[Programme]) -> Labels:
    """Areas, audiences (id -> name) and the names of the organisations of programmes."""
    areas: dict[str, str] = {}
    audiences: dict[str, str] = {}
    names: dict[str, None] = {}
    for programme in programmes:
        areas.update(programme.areas)
        audiences.update({key: one.name for key, one in programme.audiences.items()})
        names.update(dict.fromkeys(one.name for one in programme.organisations.values()))
    return Labels(areas, audiences, ", ".join(names))


class Lists:
    """Joining and leaving, for the public pages: each act is one call of the store.

    `labels` tells what may be chosen beside the lists, of one campaign or ("") of all, and `mailed` which lists one
    mails. `erase` erases a person, copies outside the database too, and
    `held` tells everything that is held about one.
    """

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        *,
        labels: Callable[[str], Labels],
        erase: Callable[[Address, datetime], object],
        held: Callable[[Address], dict[str, Any]],
        mailed: Callable[[str], frozenset[str]] = lambda campaign: frozenset(),
    ) -> None:
        self._database = database
        self._ring = ring
        self._labels = labels
        self._erase = erase
        self._held = held
        self._mailed = mailed

    def offers(self, campaign: str = "") -> list[Offer]:
        """The public lists, by title: those that a campaign mails, where it mails any."""
        found = [Offer(one.slug, one.title, text) for one, text in joining.open_lists(self._database)]
        mailed = self._mailed(campaign) if campaign else frozenset()
        return [one for one in found if one.slug in mailed] or found

    def labels(self, campaign: str = "") -> Labels:
        """What may be chosen beside the lists: of one campaign, where it is there."""
        return self._labels(campaign)

    def sign_up(self, form: SignUpForm, *, client: str, now: datetime) -> None:
        """Take a sign-up. AddressError, RefusedError, BusyError: see `store.joining.sign_up`."""
        asked = joining.SignUp(
            address=form.address,
            lists=form.lists,
            wording=form.wording,
            controllers=form.controllers,
            details=Details(
                first_name=form.first_name,
                language=form.language,
                areas=frozenset(form.areas),
                audiences=frozenset(form.audiences),
            ),
        )
        joining.sign_up(self._database, self._ring, asked, client=client, now=now)

    def asked(self, token: str, *, now: datetime) -> Asked | None:
        """What the button behind a letter's link would do."""
        return joining.asked_for(self._database, token, now=now)

    def confirm(self, token: str, *, now: datetime) -> Joined | None:
        """Join."""
        return joining.confirm(self._database, self._ring, token, now=now)

    def erase(self, token: str, *, now: datetime) -> bool:
        """Erase whoever asked for it; False where the link is unknown or too old."""
        address = joining.who_asked(self._database, token, RequestKind.ERASE, now=now)
        if address is None:
            return False
        self._erase(address, now)
        return True

    def copy(self, token: str, *, now: datetime) -> dict[str, Any] | None:
        """Everything held about whoever asked for it; None where the link is unknown or too old."""
        address = joining.who_asked(self._database, token, RequestKind.EXPORT, now=now)
        return None if address is None else self._held(address)

    def preferences(self, link: str, *, now: datetime) -> Preferences | None:
        """A person's page."""
        return preferences.read_preferences(self._database, link, now=now)

    def save(self, link: str, form: PreferencesForm, *, now: datetime) -> Saved | None:
        """Keep what the person chose."""
        wanted = preferences.Wanted(
            lists=frozenset(form.lists),
            areas=frozenset(form.areas),
            audiences=frozenset(form.audiences),
            paused_until=form.paused_until,
            wording=form.wording,
            controllers=form.controllers,
        )
        return preferences.save_preferences(self._database, self._ring, link, wanted, now=now)

    def leave(self, link: str, *, how: str, everything: bool, now: datetime) -> Left | None:
        """Leave the lists of the link, or all."""
        return joining.one_click_leave(self._database, self._ring, link, now=now, how=how, everything=everything)

    def rejoin(self, link: str, *, wording: str, now: datetime) -> None:
        """Send a letter with a link to join the link's lists again."""
        joining.rejoin(self._database, self._ring, link, wording=wording, now=now)

    def ask_about_self(self, link: str, kind: str, *, now: datetime) -> str | None:
        """Send a letter with a link for `erase` or `export`."""
        return joining.ask_about_self(self._database, self._ring, link, RequestKind(kind), now=now)
