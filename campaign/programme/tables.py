"""The schema of a programme file: every key, its kind and its meaning. Decoder and `campaign schema` both read it."""

from __future__ import annotations

from campaign.model import (
    Audience,
    Before,
    Campaign,
    CampaignKind,
    CampaignStatus,
    ChannelRef,
    Contact,
    Defaults,
    EventState,
    Exclusion,
    IfPending,
    InDoubt,
    LateOk,
    Logo,
    Media,
    OneThing,
    Organisation,
    Override,
    PlannedHold,
    PlannedImage,
    PlannedMailing,
    PlannedPost,
    Programme,
    Resource,
    ResourceApproval,
    ResourceType,
    Strength,
    Theme,
    ThemeStatus,
)
from campaign.programme import schema
from campaign.programme.kinds import (
    FLAG,
    LINE,
    NAME,
    SLUG,
    Address,
    Choice,
    Hashtag,
    Json,
    Language,
    Line,
    Link,
    Number,
    Ref,
    Text,
    Worded,
    Zone,
)
from campaign.programme.makers import Booking, DayRef, make_day, make_event, timed
from campaign.programme.schema import Key, ListOf, MapOf, Table, named, plain

SCHEMA_VERSION = 1
MARKDOWN = Text(markdown=True)
DATE = Worded(form="date")
TIME = Worded(form="time")
DATETIME = Worded(form="datetime")
DURATION = Worded(form="duration")
AREAS = ListOf(Ref(to="area"))
AUDIENCES = ListOf(Ref(to="audience"))
RESOURCES = ListOf(Ref(to="resource"))


