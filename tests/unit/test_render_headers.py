"""Header values and encoded parts read back as they were, whatever they hold, and no line is too long."""

from __future__ import annotations

import email
import quopri
import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_string
from email.header import decode_header, make_header
from email.policy import SMTP, default
from email.utils import format_datetime, parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.errors import Refused
from campaign.render import headers
from campaign.render.encode import compile_part, quoted, quoted_value, tidy
from campaign.render.slots import Slot, fill, split

STRICT = SMTP.clone(raise_on_defect=True)
LINE = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\x85"), max_size=300)


@given(LINE.filter(lambda text: text.strip() == text and text))
@example("=?utf-8?q?not_encoded?=")
@example("a" * 300)
@example("two  spaces")
@example("é" * 200)
@example("👩‍👩‍👧 " * 30)
@example("Tuesday: " + "a long word " * 20)
def test_a_subject_reads_back_as_it_was(text: str) -> None:
    wire = headers.unstructured("Subject", text)
    assert wire.isascii()
    assert all(len(line) <= 76 for line in wire.split("\r\n"))
    read = email.message_from_string(f"{wire}\r\n\r\n", policy=STRICT)
    assert str(read["Subject"]) == text


@given(LINE.filter(lambda text: text.strip() == text))
@example('Dr "A" \\ B')
@example("Zoë-Ann O'Neil")
@example("a@b, c")
@example("(comment)")
def test_a_display_name_reads_back_as_it_was(name: str) -> None:
    wire = headers.mailbox("To", name, "sam@example.org")
    read = email.message_from_string(f"{wire}\r\n\r\n", policy=STRICT)
    (address,) = read["To"].addresses
    assert address.addr_spec == "sam@example.org"
    # Python 3.11 shows the space between two encoded words of a name, which RFC 2047 6.2 says is none.
    assert address.display_name.replace(" ", "") == name.replace(" ", "")
    if len(name.encode()) <= 45:
        assert address.display_name == name


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@y", "a\nb", "a\rb", "a\x00b", "a\x85b", "a\u2028b", "a\x7fb", "a\tb"])
def test_no_header_takes_a_line_break(bad: str) -> None:
    with pytest.raises(Refused):
        headers.unstructured("Subject", bad)
    with pytest.raises(Refused):
        headers.mailbox("From", bad, "sam@example.org")


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-12, 12))
def test_a_date_is_written_as_the_standard_library_writes_it(moment: datetime, hours: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    line = headers.DateLine()
    assert line(aware) == line(aware) == format_datetime(aware.astimezone(UTC))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=400))
@example("From here\n.\n..\n.dot\nFrom there")
@example(" leading and trailing \n\n   \n")
@example("x" * 75 + " " + "y" * 80)
@example("=" * 100)
def test_a_part_reads_back_as_it_was(text: str) -> None:
    text = tidy(text)
    wire = quoted(text)
    assert wire.isascii()
    assert all(len(line) <= 76 for line in wire.split(b"\r\n"))
    assert not re.search(rb"(?m)^From |[ \t]\r\n", wire)
    assert quopri.decodestring(wire).replace(b"\r\n", b"\n").decode() == text


@given(st.lists(st.text(max_size=90), min_size=1, max_size=4), st.text(max_size=90))
@example(["x" * 75, "y"], "z" * 76)
@example(["x" * 76, ""], "é" * 40)
@example(["\n", "\n"], ".")
def test_a_part_with_slots_reads_back_filled(pieces: list[str], value: str) -> None:
    pieces = [tidy(piece) for piece in pieces]
    value = " ".join(tidy(value).split()) or "x"
    slot = Slot("subscriber.first_name")
    part = compile_part(slot.mark.join(pieces))
    values = {slot.name: value}
    want = fill(part.text, values)
    if part.pieces is None:
        assert part.transfer == "base64"
        return
    wire = b"".join(piece if isinstance(piece, bytes) else quoted_value(value) for piece in part.pieces)
    assert all(len(line) <= 76 for line in wire.split(b"\r\n"))
    assert quopri.decodestring(wire).replace(b"\r\n", b"\n").decode() == want
    assert "".join(value if is_slot else words for is_slot, words in split(part.text)) == want


@pytest.mark.parametrize(
    ("address", "wire", "utf8"),
    [
        ("sam@example.org", "sam@example.org", False),
        ("Sam.Case@EXAMPLE.org", "Sam.Case@example.org", False),
        ("s@bücher.example", "s@xn--bcher-kva.example", False),
        ("ö@faß.example", "ö@xn--fa-hia.example", True),
    ],
)
def test_addresses_in_wire_form(address: str, wire: str, utf8: bool) -> None:
    assert headers.wire_address(address) == (wire, utf8)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sam",
        "@example.org",
        "sam@",
        ".sam@example.org",
        "sam@@example.org",
        "s am@example.org",
        "a" * 250 + "@b.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        headers.wire_address(address)


def test_a_partnership_with_a_long_name_keeps_it() -> None:
    name = "Hampshire, Isle of Wight, Portsmouth and Southampton Safeguarding Children Partnerships"
    line = headers.mailbox("From", name, "news@example.org")
    found = message_from_string(f"{line}\r\n\r\n", policy=default)["From"].addresses[0]
    assert (found.display_name, found.addr_spec) == (name, "news@example.org")


@given(name=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=300))
@example("Bwrdd Diogelu Plant Llŷn, Ynys Môn a Gwynedd, â'i bartneriaid ym maes addysg ac iechyd" * 3)
@example("한국어 " * 30)
@example("\U0001f600" * 100)
@pytest.mark.parametrize("header", ["From", "Reply-To", "To"])
def test_a_long_name_outside_ascii_is_kept_on_lines_that_are_short_enough(header: str, name: str) -> None:
    name = " ".join(name.split())
    if not name:
        return
    line = headers.mailbox(header, name, "news@example.org")
    assert line.isascii()
    assert name.isascii() or all(len(each) <= 76 for each in line.split("\r\n"))
    shown, address = parseaddr(line.removeprefix(f"{header}: ").replace("\r\n", ""))
    assert address == "news@example.org"
    assert str(make_header(decode_header(shown))) == name
