"""What is not visible yet is absent to the byte: from every page, feed, calendar, picture and guessable address."""

import re
from dataclasses import replace
from datetime import datetime

import pytest

from campaign.delivery.forms import Published
from campaign.model import CampaignStatus, Hold, HoldScope, PlannedHold, ResourceApproval, Strength
from tests.web.weeks import Stand, at, programme

#: Words of the programme -> when each may first be read by anybody (None: never).
FIRST_SEEN = {
    "Stopping extremism": "1 00:00",
    "First words of Monday": "1 00:00",
    "First words of Tuesday": "1 00:00",
    "Training together": "1 00:00",
    "zzmondaytext": "9 07:00",
    "files.example.org/prevent": "9 07:00",
    "Prevent Toolkit": "9 07:00",
    "zztuesdaytext": "10 07:00",
    "zztuesdaything": "10 07:00",
    "zzparenttext": "10 07:00",
    "book.example.org": "1 00:00",
    "Virtual launch": "1 00:00",
    "Exploitation Toolkit": "10 10:00",
    "ce-secret": "10 10:00",
    "video.example.org/launch": "10 11:00",
    "zzwednesdaytext": "11 07:00",
    "Pending Guide": "11 07:00",
    "zzinfants": "12 07:00",
    "zzthursdaytext": "12 07:00",
    "zzcarers": "13 07:00",
    "zzfridaytext": "13 07:00",
    "files.example.org/pending": None,
    "Omitted Guide": None,
    "Held Report": None,
}
MOMENTS = [
    "8 12:00",
    "9 06:59",
    "9 07:00",
    "10 06:59",
    "10 07:00",
    "10 09:59",
    "10 10:00",
    "10 11:00",
    "11 07:00",
    "12 06:59",
    "12 07:00",
    "13 06:59",
    "13 07:00",
    "14 09:00",
]
PATHS = [
    "/",
    "/weeks",
    "/calendar.ics",
    "/feed.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/privacy",
    "/accessibility",
    "/week-2023",
    "/week-2023/feed.xml",
    "/week-2023/programme.ics",
    "/week-2023/widget",
    "/week-2023/embed",
    "/week-2023?area=HAM",
    "/week-2023?audience=parents",
    "/week-2023?area=nowhere&x=1",
    *(f"/week-2023/{day}{rest}" for day in ("mon", "tue", "wed", "thu", "fri", "sat") for rest in ("", "?area=IOW")),
    *(f"/week-2023/events/{event}.ics" for event in ("launch", "ce", "held")),
    "/week-2023/images/ce.png",
    "/week-2023/images/..%2f..%2fetc%2fpasswd",
]


def everything(stand: Stand) -> str:
    """Every byte that a reader can get, as text: all pages, their headers, refusals too."""
    found = []
    for path in PATHS:
        answer = stand.client.get(path)
        found.append(f"{path} {answer.headers} {answer.content.decode('utf-8', 'replace')}")
    return re.sub(r"\r\n ", "", "\n".join(found))  # calendars fold long lines (RFC 5545 3.1)


#: What stops showing again: a booking link gives way to the recording.
GONE_AGAIN = {"book.example.org": "10 11:00"}


def test_each_word_shows_from_its_time_and_not_before() -> None:
    stand = Stand(MOMENTS[0])
    for moment in MOMENTS:
        stand.clock.set(at(moment))
        text = everything(stand)
        for words, first in FIRST_SEEN.items():
            due = first is not None and at(moment) >= at(first)
            due = due and not (words in GONE_AGAIN and at(moment) >= at(GONE_AGAIN[words]))
            assert (words in text) is due, (moment, words)


def test_a_clock_set_back_hides_again() -> None:
    stand = Stand("13 08:00")
    assert "zzfridaytext" in everything(stand)
    stand.clock.set(at("12 06:59"))
    text = everything(stand)
    assert "zzfridaytext" not in text
    assert "zzinfants" not in text


