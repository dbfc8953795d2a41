"""Addresses: what is accepted, what compares equal, and what a log may show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.address import KeyRing, fold, mask, parse, redact, same, tidy
from campaign.errors import AddressError
from campaign.tokens import Key

LOCALS = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[A-Za-z0-9_-]{1,10}){0,2}", fullmatch=True)
DOMAINS = st.sampled_from(
    ["example.org", "EXAMPLE.org", "Mail.Example.com", "bücher.example", "例子.公司", "faß.example"]
)


@pytest.mark.parametrize(
    ("written", "wire", "key"),
    [
        ("Jane.ONeil@EXAMPLE.org", "Jane.ONeil@example.org", "jane.oneil@example.org"),
        ("o'neil+ce@example.org", "o'neil+ce@example.org", "o'neil+ce@example.org"),
        ("a@bücher.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@faß.example", "a@xn--fa-hia.example", "a@xn--fa-hia.example"),
        ("STRASSE@example.org", "STRASSE@example.org", "strasse@example.org"),
        ("Straße@example.org", "Straße@example.org", "strasse@example.org"),
        ("用户@例子.公司", "用户@xn--fsqu00a.xn--55qx5d", "用户@xn--fsqu00a.xn--55qx5d"),
        ("e\u0301@example.org", "é@example.org", "é@example.org"),
    ],
)
def test_the_local_part_is_kept_and_compared_casefolded(written: str, wire: str, key: str) -> None:
    address = parse(written)
    assert address.wire == wire
    assert address.key == key


@pytest.mark.parametrize(
    ("written", "needs"), [("jane@example.org", False), ("jane@bücher.example", False), ("jané@example.org", True)]
)
def test_only_a_local_part_outside_ascii_needs_smtputf8(written: str, needs: bool) -> None:
    assert parse(written).smtputf8 is needs


def test_an_international_domain_is_shown_in_its_own_script() -> None:
    assert parse("a@xn--bcher-kva.example").shown == "a@bücher.example"
    assert parse("a@xn--bcher-kva.example").domain == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "no address here"),
        ("   ", "no address here"),
        ("x" * 308 + "@example.org", "320 characters"),
        ("jane@example.org\r\nBcc: all@example.org", "line break"),
        ("jane@example.org\n", "line break"),
        ("jane\t@example.org", "tab"),
        ("Jane Doe <jane@example.org>", "one address alone"),
        ("jane@example.org, bob@example.org", "one address alone"),
        ("jane@example.org;bob@example.org", "one address alone"),
        ("jane doe@example.org", "one address alone"),
        ("jane", "@-sign"),
        ("jane@localhost", "period"),
        ("jane@[192.0.2.1]", "bracketed"),
        ("jane..doe@example.org", "two periods"),
        ("\u202ejane@example.org", "unsafe"),
        ("jane@example.org.", "period"),
        ("@example.org", "before the @"),
        ("a" * 65 + "@example.org", "too long"),
    ],
)
def test_what_cannot_be_mailed_is_refused_in_clear_words(written: str, words: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse(written)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "written", ["jane@-bad-.example", "jane.private@under_score..example", "jane@" + "x" * 64 + ".org"]
)
def test_a_refusal_never_repeats_the_address(written: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse(written)
    assert written not in str(refused.value)
    assert "jane" not in str(refused.value)


def test_a_domain_that_grows_past_the_limit_as_a_labels_is_refused() -> None:
    with pytest.raises(AddressError):
        parse("a" * 60 + "@" + ".".join(["ü" * 45] * 4) + ".example")


@given(LOCALS, DOMAINS)
def test_normalising_twice_changes_nothing(local: str, domain: str) -> None:
    once = parse(f"{local}@{domain}")
    again = parse(once.wire)
    assert again == once
    assert parse(once.key).key == once.key


@given(LOCALS, DOMAINS)
def test_case_never_tells_two_people_apart(local: str, domain: str) -> None:
    assert same(f"{local}@{domain}", f"{local.swapcase()}@{domain.upper() if domain.isascii() else domain}")


@given(st.text(max_size=40))
def test_folding_is_idempotent_for_any_text(local: str) -> None:
    assert fold(fold(local)) == fold(local)


@given(st.text(max_size=330))
def test_any_text_is_an_address_or_a_clear_refusal(text: str) -> None:
    try:
        found = parse(text)
    except AddressError:
        return
    assert not any(sign in found.wire for sign in "\r\n\0 <>,;")
    assert found.domain.isascii()
    assert len(found.wire.encode()) <= 254


@pytest.mark.parametrize(
    "cell", ["\ufeffjane@example.org", " jane@example.org\u00a0", "jane@\u200bexample.org\r\n", "\tjane@example.org"]
)
def test_a_cell_is_tidied_of_what_nobody_typed(cell: str) -> None:
    assert tidy(cell) == "jane@example.org"


def test_a_line_break_inside_a_cell_stays_to_be_refused() -> None:
    with pytest.raises(AddressError):
        parse(tidy("jane@example.org\r\nBcc: all@example.org"))


def test_freemail_is_told_from_an_organisation() -> None:
    assert parse("jane@Gmail.com").freemail
    assert not parse("jane@hants.example").freemail


def test_a_hash_depends_on_the_key_and_the_person_and_not_on_case() -> None:
    ring = KeyRing(Key(b"a" * 32), (Key(b"b" * 32),))
    one, other = ring.hashes(parse("Jane@example.org").key)
    assert ring.hash(parse("jane@EXAMPLE.org").key) == one
    assert one != other
    assert len(one) == 64
    assert ring.current.id != ring.old[0].id
    assert ring.hash("joe@example.org") != one


def test_neither_a_key_nor_an_address_shows_itself() -> None:
    assert "aaaa" not in repr(KeyRing(Key(b"a" * 32)))
    assert "jane" not in repr(parse("jane@example.org"))


@given(LOCALS, st.sampled_from(["", "550 5.1.1 <", "to=", "'"]), st.sampled_from(["", ">: unknown", ".", "'", ")"]))
def test_a_log_line_holds_no_address(local: str, before: str, after: str) -> None:
    shown = redact(f"{before}{local}@secret.example.org{after}")
    assert "secret" not in shown
    assert "@***.org" in shown


def test_a_page_shows_its_reader_the_first_letter() -> None:
    assert mask("jane@example.org") == "j•••@example.org"
