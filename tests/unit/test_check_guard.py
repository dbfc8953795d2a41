"""Rendering in a process of its own: what does not end is stopped, what takes too much dies, and both are told."""

from __future__ import annotations

import sys
from datetime import date

import pytest

from campaign.errors import Problem
from campaign.programme import checks
from campaign.programme.checks import check
from campaign.programme.checks.bank_holidays import DIVISIONS, of
from campaign.programme.checks.child import read_request, request
from campaign.programme.checks.guard import Child, Ran
from tests.unit.check_weeks import GOOD, PICTURE, Ruler, changed, installation, judged, laid_out
from tests.unit.programmes import load

LIMITED = "from campaign.programme.checks.guard import limit; limit(seconds=20, memory=300_000_000); "


def run(code: str, data: bytes = b"", seconds: float = 20.0) -> Ran:
    return Child([sys.executable, "-c", code], data).finish(seconds)


def test_input_goes_in_and_output_comes_out() -> None:
    data = b"x" * 3_000_000
    assert run("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", data) == Ran(output=data, ended="done")


def test_what_does_not_end_is_stopped_and_its_words_are_kept() -> None:
    ran = run("print('begun', flush=True)\nwhile True: pass", seconds=1.0)
    assert (ran.output, ran.ended) == (b"begun\n", "time")


def test_what_takes_too_much_memory_dies() -> None:
    assert run(LIMITED + "x = 'a' * 2_000_000_000").ended == "died"


def test_what_writes_too_much_is_cut_off() -> None:
    code = "from campaign.programme.checks import guard; guard.MAX_OUTPUT = 1000; "
    code += "guard.limit(seconds=20, memory=300_000_000); import sys; sys.stdout.write('a' * 100_000)"
    assert len(run(code).output) <= 1000


def test_the_child_is_told_all_that_the_rules_need() -> None:
    import io

    one = laid_out(GOOD, installation=installation())
    again = read_request(io.BytesIO(request(one)))
    assert (again.programme, again.installation, again.pretended) == (one.programme, one.installation, False)
    assert again.source.at("posts.ride.text") == one.source.at("posts.ride.text")
    assert again.files["images/bike.png"] == PICTURE[:64]


def test_the_report_of_the_child_is_that_of_the_rules() -> None:
    data = changed("posts/walk/text", "WALKING. " + "Go on. " * 3)
    data["campaign"]["hashtags"] = ["roadsafetyweek"]
    loaded = load(data, {"images/bike.png": PICTURE})
    here = judged(laid_out(data), {"x-roads": Ruler(GOOD)})
    there = check(loaded, today=date(2024, 1, 1), measures=lambda: {"x-roads": Ruler(GOOD)})
    assert there.problems == here.problems
    assert (there.posts, there.emails) == (here.posts, here.emails)
    assert len(there.problems) >= 2


@pytest.mark.parametrize(("ended", "said"), [("time", "more than 3 seconds"), ("died", "memory")])
def test_a_child_that_was_cut_off_names_what_it_was_at(ended: str, said: str) -> None:
    output = b'{"begin": "the post walk for x-roads"}\n{"email": "x"}\n{"begin": "the post ride for x-roads"}\n{"pos'
    whole = laid_out(GOOD)
    ran = Ran(output=output, ended=ended)
    heard = checks._hear(whole, ran)
    (problem,) = checks._interrupted(whole, ran, heard, 3)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.where) == ("M5", "posts.ride")
    assert "the post ride for x-roads" in problem.message
    assert said in problem.message


def test_a_check_in_too_little_time_ends_and_says_so() -> None:
    report = check(load(GOOD, {"images/bike.png": PICTURE}), today=date(2024, 1, 1), seconds=0.01)
    assert [each.code for each in report.errors] == ["M5"]


def test_the_list_of_bank_holidays_is_that_of_the_library() -> None:
    from holidays.countries.united_kingdom import UnitedKingdom

    for division, subdivision in zip(DIVISIONS, ("ENG", "SCT", "NIR"), strict=True):
        kept = of(division)
        years = range(2020, 2031)
        known = UnitedKingdom(subdiv=subdivision, years=years)  # type: ignore[no-untyped-call]
        assert {day: name for day, name in kept.items() if day.year in years} == dict(known.items())