ONE_THING = Table(
    "one_thing",
    (
        Key("text", Text(markdown=True, most=1000), "What to do, if a reader does one thing"),
        Key("link", Link(to="resource"), "Where to do it: an address or a resource's id"),
    ),
    plain(OneThing),
)
LOGO = Table(
    "logo",
    (
        Key("file", LINE, "A file in images/", required=True),
        Key("alt", LINE, "What it says to those who do not see it", required=True),
    ),
    plain(Logo),
)
LATE_OK = Table(
    "late_ok",
    (
        Key("mailing", DURATION, "How late a mailing may open"),
        Key("post", DURATION, "How late a post may open"),
    ),
    plain(LateOk),
)
DEFAULTS = Table(
    "defaults",
    (
        Key("unlock", TIME, "When a day's page unlocks"),
        Key("mailing", TIME, "When a mailing goes"),
        Key("post", TIME, "When a post goes"),
        Key("late_ok", LATE_OK, "How late each may open"),
        Key("stop_at", TIME, "Nothing begins after this time of its day"),
    ),
    plain(Defaults),
)
HOLD = Table(
    "holds",
    (
        Key("from", DATETIME, "When it begins", required=True, attr="start"),
        Key("to", DATETIME, "When it ends", required=True, attr="end"),
        Key("reason", LINE, "Why, for those who ask", required=True),
        Key("strength", Choice(words=Strength), "proactive lets essential messages pass, all lets nothing pass"),
        Key("pages", FLAG, "Whether day pages stay locked too"),
    ),
    plain(PlannedHold),
)
OVERRIDE = Table(
    "overrides",
    (
        Key("code", LINE, "The code of the warning", required=True),
        Key("where", LINE, "What it is about, such as posts.tue-launch", required=True),
        Key("reason", LINE, "Why it is accepted", required=True),
    ),
    plain(Override),
)
CONTACT = Table(
    "contact",
    (Key("name", LINE, "Who answers"), Key("email", Address(), "Their address; also Reply-To")),
    plain(Contact),
)
CAMPAIGN = Table(
    "campaign",
    (
        Key("id", SLUG, "The campaign's own name in every key of the ledger; never reused", required=True),
        Key("kind", Choice(words=CampaignKind), "week, or briefing: a one-off mailing"),
        Key("series", SLUG, "What links yearly editions"),
        Key("edition", Number(least=1900, top=2200), "The year of this edition"),
        Key("title", LINE, "The campaign's name, spelled as everywhere", required=True),
        Key("aliases", ListOf(LINE), "Other spellings allowed in copy; near misses warn"),
        Key("status", Choice(words=CampaignStatus), "draft until everything stands, then ready"),
        Key("starts", DATE, "The first day; may be absent while draft"),
        Key("ends", DATE, "The last day"),
        Key("timezone", Zone(), "The zone of every time in the file"),
        Key("language", Language(), "The language of the copy"),
        Key("summary", LINE, "The week in one sentence"),
        Key("text", MARKDOWN, "The week's own words, for its home page and first email"),
        Key("resources", RESOURCES, "Resources of the whole week"),
        Key("privacy_url", Link(), "The privacy notice, in the foot of every email"),
        Key("hashtags", ListOf(Hashtag()), "Without '#'; the first is the campaign's own"),
        Key("home_url", Link(), "Where the week lives, if not on our own pages"),
        Key("contact", CONTACT, "Whom readers can ask; required at ready"),
        Key("help_line", Line(most=600), "Whom to call in danger: foot of every email and page"),
        Key("one_thing", ONE_THING, "If you do one thing"),
        Key("defaults", DEFAULTS, "Times that hold where nothing else is said"),
        Key("holds", ListOf(HOLD), "Pauses known in advance"),
        Key("overrides", ListOf(OVERRIDE), "Warnings accepted, each with a reason"),
    ),
    plain(Campaign),
)
ORGANISATION = Table(
    "organisations",
    (
        Key("name", LINE, "The body's full name", required=True),
        Key("areas", AREAS, "Where it works"),
        Key("url", Link(), "Its own pages"),
        Key("address", Line(most=500), "Its postal address, for the foot of emails"),
        Key("logo", LOGO, "Its logo"),
    ),
    named(Organisation),
)
AUDIENCE = Table(
    "audiences",
    (
        Key("name", LINE, "What readers call them", required=True),
        Key("reading_age_max", Number(least=5, top=25), "The reading age that copy for them must not pass"),
    ),
    named(Audience),
)
CHANNEL = Table(
    "channels",
    (
        Key("kind", SLUG, "The network: x, mastodon, bluesky, smtp...", required=True),
        Key("organisation", Ref(to="organisation"), "Whose account it is"),
    ),
    named(ChannelRef),
)
EVENT = Table(
    "event",
    (
        Key("starts", Worded(form="moment"), "When it starts: a date and time, a date, or a date and a range"),
        Key("ends", Worded(form="end"), "When it ends; a time alone is of the same day"),
        Key("place", LINE, "Where, or online"),
        Key("booking", Booking(), "Where to book, or no_link: reason"),
        Key("state", Choice(words=EventState), "Whether people can still book"),
        Key("speakers", ListOf(LINE), "Who speaks"),
        Key("recording", Link(), "Where to see it afterwards"),
    ),
    make_event,
)
MEDIA = Table(
    "media",
    (
        Key("link", Link(), "Where to watch or listen"),
        Key("captions", FLAG, "Whether it has captions"),
        Key("transcript", Link(), "Where its words can be read"),
        Key("minutes", Number(least=0, top=1000), "How long it is"),
    ),
    plain(Media),
)
RESOURCE = Table(
    "resources",
    (
        Key("type", Choice(words=ResourceType), "What it is", required=True),
        Key("title", LINE, "Its name", required=True),
        Key("link", Link(), "Where it is"),
        Key("no_link", LINE, "Why it has no link"),
        Key("text", MARKDOWN, "A sentence about it"),
        Key("organisations", ListOf(Ref(to="organisation")), "Whose it is"),
        Key("areas", AREAS, "Where it is for; everywhere if absent"),
        Key("audiences", AUDIENCES, "Whom it is for; everyone if absent"),
        Key("approval", Choice(words=ResourceApproval), "What its owners have said about it"),
        Key("approved_by", LINE, "Who approved it"),
        Key("approved_on", DATE, "When"),
        Key("if_pending", Choice(words=IfPending), "How it shows until it is approved"),
        Key("embargo_until", Worded(form="datetime", words=("held",)), "Not before this; held: until a person says"),
        Key("visible_from", DATETIME, "When it is first seen; its day's unlock if absent"),
        Key("event", EVENT, "When, where and how to book"),
        Key("media", MEDIA, "What can be watched or heard"),
    ),
    named(Resource),
)
THEME = Table(
    "themes",
    (
        Key("id", SLUG, "The theme's id", required=True),
        Key("title", LINE, "Its title", required=True),
        Key("status", Choice(words=ThemeStatus), "Whether it stands"),
        Key("areas", AREAS, "Where it is for; everywhere if absent"),
        Key("audiences", AUDIENCES, "Whom it is for; everyone if absent"),
        Key("text", MARKDOWN, "What the day says about it"),
        Key("one_thing", ONE_THING, "If you do one thing"),
        Key("resources", RESOURCES, "What it links to"),
    ),
    plain(Theme),
    defines="theme",
)
DAY = Table(
    "days",
    (
        Key("date", DATE, "Its date"),
        Key("dates", ListOf(DATE, most=7), "Its dates, where one theme spans several"),
        Key("weekday", Worded(form="day"), "Its weekday; must agree with the date"),
        Key("unlock", TIME, "When its page unlocks"),
        Key("before", Choice(words=Before), "What the public sees earlier"),
        Key("themes", ListOf(THEME), "Its themes"),
    ),
    make_day,
)
IMAGE = Table(
    "images",
    (
        Key("file", LINE, "A file in images/", required=True),
        Key("alt", Line(most=2000), "What it shows"),
        Key("decorative", FLAG, "It says nothing, and needs no words"),
    ),
    plain(PlannedImage),
)
SHARED = (
    Key("at", DATETIME, "Its date and time"),
    Key("day", DayRef(), "The day it belongs to"),
    Key("each_day", FLAG, "Once on every day"),
    Key("time", Worded(form="time", words=("unlock",)), "Its time on that day, or unlock"),
    Key("theme", Ref(to="theme"), "The theme it is about"),
    Key("areas", AREAS, "Where it is for; everywhere if absent"),
    Key("audiences", AUDIENCES, "Whom it is for; everyone if absent"),
    Key("needs", RESOURCES, "Resources that must be approved and out of embargo"),
    Key("essential", FLAG, "Passes a hold of strength proactive, and goes before the others of its channel"),
    Key("late_ok", DURATION, "How late it may open"),
    Key("stop_at", TIME, "Nothing of it begins after this time of its day"),
    Key("again", FLAG, "Meant to repeat what was sent before"),
    Key("owner", LINE, "Who looks after it"),
    Key("notes", Text(), "For colleagues; never sent"),
    Key("template", LINE, "The name of a template in messages/"),
)
POST = Table(
    "posts",
    (
        *SHARED,
        Key("channels", ListOf(Ref(to="channel")), "Where it goes", required=True),
        Key("title", LINE, "Where the network has one"),
        Key("text", Text(), "What it says"),
        Key("text_for", MapOf(Text(), uses="channel"), "Another wording for one channel"),
        Key("link", Link(words=("day",), to="resource"), "A resource's id, an address, or day: that day's page"),
        Key("hashtags", ListOf(Hashtag()), "Besides the campaign's"),
        Key("images", ListOf(IMAGE), "Its images"),
    ),
    timed(PlannedPost),
)
EXCLUDE = Table(
    "exclude",
    (
        Key("lists", ListOf(SLUG), "Whoever is on one of these lists"),
        Key("areas", AREAS, "Whoever is in one of these areas"),
        Key("audiences", AUDIENCES, "Whoever is of one of these audiences"),
    ),
    plain(Exclusion),
)
MAILING = Table(
    "mailings",
    (
        *SHARED,
        Key("channel", Ref(to="channel"), "How it goes", required=True),
        Key("lists", ListOf(SLUG), "Whom it goes to: lists of the installation"),
        Key("exclude", EXCLUDE, "Whom it leaves out, whichever list chose them"),
        Key("subject", LINE, "The subject line"),
        Key("preheader", LINE, "What mail programs show beside the subject"),
        Key("body", LINE, "A Markdown file in messages/"),
        Key("skip_if_empty", FLAG, "Nothing is sent to those for whom it would say nothing"),
        Key("in_doubt", Choice(words=InDoubt), "What to do with an email that may have gone"),
    ),
    timed(PlannedMailing),
)
PROGRAMME = Table(
    "the programme",
    (
        Key("schema", Number(least=SCHEMA_VERSION, top=SCHEMA_VERSION), "The version of this schema: 1", required=True),
        Key("campaign", CAMPAIGN, "The campaign's own keys", required=True),
        Key("organisations", MapOf(ORGANISATION, ids=NAME, defines=("organisation",)), "Partner bodies"),
        Key("areas", MapOf(LINE, ids=NAME, defines=("area", "single area")), "Places"),
        Key(
            "area_groups",
            MapOf(ListOf(Ref(to="single area")), ids=NAME, defines=("area",)),
            "Names for several areas, usable wherever an area is",
        ),
        Key("audiences", MapOf(AUDIENCE, ids=NAME, defines=("audience",)), "Whom the week is for"),
        Key("channels", MapOf(CHANNEL, defines=("channel",)), "What the programme speaks to"),
        Key("resources", MapOf(RESOURCE, defines=("resource",)), "Everything that is linked to"),
        Key("days", ListOf(DAY, most=7), "The days, in order"),
        Key("posts", MapOf(POST, defines=("message",)), "Social messages"),
        Key("mailings", MapOf(MAILING, defines=("message",)), "Emails to lists"),
    ),
    lambda values, node, reader, where: Programme(**{k: v for k, v in values.items() if k != "schema"}),
)
schema.ROOTS.extend(schema.walk(PROGRAMME))


def json_schema() -> Json:
    """The whole schema as JSON Schema (2020-12), for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Campaign programme",
        "description": "One awareness week, or a one-off briefing.",
        **PROGRAMME.json(),
    }


def all_keys() -> list[tuple[str, Key]]:
    """Every (table, key) of the schema."""
    return [(table.name, key) for table in schema.ROOTS for key in table.keys]


def markdown() -> str:
    """Every key as Markdown tables, one for each group of keys."""
    lines: list[str] = []
    for table in schema.ROOTS:
        lines += [f"### {table.name}", "", "| Key | Needed | What it says |", "| --- | --- | --- |"]
        lines += [f"| `{key.name}` | {'yes' if key.required else ''} | {key.doc} |" for key in table.keys]
        lines.append("")
    return "\n".join(lines)
