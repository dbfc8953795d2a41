"""Slow, obvious ways to count a text: one regular expression for a link, one step for each character."""

from __future__ import annotations

import unicodedata

import regex
from linkify_it.tlds import TLDS

LATIN = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289"
    "\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
NOT_IN_A_LABEL = (
    r"!'#%&()*+,\\\-./:;<=>?@\[\]^_{|}~$\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    r"\ufffe\ufeff\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
)
CHAR = f"[^{NOT_IN_A_LABEL}]"
SUBDOMAIN = f"(?:(?:{CHAR}(?:[_-]|{CHAR})*)?{CHAR}\\.)"
NAME = f"(?:(?:{CHAR}(?:-|{CHAR})*)?{CHAR}\\.)"
WORDS = "|".join(sorted((regex.escape(name.lower()) for name in TLDS if not name.startswith("XN--")), key=len)[::-1])
TLD = f"(?:(?:(?:{WORDS})(?=[^0-9a-zA-Z@+-]|$))|xn--[-0-9a-z]+)"
PATH = rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{LATIN}]"
PAIR = rf"\((?:{PATH}+|{PATH}*\({PATH}+\){PATH}*)\)"
ENDING = rf"(?:[+\-a-z\u0400-\u04ff0-9=_#/{LATIN}]|{PAIR})"
LINK = regex.compile(
    rf"(?i)(?:[^A-Za-z0-9@＠$#＃\ufffe\ufeff\uffff]|^)(?P<link>(?P<scheme>https?://)?(?P<domain>{SUBDOMAIN}*{NAME}{TLD})"
    rf"(?::[0-9]+)?(?:/(?:(?:{PATH}*(?:{PAIR}{PATH}*)*{ENDING})|(?:@{PATH}+/))*)?"
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?)"
)


def link_spans(text: str) -> list[tuple[int, int]]:
    """Where the links of an ASCII text are, with or without a scheme."""
    spans = []
    at = 0
    while match := LINK.search(text, at):
        start, end = match.span("link")
        at = end
        if not match["scheme"] and start and text[start - 1] in "-_./":
            continue
        if end - start <= 4096:
            spans.append((start, end))
    return spans


LIGHT = [(0, 4351), (8192, 8205), (8208, 8223), (8242, 8247)]


def x_length_without_emoji(text: str) -> int:
    """The weighted length of a text without emoji, one character at a time."""
    text = unicodedata.normalize("NFC", text)
    starts = dict(link_spans(text))
    total = at = 0
    while at < len(text):
        if at in starts:
            total, at = total + 23, starts[at]
            continue
        total += 1 if any(low <= ord(text[at]) <= high for low, high in LIGHT) else 2
        at += 1
    return total
