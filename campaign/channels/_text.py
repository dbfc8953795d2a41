"""How the networks read a text: graphemes, links, hashtags and mentions, each found as the networks find them.

Links follow the grammar of twitter-text 3 (conformance of X and of Mastodon, which uses the same grammar with wider
paths): https://github.com/twitter/twitter-text. Offsets are in code points unless a name says bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex
from linkify_it.tlds import TLDS

_TLDS = frozenset(name.lower() for name in TLDS)
_FOREIGN_TLDS = tuple(sorted((name for name in _TLDS if not name.isascii()), key=len, reverse=True))
_LATIN = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289"
    "\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_BLANK = "\\t-\\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARKS = "\ufffe\ufeff\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_APART = rf"{_BLANK}{_MARKS}!'#%&()*+,\\/:;<=>?@\[\]^{{|}}~$"
_CANDIDATE = regex.compile(
    rf"(?i)(?P<scheme>https?://)(?P<host>[^{_APART}]+)|"
    rf"(?<bare>(?:(?!https?://)[^.{_APART}])*+\.(?:(?!https?://)[^{_APART}])*+)"
)
_ASCII_TAIL = regex.compile(rf"(?i)[-.a-z0-9{_LATIN}]+\Z")
_LONGEST_LINK = 4096


@dataclass(frozen=True, slots=True)
class Grammar:
    """What may follow the host of a link."""

    rest: regex.Pattern[str]


def _grammar(path: str, path_end: str, query: str, query_end: str) -> Grammar:
    pair = rf"\((?:{path}+|{path}*\({path}+\){path}*)\)"
    return Grammar(
        regex.compile(
            rf"(?i)(?::[0-9]+)?(?:/(?:{path}*(?:{pair}{path}*)*(?:{path_end}|{pair}))?)?(?:\?{query}*{query_end})?"
        )
    )


X_LINKS = _grammar(
    rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}]",
    rf"[+\-a-z\u0400-\u04ff0-9=_#/{_LATIN}]",
    r"[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]",
    r"[a-z0-9\-_&=#/]",
)
MASTODON_LINKS = _grammar(
    r"[^\p{White_Space}<>()?]",
    r"""[^\p{White_Space}()?!*"'「」<>;:=,.$%\[\]~&|@]""",
    r"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@\^\u00a0-\ud7ff\uf900-\uffef\U00010000-\U0010fffd]",
    r"[a-z0-9_&=#/\-\u00a0-\ud7ff\uf900-\uffef\U00010000-\U0010fffd]",
)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text from `start` to `end` (code points, end exclusive) and what it stands for."""

    start: int
    end: int
    value: str


def links(text: str, *, bare: bool = True, grammar: Grammar = X_LINKS) -> list[Span]:
    """The links of `text`, in order; `bare` takes those without a scheme too, where their domain ends in a real one.

    `value` is the link as written.
    """
    return list(_links(text, bare, grammar)) if "." in text else []


@lru_cache(maxsize=2048)
def _links(text: str, bare: bool, grammar: Grammar) -> tuple[Span, ...]:
    found: list[Span] = []
    at = 0
    while candidate := _CANDIDATE.search(text, at):
        span = _link_at(text, candidate, bare=bare, grammar=grammar)
        if span is None:
            at = candidate.start("host") if candidate["scheme"] else candidate.end()
            continue
        found.append(span)
        at = span.end
    return tuple(found)


def _link_at(text: str, candidate: regex.Match[str], *, bare: bool, grammar: Grammar) -> Span | None:
    before = text[candidate.start() - 1] if candidate.start() else ""
    if before and (before in "@＠$#＃\ufffe\ufeff\uffff" or (before.isascii() and before.isalnum())):
        return None
    scheme = bool(candidate["scheme"])
    if not scheme and (not bare or before in tuple("-_./")):
        return None
    start = candidate.start("host") if scheme else candidate.start()
    end = _domain_end(text, start, candidate.end())
    if end is None:
        return None
    if scheme:
        start = candidate.start()
    else:
        tail = _ASCII_TAIL.search(text[start:end])
        if tail is None or "." not in tail[0].strip("."):
            return None
        start += tail.start() + len(tail[0]) - len(tail[0].lstrip("."))
    rest = grammar.rest.match(text, end)
    end = rest.end() if rest else end
    return Span(start, end, text[start:end]) if end - start <= _LONGEST_LINK else None


def _domain_end(text: str, start: int, stop: int) -> int | None:
    """Where the domain that begins at `start` ends: at the last top-level domain whose labels before it are sound."""
    dot = text.rfind(".", start, stop)
    while dot > start:
        end = _tld_end(text, dot + 1, stop)
        if end is not None and _sound(text[start:dot].split(".")):
            return end
        dot = text.rfind(".", start, dot)
    return None


def _sound(labels: list[str]) -> bool:
    return "_" not in labels[-1] and all(label and label[0] not in "-_" and label[-1] not in "-_" for label in labels)


def _tld_end(text: str, start: int, stop: int) -> int | None:
    if text[start : start + 4].lower() == "xn--":
        end = start + 4
        while end < stop and text[end].isascii() and (text[end].isalnum() or text[end] == "-"):
            end += 1
        return end if end > start + 4 else None
    end = start
    while end < stop and text[end].isascii() and text[end].isalpha():
        end += 1
    if end > start:
        return end if text[start:end].lower() in _TLDS and _ends_word(text, end) else None
    for name in _FOREIGN_TLDS:
        if text.startswith(name, start) and _ends_word(text, start + len(name)):
            return start + len(name)
    return None


def _ends_word(text: str, at: int) -> bool:
    return at >= len(text) or not (text[at].isascii() and (text[at].isalnum() or text[at] in "@+-"))


_TAG = regex.compile(r"(?<![\w&/#＃])[#＃](?P<name>\w*[^\W\d_]\w*)")


def hashtags(text: str) -> list[Span]:
    """The hashtags of `text`: `#` at a word's beginning, letters, digits and underscores, not of digits alone.

    `value` has no '#'. Those inside links are not hashtags.
    """
    taken = [(link.start, link.end) for link in links(text)] if "#" in text else []
    return [
        Span(tag.start(), tag.end(), tag["name"])
        for tag in _TAG.finditer(text)
        if not any(start <= tag.start() < end for start, end in taken)
    ]


_GRAPHEME = regex.compile(r"\X")


def graphemes(text: str) -> int:
    """How many characters a reader sees (extended grapheme clusters, Unicode UAX 29)."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _GRAPHEME.finditer(text))


