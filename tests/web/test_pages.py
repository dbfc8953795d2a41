"""The public pages over HTTP: what they show, to whom, and how they may be kept."""

import gzip
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import html5lib
import icalendar
import pytest

from campaign.delivery.forms import Published
from campaign.model import EventState
from tests.web.weeks import Stand, at, programme

PAGES = [
    "/",
    "/weeks",
    "/privacy",
    "/accessibility",
    "/week-2023",
    "/week-2023/mon",
    "/week-2023/tue",
    "/week-2023/widget",
    "/week-2023/embed",
]


@pytest.mark.parametrize("path", [*PAGES, "/week-2023/fri", "/nothing/here"])
def test_each_page_is_valid_html(path: str) -> None:
    answer = Stand("10 10:30").client.get(path)
    html5lib.HTMLParser(strict=True).parse(answer.text)
    assert len(re.findall("<h1", answer.text)) == 1


def test_the_front_is_the_week_that_matters() -> None:
    late = programme(id="late", title="Late week", starts=at("23 12:00").date(), ends=at("27 12:00").date())
    stand = Stand("1 12:00", Published(programme()), Published(late))
    assert "<h1>Safeguarding Week 2023</h1>" in stand.text("/")
    stand.clock.set(at("16 12:00"))
    assert "<h1>Late week</h1>" in stand.text("/")
    stand.clock.set(at("30 12:00"))
    assert "<h1>Late week</h1>" in stand.text("/")


def test_without_a_week_the_front_says_so() -> None:
    stand = Stand("1 12:00")
    stand.weeks.put()
    assert "There is no week to show yet" in stand.text("/")


def test_all_weeks_are_grouped_by_time() -> None:
    late = programme(id="late", title="Late week", starts=at("23 12:00").date(), ends=at("27 12:00").date())
    text = Stand("16 12:00", Published(programme()), Published(late)).text("/weeks")
    assert (
        text.index("Coming up")
        < text.index("Late week")
        < text.index("Past weeks")
        < text.index("Safeguarding Week 2023")
    )


def test_a_choice_of_area_and_audience_narrows() -> None:
    stand = Stand("10 08:00")
    everyone = stand.text("/week-2023/tue")
    assert "zztuesdaytext" in everyone
    assert "zzparenttext" in everyone
    parents = stand.text("/week-2023/tue?audience=parents")
    assert "zztuesdaytext" not in parents
    assert "zzparenttext" in parents
    island = stand.text("/week-2023/tue?area=IOW&audience=practitioners")
    assert "zztuesdaytext" not in island
    assert "Nothing on this day is for the area and audience you chose." in island
    assert stand.text("/week-2023/tue?area=<script>") == everyone


def test_unknown_queries_are_answered_and_not_kept() -> None:
    stand = Stand("10 08:00")
    assert "etag" not in stand.client.get("/week-2023/tue?fbclid=1").headers
    assert "etag" in stand.client.get("/week-2023/tue?area=HAM").headers


