"""What templates see: frozen views of the programme for one reader at one moment (docs/messages.md names each)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from campaign.model import Campaign, Day, EventState, OneThing, Organisation, Programme, Resource, Theme, ThemeStatus
from campaign.render import speak, visible
from campaign.render.markdown import RESOURCE, MarkdownText, plain
from campaign.render.pages import Pages
from campaign.render.slots import strip_marks
from campaign.render.visible import Reader, Seen, Shown
from campaign.render.words import Words

_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[A-Z0-9“‘\"'])")


@lru_cache(maxsize=512)
def first_sentence(text: str) -> str:
    """The first sentence of a Markdown text, as plain words."""
    return _SENTENCE.split(plain(text), maxsplit=1)[0]


def markdown(text: str) -> MarkdownText:
    """A text of the programme that is Markdown."""
    return MarkdownText(strip_marks(text).strip())


class Tags(tuple[str, ...]):
    """Hashtags; printed as `#One #Two`."""

    __slots__ = ()

    def __str__(self) -> str:
        return " ".join(f"#{tag}" for tag in self)


@dataclass(frozen=True, slots=True)
class OneThingView:
    """ "If you do one thing". False where there is none. Where it has a link, `words` are what to link."""

    text: MarkdownText
    words: str
    link: str

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class ResourceView:
    """A resource as this reader may see it now; one that is absent has no view."""

    id: str
    title: str
    kind: str
    about: str
    text: MarkdownText
    link: str
    pending: str
    event: bool
    when: str
    place: str
    speakers: str
    state: str
    booking: str
    recording: str
    minutes: str
    captions: bool
    transcript: str
    organisations: str


@dataclass(frozen=True, slots=True)
class ThemeView:
    """A theme that this reader sees."""

    id: str
    title: str
    text: MarkdownText
    first_sentence: str
    tbc: bool
    one_thing: OneThingView
    resources: tuple[ResourceView, ...]


@dataclass(frozen=True, slots=True)
class DayView:
    """A day as this reader sees it."""

    id: str
    weekday: str
    date: str
    title: str
    first_sentence: str
    page_url: str
    first: bool
    last: bool
    themes: tuple[ThemeView, ...]
    one_thing: OneThingView


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """A partner body."""

    id: str
    name: str
    url: str
    address: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """Whom readers can ask."""

    name: str
    email: str

    def __bool__(self) -> bool:
        return bool(self.email)


@dataclass(frozen=True, slots=True)
class CampaignView:
    """The week, or the briefing."""

    id: str
    title: str
    summary: str
    text: MarkdownText
    starts: str
    ends: str
    dates: str
    language: str
    hashtag: str
    hashtags: Tags
    home_url: str
    contact: ContactView
    help_line: str
    one_thing: OneThingView
    privacy_url: str
    organisations: tuple[OrganisationView, ...]
    resources: tuple[ResourceView, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """For whom, when and in which words the views are made. `now` is aware UTC."""

    programme: Programme
    now: datetime
    reader: Reader
    words: Words
    pages: Pages

    # --- resources

    def resource(self, resource: Resource) -> ResourceView | None:
        """The resource's view; None where it is absent."""
        return self._view(visible.seen(self.programme, resource, self.now, self.reader))

    def resources(self, ids: Iterable[str]) -> tuple[ResourceView, ...]:
        """The views of those that are not absent, in order, each once."""
        found = (self.programme.resources.get(name) for name in dict.fromkeys(ids))
        views = (self.resource(resource) for resource in found if resource is not None)
        return tuple(view for view in views if view is not None)

    def _view(self, seen: Seen) -> ResourceView | None:
        if seen.shown is Shown.ABSENT:
            return None
        resource, say = seen.resource, self.words
        pending = say("pending") if seen.shown is Shown.PENDING else ""
        event, media = resource.event, None if pending else resource.media
        has_link = bool(seen.link)
        bookable = seen.event is EventState.OPEN and has_link
        names = [
            self.programme.organisations[name].name
            for name in resource.organisations
            if name in self.programme.organisations
        ]
        return ResourceView(
            id=resource.id,
            title=resource.title,
            kind=say.kind(resource.type),
            about=self._about(resource),
            text=markdown("" if pending else " ".join(resource.text.split())),
            link="" if event else seen.link,
            pending=pending,
            event=event is not None,
            when=speak.event_time(event.starts, event.ends, say) if event and event.starts and not pending else "",
            place=event.place if event and not pending else "",
            speakers=say.join(list(event.speakers)) if event and not pending else "",
            state=say.event_state(seen.event) if seen.event is not None else "",
            booking=seen.link if bookable else "",
            recording=seen.link if seen.recording else "",
            minutes=self._minutes(media.minutes) if media else "",
            captions=bool(media and media.captions),
            transcript=media.transcript if media else "",
            organisations=say.join(names),
        )

    def _about(self, resource: Resource) -> str:
        """`interview, 4 minutes, captions`; the kind is left out where the title says it."""
        media = resource.media
        kind = self.words.kind(resource.type)
        parts = ["" if kind in resource.title.casefold() else kind, self._minutes(media.minutes) if media else ""]
        parts.append(self.words("media.captions") if media and media.captions else "")
        return ", ".join(part for part in parts if part)

    def _minutes(self, minutes: int) -> str:
        if minutes <= 0:
            return ""
        return self.words("media.minute") if minutes == 1 else self.words("media.minutes", minutes=minutes)

    def _one_thing(self, one: OneThing) -> OneThingView:
        """A resource's id as its link becomes `resource:ID`, which inherits the resource's state."""
        link = f"{RESOURCE}{one.link}" if one.link in self.programme.resources else one.link
        return OneThingView(markdown(one.text), plain(one.text), link)

    # --- days and themes

    def theme(self, theme: Theme) -> ThemeView:
        """A theme's view, with those of its resources that are not absent."""
        return ThemeView(
            id=theme.id,
            title=theme.title,
            text=markdown(theme.text),
            first_sentence=first_sentence(theme.text),
            tbc=theme.status is ThemeStatus.TBC,
            one_thing=self._one_thing(theme.one_thing),
            resources=self.resources(theme.resources),
        )

    def day(self, day: Day, themes: tuple[Theme, ...]) -> DayView:
        """The day with the `themes` this reader sees; its title joins theirs by "and"."""
        shown = tuple(self.theme(theme) for theme in themes)
        own = next((theme.one_thing for theme in shown if theme.one_thing), None)
        week = self._one_thing(self.programme.campaign.one_thing)
        days = self.programme.days
        return DayView(
            id=day.id,
            weekday=self.words.join([speak.weekday(date, self.words) for date in day.dates]) or day.weekday,
            date=speak.span(day.dates, self.words),
            title=f" {self.words('and')} ".join(theme.title for theme in shown),
            first_sentence=next((theme.first_sentence for theme in shown if theme.first_sentence), ""),
            page_url=self.pages.day(day),
            first=bool(days) and day.id == days[0].id,
            last=bool(days) and day.id == days[-1].id,
            themes=shown,
            one_thing=own or week,
        )

    # --- the campaign

    def campaign(self) -> CampaignView:
        """The campaign's view."""
        head: Campaign = self.programme.campaign
        contact = head.contact
        edges = [date for date in (head.starts, head.ends) if date is not None]
        return CampaignView(
            id=head.id,
            title=head.title,
            summary=head.summary,
            text=markdown(head.text),
            starts=speak.full_date(head.starts, self.words) if head.starts else "",
            ends=speak.full_date(head.ends, self.words) if head.ends else "",
            dates=speak.span(edges, self.words),
            language=head.language,
            hashtag=head.hashtags[0].lstrip("#") if head.hashtags else "",
            hashtags=Tags(tag.lstrip("#") for tag in head.hashtags),
            home_url=self.pages.home(),
            contact=ContactView(contact.name if contact else "", contact.email if contact else ""),
            help_line=head.help_line,
            one_thing=self._one_thing(head.one_thing),
            privacy_url=head.privacy_url,
            organisations=tuple(organisation(one) for one in self.programme.organisations.values()),
            resources=self.resources(head.resources),
        )


def organisation(one: Organisation | None) -> OrganisationView:
    """The view of a partner body; empty where there is none."""
    if one is None:
        return OrganisationView("", "", "", "")
    return OrganisationView(one.id, one.name, one.url, one.address)