def byte_offsets(text: str, spans: list[Span]) -> Iterator[tuple[int, int]]:
    """The UTF-8 byte offsets (start, end) of each span, in order."""
    at, size = 0, 0
    for span in sorted(spans, key=lambda one: one.start):
        size += len(text[at : span.start].encode())
        length = len(text[span.start : span.end].encode())
        yield size, size + length
        at, size = span.end, size + length


_EMOJI = regex.compile(
    r"\p{RI}{2}|[0-9#*]\uFE0F?\u20E3|"
    r"(?:[\u00A9\u00AE\u2122\u265F](?=\uFE0F)|(?![0-9#*\u00A9\u00AE\u2122\u265F])\p{Emoji})(?!\uFE0E)"
    r"(?:\p{EMod}|\uFE0F\u20E3?)?(?:[\U000E0020-\U000E007E]+\U000E007F)?"
    r"(?:\u200D\p{Emoji}(?:\p{EMod}|\uFE0F)?)*"
)
_LIGHT = regex.compile(r"[\u0000-\u10FF\u2000-\u200D\u2010-\u201F\u2032-\u2037]")


def x_length(text: str) -> int:
    """The weighted length of a post on X, in units of which 280 are allowed (twitter-text configuration v3).

    NFC first. A link counts 23, an emoji 2 however many code points it is made of, Latin, Greek, Cyrillic, Arabic and
    the like 1, everything else 2. An emoji sequence that no vendor draws as one counts 2 here and more there.
    """
    text = unicodedata.normalize("NFC", text)
    total = at = 0
    for link in links(text):
        total += _weight(text[at : link.start]) + 23
        at = link.end
    return total + _weight(text[at:])