def test_pages_must_be_asked_for_again_and_are_not_sent_twice() -> None:
    stand = Stand("10 08:00")
    first = stand.client.get("/week-2023/tue")
    assert first.headers["cache-control"] == "public, no-cache"
    again = stand.client.get("/week-2023/tue", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    stand.clock.set(at("10 10:00"))
    new = stand.client.get("/week-2023/tue", headers={"If-None-Match": first.headers["etag"]})
    assert new.status_code == 200
    assert "Exploitation Toolkit" in new.text


def test_pages_are_packed_for_those_who_can_unpack() -> None:
    stand = Stand("10 08:00")
    plain = stand.client.get("/week-2023/tue", headers={"Accept-Encoding": "identity"})
    with stand.client.stream("GET", "/week-2023/tue", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert "accept-encoding" in plain.headers["vary"]


def test_head_tells_the_length_and_sends_nothing() -> None:
    stand = Stand("10 08:00")
    whole = stand.client.get("/week-2023/tue", headers={"Accept-Encoding": "identity"})
    head = stand.client.head("/week-2023/tue", headers={"Accept-Encoding": "identity"})
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(whole.content)


def test_programmes_are_read_once_a_change() -> None:
    stand = Stand("10 08:00")
    for _ in range(5):
        stand.text("/week-2023/tue")
    assert stand.weeks.reads == 1
    stand.weeks.put(Published(programme(title="Renamed week")))
    assert "Renamed week" in stand.text("/week-2023/tue")
    assert stand.weeks.reads == 2


def test_changes_that_are_not_of_the_pages_leave_them_kept() -> None:
    stand = Stand("10 08:00")
    first = stand.client.get("/week-2023/tue").headers["etag"]
    mark = stand.clock.now(), stand.weeks.changes
    stand.weeks.put(Published(programme()))
    assert (stand.clock.now(), stand.weeks.changes) != mark
    assert stand.client.get("/week-2023/tue").headers["etag"] == first


def test_an_event_of_a_locked_day_can_be_booked() -> None:
    stand = Stand("8 12:00")
    assert "Book a place: Virtual launch" in stand.text("/week-2023")
    assert "Virtual launch" in stand.text("/week-2023/programme.ics")
    assert "Virtual launch" in stand.text("/week-2023/events/launch.ics")
    assert "Virtual launch" not in stand.text("/week-2023/tue", 404)


def test_no_page_needs_a_script_a_cookie_or_another_host() -> None:
    stand = Stand("10 10:30")
    for path in PAGES:
        answer = stand.client.get(path)
        assert "set-cookie" not in answer.headers
        assert not re.search(r"<script(?! type=\"application/ld\+json\")", answer.text)
        assert not re.search(r" on[a-z]+=| style=", re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.S))
        assert not re.findall(
            r'<(?:img|link rel="stylesheet"|iframe|use)[^>]+(?:src|href)="(?:https?:)?//', answer.text
        )


@pytest.mark.parametrize(
    ("state", "now", "words", "link"),
    [
        (EventState.OPEN, "10 08:00", "Open for booking", True),
        (EventState.FULL, "10 08:00", "Fully booked", False),
        (EventState.CLOSED, "10 08:00", "Booking is closed", False),
        (EventState.CANCELLED, "10 08:00", "Cancelled", False),
        (EventState.TBC, "10 08:00", "Booking opens later", False),
        (EventState.OPEN, "10 11:00", "This event is over", False),
    ],
)
def test_an_event_shows_its_booking_state(state: EventState, now: str, words: str, link: bool) -> None:
    week = programme()
    launch = week.resources["launch"]
    assert launch.event
    changed = replace(launch, event=replace(launch.event, state=state))
    text = Stand(now, Published(replace(week, resources={**week.resources, "launch": changed}))).text("/week-2023/tue")
    assert words in text
    assert ("https://book.example.org/launch" in text) is link
    assert ("Watch the recording" in text) is (now == "10 11:00")


def test_a_recording_shows_minutes_captions_and_transcript() -> None:
    text = Stand("8 12:00").text("/week-2023")
    assert "4 minutes" in text
    assert "with captions" in text
    assert "Transcript: Interview with the Chair" in text


def test_the_feed_is_atom_and_grows_day_by_day() -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    for now, entries in (("8 12:00", 0), ("10 08:00", 2), ("13 08:00", 5)):
        feed = ElementTree.fromstring(Stand(now).text("/week-2023/feed.xml"))
        assert feed.tag == f"{atom}feed"
        assert len(feed.findall(f"{atom}entry")) == entries
        for part in (feed, *feed.findall(f"{atom}entry")):
            assert all(part.find(f"{atom}{name}") is not None for name in ("id", "title", "updated"))


def test_the_calendar_holds_days_and_events() -> None:
    calendar = icalendar.Calendar.from_ical(Stand("10 08:00").text("/week-2023/programme.ics"))
    events = {str(event["uid"]): event for event in calendar.walk("VEVENT")}
    assert len(events) == 6
    launch = events["week-2023.launch@testserver"]
    assert launch.decoded("dtstart") == at("10 10:00")
    assert launch.decoded("dtend") == at("10 11:00")
    one = icalendar.Calendar.from_ical(Stand("10 08:00").text("/week-2023/events/launch.ics"))
    assert [str(event["summary"]) for event in one.walk("VEVENT")] == ["Virtual launch"]


def test_the_map_lists_what_is_open() -> None:
    text = Stand("10 08:00").text("/sitemap.xml")
    assert "http://testserver/week-2023/tue" in text
    assert "http://testserver/week-2023/wed" not in text


def test_search_engines_are_told_of_events() -> None:
    text = Stand("10 08:00").text("/week-2023/tue")
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    assert found
    graph = json.loads(found[1])["@graph"]
    event = next(one for one in graph if one["@type"] == "Event")
    assert event["startDate"] == "2023-10-10T10:00:00+01:00"
    assert event["offers"]["availability"].endswith("InStock")


def test_data_for_search_engines_cannot_end_its_element() -> None:
    text = Stand("10 08:00", Published(programme(title="</script><script>alert(1)</script>"))).text("/week-2023")
    assert "<script>alert" not in text


def test_networks_get_a_card_with_a_picture() -> None:
    stand = Stand("10 08:00")
    text = stand.text("/week-2023/tue")
    assert '<meta name="twitter:card" content="summary_large_image">' in text
    picture = stand.client.get("/week-2023/tue/card.png")
    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["content-type"] == "image/png"


def test_a_slash_at_the_end_leads_to_the_page() -> None:
    answer = Stand("10 08:00").client.get("/week-2023/tue/")
    assert (answer.status_code, answer.headers["location"]) == (308, "/week-2023/tue")


def test_a_site_below_a_path_keeps_its_links_there() -> None:
    stand = Stand("10 08:00", base="http://testserver/weeks-of-ours")
    text = stand.client.get("/weeks-of-ours/week-2023/tue").text
    assert 'href="/weeks-of-ours/week-2023/mon"' in text
    assert not re.search(r'href="/(?!weeks-of-ours)', text)


def test_a_rehearsal_says_so() -> None:
    assert "Rehearsal" in Stand("10 08:00", rehearsal=True).text("/week-2023")
    assert "Rehearsal" not in Stand("10 08:00").text("/week-2023")
