"""The sheets of a schedule workbook: what each column is called, holds and means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from campaign.model import Before, CampaignKind, CampaignStatus, EventState, IfPending, ResourceApproval, ResourceType
from campaign.model import ThemeStatus as Theme


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` is the key that it fills (`event.starts`), `form` how its cells are read and written."""

    field: str
    header: str
    path: str
    form: str
    note: str
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    width: int = 16


def _words(enum: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in enum)


YES_NO = ("Yes", "No")
TYPES = ("post", "email", "page", "event", "resource")

SCHEDULE: tuple[Column, ...] = (
    Column("ref", "Ref", "", "ref", "The row's own name. It keeps a message from going twice: never reuse one.",
           ("Reference", "ID", "No", "Number", "#", "Post ref")),
    Column("date", "Date", "", "date", "Day first: 09/10/2023. Blank is the date above.",
           ("Date of post", "Post date", "Publish date", "Publication date", "Scheduled date", "When", "Go live date",
            "Date to post", "Send date"), width=12),
    Column("day", "Day", "", "day", "Monday ... or: every day.", ("Weekday", "Day of week", "Days"), width=12),
    Column("time", "Time", "", "time", "08:30, 8.30am, or: unlock.",
           ("Time of post", "Post time", "Publish time", "Scheduled time", "Send time", "Go live time", "Start time"),
           width=9),
    Column("type", "Type", "", "type", "post, email, page, event or resource.",
           ("Content type", "Kind", "Format", "Type of content", "Activity"), TYPES, 11),
    Column("channel", "Channel", "channels", "channels", "Where it goes; several with commas.",
           ("Channels", "Platform", "Platforms", "Network", "Social channel", "Where", "Medium", "Social media"),
           width=18),
    Column("audience", "Audience", "audiences", "audience", "Whom it is for; blank is everyone.",
           ("Audiences", "For", "Who for", "Target audience"), width=18),
    Column("area", "Area", "areas", "area", "Where it is for; blank is everywhere.",
           ("Areas", "Region", "Partnership", "Locality"), width=14),
    Column("theme", "Theme", "theme", "theme", "The theme of the day that it belongs to.",
           ("Topic", "Subject area", "Focus", "Daily theme"), width=26),
    Column("title", "Title", "title", "line", "An email's subject; a page's, an event's or a resource's name.",
           ("Subject", "Subject line", "Headline", "Heading", "Name"), width=30),
    Column("copy", "Copy", "text", "text", "The words.",
           ("Text", "Post copy", "Post", "Content", "Message", "Wording", "Post text", "Caption", "Body", "Main copy",
            "Suggested post", "Suggested copy", "Long copy", "Post content", "Description"), width=60),
    Column("short", "Short copy", "text_for", "text", "A shorter wording for X, Bluesky and Threads.",
           ("Short text", "Short version", "Short wording", "Tweet", "X copy", "Twitter copy"), width=40),
    Column("link", "Link", "link", "link", "https://..., a resource's Ref, or: day.",
           ("URL", "Links", "Web link", "Website", "Hyperlink", "Web address", "Link to"), width=34),
    Column("hashtags", "Hashtags", "hashtags", "hashtags", "Besides the campaign's own.",
           ("Hashtag", "Tags", "Hash tags"), width=22),
    Column("images", "Image file", "images", "images", "Names of files in images/; several on a line each.",
           ("Image", "Images", "Picture", "Photo", "Graphic", "Visual", "Asset", "Artwork", "Media"), width=18),
    Column("alt", "Alt text", "alt", "text",
           "What each image shows, a line each. Write: decorative, where it says nothing.",
           ("Alt", "Image description", "Alternative text", "Alt tag", "Image alt text"), width=34),
    Column("owner", "Owner", "owner", "line", "Who looks after it.",
           ("Lead", "Author", "Responsible", "Who", "Assigned to", "Organisation", "By")),
    Column("approved", "Approved?", "", "approved",
           "A resource's or event's approval. It does not approve a post or an email: that is done in the product.",
           ("Approved", "Approval", "Signed off", "Sign off", "Signed off?", "Approval status"),
           ("Yes", "No", "Pending"), 11),
    Column("approved_by", "Approved by", "approved_by", "line", "Who approved the resource.",
           ("Signed off by", "Approver")),
    Column("embargo", "Embargo until", "embargo_until", "embargo", "09/10/2023 10:00, or: held.",
           ("Embargo", "Embargoed until", "Not before"), width=17),
    Column("event_start", "Event start", "event.starts", "moment", "10/10/2023 10:00",
           ("Event starts", "Start", "Starts", "Event date", "Event time", "Event date and time"), width=17),
    Column("event_end", "Event end", "event.ends", "end", "11:00, or a date and time.",
           ("Event ends", "End", "Ends", "Finish", "Event finish", "End time"), width=17),
    Column("booking", "Booking link", "event.booking", "booking", "Where to book.",
           ("Booking", "Book", "Booking URL", "Registration link", "Register", "Sign up link", "Eventbrite"),
           width=30),
    Column("essential", "Essential?", "essential", "flag", "Yes: it passes a pause of strength proactive.",
           ("Essential",), YES_NO, 11),
    Column("status", "Status", "", "status", "For your own use, save: cancelled, tbc.",
           ("State of play", "Progress"), width=12),
    Column("notes", "Notes", "notes", "text", "For colleagues; never sent.",
           ("Note", "Comments", "Comment", "Internal notes"), width=30),
)  # fmt: skip

