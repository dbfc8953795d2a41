"""Pages of Word and of browsers, saved emails, and documents of kinds that are not read: a clear answer each."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from campaign.errors import FileError
from campaign.programme.importing.door import import_bytes, import_file
from tests.unit.test_importing_documents import loads, themes
from tests.unit.test_importing_word import paragraph, run, word

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000
PAGE = (
    '<!DOCTYPE html><html><body><h1>Example Week 2024</h1><p>Monday 7 October: <a href=3D"/kit">Sleep Tool=\n'
    "kit</a></p><p>Tuesday: Caf=E9</p></body></html>"
)
SINGLE = (
    "From: <Saved by Blink>\nSnapshot-Content-Location: https://www.example.org/week/\n"
    "Subject: Week\nMIME-Version: 1.0\n"
    'Content-Type: multipart/related;\n\ttype="text/html";\n\tboundary="----edge"\n\n------edge\n'
    'Content-Type: text/html; charset="windows-1252"\nContent-Transfer-Encoding: quoted-printable\n'
    f"Content-Location: https://www.example.org/week/\n\n{PAGE}\n"
    "------edge\nContent-Type: text/css\n\np {}\n------edge--\n"
)
LETTER = (
    "From: a@example.org\nSubject: x\nContent-Type: text/plain\n\n"
    "Example Week 2024\n\nMonday 7 October: One\nTuesday: Two\n"
)


def remade(data: bytes, part: str, new: bytes | None = None, **change: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in old.namelist():
            content = old.read(name)
            made.writestr(name, content.replace(change["old"], change["by"], 1) if name == part and change else content)
        if new is not None:
            made.writestr(part, new)
    return out.getvalue()


def test_a_page_saved_as_a_single_file_is_the_page() -> None:
    for data in (SINGLE.encode("cp1252"), SINGLE.replace("\n", "\r\n").encode("cp1252")):
        (draft,) = import_bytes(data, "week.mhtml")
        loads(draft)
        assert [title for _, _, title in themes(draft)] == ["Sleep Toolkit", "Café"]
        [kit] = draft.tree["resources"].values()
        assert kit["link"] == "https://www.example.org/kit"


def test_a_saved_email_is_its_words(tmp_path: Path) -> None:
    path = tmp_path / "forwarded"
    path.write_text(LETTER, "utf-8")
    (draft,) = import_file(path)
    loads(draft)
    assert themes(draft) == [("Monday", "2024-10-07", "One"), ("Tuesday", "", "Two")]


WORD = word(paragraph(run("Monday: One")), paragraph(run("Tuesday: Two")))


def open_document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", "<x/>")
    return out.getvalue()


LATE = b"<!--" + b"x" * 9000 + b"--><!DOCTYPE x>"
DEEP = b"<w:sdt><w:sdtContent>" * 3000 + b"</w:sdtContent></w:sdt>" * 3000


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (OLE + "WordDocument".encode("utf-16-le"), "week.doc", "old Word file (.doc). In Word choose Save As"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "week.docx", "protected by a password"),
        (open_document(), "week.odt", "OpenDocument text (.odt). In LibreOffice choose Save As"),
        (remade(WORD, "word/vbaProject.bin", b"x"), "week.docm", "holds macros"),
        (remade(word(), "word/media/image1.png", b"x"), "week.docx", "none can be read from the pictures in it"),
        (b"{\\rtf1 Monday: One}", "week.rtf", "rich text file. In Word choose Save As"),
        (b"%PDF-1.7 Monday: One", "week.pdf", "is a PDF"),
        (b"MIME-Version: 1.0\nContent-Type: image/png\n\nx", "week.mht", "no page and no words"),
        (b"MIME-Version: 1.0\nContent-Type: text/html; charset=nonsense\n\nx", "week.mht", "no page and no words"),
        (WORD[:900], "week.docx", "damaged"),
        (remade(WORD, "word/document.xml", old=b"<w:body>", by=b"<w:body>" + DEEP), "week.docx", "damaged"),
        (
            remade(WORD, "word/document.xml", old=b"<w:document", by=LATE + b"<w:document"),
            "week.docx",
            "document type",
        ),
        (
            remade(WORD, "word/document.xml", old=b"<w:body>", by=b"<w:body>" + b"<w:p/>" * 4_000_000),
            "week.docx",
            "zip bomb",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
@pytest.mark.parametrize("at_hand", [False, True])
def test_what_is_not_read_says_what_to_do(data: bytes, name: str, words: str, at_hand: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        import_bytes(data, name) if at_hand else import_file(path)
    assert words in str(caught.value)


def test_a_file_that_draws_on_others_is_read_without_them() -> None:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    outside = f'<Relationship Id="rIdZ" Type="{kinds}/image" Target="http://127.0.0.1:9/x.png" TargetMode="External"/>'
    data = remade(
        WORD, "word/_rels/document.xml.rels", old=b"</Relationships>", by=f"{outside}</Relationships>".encode()
    )
    (draft,) = import_bytes(data, "week.docx")
    assert [title for _, _, title in themes(draft)] == ["One", "Two"]


WORDS_PAGE = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>
<meta http-equiv=Content-Type content="text/html; charset=windows-1252">
<!--[if gte mso 9]><xml><o:x>Friday: never</o:x></xml><![endif]--></head><body lang=EN-GB><div class=WordSection1>
<p class=MsoTitle>Safer Sleep Week 2025<o:p></o:p></p>
<table class=MsoTableGrid><tr><td><b>Day</b></td><td><b>Theme</b></td><td>Who for</td></tr>
<tr><td rowspan=2><p class=MsoNormal>Mon 10 March</p></td><td><p class=MsoNormal>Back to sleep</p>
<p class=MsoListParagraph><![if !supportLists]><span>·<span>&nbsp;&nbsp; </span></span><![endif]>Read the
<a href="https://www.example.org/s">Safer Sleep Guide</a></p></td><td rowspan=3>Parents</td></tr>
<tr><td><p class=MsoNormal>Dads matter <del>and not mums</del></p></td></tr>
<tr><td><p class=MsoNormal>Tues 11 March</p></td><td><p class=MsoNormal>Room to breathe<br>Book a free place at the
<a href="https://www.example.org/b">webinar</a></p></td></tr></table>
<p class=MsoListParagraph>· A last word</p></div></body></html>"""


def test_a_page_that_word_wrote_keeps_what_spans_rows_and_its_bullets() -> None:
    (draft,) = import_bytes(WORDS_PAGE.encode("cp1252"), "week.htm")
    loads(draft)
    assert [(day, title) for day, _, title in themes(draft)] == [
        ("Monday", "Back to sleep"),
        ("Monday", "Dads matter"),
        ("Tuesday", "Room to breathe"),
    ]
    monday, tuesday = draft.tree["days"]
    assert (
        monday["themes"][0]["text"] == "- Read the [Safer Sleep Guide](resource:safer-sleep-guide)\n\nWho for: Parents"
    )
    assert monday["themes"][1]["text"] == tuesday["themes"][0]["text"].split("\n\n")[1] == "Who for: Parents"
    event = draft.tree["resources"]["webinar"]
    assert (event["title"], event["event"]["booking"]) == ("Webinar", "https://www.example.org/b")
    assert draft.tree["campaign"]["text"] == "- A last word"
    assert not [question for question in draft.questions if "where is it booked" in question.text]
