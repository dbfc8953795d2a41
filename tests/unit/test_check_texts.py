"""What texts write out by hand, wherever they stand; and what is shown of resources that are not to be shown yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from campaign.errors import Problem, Severity
from campaign.programme.checks import check, words
from tests.unit.check_weeks import PICTURE, TODAY, at, changed, codes, good, installation, judged, laid_out
from tests.unit.programmes import load

ERROR, WARNING = Severity.ERROR, Severity.WARNING
THEME = "days/0/themes/0/text"
LINE = "themes.walk.text"


def found(data: dict[str, Any], code: str, **more: Any) -> list[Problem]:
    return [each for each in judged(laid_out(data, **more)).problems if each.code == code]


TEXTS: list[tuple[str, Any, str, Severity, str, str]] = [
    (THEME, "See [the kit](#) now.", "K1", ERROR, LINE, "'the kit' leads to '#'"),
    (THEME, "See [the kit]() now.", "K1", ERROR, LINE, "leads nowhere"),
    (THEME, "See [the kit](kit.html).", "K1", ERROR, LINE, "kit.html"),
    ("campaign/text", "See [the kit](#).", "K1", ERROR, "campaign.text", "'#'"),
    (THEME, "See [the kit](http://a.gov.uk/x).", "K2", ERROR, LINE, "http://a.gov.uk/x"),
    ("posts/walk/text", "See http://a.gov.uk/x now", "K2", ERROR, "posts.walk.text", "Write https://a.gov.uk/x"),
    (THEME, "Come on Tues, 11 October 2023.", "T2", ERROR, LINE, "is Wednesday 11 October 2023"),
    (THEME, "Come on Wednesday15th October 2024.", "T2", ERROR, LINE, "is Tuesday 15 October 2024"),
    (THEME, "Come on Monday 5 March.", "T2", WARNING, LINE, "is Tuesday 5 March 2024"),
    ("mailings/daily/subject", "On Friday 5 March 2024", "T2", ERROR, "mailings.daily.subject", "Tuesday"),
    (THEME, "Walk <b>today</b>.", "M7", WARNING, LINE, "'<b>' is HTML"),
    (THEME, "![A map](https://a.gov.uk/m.png)", "M7", ERROR, LINE, "is a picture"),
    ("posts/walk/text", "Walk with #roadsafetyweek", "AS1", ERROR, "posts.walk.text", "RoadSafetyWeek"),
    ("posts/walk/text", "Walk #Safely today", "AS2", WARNING, "posts.walk.text", "among the words"),
    ("posts/walk/text", "Walk today. #One #Two", "AS2", WARNING, "posts.walk.text", "3 hashtags"),
    ("posts/walk/text", "See https://a.gov.uk/x", "AS6", WARNING, "posts.walk.text", "more than one link"),
    ("posts/walk/text", "From 4 March - 8 March.", "AS11", WARNING, "posts.walk.text", "'4 March - 8 March'"),
    ("posts/walk/text", "Open Mon-Fri.", "AS11", WARNING, "posts.walk.text", "'Mon-Fri'"),
    ("posts/walk/title", "WALKING to school", "AS8", WARNING, "posts.walk.title", "WALKING"),
    ("days/0/themes/0/title", "Walking on 4/3/2024", "AE10", WARNING, "themes.walk.title", "in figures"),
    ("resources/kit/title", "🚲 The kit", "AS4", WARNING, "resources.kit.title", "before words"),
    ("mailings/daily/subject", "The Roads Safety Week", "N1", WARNING, "mailings.daily.subject", "Road Safety Week"),
    ("mailings/daily/preheader", "Ask the MASH team what it does, and what you can do.", "AS8", WARNING,
     "mailings.daily.preheader", "MASH"),
    ("organisations/ROADS/logo", {"file": "bike.png", "alt": "Image of us"}, "AS3", WARNING,
     "organisations.ROADS.logo.alt", "Image of"),
    ("resources/launch/event/starts", "2024-03-04", "T5", WARNING, "posts.ride.time", "on Monday 4 March 2024"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "code", "severity", "where", "said"), TEXTS)
def test_a_mistake_in_a_text_is_told_where_it_stands(
    path: str, value: Any, code: str, severity: Severity, where: str, said: str
) -> None:
    data = changed(path, value)
    if path.endswith("starts"):
        del data["resources"]["launch"]["event"]["ends"]
    told = [each for each in found(data, code) if each.where == where]
    assert any(each.severity is severity and said in f"{each.message} {each.hint}" for each in told), told
    assert all(each.line and each.column for each in told)


@pytest.mark.parametrize(
    "text",
    [
        "Come on Tuesday 5 March 2024 or Mon 4th March, at [the place](https://a.gov.uk/x), a < b.",
        r"Not a link: \[this](#), nor is {{ link }} or [this]({{ day.page_url }}).",
        "Ring [us](tel:+441234567890) or [write](mailto:team@roads.gov.uk), by [the kit](resource:kit).",
    ],
)
def test_nothing_is_said_of_a_text_that_is_right(text: str) -> None:
    data = changed("days/1/themes/0/text", text)
    assert not {"K1", "K2", "T2", "M7"} & set(codes(data))


def test_a_date_without_a_year_is_not_judged_in_a_week_without_dates() -> None:
    data = changed(THEME, "Come on Monday 5 March.")
    for key in ("starts", "ends"):
        del data["campaign"][key]
    for day, word in zip(data["days"], ("Mon", "Tues"), strict=True):
        day["weekday"] = word
        del day["date"]
    assert not found(data, "T2")


BODY = b"# Head\n\nRead [this](#), and\nsee http://a.gov.uk/x on Friday 5 March 2024.\n\n<b>Now</b>"


@pytest.mark.parametrize(
    ("code", "line", "column"), [("K1", 3, 6), ("K2", 4, 5), ("T2", 4, 26), ("M7", 6, 1)], ids=lambda one: str(one)
)
def test_a_mistake_in_a_body_has_the_bodys_own_line_and_column(code: str, line: int, column: int) -> None:
    data = changed("mailings/daily/body", "talk.md")
    (told, *_) = found(data, code, files={"messages/talk.md": BODY})
    assert (told.file, told.line, told.column, told.where) == ("messages/talk.md", line, column, "mailings.daily.body")


def test_a_placeholder_in_a_draft_is_listed_and_no_error_yet() -> None:
    data = changed(THEME, "See [the kit](#) now.")
    data["campaign"]["status"] = "draft"
    report = judged(laid_out(data))
    assert [(each.code, each.where) for each in report.before_run] == [("K1", LINE)]
    assert not report.errors


def test_a_link_that_a_template_makes_up_is_told_in_the_template() -> None:
    data = changed("mailings/daily/template", "own")
    files = {"messages/emails/own.md": b"# Head\n\n[this]({{ day.weekday }})\n"}
    (told, *_) = found(data, "M4", files=files)
    assert (told.file, told.line, told.column) == ("messages/emails/own.md", 3, 1)


@pytest.mark.parametrize("data", [b"a\0b", b"a\xc2\x90b", "a\u202eb".encode()], ids=["nul", "c1", "direction"])
def test_a_character_that_cannot_be_seen_is_told_in_bodies_and_templates(data: bytes) -> None:
    files = {"messages/talk.md": b"# Head\n\n" + data, "messages/posts/own.txt": data}
    told = found(changed("mailings/daily/body", "talk.md"), "F5", files=files)
    assert [(each.file, each.line, each.column) for each in told] == [
        ("messages/posts/own.txt", 1, 2),
        ("messages/talk.md", 3, 2),
    ]


def test_an_example_in_a_text_is_an_error_once_a_channel_is_live() -> None:
    data = changed(THEME, "See [it](https://www.example.org/x) or [write](mailto:a@example.org).")
    assert not found(data, "K5", installation=installation())
    live = installation(live=frozenset({"mail"}))
    assert [each.severity for each in found(data, "K5", installation=live)] == [ERROR, ERROR]


@pytest.mark.parametrize(
    "path",
    ["campaign/summary", "campaign/help_line", "resources/kit/text", "days/0/themes/0/one_thing/text",
     "days/0/themes/0/one_thing/link", "mailings/daily/subject", "posts/walk/title"],
)  # fmt: skip
def test_the_address_of_a_gated_resource_escapes_nowhere(path: str) -> None:
    data = changed(path, "https://roads.gov.uk/b")
    assert [each.severity for each in found(data, "K4")] == [ERROR]


def test_the_address_of_a_gated_resource_is_found_in_a_template() -> None:
    files = {"messages/posts/own.txt": b"Book now:\nhttps://roads.gov.uk/b"}
    (told,) = found(good(), "K4", files=files)
    assert (told.file, told.line, told.column) == ("messages/posts/own.txt", 2, 1)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"approval": "pending"}, "G1", "it is left out until"),
        ({"approval": "pending", "if_pending": "name_only"}, "G1", "by its name alone"),
        ({"approval": "pending", "if_pending": "block"}, "G1", "every message with it waits"),
        ({"approval": "withdrawn"}, "G1", "is withdrawn: it is left out"),
        ({"embargo_until": "held"}, "G2", "is held: it is left out"),
    ],
)
def test_what_a_theme_lists_and_cannot_show_is_told(change: dict[str, str], code: str, said: str) -> None:
    data = good()
    data["resources"]["kit"] |= change
    data["posts"]["ride"].pop("link")
    (told,) = [each for each in found(data, code) if each.where == "themes.ride.resources"]
    assert told.severity is WARNING
    assert said in told.message


def test_a_cancelled_event_in_a_sentence_is_told() -> None:
    data = changed("resources/launch/event/state", "cancelled")
    data["days"][1]["themes"][0] |= {"text": "Come to [the launch](resource:launch).", "resources": ["kit"]}
    assert {each.where for each in found(data, "G3")} == {"posts.ride.needs", "themes.ride.text"}


def test_a_channel_that_is_half_set_up_is_an_error_while_one_is_live() -> None:
    troubled = {"x-roads": "the channel x-roads is not set up: token is missing"}
    assert codes(good(), installation=installation(troubled=troubled))["P7"].severity is WARNING
    told = codes(good(), installation=installation(troubled=troubled, live=frozenset({"mail"})))["P7"]
    assert (told.severity, told.where) == (ERROR, "channels.x-roads")
    assert "token is missing" in told.message


def test_one_click_needs_an_https_address() -> None:
    http = {"base_url": "http://roads.gov.uk"}
    assert codes(good(), installation=installation(**http))["D3"].severity is WARNING
    live = installation(**http, live=frozenset({"mail"}))
    assert codes(good(), installation=live)["D3"].severity is ERROR
    assert "D3" not in codes(good(), installation=installation(live=frozenset({"mail"})))


def test_a_transparent_logo_is_told() -> None:
    import io

    from PIL import Image

    data = io.BytesIO()
    Image.new("RGBA", (8, 8)).save(data, "PNG")
    week = changed("organisations/ROADS/logo", {"file": "us.png", "alt": "Roads Partnership"})
    assert codes(week, files={"images/us.png": data.getvalue()})["H4"].where == "organisations.ROADS.logo"
    assert "H4" not in codes(week, files={"images/us.png": PICTURE})


def test_inline_hashtags_are_words_and_not_parts_of_addresses() -> None:
    assert words.inline_hashtags("See https://a.gov.uk/#top and a#b. #Now") == [("Now", False)]
    assert words.inline_hashtags("#Walk to school #Now") == [("Walk", True), ("Now", False)]


def test_the_whole_check_tells_of_texts_too(tmp_path: Path) -> None:
    report = check(load(changed(THEME, "See [the kit](#)."), {"images/bike.png": PICTURE}), today=TODAY)
    assert [each.code for each in report.errors] == ["K1"]
    assert at("2024-01-01 00:00").date() == TODAY
