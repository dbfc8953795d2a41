"""Each rule of `campaign check`: nothing is said of a good week, and each mistake brings its code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from campaign.errors import Problem, Severity
from campaign.model import CampaignStatus
from tests.unit.check_weeks import Ruler, at, changed, codes, good, installation, judged, laid_out, png

LONG = "We " + "and we " * 14 + "walk."
ERROR, WARNING = Severity.ERROR, Severity.WARNING

RULES: list[tuple[str, Any, str, Severity, str]] = [
    # readiness
    ("campaign/contact", None, "P14", ERROR, "contact"),
    ("campaign/id", "desk", "P15", ERROR, "that is a page"),
    ("campaign/privacy_url", None, "L4", WARNING, "privacy"),
    ("days/0/themes/0/status", "tbc", "P14", WARNING, "to be confirmed"),
    ("days/0/themes", [], "P14", WARNING, "no theme"),
    ("posts/walk/channels", [], "P14", ERROR, "no channel"),
    ("posts/walk/text", "", "P14", ERROR, "says nothing"),
    ("posts/walk/day", None, "P14", ERROR, "no time"),
    ("mailings/daily/lists", [], "P10", ERROR, "no list"),
    ("mailings/daily/exclude", {"lists": ["staff"]}, "P10", ERROR, "goes to the list 'staff' and leaves it out"),
    ("mailings/daily/subject", "", "P14", WARNING, "no subject"),
    ("mailings/daily/preheader", "", "H5", WARNING, "no preheader"),
    ("mailings/daily/preheader", "Short", "H5", WARNING, "5 characters"),
    ("mailings/daily/preheader", "{{ day.weekday }}: {{ day.title }}", "H5", WARNING, "repeats"),
    ("resources/kit/approval", None, "P14", ERROR, "is not said"),
    ("resources/kit/approved_on", "2024-01-01", "P14", WARNING, "who approved"),
    ("resources/kit/link", "", "K3", ERROR, "no link"),
    ("resources/kit/media", {"link": "https://roads.gov.uk/v"}, "AS7", WARNING, "transcript"),
    # time
    ("posts/walk/time", "21:00", "P4", ERROR, "stop at 20:00"),
    ("posts/walk/stop_at", "08:30", "P4", ERROR, "stop at 08:30"),
    ("posts/ride/time", "06:30", "T5", WARNING, "quiet hours"),
    ("posts/ride/time", "15:30", "T5", WARNING, "has begun"),
    ("posts/walk/time", "06:30", "T4", ERROR, "before the page unlocks"),
    ("posts/walk/time", "07:30", "T4", ERROR, "before the mailing"),
    ("mailings/daily/time", "06:30", "T4", ERROR, "before the page unlocks"),
    # gates and links
    ("resources/kit/embargo_until", "2024-03-05 09:01", "T4", ERROR, "opens at 09:01"),
    ("resources/kit/embargo_until", "held", "G2", WARNING, "releases it"),
    ("resources/kit/approval", "pending", "G1", WARNING, "not approved"),
    ("resources/kit/approval", "withdrawn", "G1", ERROR, "withdrawn"),
    ("resources/launch/event/state", "full", "G3", WARNING, "full"),
    ("resources/kit/link", "#", "K1", ERROR, "placeholder"),
    ("resources/kit/link", "http://roads.gov.uk/kit", "K2", ERROR, "https://roads.gov.uk/kit"),
    ("days/1/themes/0/text", "See [it](https://roads.gov.uk/b).", "K4", ERROR, "resource:launch"),
    ("days/0/themes/0/status", "cancelled", "P14", WARNING, "nothing to anybody"),
    (
        "resources/kit",
        {"type": "toolkit", "title": "Kit", "no_link": "lost", "approval": "approved"},
        "K3",
        WARNING,
        "day",
    ),
    # words
    ("campaign/hashtags", ["roadsafetyweek"], "AS1", ERROR, "RoadSafetyWeek"),
    ("campaign/hashtags", ["Roadsafety"], "AS1", ERROR, "RoadSafety"),
    ("campaign/hashtags", ["Road-Safety"], "AS1", ERROR, "RoadSafety"),
    ("campaign/hashtags", ["2024"], "AS1", ERROR, ""),
    ("campaign/hashtags", ["One", "Two", "Three"], "AS2", WARNING, "3 hashtags"),
    ("posts/ride/images/0/alt", "", "AS3", ERROR, "no alternative text"),
    ("posts/ride/images/0/alt", "Image of a bike", "AS3", WARNING, "Image of"),
    ("posts/ride/images/0/alt", "bike", "AS3", WARNING, "file's name"),
    ("posts/ride/images/0/alt", "x" * 201, "AS3", WARNING, "1 characters over"),
    ("posts/ride/images/0/decorative", "true", "AS3", WARNING, "decorative"),
    ("posts/walk/text", "🚶 Walk today.", "AS4", WARNING, "before words"),
    ("posts/walk/text", "Walk today. 🚶🚶", "AS4", WARNING, "more than once"),
    ("posts/walk/text", "Walk today. 🚶🚲🚗🚌", "AS4", WARNING, "4 emoji"),
    ("posts/walk/text", "𝗪𝗮𝗹𝗸 today.", "AS4", WARNING, "mathematical"),
    ("posts/walk/text", LONG, "AS5", WARNING, "5 over"),
    ("posts/walk/text", "See https://a.gov.uk and https://b.gov.uk", "AS6", WARNING, "more than one link"),
    ("posts/walk/text", "ALWAYS walk.", "AS8", WARNING, "capitals"),
    ("posts/walk/text", "Ask the MASH team.", "AS8", WARNING, "(MASH)"),
    ("posts/walk/text", "Multidisciplinary organisations characteristically implement " * 8, "AS9", WARNING, "Parents"),
    ("posts/walk/text", "Walk from 4-8 March.", "AS11", WARNING, "dash"),
    ("posts/walk/text", "Walk on 4/3/2024.", "AE10", WARNING, "in figures"),
    ("posts/walk/text", "Walk at 19:00.", "AE10", WARNING, "24-hour"),
    ("posts/walk/text", "The Roads Safety Week is here.", "N1", WARNING, "Road Safety Week"),
    ("days/0/themes/0/text", "[Click here](https://a.gov.uk) to walk.", "AE3", ERROR, "Click here"),
    ("days/0/themes/0/text", "[One](https://a.gov.uk/1) and [one](https://a.gov.uk/2).", "AE3", WARNING, "two places"),
    # rendering
    ("posts/walk/text", "{{ campaign.titel }}", "M4", ERROR, "cannot be rendered"),
    (
        "posts/walk/text",
        "{% for a in range(40000) %}{% for b in range(40000) %}x{% endfor %}{% endfor %}",
        "M4",
        ERROR,
        "",
    ),
    ("mailings/daily/template", "dai", "M4", ERROR, "there is no file"),
    ("days/0/themes/0/text", "- a\n" * 4000, "H1", ERROR, "bytes of HTML"),
]


def test_nothing_is_said_of_a_good_week() -> None:
    report = judged(laid_out(good(), installation=installation()))
    assert [str(each) for each in report.problems] == []
    assert (report.posts, report.emails) == (3, 2)


@pytest.mark.parametrize(("path", "value", "code", "severity", "said"), RULES)
def test_each_mistake_brings_its_code(path: str, value: Any, code: str, severity: Severity, said: str) -> None:
    data = changed(path, value)
    if path.startswith("posts") and code != "T4":
        del data["mailings"]
    found = [each for each in judged(laid_out(data)).problems if each.code == code]
    assert any(each.severity is severity and said in f"{each.message} {each.hint}" for each in found)
    assert all(each.line and each.column for each in found)


def test_a_draft_lists_what_only_keeps_it_from_running() -> None:
    data = changed("campaign/contact", None)
    data["campaign"]["status"] = "draft"
    data["posts"]["walk"]["text"] = "{{ campaign.titel }}"
    report = judged(laid_out(data))
    assert report.status is CampaignStatus.DRAFT
    assert [each.code for each in report.before_run] == ["P14"]
    assert [each.code for each in report.errors] == ["M4"]


def test_a_week_without_dates_is_looked_at_as_if_it_were_next_week() -> None:
    data = good()
    for key in ("starts", "ends"):
        del data["campaign"][key]
    for day, word in zip(data["days"], ("Mon", "Tues"), strict=True):
        day["weekday"] = word
        del day["date"]
    one = laid_out(data)
    assert one.pretended
    assert [str(each.wall) for each in one.occurrences][:2] == ["2024-01-08 08:00:00", "2024-01-08 09:00:00"]
    assert [each.message for each in judged(one).errors] == ["the week has no dates yet"]


@pytest.mark.parametrize(
    ("start", "code", "said"),
    [
        ("2024-05-06", "T3", "May Day"),
        ("2024-03-25", "", ""),
        ("2024-04-01", "T3", "Easter Monday"),
    ],
)
def test_bank_holidays(start: str, code: str, said: str) -> None:
    data = good()
    data["campaign"] |= {"starts": start, "ends": ""}
    for day, word in zip(data["days"], ("Mon", "Tues"), strict=True):
        day["weekday"] = word
        del day["date"]
    data["resources"].pop("launch")
    data["posts"]["ride"].pop("needs")
    data["days"][1]["themes"][0]["resources"] = ["kit"]
    found = codes(data)
    assert set(found) == ({code} if code else set())
    assert not code or said in found[code].message


def test_the_hour_that_comes_twice_is_a_warning() -> None:
    data = changed("posts/extra", {"at": "2024-10-27 01:30", "channels": ["x-roads"], "text": "Night walk."})
    assert {"T1", "T5"} <= set(codes(data))


def test_a_hold_of_the_file_stops_what_is_not_essential() -> None:
    hold = {"from": "2024-03-04 00:00", "to": "2024-03-05 00:00", "reason": "election"}
    data = changed("campaign/holds", [hold])
    assert "election" in codes(data)["P5"].message
    for message in (data["posts"]["walk"], data["mailings"]["daily"]):
        message["essential"] = "true"
    assert "P5" not in codes(data)
    hold["strength"] = "all"
    assert "P5" in codes(data)


def test_a_post_that_is_the_page_itself_may_come_first() -> None:
    data = changed("posts/walk/time", "07:30")
    data["channels"]["x-roads"]["kind"] = "wordpress"
    assert "T4" not in codes(data)


def test_warnings_are_accepted_with_a_reason_and_errors_are_not() -> None:
    data = changed("posts/walk/text", LONG)
    data["campaign"]["contact"] = {}
    data["campaign"]["overrides"] = [
        {"code": "AS5", "where": "posts.walk", "reason": "a song"},
        {"code": "P14", "where": "campaign.contact", "reason": "no"},
        {"code": "AS5", "where": "posts.wal", "reason": "none such"},
    ]
    report = judged(laid_out(data))
    assert [(each.code, each.hint) for each in report.accepted] == [("AS5", "a song")]
    assert [each.code for each in report.errors] == ["P14"]
    assert [each.where for each in report.warnings if each.code == "O1"] == [
        "campaign.overrides.1",
        "campaign.overrides.2",
    ]


def test_what_only_an_installation_knows() -> None:
    def found(**changes: Any) -> dict[str, Problem]:
        return codes(good(), installation=installation(**changes))

    assert found() == {}
    assert found(lists={})["P10"].severity is ERROR
    assert found(channels={})["P7"].severity is WARNING
    assert found(channels={}, live=frozenset({"mail"}))["P7"].severity is ERROR
    assert found(channels={"x-roads": "mastodon", "masto-roads": "mastodon", "mail": "smtp"})["P7"].severity is ERROR
    assert "2,400 would be missed" in _slow()["P4"].message
    assert "dies on Tuesday 5 March 2024" in found(tokens={"x-roads": at("2024-03-05 08:00")})["C2"].message
    assert "C2" not in found(tokens={"x-roads": at("2024-03-06 08:00")})


def _slow() -> dict[str, Problem]:
    from campaign.programme.checks import ListFacts

    facts = {"staff": ListFacts(size=45_600, sender="roads")}
    return codes(good(), installation=installation(lists=facts, rates={"mail": 1.0}))


def test_lists_of_one_mailing_share_a_sender() -> None:
    from campaign.programme.checks import ListFacts

    data = changed("mailings/daily/lists", ["staff", "others"])
    facts = {"staff": ListFacts(size=1, sender="roads"), "others": ListFacts(size=1, sender="rails")}
    assert "different senders" in codes(data, installation=installation(lists=facts))["P10"].message


def test_what_a_mailing_is_for_and_leaves_out_is_told() -> None:
    data = changed("mailings/daily/exclude", {"audiences": ["staff"]})
    assert "P10" not in codes(data)
    data["mailings"]["daily"]["audiences"] = ["staff"]
    found = codes(data)["P10"]
    assert (found.severity, found.where) == (WARNING, "mailings.daily.exclude.audiences")
    assert "it is for staff, and leaves them out" in found.message


def test_a_list_to_leave_out_must_be_there() -> None:
    found = codes(changed("mailings/daily/exclude", {"lists": ["bord"]}), installation=installation())
    assert (found["P10"].severity, found["P10"].where) == (ERROR, "mailings.daily.exclude.lists.0")


def test_a_message_about_a_cancelled_theme_is_an_error() -> None:
    data = changed("posts/walk/theme", "walk")
    data["days"][0]["themes"][0]["status"] = "cancelled"
    assert codes(data)["G4"].where == "posts.walk.theme"


def test_a_link_to_a_page_that_nobody_serves_is_told() -> None:
    data = changed("campaign/home_url", None)
    assert "K7" not in codes(data)
    assert "K7" not in codes(data, installation=installation())
    assert codes(data, installation=installation(base_url=""))["K7"].severity is WARNING
    assert codes(data, installation=installation(base_url="", live=frozenset({"mail"})))["K7"].severity is ERROR


def test_examples_are_errors_once_a_channel_is_live() -> None:
    data = changed("resources/kit/link", "https://www.example.org/kit")
    assert "K5" not in codes(data, installation=installation())
    live = installation(live=frozenset({"mail"}))
    assert codes(data, installation=live)["K5"].severity is ERROR
    data = changed("campaign/contact/email", "team@example.org")
    assert codes(data, installation=live)["K5"].where == "campaign.contact.email"
    assert "K5" not in codes(good(), installation=live)


def test_the_length_is_the_networks_own() -> None:
    short = Ruler(SimpleNamespace(text=20, unit="letters"))
    report = judged(laid_out(good()), {"x-roads": short})
    found = {each.where: each.message for each in report.errors}
    whole = "Walk today.\n\nhttps://roads.gov.uk/week/mon/\n\n#RoadSafetyWeek"
    assert found["posts.walk.text"] == f"x-roads on mon: {len(whole) - 20} over the limit of 20 letters"
    assert "posts.ride.text" in found


def test_what_a_network_says_comes_under_our_codes() -> None:
    problems = [
        Problem("text-long", "Too long: 12 over."),
        Problem("alt-long", "Alt too long."),
        Problem("image-alt", "No words.", WARNING),
        Problem("anything", "No such thing.", WARNING),
    ]
    ruler = Ruler(SimpleNamespace(text=1, unit="letters"), problems)
    found = judged(laid_out(good()), {"masto-roads": ruler}).problems
    assert sorted((each.code, each.severity) for each in found) == [("AS10", ERROR), ("AS3", ERROR), ("C1", WARNING)]


def test_a_channel_that_carries_something_else_is_an_error() -> None:
    ruler = Ruler(SimpleNamespace(text=0))
    (problem,) = judged(laid_out(good()), {"mail": ruler}).errors
    assert (problem.code, problem.where) == ("P7", "mailings.daily.channel")


def test_the_same_words_twice_are_told_unless_meant() -> None:
    data = good()
    data["posts"]["again"] = {**data["posts"]["walk"], "time": "12:00"}
    assert codes(data)["P3"].where == "posts.again.text"
    data["posts"]["again"]["again"] = data["posts"]["walk"]["again"] = "true"
    assert "P3" not in codes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"not an image", "is not an image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "is not an image"),
        (png(8, 8)[:20], "is not an image"),
        (b"BM" + png(), "is not an image"),
    ],
)
def test_what_is_no_image_is_told(data: bytes, said: str) -> None:
    found = codes(good(), files={"images/bike.png": data})
    assert said in found["M6"].message


def test_an_image_of_a_hundred_megapixels_is_told_without_being_opened() -> None:
    whole = bytearray(png())
    whole[16:24] = (10_000).to_bytes(4, "big") * 2
    import zlib

    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    assert "100 million" in codes(good(), files={"images/bike.png": bytes(whole)})["M6"].message


def test_the_emails_of_everybody_are_rendered() -> None:
    data = changed("days/0/themes/0/audiences", ["staff"])
    data["days"][0]["themes"].append({"id": "talk", "title": "Talking", "areas": ["SOUTH"], "audiences": ["parents"]})
    assert judged(laid_out(data)).emails == 3 + 1
    data["days"][0]["themes"] = [{"id": "no", "title": "No", "status": "cancelled"}]
    assert "nothing to anybody" in codes(data)["P14"].message
