"""The one gate between programmes and pages: everything a page, a feed, a calendar or a picture shows comes through it.

What is not visible to everybody at the moment is left out here, so that no page can let it slip.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from campaign.delivery.forms import Published
from campaign.model import Before, Day, EventState, Programme, Resource, ResourceType, Theme, ThemeStatus
from campaign.plan import planned_holds
from campaign.render import document as doc
from campaign.render import speak, visible
from campaign.render.markdown import Target
from campaign.render.pages import Pages
from campaign.render.views import ResourceView, Stage
from campaign.render.visible import Reader
from campaign.web.almanac import Moment
from campaign.web.public.markup import blocks, first_paragraph, html
from campaign.web.public.week import Choice, DayShown, Item, OneThing, Partner, Phase, Subject, Week
from campaign.web.words import PageWords

ICONS = {
    ResourceType.TOOLKIT: "book-open",
    ResourceType.EVENT: "calendar-days",
    ResourceType.TRAINING: "graduation-cap",
    ResourceType.VIDEO: "video",
    ResourceType.INTERVIEW: "mic",
    ResourceType.QUIZ: "circle-question-mark",
    ResourceType.POSTER: "image",
    ResourceType.LINK: "link",
    ResourceType.MESSAGE: "newspaper",
}


class Gate:
    """Makes the `Week` of one campaign at one moment, for one choice of area and audience."""

    def __init__(
        self, published: Published, moment: Moment, words: PageWords, *, area: str = "", audience: str = ""
    ) -> None:
        self.published = published
        self.programme: Programme = published.programme
        self.moment = moment
        self.now = moment.now
        self.words = words
        self.zone = self.programme.campaign.timezone
        self.area = area if area in self.programme.areas else ""
        self.audience = audience if audience in self.programme.audiences else ""
        self.reader = Reader(
            frozenset({self.area} if self.area else ()), frozenset({self.audience} if self.audience else ())
        )
        self.stage = Stage(self.programme, self.now, self.reader, words.shared, Pages())
        self.path = f"/{self.programme.campaign.id}"
        self.kept_back = self._kept_back()

    # --- when

    def opens(self, day: Day) -> datetime | None:
        """When the day opens by its programme, aware UTC."""
        return visible.unlock_at(self.programme, day)

    def is_open(self, day: Day) -> bool:
        """Whether the day's page shows now: its time has come, and no hold on pages was on then and still is."""
        opens = self.opens(day)
        campaign, holds = self.programme.campaign.id, [*self.published.holds, *planned_holds(self.programme)]
        return opens is not None and self.now >= opens and not any(h.locks(campaign, opens, self.now) for h in holds)

    def _kept_back(self) -> frozenset[str]:
        """Resources whose days have all had their time but are kept locked by a hold: as unseen as the days."""
        late = [
            day for day in self.programme.days if (at := self.opens(day)) and self.now >= at and not self.is_open(day)
        ]
        if not late:
            return frozenset()
        used = {name for day in late for theme in day.themes for name in theme.resources}
        others = [day for day in self.programme.days if day not in late]
        free = {name for day in others for theme in day.themes for name in theme.resources}
        return frozenset(
            name
            for name in used - free - set(self.programme.campaign.resources)
            if (resource := self.programme.resources.get(name)) is not None
            and resource.visible_from is None
            and resource.event is None
        )

    # --- resources

    def item(self, resource: Resource) -> Item | None:
        """The resource as it shows; None where it is absent."""
        view = self.stage.resource(resource) if resource.id not in self.kept_back else None
        if view is None:
            return None
        seen = visible.seen(self.programme, resource, self.now, self.reader)
        event = resource.event if not view.pending else None
        state = str(seen.event) if seen.event is not None else ""
        return Item(
            id=resource.id,
            title=view.title,
            kind=view.kind,
            icon=ICONS.get(resource.type, "file-text"),
            text=html(self._blocks(str(view.text), f"resources.{resource.id}"), 4),
            link=view.link,
            pending=view.pending,
            organisations=view.organisations,
            is_event=event is not None,
            when=view.when,
            place=view.place,
            speakers=view.speakers,
            state=state,
            state_words=self._state_words(seen.event, view),
            booking=view.booking,
            recording=view.recording,
            ended=seen.ended,
            starts=self._instant(event.starts) if event else None,
            ends=self._instant(event.ends) if event else None,
            minutes=view.minutes,
            captions=view.captions,
            transcript=view.transcript,
        )

    def _state_words(self, state: EventState | None, view: ResourceView) -> str:
        if state is EventState.OPEN and not view.booking:
            return ""
        return self.words(f"event.tag.{state}") if state is not None else ""

    def _instant(self, wall: datetime | date | None) -> datetime | date | None:
        if isinstance(wall, datetime):
            return wall.replace(tzinfo=ZoneInfo(self.zone)) if wall.tzinfo is None else wall
        return wall

    def items(self, names: Iterable[str]) -> tuple[Item, ...]:
        """The resources of those names that show, in order, each once."""
        found = (self.programme.resources.get(name) for name in dict.fromkeys(names))
        shown = (self.item(resource) for resource in found if resource is not None)
        return tuple(item for item in shown if item is not None)

    def events(self) -> tuple[Item, ...]:
        """Every event that shows, by time, those without a time last: of the week, and of themes for this reader."""
        names = [*self.programme.campaign.resources]
        for day in self.programme.days:
            names += [name for theme in visible.themes(self.programme, day, self.reader) for name in theme.resources]
        return tuple(sorted((item for item in self.items(names) if item.is_event), key=_by_start))

    def _target(self, name: str) -> Target:
        resource = self.programme.resources.get(name)
        view = self.stage.resource(resource) if resource is not None and name not in self.kept_back else None
        if view is None:
            return Target(absent=True)
        return Target(url=view.booking or view.recording or view.link, note=view.pending or view.state)

    def _blocks(self, text: str, where: str) -> tuple[doc.Block, ...]:
        return blocks(text, self._target, where) if text.strip() else ()

    def _one_thing(self, text: str, link: str, where: str) -> OneThing:
        target = link
        if link and not link.startswith(("https://", "http://")):
            target = self._target(link.removeprefix("resource:")).url
        return OneThing(html(self._blocks(text, where), 3), target)

    # --- days

    def _subject(self, day: Day, theme: Theme, shows: Before | None) -> Subject:
        where = f"days.{day.id}.{theme.id}"
        tree = self._blocks(theme.text, where) if shows in {None, Before.SUMMARY} else ()
        whole = shows is None
        names = self.programme
        return Subject(
            id=theme.id,
            title=theme.title,
            text=html(tree, 3) if whole else first_paragraph(tree),
            tbc=theme.status is ThemeStatus.TBC,
            areas=self.words.join([names.areas.get(area, area) for area in sorted(names.expand_areas(theme.areas))]),
            audiences=self.words.join([names.audiences[one].name for one in theme.audiences if one in names.audiences]),
            one_thing=self._one_thing(theme.one_thing.text, theme.one_thing.link, where) if whole else OneThing(),
            items=self.items(theme.resources) if whole else (),
        )

    def day(self, number: int, day: Day) -> DayShown | None:
        """The day as it shows; None while it has no date."""
        opens = self.opens(day)
        if opens is None:
            return None
        gone = self.is_open(day) and bool(day.themes) and not visible.themes(self.programme, day)
        is_open = self.is_open(day) and not gone
        shows = None if is_open else day.before
        themes = visible.themes(self.programme, day, self.reader) if shows is not Before.NOTHING else ()
        local, say = visible.local(opens, self.zone), self.words.shared
        first = min(day.dates)
        when = speak.short_date([first], say)
        here = visible.local(self.now, self.zone).date()
        return DayShown(
            id=day.id,
            number=number,
            weekday=say.join([speak.weekday(one, say) for one in day.dates]),
            date=speak.span(day.dates, say),
            short=when if len(day.dates) == 1 else f"{say.join([speak.weekday(one, say) for one in day.dates])}",
            dates=tuple(sorted(day.dates)),
            path=f"{self.path}/{day.id}",
            open=is_open,
            today=here in day.dates,
            opens_at=opens,
            opens=self.words("day.gone")
            if gone
            else self._opens_words(when, speak.clock_time(local, say), late=self.now >= opens),
            gone=gone,
            title=f" {self.words('and')} ".join(theme.title for theme in themes),
            subjects=tuple(self._subject(day, theme, shows) for theme in themes),
        )

    def _opens_words(self, when: str, time: str, *, late: bool) -> str:
        return self.words("day.opens_late") if late else self.words("day.opens", when=when, time=time)

    # --- the week

    def week(self) -> Week:
        """The campaign as it shows."""
        head = self.programme.campaign
        if head.starts is None or head.ends is None:
            raise ValueError(f"{head.id} has no dates, and so no pages")
        days = (self.day(number, day) for number, day in enumerate(self.programme.days, 1))
        return Week(
            id=head.id,
            path=self.path,
            query=self._query(),
            title=head.title,
            language=head.language,
            summary=head.summary,
            text=html(self._blocks(head.text, "campaign.text"), 3),
            dates=speak.span([head.starts, head.ends], self.words.shared),
            starts=head.starts,
            ends=head.ends,
            zone=self.words("zone.uk") if self.zone == "Europe/London" else self.words("zone.other", zone=self.zone),
            timezone=self.zone,
            phase=self._phase(head.starts, head.ends),
            series=head.series,
            hashtags=tuple(tag.lstrip("#") for tag in head.hashtags),
            contact_name=head.contact.name if head.contact else "",
            contact_email=head.contact.email if head.contact else "",
            help_line=head.help_line,
            one_thing=self._one_thing(head.one_thing.text, head.one_thing.link, "campaign.one_thing"),
            items=self.items(head.resources),
            events=self.events(),
            days=tuple(day for day in days if day is not None),
            partners=self._partners(),
            areas=tuple(Choice(key, name, key == self.area) for key, name in self.programme.areas.items()),
            audiences=tuple(
                Choice(key, one.name, key == self.audience) for key, one in self.programme.audiences.items()
            ),
            since=self.moment.edition.since(self.now),
        )

    def _phase(self, starts: date, ends: date) -> Phase:
        here = visible.local(self.now, self.zone).date()
        if here < starts:
            return Phase.BEFORE
        return Phase.OVER if here > ends else Phase.RUNNING

    def _query(self) -> str:
        pairs = (("area", self.area), ("audience", self.audience))
        chosen = "&".join(f"{name}={value}" for name, value in pairs if value)
        return f"?{chosen}" if chosen else ""

    def _partners(self) -> tuple[Partner, ...]:
        return tuple(
            Partner(
                one.name,
                one.url,
                f"{self.path}/images/{one.logo.file}" if one.logo and self.logo(one.logo.file) else "",
                one.logo.alt if one.logo else "",
            )
            for one in self.programme.organisations.values()
        )

    def logo(self, name: str) -> bytes | None:
        """The picture of that name where it is a partner's logo: the only pictures that pages serve."""
        if any(one.logo is not None and one.logo.file == name for one in self.programme.organisations.values()):
            return self.published.files.get(f"images/{name}") or self.published.files.get(name)
        return None


def _by_start(item: Item) -> tuple[str, str]:
    return (item.starts.isoformat() if item.starts else "9", item.title)
