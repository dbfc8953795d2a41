"""Where the week's pages live, and a person's own links."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.model import Day, Recipient


@dataclass(frozen=True, slots=True)
class Pages:
    """Where day pages live: below `home_url` where the campaign has one, else on our own pages below `base_url`."""

    base_url: str = ""
    home_url: str = ""
    campaign: str = ""

    def home(self) -> str:
        """The address of the week's home page; "" where none is served."""
        if self.home_url:
            return self.home_url
        return "/".join(part for part in (self.base_url.rstrip("/"), self.campaign) if part) if self.base_url else ""

    def day(self, day: Day | None) -> str:
        """The address of a day's page, or of the home page where there is no day; "" where none is served."""
        home = self.home()
        if not home or day is None:
            return home
        return f"{home.rstrip('/')}/{day.id}/" if self.home_url else f"{home}/{day.id}"


@dataclass(frozen=True, slots=True)
class Urls:
    """A person's own links in one email: absolute addresses of at most 300 characters, without spaces.

    `unsubscribe` is the page of the link in the body and the one-click target of List-Unsubscribe (RFC 8058).
    """

    preferences: str = ""
    unsubscribe: str = ""
    web: str = ""


def person_urls(base_url: str, link: str) -> Urls:
    """A person's own links below our address. `link` is their secret and the set of lists that chose them.

    Kept under 200 characters together, so that no mail server need fold the header (RFC 5322 2.1.1: 998 at most).
    """
    return Urls(preferences=f"{base_url}/preferences/{link}", unsubscribe=f"{base_url}/unsubscribe/{link}")


@dataclass(frozen=True, slots=True)
class PersonUrls:
    """Gives a person's own links below our address. A plain value, so that another process can be handed it."""

    base_url: str

    @property
    def beginnings(self) -> Urls:
        """What the links of everybody begin with; a person's own secret ends them."""
        return person_urls(self.base_url, "")

    def __call__(self, person: Recipient) -> Urls:
        """See `person_urls`."""
        return person_urls(self.base_url, person.unsubscribe_token)


def door_url(base_url: str, token: str) -> str:
    """The page behind a one-time link to the desk: an invitation, another password, a browser to be known."""
    return f"{base_url}/desk/enter/{token}"


def request_url(base_url: str, token: str) -> str:
    """The page behind a mailed link that asks for one press of a button: joining, erasure, a copy of one's data."""
    return f"{base_url}/confirm/{token}"
