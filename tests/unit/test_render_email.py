"""What readers of an email get: two parts that say the same, HTML that every reader's program understands."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from types import MappingProxyType

import html5lib
import pytest

from campaign import render
from campaign.model import (
    Day,
    Email,
    EventState,
    OneThing,
    PlannedMailing,
    Programme,
    ResourceApproval,
    Theme,
)
from campaign.render import Urls
from tests.weeks import (
    BRIEF,
    BRIEFING,
    DAILY,
    MAIL,
    MONDAY,
    NOW,
    PAGES,
    SENDER,
    TUESDAY,
    URLS,
    WEEK,
    person,
    resource,
)

BODY = b"""# System learning

Professionals should *always* have the conversation, see [the toolkit](resource:ce).

- supports **information** sharing
- promotes curiosity
  - in every visit
  - with every child

1. First
2. Second

> There is learning for all parts of our system.

## Resources

- [Educational Neglect Advice](resource:waiting)
- [Unseen Draft Guide](resource:hidden)
- [Embargoed Review](resource:later), [Unseen Draft Guide](resource:hidden)

Ask `999` if in doubt.\\
A line of its own.

---

    as it stands
"""


def sent(
    planned: PlannedMailing = DAILY, day: Day | None = TUESDAY, week: Programme = WEEK, urls: Urls = URLS, **who: object
) -> Email:
    made = render.compile_mailing(
        week,
        planned,
        day,
        planned_at=NOW,
        now=NOW,
        pages=PAGES,
        files={"messages/briefing.md": BODY},
        sender=SENDER,
        channel=MAIL,
    )
    email = made.email(person(**who), message_id="a@b", envelope_from="c@d", urls=urls, date=NOW)
    assert email is not None
    return email


LAYOUTS = {
    "day": lambda: sent(audiences=frozenset()),
    "first": lambda: sent(day=MONDAY),
    "briefing": lambda: sent(BRIEF, None, BRIEFING),
    "plain": lambda: sent(replace(BRIEF, template="plain"), None, BRIEFING),
}


class Words(HTMLParser):
    """The words of an HTML part as a reader meets them, the preview line aside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hidden = tag in ("style", "title") or (tag == "div" and dict(attrs).get("aria-hidden") == "true")
        if hidden or (self.quiet and tag not in ("meta", "br", "hr")):
            self.quiet += 1

    def handle_endtag(self, tag: str) -> None:
        self.quiet -= bool(self.quiet)

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.found += re.findall(r"\w+", data)


def html_words(html: str) -> list[str]:
    reader = Words()
    reader.feed(html)
    return reader.found


def text_words(text: str) -> list[str]:
    without = re.sub(r" <[^>]*>", "", text)
    without = re.sub(r"(?m)^(\s*)(?:- |\d+\. |> )", r"\1", without)
    return re.findall(r"\w+", without)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_both_parts_say_the_same_words_in_the_same_order(layout: str) -> None:
    email = LAYOUTS[layout]()
    assert html_words(email.body.html) == text_words(email.body.text)
    assert len(html_words(email.body.html)) > 60


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_link_of_one_part_is_in_the_other(layout: str) -> None:
    email = LAYOUTS[layout]()
    hrefs = [href.replace("&amp;", "&") for href in re.findall(r'href="([^"]+)"', email.body.html)]
    shown = re.findall(r"<([^>]+)>", email.body.text)
    assert [href for href in hrefs if not href.startswith("mailto:")] == shown
    assert all(href.startswith(("https://", "mailto:")) for href in hrefs)


