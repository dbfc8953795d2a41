"""Programmes for the tests of pages, and the parts an app is made of, all in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from starlette.testclient import TestClient

from campaign.clock import SettableClock
from campaign.delivery.forms import Published
from campaign.model import (
    Audience,
    Before,
    Campaign,
    CampaignStatus,
    Contact,
    Day,
    Event,
    EventState,
    IfPending,
    Media,
    OneThing,
    Organisation,
    Programme,
    Resource,
    ResourceApproval,
    ResourceType,
    Theme,
)
from campaign.web.app import create_app
from campaign.web.parts import Parts, Site, Visitors
from campaign.web.parts import Theme as Look

BASE = "http://testserver"
APPROVED = ResourceApproval.APPROVED


def at(text: str) -> datetime:
    """`10 07:00` -> that day of October 2023 at that UK summer time, as UTC."""
    day, clock = text.split()
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime(2023, 10, int(day), hour - 1 if hour else 0, minute, tzinfo=UTC)


def _resources() -> dict[str, Resource]:
    doc = ResourceType.TOOLKIT
    found = [
        Resource(
            id="chair",
            type=ResourceType.INTERVIEW,
            title="Interview with the Chair",
            approval=APPROVED,
            media=Media(
                link="https://video.example.org/chair",
                captions=True,
                transcript="https://video.example.org/words",
                minutes=4,
            ),
        ),
        Resource(
            id="prevent", type=doc, title="Prevent Toolkit", link="https://files.example.org/prevent", approval=APPROVED
        ),
        Resource(
            id="ce",
            type=doc,
            title="Exploitation Toolkit",
            link="https://files.example.org/ce-secret",
            approval=APPROVED,
            areas=("HAM",),
            embargo_until=datetime(2023, 10, 10, 10, 0),
        ),
        Resource(
            id="held",
            type=doc,
            title="Held Report",
            link="https://files.example.org/held",
            approval=APPROVED,
            embargo_until="held",
        ),
        Resource(
            id="pending",
            type=doc,
            title="Pending Guide",
            link="https://files.example.org/pending",
            if_pending=IfPending.NAME_ONLY,
        ),
        Resource(id="omitted", type=doc, title="Omitted Guide", link="https://files.example.org/omitted"),
        Resource(
            id="launch",
            type=ResourceType.EVENT,
            title="Virtual launch",
            approval=APPROVED,
            event=Event(
                starts=datetime(2023, 10, 10, 10, 0),
                ends=datetime(2023, 10, 10, 11, 0),
                place="online",
                booking="https://book.example.org/launch",
                state=EventState.OPEN,
                recording="https://video.example.org/launch",
                speakers=("The Chair",),
            ),
        ),
    ]
    return {one.id: one for one in found}


def _day(number: int, before: Before, *themes: Theme) -> Day:
    ids = ("mon", "tue", "wed", "thu", "fri")
    return Day(id=ids[number], dates=(date(2023, 10, 9 + number),), unlock=time(7), before=before, themes=themes)


def _days() -> tuple[Day, ...]:
    return (
        _day(
            0,
            Before.SUMMARY,
            Theme(
                id="prevent",
                title="Stopping extremism",
                text="First words of Monday.\n\nzzmondaytext",
                resources=("prevent",),
            ),
        ),
        _day(
            1,
            Before.SUMMARY,
            Theme(
                id="exploitation",
                title="Child exploitation",
                areas=("HAM",),
                audiences=("practitioners",),
                text="First words of Tuesday. See [the toolkit](resource:ce).\n\nzztuesdaytext",
                resources=("ce", "launch"),
                one_thing=OneThing(text="zztuesdaything"),
            ),
            Theme(id="parents", title="Talking at home", audiences=("parents",), text="For parents.\n\nzzparenttext"),
        ),
        _day(
            2,
            Before.TITLE,
            Theme(
                id="training",
                title="Training together",
                text="zzwednesdaytext",
                resources=("pending", "omitted", "held"),
            ),
        ),
        _day(3, Before.NOTHING, Theme(id="infants", title="zzinfants", text="zzthursdaytext")),
        _day(4, Before.NOTHING, Theme(id="carers", title="zzcarers", text="zzfridaytext")),
    )


def programme(**head: object) -> Programme:
    """A week of October 2023 with something of every kind. Words that begin with `zz` are those that could slip out."""
    campaign = Campaign(
        id="week-2023",
        title="Safeguarding Week 2023",
        status=CampaignStatus.READY,
        series="safeguarding-week",
        starts=date(2023, 10, 9),
        ends=date(2023, 10, 13),
        summary="Five days about keeping children safe.",
        text="## What it is\n\nWords **about** the week, and [an interview](resource:chair).",
        resources=("chair",),
        hashtags=("Safeguarding2023",),
        contact=Contact(name="The team", email="team@example.org"),
        help_line="If a child is in danger, call 999.",
        one_thing=OneThing(text="Talk to one colleague.", link="resource:chair"),
    )
    return Programme(
        campaign=replace(campaign, **head),  # type: ignore[arg-type]
        organisations={"SCP": Organisation(id="SCP", name="Safeguarding Partnership", url="https://scp.example.org")},
        areas={"HAM": "Hampshire", "IOW": "Isle of Wight"},
        audiences={
            "practitioners": Audience(id="practitioners", name="Practitioners"),
            "parents": Audience(id="parents", name="Parents and carers"),
        },
        resources=_resources(),
        days=_days(),
    )


class MemoryWeeks:
    """Programmes in memory; `put` counts as a change of the ledger."""

    def __init__(self, *published: Published) -> None:
        self.published = list(published)
        self.changes = 1
        self.reads = 0

    def count(self) -> int:
        """The number of changes."""
        return self.changes

    def all(self) -> Sequence[Published]:
        """What is published."""
        self.reads += 1
        return self.published

    def put(self, *published: Published) -> None:
        """Put others in their place."""
        self.published = list(published)
        self.changes += 1


class Stand:
    """An app over programmes in memory, its clock, and a client that keeps no cookies and follows nothing."""

    def __init__(
        self,
        now: str | datetime = "8 12:00",
        *published: Published,
        base: str = BASE,
        look: Look | None = None,
        visitors: Visitors | None = None,
        **site: object,
    ) -> None:
        self.clock = SettableClock(at(now) if isinstance(now, str) else now)
        self.weeks = MemoryWeeks(*(published or (Published(programme()),)))
        self.site = Site(base, theme=look or Look(), **site)  # type: ignore[arg-type]
        self.parts = Parts(site=self.site, clock=self.clock, weeks=self.weeks, visitors=visitors, look_every=0.0)
        self.app = create_app(self.parts)
        self.client = TestClient(
            self.app, base_url=base.rsplit("/weeks-of-ours", 1)[0], follow_redirects=False, raise_server_exceptions=True
        )

    def text(self, path: str, status: int = 200) -> str:
        """The body of a page; the test fails where the status is another."""
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:500]}"
        text: str = answer.text
        return text
