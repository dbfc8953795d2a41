"""What is wrong in a programme file is told all at once, with line, column and the nearest right word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from campaign.errors import ProgrammeError
from campaign.programme import load_bytes, with_monday
from tests.unit.programmes import full, load, small

HEAD = b"schema: 1\ncampaign:\n  id: small\n  title: Small\n"


def told(data: bytes) -> list[tuple[str, int, int]]:
    with pytest.raises(ProgrammeError) as caught:
        load_bytes(data)
    return [(problem.code, problem.line, problem.column) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [("F2", 1, 1)]),
        (b"  \n\n", [("F2", 1, 1)]),
        (b"# nothing yet\n", [("F2", 2, 1)]),
        (b"x" * 8_000_001, [("F3", 1, 1)]),
        (b"\x89PNG\r\n\x1a\n\0\0", [("F4", 1, 1)]),
        (HEAD.decode().encode("utf-16"), [("F4", 1, 1)]),
        (b"schema: 1\ncampaign: \x93x\x94", [("F4", 2, 11)]),
        ("schema: 1\n# \u0093".encode(), [("F5", 2, 3)]),
        ("schema: 1\n# \u202e".encode(), [("F5", 2, 3)]),
        (b"schema: 1\ncampaign:\n\tid: x\n", [("Y1", 3, 1)]),
        (b"schema: [1\n", [("Y1", 2, 1)]),
        (b"schema: 1\na: b: c\n", [("Y1", 2, 5)]),
        (HEAD + b"  title: Again\n", [("Y2", 5, 3)]),
        (HEAD + b"  summary: &a x\n  text: *a\n", [("Y3", 5, 12), ("Y3", 6, 9)]),
        (HEAD + b"  summary: !!str x\n", [("Y4", 5, 12)]),
        (HEAD + b"  summary: !python/object:os.system x\n", [("Y4", 5, 12)]),
        (HEAD + b"---\nschema: 1\n", [("Y5", 5, 1)]),
        (b"[" * 100_000, [("Y6", 1, 22)]),
        (b"schema: 1\n{a: b}: c\n", [("V3", 1, 1), ("Y7", 2, 1)]),
        (b"just words", [("V4", 1, 1)]),
        (b"- a\n- b\n", [("V4", 1, 1)]),
        (b"schema: 2\ncampaign: {id: a, title: b}", [("V6", 1, 9)]),
        (b"schema: 1\n", [("V3", 1, 1)]),
    ],
)
def test_the_form_of_the_file(data: bytes, expected: list[tuple[str, int, int]]) -> None:
    assert told(data) == expected


def test_a_bomb_of_aliases_stays_small_and_is_refused() -> None:
    lines = ["a0: &a0 [lol, lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    codes = {code for code, _, _ in told("\n".join(lines).encode())}
    assert codes >= {"Y3"}


def change(path: str, value: Any) -> Callable[[], dict[str, Any]]:
    def changed() -> dict[str, Any]:
        data = full()
        inner: Any = data
        *heads, last = (int(part) if part.isdigit() else part for part in path.split("/"))
        for part in heads:
            inner = inner[part]
        inner[last] = value
        return data

    return changed


WRONG = [
    ("campaign/titel", "x", "V1", "Did you mean 'title'?"),
    ("posts/launch/url", "x", "V1", "Did you mean 'link'?"),
    ("posts/launch/embargo_until", "x", "V2", "It belongs in resources."),
    ("posts/launch/before", "title", "V2", "It belongs in days."),
    ("campaign/xyzzy", "x", "V1", "Its keys are"),
    ("posts/launch/at", "12:30", "V6", "write `day: tue` and `time:"),
    ("posts/launch/at", "2023-10-09 25:00", "V6", "Hours go from 00 to 23"),
    ("posts/tue/time", "25:00", "V6", "Hours go from 00 to 23"),
    ("posts/tue/day", "Wensday", "V6", "Wednes"),
    ("posts/tue/day", "Fri", "R1", "mon"),
    ("campaign/starts", "30 February 2023", "V6", "Write a date as"),
    ("campaign/timezone", "Europe/Londn", "V6", "Europe/London"),
    ("campaign/timezone", "../../etc/passwd", "V6", "Europe/London"),
    ("campaign/timezone", "Europe", "V6", "Europe"),
    ("campaign/title", "Demo\r\nBcc: all@example.org", "V9", "line break"),
    ("campaign/contact/email", "a@b\n.example.org", "V9", "line break"),
    ("campaign/contact/email", "nobody", "V10", "name@example.org"),
    ("campaign/title", "x" * 301, "V11", ""),
    ("campaign/title", ["x"], "V4", "Quote"),
    ("campaign/title", "", "V3", "spelled"),
    ("campaign/status", "redy", "V5", "Did you mean 'ready'?"),
    ("campaign/id", "Demo Week", "V7", "'demo-week'"),
    ("campaign/resources", "talk", "V4", "[talk]"),
    ("campaign/hashtags", ["#DemoWeek"], "V10", "'DemoWeek'"),
    ("campaign/edition", "twenty", "V6", ""),
    ("campaign/language", "English", "V6", "en-GB"),
    ("campaign/text", "[x](resource:lanch)", "R1", "Did you mean 'launch'?"),
    ("campaign/defaults/late_ok/post", "soon", "V6", "90m"),
    ("campaign/holds/0/to", "2024-05-01 00:00", "V14", ""),
    ("campaign/ends", "2023-10-08", "V14", ""),
    ("campaign/ends", "2023-10-20", "V14", "campaign of its own"),
    ("days/0/date", "2023-10-14", "V14", "Mend the date"),
    ("days/0/weekday", "Tues", "T2", "Either the weekday is Monday"),
    ("days/0/date", "Tues, 9 October 2023", "T2", "Either"),
    ("days/1/dates", ["2023-10-10", "2023-10-12"], "V13", "apart"),
    ("days/1/dates", ["2023-10-09"], "V8", "line"),
    ("days/0/themes/0/id", "", "V3", ""),
    ("resources/kit/link", "TBC", "V10", "https://"),
    ("resources/kit/link", "javascript:alert(1)", "V10", "https://"),
    ("resources/launch/event/ends", "9am", "V14", ""),
    ("resources/launch/event/starts", "2023-10-10 7-8.30pm", "V13", "Keep one"),
    ("resources/day", {"type": "link", "title": "Day", "no_link": "x"}, "V7", "Rename"),
    ("posts/launch/day", "mon", "V13", "Keep one"),
    ("posts/launch/text_for", {"mail": "x"}, "R2", "x-demo"),
    ("posts/launch/text_for", {"x-dem": "x"}, "R1", "x-demo"),
    ("posts/launch/channels", ["x-demo", "x-demo"], "V8", ""),
    ("posts/launch/essential", "perhaps", "V5", "true or false"),
    ("posts/daily", {"channels": ["x-demo"], "text": "x"}, "V8", "line"),
    ("area_groups/NORTH", ["SOUTH"], "V8", "line"),
    ("area_groups/ALL", ["BOTH"], "R1", ""),
    ("schema", "", "V3", "version"),
]


@pytest.mark.parametrize(("path", "value", "code", "hint"), WRONG)
def test_each_mistake_has_its_code_place_and_mending(path: str, value: Any, code: str, hint: str) -> None:
    with pytest.raises(ProgrammeError) as caught:
        load(change(path, value)())
    found = {problem.code: problem for problem in caught.value.problems}
    assert code in found
    assert hint in f"{found[code].hint}"
    assert found[code].file == "demo.yaml"
    assert found[code].line > 1 or path == "schema"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    data = full()
    data["campaign"]["titel"] = data["campaign"].pop("title")
    data["campaign"]["timezone"] = "Europe/Nowhere"
    data["days"][0]["themes"][0]["resources"] = ["nothing"]
    data["posts"]["launch"]["at"] = "12:30"
    data["posts"]["tue"]["day"] = "Sunday"
    data["resources"]["launch"]["event"]["ends"] = "9am"
    with pytest.raises(ProgrammeError) as caught:
        load(data)
    problems = caught.value.problems
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    assert {problem.code for problem in problems} == {"V1", "V3", "V6", "R1", "V14"}
    assert len(problems) == 7


@pytest.mark.parametrize("wall", ["2023-03-26 01:00", "2023-03-26 01:59"])
def test_an_hour_that_the_clocks_jump_over_is_an_error(wall: str) -> None:
    data = small(timezone="Europe/London")
    data |= {"channels": {"x-demo": {"kind": "x"}}}
    data |= {"posts": {"one": {"channels": ["x-demo"], "text": "x", "at": wall}}}
    with pytest.raises(ProgrammeError) as caught:
        load(data)
    assert [problem.code for problem in caught.value.problems] == ["T1"]
    data["posts"]["one"]["at"] = wall.replace(" 01", " 02")
    load(data)
    data["posts"]["one"]["at"] = "2023-10-29 01:30"
    load(data)


def test_words_as_people_write_them() -> None:
    data = full()
    data["resources"]["launch"]["event"] = {"starts": "Tues, 10 October 2023, 7-8.30pm", "booking": "no_link: by phone"}
    data["posts"]["tue"]["day"] = "Tues to Wednes"
    programme = load(data).programme
    event = programme.resources["launch"].event
    assert event is not None
    assert (str(event.starts), str(event.ends)) == ("2023-10-10 19:00:00", "2023-10-10 20:30:00")
    assert (event.booking, event.no_booking) == ("", "by phone")
    assert programme.posts["tue"].when.day == "tue-wed"
    data["resources"]["launch"]["event"] = {"booking": {"no_link": "full"}}
    again = load(data).programme.resources["launch"].event
    assert again is not None
    assert again.no_booking == "full"


def test_a_briefing_is_one_mailing() -> None:
    data = small(kind="briefing") | {"channels": {"mail": {"kind": "smtp"}}, "mailings": {"all": {"channel": "mail"}}}
    assert load(data).programme.mailings["all"].when.at is None
    data["mailings"]["two"] = {"channel": "mail"}
    data["days"] = [{"weekday": "Mon"}]
    with pytest.raises(ProgrammeError) as caught:
        load(data)
    assert [problem.code for problem in caught.value.problems] == ["V15", "V15"]
    with pytest.raises(ProgrammeError) as caught:
        load(small(kind="briefing"))
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [("V15", 1)]


def dateless() -> dict[str, Any]:
    return small() | {"days": [{"weekday": day} for day in ("Mon", "Tues", "Wednes", "Thurs", "Sat to Sun")]}


def test_a_dateless_week_gets_its_monday() -> None:
    programme = load(dateless()).programme
    assert all(day.dates == () for day in programme.days)
    dated = with_monday(programme, date(2024, 3, 4))
    assert [str(day.dates[0]) for day in dated.days] == [f"2024-03-0{n}" for n in (4, 5, 6, 7, 9)]
    assert dated.days[-1].dates == (date(2024, 3, 9), date(2024, 3, 10))
    assert (dated.campaign.starts, dated.campaign.ends) == (date(2024, 3, 4), date(2024, 3, 10))
    empty = load(small()).programme
    for refused, monday in ((programme, date(2024, 3, 5)), (dated, date(2024, 3, 11)), (empty, date(2024, 3, 4))):
        with pytest.raises(ProgrammeError):
            with_monday(refused, monday)


def test_weekdays_take_their_dates_from_the_start() -> None:
    data = dateless()
    data["campaign"]["starts"] = "2024-03-04"
    programme = load(data).programme
    assert [str(day.dates[0]) for day in programme.days][:2] == ["2024-03-04", "2024-03-05"]
    assert programme.campaign.ends == date(2024, 3, 10)


def test_a_clock_change_in_a_week_that_gets_its_monday_is_an_error() -> None:
    data = dateless()
    data["days"][-1] = {"weekday": "Sun", "unlock": "01:30"}
    with pytest.raises(ProgrammeError) as caught:
        with_monday(load(data).programme, date(2024, 3, 25))
    assert [problem.code for problem in caught.value.problems] == ["T1"]
