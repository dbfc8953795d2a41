"""A small week, a briefing and the people who read them, for the tests of what readers get."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import Any

from campaign.model import (
    Audience,
    Campaign,
    CampaignKind,
    CampaignStatus,
    ChannelRef,
    Contact,
    Day,
    Event,
    EventState,
    IfPending,
    MailingList,
    Media,
    OneThing,
    Organisation,
    PlannedMailing,
    PlannedPost,
    Programme,
    Recipient,
    Resource,
    ResourceApproval,
    ResourceType,
    Sender,
    Theme,
    When,
)
from campaign.render import Pages, Urls

NOW = datetime(2023, 10, 10, 7, 0, tzinfo=UTC)
PAGES = Pages(base_url="https://week.example.org", campaign="big-week-2023")
URLS = Urls(
    preferences="https://week.example.org/p/Zm9vYmFyYmF6cXV4MTIzNDU",
    unsubscribe="https://week.example.org/u/Zm9vYmFyYmF6cXV4MTIzNDU?l=7",
    web="https://week.example.org/big-week-2023/tue",
)
PRACTITIONERS = MailingList(
    id=1, slug="practitioners", title="Practitioners", sender="team", audiences=("practitioners",)
)
PARENTS = MailingList(id=2, slug="parents", title="Parents and carers", sender="team", audiences=("parents",))
SENDER = Sender(
    id="team",
    from_name="Big Week team",
    from_address="team@example.org",
    return_path="bounces@example.org",
    unsubscribe_mailbox="leave@example.org",
    domain="example.org",
    organisation="HSCP",
    postal_address="1 High Street, Exampleton, EX1 1AA",
    privacy_url="https://example.org/privacy",
)
MAIL = ChannelRef(id="mail", kind="smtp", organisation="HSCP")
MASTODON = ChannelRef(id="mastodon-hscp", kind="mastodon", organisation="HSCP")


def resource(name: str, **facts: Any) -> Resource:
    """An approved toolkit with a link, other facts as given."""
    given: dict[str, Any] = {
        "id": name,
        "type": ResourceType.TOOLKIT,
        "title": f"The {name} toolkit",
        "link": f"https://example.org/{name}",
        "approval": ResourceApproval.APPROVED,
    }
    return Resource(**{**given, **facts})


RESOURCES = (
    resource("ce", title="Child Exploitation Toolkit", text="For everyone who works with children."),
    resource(
        "launch",
        type=ResourceType.EVENT,
        title="Virtual launch of the Child Exploitation Toolkit",
        link="",
        event=Event(
            starts=datetime(2023, 10, 10, 10, 0),
            ends=datetime(2023, 10, 10, 11, 0),
            place="online",
            booking="https://example.org/book",
            state=EventState.OPEN,
            speakers=("Dr A", "Ms B"),
        ),
    ),
    resource(
        "chair",
        type=ResourceType.INTERVIEW,
        title="Interview with the Independent Chair",
        link="",
        media=Media(
            link="https://example.org/chair", captions=True, transcript="https://example.org/chair/words", minutes=4
        ),
    ),
    resource(
        "waiting", title="Educational Neglect Advice", approval=ResourceApproval.PENDING, if_pending=IfPending.NAME_ONLY
    ),
    resource("hidden", title="Unseen Draft Guide", approval=ResourceApproval.PENDING),
    resource("later", title="Embargoed Review", embargo_until=datetime(2023, 10, 12, 10, 0)),
    resource("parents-guide", title="Guide for parents", audiences=("parents",)),
)
TUESDAY = Day(
    id="tue",
    dates=(date(2023, 10, 10),),
    themes=(
        Theme(
            id="ce",
            title="Protecting from child exploitation",
            audiences=("practitioners",),
            text="We launch the **new toolkit** today. Read [the toolkit](resource:ce) & share it.\n\nBook a place.",
            one_thing=OneThing(text="Book your free place", link="launch"),
            resources=("ce", "launch", "waiting", "hidden", "later"),
        ),
        Theme(
            id="online",
            title="Safe online",
            audiences=("parents",),
            areas=("HAM",),
            text="Talk with your child about what they see. It helps.",
            resources=("parents-guide", "chair"),
        ),
    ),
)
MONDAY = Day(
    id="mon",
    dates=(date(2023, 10, 9),),
    unlock=time(6, 30),
    themes=(Theme(id="start", title="Starting well", text="Welcome to the week.", resources=("chair",)),),
)
WEEK = Programme(
    campaign=Campaign(
        id="big-week-2023",
        title="The Big Week 2023",
        status=CampaignStatus.READY,
        starts=date(2023, 10, 9),
        ends=date(2023, 10, 13),
        summary="Five days on keeping children safe.",
        text="Our aim for the week is to **help** everyone feel confident.",
        hashtags=("BigWeek2023",),
        contact=Contact(name="HSCP team", email="hscp@example.org"),
        help_line="If a child is in immediate danger, call 999.",
        privacy_url="https://example.org/privacy",
        resources=("chair",),
    ),
    organisations=MappingProxyType(
        {
            "HSCP": Organisation(id="HSCP", name="Hampshire Partnership", url="https://example.org"),
            "IOWSCP": Organisation(id="IOWSCP", name="Isle of Wight Partnership", areas=("IOW",)),
        }
    ),
    areas=MappingProxyType({"HAM": "Hampshire", "IOW": "Isle of Wight", "POR": "Portsmouth"}),
    area_groups=MappingProxyType({"HIOW": ("HAM", "IOW")}),
    audiences=MappingProxyType(
        {
            "practitioners": Audience(id="practitioners", name="Practitioners"),
            "parents": Audience(id="parents", name="Parents and carers", reading_age_max=11),
        }
    ),
    channels=MappingProxyType({"mail": MAIL, "mastodon-hscp": MASTODON}),
    resources=MappingProxyType({one.id: one for one in RESOURCES}),
    days=(MONDAY, TUESDAY),
)
DAILY = PlannedMailing(
    id="daily",
    when=When(each_day=True, time=time(8, 0)),
    channel="mail",
    lists=("practitioners", "parents"),
    subject="{{ day.weekday }}: {{ day.title }}",
    preheader="{{ day.first_sentence }}",
    template="day",
)
LAUNCH = PlannedPost(
    id="tue-launch",
    when=When(at=datetime(2023, 10, 10, 10, 5)),
    channels=("mastodon-hscp",),
    text="Today we launch the child exploitation toolkit.",
    link="ce",
    hashtags=("ChildExploitation",),
)
BRIEFING = Programme(
    campaign=replace(
        WEEK.campaign,
        id="briefing-1",
        kind=CampaignKind.BRIEFING,
        title="Learning from serious cases",
        resources=(),
        text="",
    ),
    organisations=WEEK.organisations,
    resources=WEEK.resources,
)
BRIEF = PlannedMailing(
    id="brief",
    channel="mail",
    lists=("practitioners",),
    subject="Practitioner briefing",
    template="briefing",
    body="briefing.md",
)


def person(**facts: Any) -> Recipient:
    """Sam, a practitioner on one list; other facts as given."""
    given: dict[str, Any] = {
        "subscriber": 1,
        "address": "sam@example.org",
        "first_name": "Sam",
        "organisation": "Example Council",
        "audiences": frozenset({"practitioners"}),
        "lists": (PRACTITIONERS,),
        "unsubscribe_token": "Zm9vYmFyYmF6cXV4MTIzNDU",
    }
    return Recipient(**{**given, **facts})
