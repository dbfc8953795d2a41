"""Word files as people make them: tracked changes, content controls, fields, merged and blank cells, text boxes."""

from __future__ import annotations

import io

import pytest
from docx import Document
from docx.oxml import parse_xml

from campaign.programme.importing.documents import import_document
from campaign.programme.importing.draft import Draft
from campaign.programme.importing.word import CHANGES, docx_blocks
from tests.unit.test_importing_documents import loads, themes

W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)


GAMES = "https://example.org/games?a=1&amp;b=2"


def run(words: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{words}</w:t></w:r>'


def field(address: str, words: str) -> str:
    """A link as Word writes one that was typed by Insert, Field, or pasted from an old file."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> HYPERLINK "{address}" \\o "tip"</w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(words)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def paragraph(inner: str) -> str:
    return f"<w:p>{inner}</w:p>"


def cell(inner: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner if '<w:p>' in inner else paragraph(run(inner))}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr>{properties}{''.join(each if '<w:tc>' in each else cell(each) for each in cells)}</w:tr>"


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>"


def word(*parts: str, title: str = "Example Week") -> bytes:
    document = Document()
    document.add_heading(title, level=1)
    body = document.element.body
    for part in parts:
        opened = part.replace(">", f" {W}>", 1) if part[part.index(">") - 1] != "/" else part
        body.insert(len(body) - 1, parse_xml(opened))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def draft(data: bytes) -> Draft:
    (made,) = import_document(data, "week.docx")
    loads(made)
    return made


def told(made: Draft) -> list[tuple[str, str]]:
    return [(day, title) for day, _, title in themes(made)]


def test_words_are_read_wherever_they_lie_in_a_paragraph() -> None:
    made = draft(
        word(
            paragraph(run("Monday: ") + f"<w:ins>{run('Kindness')}</w:ins><w:del>{run('Never mind')}</w:del>"),
            paragraph(run("Tuesday: ") + f"<w:sdt><w:sdtContent>{run('Passwords')}</w:sdtContent></w:sdt>"),
            paragraph(run("Wednesday: ") + f'<w:smartTag w:element="x">{run("Games")}</w:smartTag>'),
            paragraph(run("Thursday: ") + run("secret ", "<w:rPr><w:vanish/></w:rPr>") + run("Phones")),
            paragraph(run("Friday: ") + f"<w:moveFrom>{run('Gone')}</w:moveFrom><w:moveTo>{run('Home')}</w:moveTo>"),
        )
    )
    wanted = ["Kindness", "Passwords", "Games", "Phones", "Home"]
    assert [title for _, title in told(made)] == wanted
    assert [question.text for question in made.questions if question.text == CHANGES] == [CHANGES]


def test_a_file_without_tracked_changes_is_not_asked_about_them() -> None:
    made = draft(word(paragraph(run("Monday: One")), paragraph(run("Tuesday: Two"))))
    assert CHANGES not in [question.text for question in made.questions]


def test_links_by_field_are_links() -> None:
    simple = f'<w:fldSimple w:instr=" HYPERLINK https://example.org/phones ">{run("Phones in school")}</w:fldSimple>'
    made = draft(
        word(
            paragraph(run("Monday: ") + field(GAMES, "Games toolkit") + run(" for all")),
            paragraph(run("Tuesday: ") + simple),
        )
    )
    assert told(made) == [("Monday", "Games toolkit for all"), ("Tuesday", "Phones in school")]
    held = {item["title"]: (item["type"], item["link"]) for item in made.tree["resources"].values()}
    assert held == {
        "Games toolkit": ("toolkit", "https://example.org/games?a=1&b=2"),
        "Phones in school": ("link", "https://example.org/phones"),
    }


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_day_that_goes_on_over_merged_or_blank_cells_has_all_its_themes(wrapped: bool) -> None:
    rows = table(
        row("Day", "Theme", "Who for"),
        row(cell("Monday", '<w:vMerge w:val="restart"/>'), "One", "Parents"),
        row(cell("", "<w:vMerge/>"), "Two", "Staff"),
        row("Tuesday", "Three", ""),
        row("", "Four", "Everyone"),
        row("as above", "Five", ""),
        row("Wednesday", cell(paragraph(run("Six")) + table(row("Inner words", "and more")) + "<w:p/>"), ""),
        row("Thursday", "Never", "", properties="<w:trPr><w:del/></w:trPr>"),
    )
    made = draft(word(f"<w:sdt><w:sdtContent>{rows}</w:sdtContent></w:sdt>" if wrapped else rows))
    assert told(made) == [
        ("Monday", "One"),
        ("Monday", "Two"),
        ("Tuesday", "Three"),
        ("Tuesday", "Four"),
        ("Tuesday", "Five"),
        ("Wednesday", "Six"),
    ]
    days = made.tree["days"]
    assert days[0]["themes"][1]["text"] == "Who for: Staff"
    assert days[2]["themes"][0]["text"] == "Inner words\n\nand more"


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{paragraph(run('Call the helpline'))}</w:txbxContent>"
    choice, fallback = f"<mc:Choice Requires='wps'>{box}</mc:Choice>", f"<mc:Fallback>{box}</mc:Fallback>"
    held = f"<w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r>"
    blocks, _ = docx_blocks(word(paragraph(run("Beside it") + held)), "week.docx")
    assert [block.text for block in blocks] == ["Example Week", "Beside it", "Call the helpline"]


def test_every_column_is_found_by_its_heading_in_any_order() -> None:
    made = draft(
        word(
            table(
                row("Theme", "Time", "Date", "Details"),
                row("Kindness", "10am", "Monday 10 November", "An assembly"),
                row("Passwords", "", "11/11/2025", ""),
            ),
            title="Example Week 2025",
        )
    )
    assert themes(made) == [("Monday", "2025-11-10", "Kindness"), ("Tuesday", "2025-11-11", "Passwords")]
    assert made.tree["days"][0]["themes"][0]["text"] == "Time: 10am\n\nAn assembly"


def test_a_weekday_and_a_date_in_columns_of_their_own() -> None:
    made = draft(
        word(
            table(row("10 November", "Monday", "Kindness"), row("12 November", "Tuesday", "Passwords")),
            title="Example Week 2025",
        )
    )
    assert told(made) == [("Monday", "Kindness"), ("Tuesday", "Passwords")]
    assert [question for question in made.questions if "12 November 2025 is a Wednesday" in question.text]


def test_days_across_the_columns() -> None:
    made = draft(
        word(
            table(
                row("", "Monday", "Tuesday", "Wednesday"),
                row("Theme", "One", "Two", "Three"),
                row("Lunch", "A talk", "", "A film"),
            )
        )
    )
    assert told(made) == [("Monday", "One"), ("Tuesday", "Two"), ("Wednesday", "Three")]
    assert [day["themes"][0].get("text") for day in made.tree["days"]] == ["Lunch: A talk", None, "Lunch: A film"]


def test_lists_of_words_numbering_are_items() -> None:
    numbered = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    blocks, _ = docx_blocks(word(paragraph(numbered + run("First"))), "week.docx")
    assert [(block.kind, block.text) for block in blocks[1:]] == [("item", "First")]
