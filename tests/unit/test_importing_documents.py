"""Documents become drafts that miss no theme, link or pending marker, and invent none."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import FileError
from campaign.programme import load_bytes
from campaign.programme.importing.documents import import_document
from campaign.programme.importing.draft import Draft

HERE = Path(__file__).parents[1] / "fixtures" / "documents"
WEEK = (HERE / "childrens-week.txt").read_bytes()
WEEKS = (HERE / "practice-weeks.txt").read_bytes()
BRIEFING = (HERE / "briefing.md").read_bytes()


def themes(draft: Draft) -> list[tuple[str, str, str]]:
    """Weekday, date and title of every theme."""
    return [
        (day["weekday"], day.get("date", ""), theme["title"]) for day in draft.tree["days"] for theme in day["themes"]
    ]


def titles(draft: Draft, kind: str = "") -> set[str]:
    held: dict[str, Any] = draft.tree.get("resources", {})
    return {each["title"] for each in held.values() if kind in ("", each["type"])}


def asked(draft: Draft, line: int, words: str) -> bool:
    return any(words in each.text and any(place.row == line for place in each.places) for each in draft.questions)


def loads(draft: Draft) -> None:
    load_bytes(draft.yaml().encode(), files=draft.files | {"messages/emails/briefing.md": b"x"})


THEMES_2023 = [
    ("Monday", "2023-10-09", "Safeguarding, radicalisation and extremism"),
    ("Monday", "2023-10-09", "Supporting community and voluntary organisations"),
    ("Tuesday", "2023-10-10", "Protecting from child exploitation"),
    ("Wednesday", "2023-10-11", "Training Together. Learning Together. Safeguarding Together."),
    ("Thursday", "2023-10-12", "Safeguarding unborn babies and infants"),
    ("Friday", "2023-10-13", "Supporting parents and carers"),
]


def test_a_pasted_page_with_a_table_of_days() -> None:
    (draft,) = import_document(WEEK, "week.txt")
    loads(draft)
    campaign = draft.tree["campaign"]
    assert themes(draft) == THEMES_2023
    assert titles(draft, "toolkit") == {
        "Prevent Toolkit",
        "Toolkit: Supporting community and voluntary organisations",
        "HIPS Child Exploitation Toolkit",
        "Safeguarding Infants Toolkit",
    }
    assert titles(draft) - titles(draft, "toolkit") == {
        "Virtual launch of the HIPS Child Exploitation Toolkit",
        "Fully funded multi-agency training offer",
        "Interview with Scott MacKechnie",
        "Messages from senior managers",
        "Safeguarding resources for parents/carers",
    }
    assert campaign["title"] == "Safeguarding Children\u2019s Week 2023"
    assert campaign["aliases"] == ["Safeguarding Children Week 2023"]
    assert (campaign["starts"], campaign["ends"], campaign["edition"]) == ("2023-10-09", "2023-10-13", "2023")
    assert campaign["hashtags"] == ["Safeguardingchildren2023"]
    assert draft.tree["areas"] == {
        "HAM": "Hampshire",
        "IOW": "Isle of Wight",
        "POR": "Portsmouth",
        "SOU": "Southampton",
    }
    assert draft.tree["area_groups"] == {"HIPS": ["HAM", "IOW", "POR", "SOU"]}
    assert set(draft.tree["organisations"]) == {"HIOW", "HIPS", "HSAB", "HSCP", "IOWSCP"}
    assert list(draft.tree["channels"]) == ["x"]
    assert campaign["status"] == "draft"
    assert not any("approval" in resource for resource in draft.tree["resources"].values())


def test_what_a_pasted_page_leaves_open_is_asked_by_its_line() -> None:
    (draft,) = import_document(WEEK, "week.txt")
    assert asked(draft, 6, "contact's address is missing")
    assert asked(draft, 10, "second theme")
    assert asked(draft, 12, "at what time does it start")
    assert asked(draft, 20, "#Safeguardingchildren2023")
    assert "contact" not in draft.tree["campaign"]


def test_a_page_of_two_weeks_makes_two_drafts() -> None:
    first, second = import_document(WEEKS, "weeks.txt")
    for draft in (first, second):
        loads(draft)
        assert draft.tree["campaign"]["series"] == "safeguarding-practice-weeks"
        assert "starts" not in draft.tree["campaign"]
    assert first.tree["campaign"]["title"] == "Safeguarding Children Week 2023"
    assert [title for _, _, title in themes(first)] == [
        "Supporting community and voluntary organisations",
        "Protecting from child exploitation",
        "Training Together. Learning Together. Safeguarding Together",
        "Safeguarding unborn babies and infants",
        "Supporting parents and carers",
    ]
    assert [item["link"] for item in first.tree["resources"].values()] == ["#"] * 5
    assert all(asked(first, line, "its link was lost") for line in range(9, 14))
    assert first.tree["campaign"]["one_thing"] == {"text": "If you do one thing...", "link": "#"}
    assert set(first.tree["organisations"]) == {"HLSCP", "IOWLSCP"}


def test_a_week_without_dates_asks_for_its_monday() -> None:
    _, draft = import_document(WEEKS, "weeks.txt")
    assert draft.tree["campaign"]["title"] == "Learning from Reviews 2024"
    assert [(day, title) for day, _, title in themes(draft)] == [
        ("Monday", "Learning from Reviews toolkit and Safeguarding Theme Overview Pack"),
        ("Tuesday", "Information exchange and risk and critical thinking"),
        ("Wednesday", "Family engagement, honest conversations, and professional curiosity"),
        ("Thursday", "Resolution, Disproportionality and Supervision"),
        ("Friday", "Myth-busting and agency responsibilities"),
    ]
    assert titles(draft) == {
        "Learning from Reviews toolkit",
        "Safeguarding Theme Overview Pack",
        "Learning reviews",
        "Additional resources",
    }
    assert asked(draft, 35, "when does the week start?")
    assert asked(draft, 23, "'here' was a link")


def test_a_long_document_becomes_a_briefing() -> None:
    (draft,) = import_document(BRIEFING, "briefing.md")
    loads(draft)
    source = BRIEFING.decode()
    links = re.findall(r"\[((?:[^\[\]\\]|\\.)+)\]\(#\)", source)
    held = draft.tree["resources"].values()
    assert len(links) == 20
    assert [each for each in held if each.get("link") == "#"]
    assert {each["title"] for each in held if each.get("link")} == {re.sub(r"\\(.)", r"\1", link) for link in links}
    assert {each["title"] for each in held if each.get("approval") == "pending"} == {
        "Understanding the links between trauma and neurodiversity in children",
        "Educational Neglect Advice",
    }
    assert len(held) == 22
    (body,) = draft.files.values()
    text = body.decode()
    assert len(re.findall(r"^#", source, re.M)) == len(re.findall(r"^#", text, re.M))
    assert len(re.findall(r"^- ", source, re.M)) == len(re.findall(r"^- ", text, re.M))
    assert text.count("(resource:") == 22
    assert "> \u201cThere is learning" in text
    assert set(draft.tree["organisations"]) == {"IOWSCP"}
    assert any("Executive Group" in question.text for question in draft.questions)


HTML = """<!doctype html><html><head><title>x</title><style>p{}</style></head><body>
<nav><a href="/home">Home</a><p>Monday: the menu</p></nav>
<h1>Example Week 2024</h1>
<p>Write to <a href="mailto:team@example.org">team@example.org</a>. <span hidden>Tuesday: hidden</span></p>
<table><thead><tr><th>Day</th><th>Theme</th></tr></thead><tbody>
<tr><td>Mon, 7 October</td><td><strong>Online safety</strong><br>
The <a href="https://example.org/kit">Online Toolkit</a> is here.</td></tr>
<tr><td>Tues 8 October</td><td>Neglect<p>
Be there: <a href="https://example.org/book?a=1&amp;b=2">book a free place</a> at the webinar.</p></td></tr>
<tr><td>Wednes 9 October</td><td>[focus to be confirmed]</td></tr>
</tbody></table><script>Thursday: no</script><footer>Friday: no</footer></body></html>"""


def test_a_saved_page_keeps_links_and_leaves_its_frame_out() -> None:
    (draft,) = import_document(HTML.encode(), "page.html")
    loads(draft)
    assert themes(draft) == [
        ("Monday", "2024-10-07", "Online safety"),
        ("Tuesday", "2024-10-08", "Neglect"),
        ("Wednesday", "2024-10-09", "[focus to be confirmed]"),
    ]
    assert draft.tree["days"][2]["themes"][0]["status"] == "tbc"
    held = draft.tree["resources"]
    assert held["online-toolkit"] == {"type": "toolkit", "title": "Online Toolkit", "link": "https://example.org/kit"}
    assert held["webinar"]["event"] == {"starts": "2024-10-08", "booking": "https://example.org/book?a=1&b=2"}
    assert draft.tree["days"][0]["themes"][0]["text"] == "The [Online Toolkit](resource:online-toolkit) is here."
    assert draft.tree["campaign"]["contact"] == {"email": "team@example.org"}
    assert draft.tree["campaign"]["title"] == "Example Week 2024"


def word(*, table: bool) -> bytes:
    """The 2023 week as a Word file: its table as a table, or all of it as paragraphs."""
    document = Document()
    lines = [line for line in WEEK.decode().splitlines() if line.strip()]
    rows = [line for line in lines if re.match(r"\w+, \d+ October \|", line)]
    before, after = lines[: lines.index(rows[0])], lines[lines.index(rows[-1]) + 2 :]
    document.add_heading(before[0], level=1)
    for line in before[1:]:
        if table and line.strip(" |") in {"Day", "Theme"}:
            continue
        document.add_paragraph(line)
    if table:
        made = document.add_table(rows=1, cols=2)
        made.rows[0].cells[0].text, made.rows[0].cells[1].text = "Day", "Theme"
        for row in rows:
            day, _, title = row.partition(" | ")
            cells = made.add_row().cells
            cells[0].text = day
            cells[1].text = title
            cells[1].add_paragraph(lines[lines.index(row) + 1])
    else:
        for line in lines[lines.index(rows[0]) : lines.index(rows[-1]) + 2]:
            document.add_paragraph(line)
    for line in after:
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("table", [True, False])
def test_a_word_file_says_what_the_page_says(table: bool) -> None:
    (draft,) = import_document(word(table=table), "week.docx")
    (page,) = import_document(WEEK, "week.txt")
    loads(draft)
    assert themes(draft) == THEMES_2023
    assert titles(draft) == titles(page)
    assert draft.tree["campaign"]["text"] == page.tree["campaign"]["text"]


def test_a_weekday_that_is_not_the_dates_is_asked() -> None:
    (draft,) = import_document(b"Week 2023\nMonday 9 October: One\nTues 11 October: Two\n", "week.txt")
    assert asked(draft, 3, "11 October 2023 is a Wednesday, not a Tuesday")
    assert themes(draft)[1] == ("Tuesday", "", "Two")


def test_markdown_with_days_in_bold_on_lines_that_follow_one_another() -> None:
    text = b"# Example Week 2024\n\nCome and\nsee.\n\n**Monday 7 October**: One\n**Tuesday**: [Two](https://example.org/2)\n"
    (draft,) = import_document(text, "week.md")
    assert themes(draft) == [("Monday", "2024-10-07", "One"), ("Tuesday", "", "Two")]
    assert draft.tree["campaign"]["text"] == "Come and see."
    assert [each["link"] for each in draft.tree["resources"].values()] == ["https://example.org/2"]


def test_two_themes_on_lines_of_one_day_are_both_kept() -> None:
    (draft,) = import_document(
        b"Week 2023\n\nMonday: One\nMonday: Two\nTuesday: Three (pending approval)\n", "week.txt"
    )
    assert [title for _, _, title in themes(draft)] == ["One", "Two", "Three"]
    assert asked(draft, 5, "waiting for approval")


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.txt", "is empty"),
        (b"Nothing of a week in here.", "a.txt", "neither a week nor a briefing"),
        (b"PK\x03\x04 broken", "a.docx", "damaged"),
        (b"\x00\x01\x02" * 50, "a.txt", "not a document"),
    ],
)
def test_what_is_no_document_is_told(data: bytes, name: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        import_document(data, name)


_PIECES = ["Monday: ", "Tues 10 October | ", "Week 2023\n", "\n\n", "# ", "- ", "[a](#)", "(pending approval)", "(",
           "<td>", "<html>", "<a href='x'>", "</a>", "| ", "\u2019s ", "Toolkit ", "The New Toolkit ",
           "book a place at the webinar. ",
           "If you do one thing", "Friday: ", "Sat", "9 to 13 October 2023 "]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=8)), max_size=40).map("".join))
def test_no_text_gives_a_traceback_and_every_draft_loads(text: str) -> None:
    try:
        drafts = import_document(text.encode("utf-8", "replace"), "a.txt")
    except FileError as error:
        assert error.problems  # noqa: PT017
        return
    for draft in drafts:
        loads(draft)


def test_a_document_that_is_data_is_refused() -> None:
    with pytest.raises(FileError, match="at most 5,000 paragraphs"):
        import_document(b"Monday: a\nTuesday: b\n" + b"x\n" * 6000, "a.txt")


def test_a_page_of_many_links_keeps_each_once() -> None:
    links = "\n\n".join(f"[Page {number} of many](https://example.org/{number})" for number in range(600))
    (draft,) = import_document(f"Week 2023\n\nMonday: One\nTuesday: Two\n\n{links}\n\n{links}".encode(), "a.md")
    assert len(draft.tree["resources"]) == 600


TWICE = b"""Anti-Bullying Week 2025