def test_a_picture_of_a_locked_day_does_not_exist() -> None:
    stand = Stand("12 06:59")
    locked = stand.client.get("/week-2023/thu/card.png")
    unknown = stand.client.get("/week-2023/sun/card.png")
    assert (locked.status_code, locked.content) == (unknown.status_code, unknown.content) == (404, unknown.content)
    stand.clock.set(at("12 07:00"))
    assert stand.client.get("/week-2023/thu/card.png").headers["content-type"] == "image/png"


def test_a_locked_address_is_404_and_says_when() -> None:
    answer = Stand("12 06:59").client.get("/week-2023/thu")
    assert answer.status_code == 404
    assert "This page opens on Thursday" in answer.text
    assert "Opens Thursday 12 October at 7am" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


@pytest.mark.parametrize("status", list(CampaignStatus))
def test_a_draft_has_no_pages(status: CampaignStatus) -> None:
    stand = Stand("13 08:00", Published(programme(status=status)))
    found = stand.client.get("/week-2023").status_code
    assert found == (404 if status is CampaignStatus.DRAFT else 200)
    assert ("Safeguarding Week 2023" in everything(stand)) is (status is CampaignStatus.READY)


def test_a_withdrawn_resource_is_gone_at_once() -> None:
    stand = Stand("9 08:00")
    assert "Prevent Toolkit" in everything(stand)
    week = programme()
    gone = replace(week.resources["prevent"], approval=ResourceApproval.WITHDRAWN)
    stand.weeks.put(Published(replace(week, resources={**week.resources, "prevent": gone})))
    assert "Prevent Toolkit" not in everything(stand)


def hold(since: str, **more: object) -> Hold:
    found = Hold(
        id=1,
        scope=HoldScope.ALL,
        target="",
        strength=Strength.ALL,
        reason="zzreason",
        author="zzauthor",
        since=at(since),
    )
    return replace(found, **{"pages": True, **more})  # type: ignore[arg-type]


def test_a_hold_on_pages_keeps_the_next_day_locked_until_it_is_lifted() -> None:
    stand = Stand("9 12:00", Published(programme(), holds=(hold("9 12:00"),)))
    assert "zzmondaytext" in everything(stand)
    stand.clock.set(at("10 08:00"))
    text = everything(stand)
    assert "zztuesdaytext" not in text
    assert "zzreason" not in text
    assert "zzauthor" not in text
    assert "Opens later" in stand.text("/week-2023/tue", 404)
    stand.weeks.put(Published(programme()))
    assert "zztuesdaytext" in everything(stand)


@pytest.mark.parametrize("change", [{"pages": False}, {"scope": HoldScope.CAMPAIGN, "target": "another"}])
def test_other_holds_let_pages_open(change: dict[str, object]) -> None:
    stand = Stand("10 08:00", Published(programme(), holds=(hold("9 12:00", **change),)))
    assert "zztuesdaytext" in everything(stand)


def test_a_hold_hides_what_only_its_day_shows() -> None:
    stand = Stand("9 08:00", Published(programme(), holds=(hold("8 12:00"),)))
    text = everything(stand)
    assert "Prevent Toolkit" not in text
    assert "files.example.org/prevent" not in text


def test_a_planned_hold_on_pages_ends_by_the_clock() -> None:
    planned = PlannedHold(
        start=datetime(2023, 10, 10, 0, 0), end=datetime(2023, 10, 10, 12, 0), reason="zzquiet", pages=True
    )
    stand = Stand("10 11:59", Published(programme(holds=(planned,))))
    assert "zztuesdaytext" not in everything(stand)
    stand.clock.set(at("10 12:00"))
    assert "zztuesdaytext" in everything(stand)


def test_a_hold_hides_what_its_day_shows_from_links_elsewhere() -> None:
    week = programme(text="Read [the toolkit](resource:prevent) first.")
    stand = Stand("9 08:00", Published(week, holds=(hold("8 12:00"),)))
    assert "Read the toolkit first." in stand.text("/week-2023")
    assert "files.example.org/prevent" not in everything(stand)
    stand.weeks.put(Published(week))
    assert "files.example.org/prevent" in stand.text("/week-2023")