DAYS: tuple[Column, ...] = (
    Column("ref", "Ref", "id", "ref", "The theme's own name.", ("Reference", "ID", "No")),
    Column("date", "Date", "", "dates", "Day first: 09/10/2023, or: 26/11/2022 to 27/11/2022.", ("When", "Dates"),
           width=24),
    Column("day", "Day", "", "day", "Monday ... It must agree with the date.", ("Weekday", "Day of week"), width=18),
    Column("theme", "Theme", "title", "line", "A theme of that day; one row for each.",
           ("Title", "Topic", "Focus", "Daily theme", "Subject", "Session", "Event"), width=44),
    Column("area", "Area", "areas", "area", "Where it is for; blank is everywhere.", ("Areas", "Region"), width=14),
    Column("audience", "Audience", "audiences", "audience", "Whom it is for; blank is everyone.",
           ("Audiences", "For", "Who for"), width=20),
    Column("summary", "Summary", "text", "text", "What the day's page says about it.",
           ("Text", "Copy", "Description", "Details", "Content", "About", "Information", "What"), width=60),
    Column("one_thing", "One thing", "one_thing.text", "text", "If you do one thing.",
           ("If you do one thing", "One action", "Action", "Call to action"), width=34),
    Column("one_link", "One thing link", "one_thing.link", "link", "Where to do it.", (), width=30),
    Column("status", "Status", "status", "choice", "confirmed, tbc or cancelled.", (), _words(Theme), 12),
    Column("resources", "Resources", "resources", "refs", "Refs of the Resources sheet, with commas.",
           ("Resource refs",), width=24),
    Column("unlock", "Unlock", "", "clock", "When the day's page unlocks.", ("Unlocks", "Unlock time"), width=9),
    Column("before", "Shown before", "", "choice", "What the public sees earlier.", ("Before",), _words(Before), 13),
)  # fmt: skip

RESOURCES: tuple[Column, ...] = (
    Column("ref", "Ref", "", "ref", "The resource's own name.", ("Reference", "ID", "No")),
    Column("title", "Title", "title", "line", "Its name.", ("Name", "Resource", "Resource title", "Document"),
           width=44),
    Column("type", "Type", "type", "choice", "What it is.", ("Kind", "Format", "Resource type"),
           _words(ResourceType), 12),
    Column("owner", "Owner", "organisations", "organisation", "Whose it is.",
           ("Organisation", "Organisations", "Owners", "Partner", "Lead"), width=14),
    Column("link", "Link", "link", "link", "https://...", ("URL", "Web link", "Web address", "Hyperlink"), width=40),
    Column("no_link", "Why no link", "no_link", "line", "Where there is none.", ("No link",), width=20),
    Column("text", "About", "text", "text", "A sentence about it.", ("Description", "Summary", "Copy", "Text"),
           width=40),
    Column("area", "Area", "areas", "area", "Where it is for.", ("Areas",), width=14),
    Column("audience", "Audience", "audiences", "audience", "Whom it is for.", ("Audiences", "For"), width=18),
    Column("approval", "Approval", "approval", "approval", "What its owners have said.",
           ("Approved", "Approved?", "Approval status", "Signed off"), _words(ResourceApproval), 12),
    Column("approved_by", "Approved by", "approved_by", "line", "Who said so.", ("Signed off by", "Approver")),
    Column("approved_on", "Approved on", "approved_on", "day_date", "When.", ("Approval date",), width=12),
    Column("if_pending", "If pending", "if_pending", "choice", "How it shows until then.", (), _words(IfPending), 12),
    Column("embargo", "Embargo until", "embargo_until", "embargo", "09/10/2023 10:00, or: held.",
           ("Embargo", "Embargoed until"), width=17),
    Column("event_start", "Event start", "event.starts", "moment", "10/10/2023 10:00",
           ("Event starts", "Start", "Event date"), width=17),
    Column("event_end", "Event end", "event.ends", "end", "10/10/2023 11:00", ("Event ends", "End"), width=17),
    Column("place", "Place", "event.place", "line", "Where, or: online.", ("Venue", "Location"), width=18),
    Column("booking", "Booking link", "event.booking", "booking", "Where to book.",
           ("Booking", "Registration link"), width=30),
    Column("event_state", "Booking state", "event.state", "choice", "Whether people can still book.",
           ("Event state",), _words(EventState), 13),
    Column("recording", "Recording", "event.recording", "link", "Where to see it afterwards.", (), width=30),
)  # fmt: skip