#: Obsolete in HTML, needed by Outlook's engine, which lays out with Word.
OBSOLETE = {"table": {"width", "cellpadding", "cellspacing", "border", "align"}, "td": {"align"}}
PRESENT = {
    "html": {"lang", "dir"},
    "meta": {"charset", "name", "content"},
    "body": {"class", "style"},
    "a": {"class", "href", "style"},
    "table": {"role", "class", "style"},
    "td": {"class", "style"},
    "div": {"class", "style", "role", "aria-roledescription", "aria-label", "aria-hidden"},
    "ol": {"start", "style"},
    "hr": {"class", "style"},
}


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_the_html_parses_without_error_and_holds_nothing_unknown(layout: str) -> None:
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(LAYOUTS[layout]().body.html)
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        allowed = PRESENT.get(element.tag, {"style"}) | OBSOLETE.get(element.tag, set())
        assert set(element.attrib) <= allowed, element.tag
    tags = Counter(element.tag for element in tree.iter() if isinstance(element.tag, str))
    assert tags["h1"] == 1
    assert not set(tags) & {"img", "script", "form", "iframe", "link", "video", "input", "button"}


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_its_structure_helps_those_who_listen(layout: str) -> None:
    html = LAYOUTS[layout]().body.html
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(html)
    assert tree.attrib["lang"] == "en-GB"
    assert all(table.attrib.get("role") == "presentation" for table in tree.iter("table"))
    levels = [int(found) for found in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    labels = ["".join(link.itertext()).strip().lower() for link in tree.iter("a")]
    assert all(labels)
    assert not set(labels) & {"here", "click here", "read more", "link"}
    targets: dict[str, set[str]] = {}
    for link in tree.iter("a"):
        targets.setdefault("".join(link.itertext()).strip(), set()).add(link.attrib["href"])
    assert all(len(found) == 1 for found in targets.values()), "one label, two places"
    assert "color-scheme" in html
    assert "prefers-color-scheme:dark" in html
    assert not re.search(r"font-size:(\d|1[0-5])px", html)


def test_the_preview_line_comes_first_and_is_hidden() -> None:
    html = sent().body.html
    start = html.index("<body")
    assert html.index("We launch the new toolkit today.") < html.index("Unsubscribe from these emails")
    assert html[start:].index("display:none") < 200
    assert "We launch the new toolkit today.&#847;" in html


def test_leaving_is_offered_near_the_top_and_in_the_foot() -> None:
    text = sent().body.text
    lines = [line for line in text.split("\n") if line]
    assert lines[1] == f"Unsubscribe from these emails <{URLS.unsubscribe}>"
    assert f"Unsubscribe <{URLS.unsubscribe}>" in lines[-6:]


def test_the_foot_tells_who_sent_it_why_and_how_to_change_it() -> None:
    text = sent().body.text
    for words in (
        "If a child is in immediate danger, call 999.",
        "Questions or feedback? Email hscp@example.org",
        "You get this email because you are on our mailing list: Practitioners.",
        f"Change what we send you <{URLS.preferences}>",
        "How we use your details <https://example.org/privacy>",
        "Sent by Hampshire Partnership and Isle of Wight Partnership.",
        "1 High Street, Exampleton, EX1 1AA",
    ):
        assert words in text


def test_each_reader_sees_their_own_themes_and_resources() -> None:
    parent = sent(audiences=frozenset({"parents"}), areas=frozenset({"HAM"}))
    assert parent.subject == "Tuesday: Safe online"
    assert "Guide for parents <https://example.org/parents-guide>" in parent.body.text
    assert "Child Exploitation" not in parent.body.text
    both = sent(audiences=frozenset({"parents", "practitioners"}), areas=frozenset({"HAM", "POR"}))
    assert both.subject == "Tuesday: Protecting from child exploitation and Safe online"
    elsewhere = sent(audiences=frozenset({"parents", "practitioners"}), areas=frozenset({"POR"}))
    assert elsewhere.subject == "Tuesday: Protecting from child exploitation"


def test_media_say_their_length_captions_and_transcript() -> None:
    text = sent(audiences=frozenset({"parents"})).body.text
    assert "Interview with the Independent Chair <https://example.org/chair> (4 minutes, captions)" in text
    assert "Transcript: Interview with the Independent Chair <https://example.org/chair/words>" in text


def with_event(state: EventState, recording: str = "") -> Programme:
    launch = WEEK.resources["launch"]
    assert launch.event is not None
    changed = replace(launch, event=replace(launch.event, state=state, recording=recording))
    return replace(WEEK, resources=MappingProxyType({**WEEK.resources, "launch": changed}))


def test_an_event_says_whether_it_can_be_booked() -> None:
    name = "Virtual launch of the Child Exploitation Toolkit"
    line = f"- {name}: Tuesday 10 October 2023, 10am to 11am, online."
    assert f"Book a place: {name} <https://example.org/book>" in sent().body.text
    for state, words in ((EventState.FULL, "Fully booked."), (EventState.CANCELLED, "Cancelled.")):
        text = sent(week=with_event(state)).body.text
        assert f"{line} {words} With Dr A and Ms B." in text
        assert "example.org/book" not in text
    made = render.compile_mailing(
        with_event(EventState.OPEN, "https://example.org/watch"),
        DAILY,
        TUESDAY,
        planned_at=NOW,
        now=NOW + timedelta(days=1),
        pages=PAGES,
        files={},
        sender=SENDER,
        channel=MAIL,
    )
    email = made.email(person(), message_id="a@b", envelope_from="c@d", urls=URLS, date=NOW)
    assert email is not None
    assert f"Watch the recording: {name} <https://example.org/watch>" in email.body.text
    assert "example.org/book" not in email.body.text


def test_what_is_not_to_be_seen_leaves_no_trace() -> None:
    briefing = sent(BRIEF, None, BRIEFING)
    for part in (briefing.body.text, briefing.body.html):
        assert "Unseen" not in part
        assert "Embargoed" not in part
    assert "- Educational Neglect Advice (pending approval)" in briefing.body.text


def test_within_a_sentence_the_words_stay_and_the_link_goes() -> None:
    theme = Theme(id="t", title="T", text="See [the review](resource:later), please.")
    day = replace(TUESDAY, themes=(theme,))
    text = sent(day=day, week=replace(WEEK, days=(MONDAY, day))).body.text
    assert "See the review, please." in text


def test_one_thing_is_the_themes_own_else_the_weeks() -> None:
    assert "Book your free place <https://example.org/book>" in sent().body.text
    week = replace(WEEK, campaign=replace(WEEK.campaign, one_thing=OneThing(text="Talk to **one** child.")))
    text = sent(week=week, audiences=frozenset({"parents"})).body.text
    assert "If you do one thing\n-------------------\n\nTalk to one child." in text


def test_a_day_of_ten_resources_stays_within_80_kb() -> None:
    many = [
        resource(
            f"r{number}", title=f"A resource with quite a long title, number {number}", text="What it is for. " * 8
        )
        for number in range(10)
    ]
    words = "Safeguarding is everyone's responsibility, and this is what it means. " * 12
    theme = Theme(id="t", title="A long day", text=f"{words}\n\n{words}", resources=tuple(one.id for one in many))
    day = replace(TUESDAY, themes=(theme,))
    week = replace(WEEK, days=(MONDAY, day), resources=MappingProxyType({one.id: one for one in many}))
    email = sent(day=day, week=week)
    assert email.body.html.count("A resource with quite a long title") == 10
    assert len(email.raw) < 80_000


def test_links_that_are_not_there_leave_no_words() -> None:
    text = sent(urls=Urls()).body.text
    assert "Unsubscribe" not in text
    assert "Change what we send you" not in text


def test_a_pasted_control_character_does_not_reach_readers() -> None:
    theme = Theme(id="t", title="A\x96B", text="It\x92s here.\x0b")
    day = replace(TUESDAY, themes=(theme,))
    email = sent(day=day, week=replace(WEEK, days=(MONDAY, day)))
    assert "It’s here." in email.body.text
    assert email.subject == "Tuesday: A–B"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", email.body.text + email.body.html + email.subject)


def test_a_resource_approved_in_the_ledger_becomes_a_link() -> None:
    approved = replace(WEEK.resources["waiting"], approval=ResourceApproval.APPROVED)
    week = replace(WEEK, resources=MappingProxyType({**WEEK.resources, "waiting": approved}))
    assert "Educational Neglect Advice <https://example.org/waiting>" in sent(week=week).body.text


def test_what_the_programme_calls_things_is_never_read_as_markdown_or_html() -> None:
    odd = "*Not* [a link](https://evil.example) <b>&amp; `code` # 1. {{ x }}"
    shown = resource("odd", title=odd)
    theme = Theme(id="t", title=odd, resources=("odd",))
    day = replace(TUESDAY, themes=(theme,))
    week = replace(WEEK, days=(MONDAY, day), resources=MappingProxyType({"odd": shown}))
    email = sent(day=day, week=week)
    assert email.subject == f"Tuesday: {odd}"
    assert f"- {odd} <https://example.org/odd> (toolkit)" in email.body.text
    assert "<b>" not in email.body.html
    assert "<code" not in email.body.html
    assert 'href="https://evil' not in email.body.html
    assert html_words(email.body.html) == text_words(email.body.text.replace("<b>", "b "))