def _weight(text: str) -> int:
    if text.isascii():
        return len(text)
    bare, emoji = _EMOJI.subn("", text)
    light = len(_LIGHT.findall(bare))
    return 2 * emoji + light + 2 * (len(bare) - light)


_MENTION = regex.compile(
    r"(?i)(?<![=/\w])@(?P<user>[a-z0-9_]+(?:[.\-]+[a-z0-9_]+)*)(?P<domain>@\w+(?:[.\-]+\w+)*)", regex.UNICODE
)


def mastodon_length(text: str, *, url: int = 23) -> int:
    """The length of a status on Mastodon in characters that a reader sees.

    A link with its scheme counts `url` (the instance's `characters_reserved_per_url`), one without as it is written,
    `@user@domain` as `@user` (app/validators/status_length_validator.rb of Mastodon 4).
    """
    total = at = 0
    for link in links(text, bare=False, grammar=MASTODON_LINKS) if "://" in text else ():
        total += graphemes(short_mentions(text[at : link.start])) + url
        at = link.end
    return total + graphemes(short_mentions(text[at:]))


def short_mentions(text: str) -> str:
    """`text` with `@user@domain` as `@user`, the way Mastodon counts and shows it."""
    return _MENTION.sub(r"@\g<user>", text) if text.count("@") > 1 else text


_LITTLE = regex.compile(r"[\\|{}@\[\]()<>#*_~]")


def little_text(text: str) -> str:
    """`text` as LinkedIn's little text: every reserved sign escaped, hashtags live.

    https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format: one unescaped sign
    and the rest of the post is lost.
    """
    out: list[str] = []
    at = 0
    for tag in hashtags(text):
        out += [_LITTLE.sub(_escaped, text[at : tag.start]), f"{{hashtag|\\#|{_LITTLE.sub(_escaped, tag.value)}}}"]
        at = tag.end
    return "".join([*out, _LITTLE.sub(_escaped, text[at:])])


def _escaped(match: regex.Match[str]) -> str:
    return "\\" + match[0]


_SENTENCE_END = regex.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n+")


def split(text: str, limit: int, length: Callable[[str], int]) -> list[str]:
    """`text` in parts of at most `limit` (as `length` counts), each ending in its number, `(1/3)`.

    Cut at the ends of sentences where that leaves a part at least half full, else between words, else anywhere.
    One part, without a number, where the whole fits.
    """
    text = text.strip()
    if length(text) <= limit:
        return [text]
    parts: list[str] = []
    for digits in (1, 2, 3):
        room = limit - length(f" ({'9' * digits}/{'9' * digits})")
        parts = _pieces(text, room, length)
        if len(str(len(parts))) <= digits:
            break
    return [f"{part} ({number}/{len(parts)})" for number, part in enumerate(parts, 1)]


def _pieces(text: str, room: int, length: Callable[[str], int]) -> list[str]:
    parts = []
    while text:
        if length(text) <= room:
            parts.append(text)
            break
        most = _most(text, room, length)
        cut = _best_cut(text, most)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [part for part in parts if part]


def _most(text: str, room: int, length: Callable[[str], int]) -> int:
    """The longest beginning of `text`, cut between graphemes, that fits; at least one grapheme."""
    ends = [piece.end() for piece in _GRAPHEME.finditer(text)]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(text[: ends[middle]].rstrip()) <= room else (low, middle - 1)
    return ends[low]


def _best_cut(text: str, most: int) -> int:
    window = text[: most + 1]
    sentences = [end.end() for end in _SENTENCE_END.finditer(window) if most // 2 <= end.end() <= most + 1]
    if sentences:
        return min(sentences[-1], most + 1)
    words = [blank.start() for blank in regex.finditer(r"\s+", window) if blank.start() > most // 4]
    return words[-1] if words else most
