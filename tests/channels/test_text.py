"""Counting and finding in texts, by the networks' own examples and against a slow reference."""

from __future__ import annotations

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.channels import _text as text_rules
from campaign.channels._text import graphemes, hashtags, links, little_text, mastodon_length, split, x_length
from tests.channels.reference import link_spans, x_length_without_emoji

URLISH = st.lists(
    st.sampled_from(
        [
            *"abzAZ019 -_./:?#&=@()[]~+,;!'*%$|\n\\\"<>{}",
            "http://", "https://", "HTTPS://", "example", ".com", ".org", ".uk", ".co.uk", ".museum", "xn--p1ai",
            "www.", "/path", "?a=b", "é", "ß", "ж", "(x)", "((y))", " see ", "t.co", "nosuchtld",
        ]
    ),
    max_size=14,
).map("".join)  # fmt: skip
TEXTS = st.text(max_size=80) | URLISH


def written(text: str) -> list[str]:
    return [link.value for link in links(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://example.org/a?b=c.", ["https://example.org/a?b=c"]),
        ("example.org, www.example.co.uk and t.co", ["example.org", "www.example.co.uk", "t.co"]),
        ("version 1.2.3 or file.txt or e.g. this", []),
        ("mail me@example.org now", []),
        ("(https://example.org/a_(b))", ["https://example.org/a_(b)"]),
        ("http://user:pw@example.org/", []),
        ("http://☃.net/ and ☃.net", ["http://☃.net/"]),
        ("日本example.com", ["example.com"]),
        ("http://example.com/Русские_слова", ["http://example.com/Русские_слова"]),
        ("http://test_underscore.example.com http://a.foo-cow_4352.com", ["http://test_underscore.example.com"]),
        ("http://www.-domain4352.com/", []),
        ("ftp://www.example.com/", []),
        ("-example.org _example.org .example.org /example.org", []),
        ("$example.org #example.org xexample.org", ["xexample.org"]),
        ("https://example.org:8080/x", ["https://example.org:8080/x"]),
        ("https://example.orgs", []),
        ("https://example.org’s page", ["https://example.org"]),
        ("\u200fhttps://example.org/שלום", ["https://example.org/"]),
        ("https://example.org/" + "a" * 4076, ["https://example.org/" + "a" * 4076]),
        ("https://example.org/" + "a" * 4077, []),
    ],
)
def test_links_are_found_as_x_finds_them(text: str, found: list[str]) -> None:
    assert written(text) == found


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("This is a test.", 15),
        ("https://test.com", 23),
        ("test.com", 23),
        ("Test https://test.com test https://test.com test.com test", 86),
        ("저찀쯿쿿", 8),
        ("H\U0001f431☺", 5),
        ("\U00010000\U0010ffff", 4),
        ("👨‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("🇬🇧", 2),
        ("🏴󠁧󠁢󠁷󠁬󠁳󠁿", 2),
        ("1️⃣", 2),
        ("1#*", 3),
        ("©®", 2),
        ("©️", 2),
        ("™", 2),
        ("❤️", 2),
        ("👍👍👍", 6),
        ("café", 4),
        ("cafe\u0301", 4),
        ("Ω", 1),
        ("“quoted”", 8),
        ("–—…", 4),
        ("", 0),
    ],
)
def test_x_weighs(text: str, length: int) -> None:
    assert x_length(text) == length


@given(URLISH)
@example("a.b.com.c")
@example("http://example.com-")
@example("example.com?x")
@example("https://https://example.com")
def test_links_agree_with_one_regular_expression(text: str) -> None:
    ascii_text = text.encode("ascii", "ignore").decode()
    assert [(link.start, link.end) for link in links(ascii_text)] == link_spans(ascii_text)


@given(TEXTS)
def test_x_length_agrees_with_a_walk_over_characters(text: str) -> None:
    plain = "".join(c for c in text if not regex.match(r"\p{Emoji}|[\uFE0E\uFE0F\u20E3]", c) or c in "0123456789#*")
    plain = plain if not any(c > "\x7f" and c.isalnum() for c in plain) or "." not in plain else plain.replace(".", "")
    assert x_length(plain) == x_length_without_emoji(plain)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        ("https://example.org/a/very/long/address/indeed", 23),
        ("example.org/a/very/long/address", 31),
        ("@maria@social.example.org hi", 9),
        ("@maria hi", 9),
        ("me@example.org", 14),
        ("👨‍👩‍👧‍👦 x", 3),
        ("https://example.org/search?q=ö&x=1 after", 29),
        ("cafe\u0301", 4),
    ],
)
def test_mastodon_counts(text: str, length: int) -> None:
    assert mastodon_length(text) == length


def test_mastodon_uses_the_instances_own_reserve_for_a_link() -> None:
    assert mastodon_length("see https://example.org/abc", url=40) == 44


@given(st.text())
def test_graphemes_agree_with_the_clusters(text: str) -> None:
    assert graphemes(text) == len(regex.findall(r"\X", text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#One and (#Two), #three_3.", ["One", "Two", "three_3"]),
        ("#2026 #1st #_ a#b ##c &#39;", ["1st"]),
        ("https://example.org/#top", []),
        ("#Sécurité #Семья #日本", ["Sécurité", "Семья", "日本"]),
    ],
)
def test_hashtags(text: str, found: list[str]) -> None:
    assert [tag.value for tag in hashtags(text)] == found


@given(TEXTS)
def test_byte_offsets_cut_out_the_same_words(text: str) -> None:
    spans = sorted([*links(text), *hashtags(text)], key=lambda one: one.start)
    whole = text.encode("utf-8", "surrogatepass")
    if any("\ud800" <= c <= "\udfff" for c in text):
        return
    for span, (start, end) in zip(spans, text_rules.byte_offsets(text, spans), strict=True):
        assert whole[start:end].decode() == text[span.start : span.end]


def test_little_text_escapes_every_reserved_sign_and_keeps_hashtags_live() -> None:
    assert little_text(r"a|b{c}@d[e](f)<g>*h_i~j\k") == r"a\|b\{c\}\@d\[e\]\(f\)\<g\>\*h\_i\~j\\k"
    assert little_text("Today #SafeWeek # 5") == r"Today {hashtag|\#|SafeWeek} \# 5"


@given(st.text())
def test_little_text_says_the_same_when_read_back(text: str) -> None:
    written = little_text(text)
    read = regex.sub(r"\{hashtag\|\\#\|((?:[^}\\]|\\.)*)\}", lambda tag: "\\#" + tag[1], written)
    assert regex.sub(r"(?s)\\(.)", r"\1", read).replace("＃", "#") == text.replace("＃", "#")
    assert not regex.search(r"[|{}@\[\]()<>#*_~]", regex.sub(r"(?s)\\.", "", read))


@given(st.text(min_size=1, max_size=400) | st.text("ab. \n", max_size=400), st.integers(20, 60))
def test_a_split_text_loses_nothing_and_every_part_fits(text: str, limit: int) -> None:
    parts = split(text, limit, graphemes)
    assert all(graphemes(part) <= limit for part in parts)
    if len(parts) > 1:
        parts = [part.removesuffix(f" ({n}/{len(parts)})") for n, part in enumerate(parts, 1)]
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_text_is_split_at_sentences() -> None:
    text = "One sentence here. A second one follows. And a third ends it."
    assert split(text, 50, len) == ["One sentence here. A second one follows. (1/2)", "And a third ends it. (2/2)"]
    assert split("short", 50, len) == ["short"]