WEEK: tuple[Column, ...] = (
    Column("id", "Id", "id", "ref", "The campaign's own name, such as hiow-scw-2023; never reused.",
           ("Campaign id", "Ref")),
    Column("title", "Title", "title", "line", "The campaign's name, spelled as everywhere.",
           ("Name", "Campaign", "Week", "Campaign title", "Name of week", "Campaign name")),
    Column("kind", "Kind", "kind", "choice", "week, or briefing.", (), _words(CampaignKind)),
    Column("series", "Series", "series", "ref", "What links yearly editions.", ()),
    Column("edition", "Edition", "edition", "number", "The year.", ("Year",)),
    Column("aliases", "Other spellings", "aliases", "lines", "Allowed in copy; a line each.", ("Aliases",)),
    Column("status", "Status", "status", "choice", "draft until everything stands, then ready.", (),
           _words(CampaignStatus)),
    Column("starts", "Starts", "starts", "day_date", "The first day.",
           ("Start", "Start date", "From", "First day", "Week commencing", "W/c", "Monday", "Week beginning")),
    Column("ends", "Ends", "ends", "day_date", "The last day.", ("End", "End date", "To", "Last day")),
    Column("timezone", "Timezone", "timezone", "line", "Europe/London", ("Time zone", "Zone")),
    Column("language", "Language", "language", "line", "en-GB", ()),
    Column("summary", "Summary", "summary", "line", "The week in one sentence.", ("Strapline", "Aim")),
    Column("text", "Text", "text", "text", "The week's own words.", ("Introduction", "About", "Intro",
           "Description")),
    Column("hashtags", "Hashtags", "hashtags", "hashtags", "The first is the campaign's own.",
           ("Hashtag", "Main hashtag", "Campaign hashtag")),
    Column("home_url", "Home page", "home_url", "link", "Where the week lives, if not on our own pages.",
           ("Website", "Web page", "Home", "Page", "Url", "Link")),
    Column("contact_name", "Contact name", "contact.name", "line", "Who answers questions.", ("Contact",)),
    Column("contact_email", "Contact email", "contact.email", "email", "Their address.",
           ("Email", "Contact address", "Email address", "Reply to")),
    Column("privacy_url", "Privacy notice", "privacy_url", "link", "In the foot of every email.", ("Privacy",
           "Privacy policy")),
    Column("help_line", "Help line", "help_line", "line", "Whom to call in danger.", ("Emergency", "In danger")),
    Column("one_thing", "One thing", "one_thing.text", "text", "If you do one thing.", ("If you do one thing",)),
    Column("one_link", "One thing link", "one_thing.link", "link", "Where to do it.", ()),
    Column("unlock", "Unlock time", "defaults.unlock", "clock", "When each day's page unlocks: 07:00.", ("Unlock",)),
    Column("mailing", "Email time", "defaults.mailing", "clock", "When emails go: 08:00.", ("Mailing time",)),
    Column("post", "Post time", "defaults.post", "clock", "When posts go: 09:00.", ()),
    Column("stop_at", "Stop at", "defaults.stop_at", "clock", "Nothing begins after this: 20:00.", ()),
    Column("resources", "Resources", "resources", "refs", "Refs of resources of the whole week.", ()),
)  # fmt: skip

SUBSCRIBERS = ("Email", "First name", "Organisation", "Area", "List", "Audience", "Consent date", "Consent source",
               "Consent wording", "Basis")  # fmt: skip
SETTINGS = ("Where", "Setting", "Value")
ADDED = ("State", "Sent at")
"""Columns that an export adds and an import leaves alone."""


EXAMPLE_WORDS = frozenset(
    {
        "Keeping children safe online",
        "Online safety toolkit",
        "Our week begins. Today: keeping children safe online.",
        "Dear colleagues, ...",
        "Monday: keeping children safe online",
    }
)
"""The words of the template's grey rows: a row whose Ref begins with `example-` and that still has them is left out."""


def aliases(columns: tuple[Column, ...]) -> Mapping[str, tuple[str, ...]]:
    """Field -> the names its column goes by."""
    return {column.field: (column.header, *column.aliases) for column in columns}