At a glance

Monday 10 November: Odd socks day
Tuesday 11 November: Online kindness
Monday - Friday: drop-in every lunchtime

In detail

Monday 10 November: Odd socks day
Wear odd socks.

## Key contacts
Email team@example.org with questions.

Tuesday 11 November: Online kindness
Read the Parents Guide.
"""


def test_a_week_told_in_short_and_then_at_length_is_one() -> None:
    (draft,) = import_document(TWICE, "week.txt")
    loads(draft)
    assert themes(draft) == [
        ("Monday", "2025-11-10", "Odd socks day"),
        ("Tuesday", "2025-11-11", "Online kindness"),
    ]
    assert [day["themes"][0]["text"] for day in draft.tree["days"]] == ["Wear odd socks.", "Read the Parents Guide."]
    about = draft.tree["campaign"]["text"]
    assert all(words in about for words in ("At a glance", "drop-in every lunchtime", "Key contacts", "with questions"))
    assert titles(draft) == {"Parents Guide"}


WORDS = st.text(alphabet="abcdefghijklmnop", min_size=4, max_size=9)
LINES = st.one_of(
    WORDS,
    st.builds("## {}".format, WORDS),
    st.builds("- {}".format, WORDS),
    st.builds("| {} | {} |".format, WORDS, WORDS),
    st.builds("{}: {}".format, st.sampled_from(["Monday", "Tuesday", "Friday"]), WORDS),
    st.builds("| {} | {} | {} |".format, st.sampled_from(["Monday", "", "Thursday"]), WORDS, WORDS),
)


@given(st.lists(LINES, max_size=14))
def test_no_word_of_a_document_is_lost(lines: list[str]) -> None:
    text = "\n\n".join(["Example Week 2025", "Monday: First", *lines, "Saturday: Last"])
    drafts = import_document(text.encode(), "week.txt")
    held = "\n".join(each.yaml() + "".join(body.decode() for body in each.files.values()) for each in drafts)
    for line in lines:
        for word in re.findall(r"[a-p]{4,}", line):
            assert word in held, f"{word} of {line!r} is in no draft"


@pytest.mark.parametrize(
    "says",
    [
        '<base href="https://www.example.org/week/">',
        "<!-- saved from url=(0031)https://www.example.org/week/ -->",
        '<link rel="canonical" href="https://www.example.org/week/">',
        '<link href="https://www.example.org/week/" rel="canonical">',
    ],
)
def test_short_links_of_a_saved_page_are_made_whole_by_the_address_it_names(says: str) -> None:
    page = (
        f"<!DOCTYPE html>{says if says.startswith('<!--') else ''}<html><head>{says}</head><body>"
        '<h1>Example Week 2024</h1><p>Monday: <a href="/kit">Sleep Toolkit</a></p>'
        '<p>Tuesday: <a href="play?a=1">Play Toolkit</a></p></body></html>'
    )
    (draft,) = import_document(page.encode(), "page.html")
    held = {item["title"]: item["link"] for item in draft.tree["resources"].values()}
    assert held == {
        "Sleep Toolkit": "https://www.example.org/kit",
        "Play Toolkit": "https://www.example.org/week/play?a=1",
    }


def test_each_question_of_a_list_says_what_it_is_about() -> None:
    (draft,) = import_document(WEEK, "week.txt")
    said = draft.asked()
    about = "Line 12: 'HIPS Child Exploitation Toolkit': the document names it and links nothing: what is its address?"
    assert about in said
    assert len(set(said)) == len(said), "two questions read alike"
