"""Templates are kept in, and what goes wrong in one is told with its file and line, never as a traceback."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign import render
from campaign.errors import TemplateError
from campaign.render import Pages
from campaign.render.shipped import FOLDERS, shipped
from tests.weeks import DAILY, LAUNCH, MAIL, MASTODON, NOW, PAGES, SENDER, TUESDAY, URLS, WEEK, person


def post_text(text: str, files: dict[str, bytes] | None = None) -> str:
    planned = replace(LAUNCH, text=text, link="", hashtags=())
    made = render.post(WEEK, planned, TUESDAY, MASTODON, planned_at=NOW, now=NOW, pages=PAGES, files=files or {})
    return made.text


def failing(text: str, files: dict[str, bytes] | None = None) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        post_text(text, files)
    return caught.value


def mail(body: str, **files: bytes) -> str:
    planned = replace(DAILY, template="own")
    given = {"messages/emails/own.md": body.encode(), **files}
    made = render.compile_mailing(
        WEEK, planned, TUESDAY, planned_at=NOW, now=NOW, pages=PAGES, files=given, sender=SENDER, channel=MAIL
    )
    sent = made.email(person(), message_id="a@b", envelope_from="c@d", urls=URLS, date=NOW)
    assert sent is not None
    return sent.body.text


def mail_problem(body: str, **files: bytes) -> str:
    with pytest.raises(TemplateError) as caught:
        mail(body, **files)
    return str(caught.value)


DOUBLED = (
    "{% macro m(x, n) %}{% if n %}{{ m(GROWN, n - 1) }}{% else %}{{ x }}{% endif %}{% endmacro %}{{ m('ab', 40) }}"
)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999999) %}x{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in day.themes %}{% for b in range(40000) %}{{ b }}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        DOUBLED.replace("GROWN", "x ~ x"),
        DOUBLED.replace("GROWN", "x + x"),
        DOUBLED.replace("GROWN", "[x, x]"),
        DOUBLED.replace("GROWN", "(x, x)"),
        DOUBLED.replace("GROWN", "{1: x, 2: x}"),
        DOUBLED.replace("GROWN", "[x]|list + [x]|list"),
        "".join(f"{{% set a{n + 1} %}}{{{{ a{n} }}}}{{{{ a{n} }}}}{{% endset %}}" for n in range(40)).join(
            ("{% set a0 = 'ab' %}", "{{ a40 }}")
        ),
        "{{ 'a' * 10**8 }}",
        "{{ [1] * 10**8 }}",
        "{{ 9 ** 99999999 }}",
        "{{ '%99999999d' % 1 }}",
        "{{ '{:>99999999}'.format(1) }}",
        "{{ 'a'.ljust(99999999) }}",
        "{{ ('a' ~ 'b').center(99999999) }}",
        "{{ ('ab'|replace('', 'x' * 3)) }}",
        "{{ 'a b c'|replace(' ', (range(40000)|join)) }}",
        "{{ range(49999)|join('" + "x" * 100 + "') }}",
    ],
)
def test_an_endless_or_huge_template_is_an_error_and_soon(text: str) -> None:
    code = failing(text).problems[0].code
    assert code in ("template-too-much", "template-unsafe", "template-failed", "template-circle")


@pytest.mark.parametrize(
    "text",
    [
        "{{ campaign.__class__ }}",
        "{{ campaign.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''.__class__ }}",
        "{{ say.__call__.__globals__ }}",
        "{{ (say|attr('__init__')).__globals__ }}",
        "{{ day.themes.append(1) }}",
        "{{ campaign['__class__'] }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ [1, 2]|random }}",
        "{{ lipsum() }}",
        "{{ 'a'|indent(99999999) }}",
        "{{ 'x'|center(99999999) }}",
        "{{ range(3)|batch(99999999, 'x')|list }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../../etc/passwd' %}",
    ],
)
def test_a_template_cannot_reach_out(text: str) -> None:
    failing(text)


def test_an_unknown_name_says_where_and_what_was_meant() -> None:
    problem = failing("Hello\n\n{{ campaing.title }}").problems[0]
    assert (problem.code, problem.file, problem.line) == ("template-unknown", "posts.tue-launch.text", 3)
    assert "campaign" in problem.hint
    problem = failing("{{ day.titel }}").problems[0]
    assert "title" in problem.hint
    assert "Traceback" not in str(problem)


def test_a_syntax_error_says_its_line() -> None:
    problem = failing("one\n{% if %}").problems[0]
    assert (problem.code, problem.line) == ("template-syntax", 2)


def test_templates_that_include_one_another_are_named() -> None:
    files = {
        "messages/posts/a.txt": b"{% include 'messages/posts/b.txt' %}",
        "messages/posts/b.txt": b"{% include 'messages/posts/a.txt' %}",
    }
    found = str(failing("{% include 'messages/posts/a.txt' %}", files))
    assert "messages/posts/a.txt includes messages/posts/b.txt includes messages/posts/a.txt" in found
    itself = {"messages/posts/a.txt": b"{% extends 'messages/posts/a.txt' %}"}
    assert "in a circle" in str(failing("{% include 'messages/posts/a.txt' %}", itself))
    hidden = {"messages/posts/a.txt": b"{% set n = 'messages/posts/a.txt' %}{% include n %}"}
    assert failing("{% include 'messages/posts/a.txt' %}", hidden).problems[0].code == "template-circle"


def test_a_missing_template_suggests_the_nearest() -> None:
    planned = replace(LAUNCH, text="", template="lanch")
    with pytest.raises(TemplateError, match=r"messages/posts/launch\.txt"):
        render.post(WEEK, planned, TUESDAY, MASTODON, planned_at=NOW, now=NOW, pages=PAGES, files={})


def test_bad_files_are_named() -> None:
    assert "not UTF-8" in str(failing("{% include 'x.txt' %}", {"messages/posts/x.txt": b"\n\xff"}))
    assert "longer than" in str(failing("{% include 'x.txt' %}", {"messages/posts/x.txt": b"x" * 200_000}))


def test_markdown_problems_name_the_file_and_the_line() -> None:
    assert "messages/emails/own.md:3: error link-target" in mail_problem("# A\n\n[x](javascript:alert)")
    assert "messages/emails/own.md:1: error link-target: A link leads nowhere" in mail_problem("[x]()")
    assert "error link-target" in mail_problem("[x](#)")
    assert "error resource-unknown: There is no resource 'ghost'" in mail_problem("[x](resource:ghost)")
    assert "error image-in-body" in mail_problem("![x](https://example.org/x.png)")
    assert "own.md:2: error box-unknown" in mail_problem("a\n:::boxx\nb\n:::")
    assert "is never closed" in mail_problem(":::callout\nb")


def test_raw_html_stays_words() -> None:
    text = mail("# A\n\n<script>alert(1)</script> & <b>bold</b>")
    assert "<script>alert(1)</script> & <b>bold</b>" in text


def test_a_campaigns_own_template_comes_before_the_shipped_one() -> None:
    files = {"messages/posts/day.txt": b"Ours: {{ day.weekday }}"}
    assert post_text("{% include 'day.txt' %}", files) == "Ours: Tuesday"
    assert "Protecting" in post_text("{% include 'day.txt' %}")


def test_every_shipped_template_is_there_and_goes_into_the_wheel() -> None:
    assert {"messages/emails/day.md", "messages/emails/briefing.md", "messages/emails/plain.md"} <= set(shipped())
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {f"messages/{name}": f"campaign/messages/{name}" for name in FOLDERS}


@pytest.mark.parametrize("name", [name for name in shipped() if name.startswith("messages/posts/")])
def test_every_shipped_post_says_something(name: str) -> None:
    planned = replace(LAUNCH, text="", template=name.removeprefix("messages/posts/").removesuffix(".txt"))
    made = render.post(WEEK, planned, TUESDAY, MASTODON, planned_at=NOW, now=NOW, pages=PAGES, files={})
    assert len(made.text) > 20


TEXTS = st.text(
    alphabet="{}%# |.()[]'\"abcdaycampaign title for in if endif endfor set range\n*_`:<>&!-+~=0123456789", max_size=60
)


def outcome(make: Callable[[str], str], text: str) -> TemplateError | None:
    try:
        make(text)
    except TemplateError as problem:
        return problem
    return None


@given(TEXTS)
def test_no_template_raises_anything_but_its_error(text: str) -> None:
    problem = outcome(post_text, text)
    assert problem is None or problem.problems[0].file


@given(TEXTS)
def test_no_body_raises_anything_but_its_error(text: str) -> None:
    problem = outcome(mail, text)
    assert problem is None or problem.problems[0].file


def test_pages_live_below_the_home_page_or_ours() -> None:
    assert PAGES.day(TUESDAY) == "https://week.example.org/big-week-2023/tue"
    assert Pages(home_url="https://h.example.org/week/", campaign="c").day(TUESDAY) == "https://h.example.org/week/tue/"
    assert Pages().day(TUESDAY) == Pages().home() == ""
    assert PAGES.day(None) == "https://week.example.org/big-week-2023"
