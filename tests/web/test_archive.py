"""What was taken down, what is over, and the names that are not to be had."""

from dataclasses import replace
from datetime import timedelta

from starlette.routing import Route

from campaign.delivery.forms import Published
from campaign.model import TAKEN, ThemeStatus
from campaign.web.app import create_app
from tests.web.desks import DeskStand
from tests.web.test_unseen import everything
from tests.web.weeks import Stand, at, programme


def with_cancelled(day: str, *, themes: int = 9) -> Published:
    """The week, with the first so many themes of a day cancelled."""
    week = programme()
    days = tuple(
        replace(
            one,
            themes=tuple(
                replace(theme, status=ThemeStatus.CANCELLED) if number < themes else theme
                for number, theme in enumerate(one.themes)
            ),
        )
        if one.id == day
        else one
        for one in week.days
    )
    return Published(replace(week, days=days))


def test_a_page_that_is_taken_down_answers_410_and_is_linked_nowhere() -> None:
    stand = Stand("12 09:00")
    assert "zztuesdaytext" in everything(stand)
    stand.weeks.put(with_cancelled("tue"))
    answer = stand.client.get("/week-2023/tue")
    assert answer.status_code == 410
    assert "This page has been taken down" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    text = everything(stand)
    for words in ("zztuesdaytext", "zztuesdaything", "zzparenttext", "Child exploitation", "/week-2023/tue</loc>"):
        assert words not in text
    for path in ("/", "/week-2023", "/week-2023/mon", "/week-2023/wed", "/week-2023/widget", "/week-2023/feed.xml"):
        assert 'week-2023/tue"' not in stand.text(path)
    assert "Taken down" in stand.text("/week-2023")
    assert stand.client.get("/week-2023/tue/card.png").status_code == 404
    assert stand.client.get("/week-2023/tue?area=IOW").status_code == 410
    stand.weeks.put(Published(programme()))
    assert "zztuesdaytext" in stand.text("/week-2023/tue")


def test_a_day_that_keeps_a_theme_stays_and_one_that_has_not_come_is_locked() -> None:
    stand = Stand("10 09:00", with_cancelled("tue", themes=1))
    page = stand.text("/week-2023/tue")
    assert "zzparenttext" in page
    assert "zztuesdaytext" not in page
    stand = Stand("9 09:00", with_cancelled("tue"))
    assert "This page opens on Tuesday" in stand.text("/week-2023/tue", 404)


def test_a_closed_week_stays_in_the_archive_with_its_calendar(desk: DeskStand) -> None:
    desk.load()
    desk.world.clock.advance(timedelta(days=30))
    before = desk.text("/weeks")
    assert "Past weeks" in before
    desk.world.store.campaigns.close("week", now=desk.world.now, author="Ada")
    assert desk.text("/weeks") == before
    assert desk.client.get("/week/mon").status_code == 200
    assert desk.client.get("/week/fri").status_code == 200
    assert "/week/fri" in desk.text("/sitemap.xml")
    calendar = desk.text("/calendar.ics")
    assert all(f"UID:week.{day}@" in calendar for day in ("mon", "tue", "wed", "thu", "fri"))
    assert "BEGIN:VEVENT" in desk.text("/week/programme.ics")


def test_every_edition_of_a_series_is_in_one_calendar_and_one_archive() -> None:
    first, end = at("2 09:00").date(), at("6 09:00").date()
    last = programme(id="week-2022", title="Week 2022", edition="2022", starts=first, ends=end)
    stand = Stand("16 12:00", Published(last), Published(programme()))
    weeks, calendar = stand.text("/weeks"), stand.text("/calendar.ics")
    assert "UID:week-2022.mon@" in calendar
    assert "UID:week-2023.mon@" in calendar
    for title, path in (("Week 2022", "/week-2022"), ("Safeguarding Week 2023", "/week-2023")):
        assert title in weeks
        assert f'href="{path}"' in weeks
        assert stand.client.get(path).status_code == 200


def test_every_page_of_our_own_has_a_name_that_no_campaign_can_have(desk: DeskStand) -> None:
    firsts = {route.path.split("/")[1] for route in create_app(desk.parts).routes if isinstance(route, Route)}
    own = {name for name in firsts if name and "{" not in name and "." not in name}
    assert own - TAKEN == set()
