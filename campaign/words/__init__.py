"""The catalogue: every fixed word that the product shows, one folder a language (`en/*.toml`), one key a text.

Another language is another folder with the same keys. Sentences that are made where something happens (errors,
problems of a file, reasons in the ledger) are English in the code, which `gather` lists; another language says them in
`sentences.toml` of its folder, under their English.

`en-XA` is English in letters that nobody writes, made by rule (the pseudo-locale of CLDR): what still reads as English
there is in no catalogue.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

DEFAULT = "en"
PSEUDO = "en-XA"
SENTENCES = "sentences.toml"

_HELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}|<[^>]*>|&[a-z]+;|\bhttps?://\S+")
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ODD = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀćđéƒğħíĵķłɱńóƥʠŕšţúʋŵẋýžÁɃĆĐÉƑĞĦÍĴĶŁṀŃÓƤɊŔŠŢÚɅŴẊÝŽ",
)


def languages() -> frozenset[str]:
    """The languages that have a folder, and the pseudo-locale."""
    folders = (one.name for one in files("campaign.words").iterdir() if one.is_dir())
    return frozenset({PSEUDO, *(name for name in folders if not name.startswith("_"))})


def language_of(*tags: str) -> str:
    """The first language that the catalogue has among BCP 47 tags (`cy-GB` is `cy`); English where it has none."""
    known = languages()
    for tag in tags:
        for name in (tag, tag.split("-")[0].lower()):
            if name in known:
                return name
    return DEFAULT


def known_tag(tag: str) -> bool:
    """Whether a BCP 47 tag is well formed (RFC 5646, roughly) and of a language that the catalogue has."""
    return bool(_TAG.fullmatch(tag)) and (tag in languages() or tag.split("-")[0].lower() in languages())


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its dotted key (`week.home`); empty where the language has no folder."""
    if language == PSEUDO:
        return MappingProxyType({key: odd(text) for key, text in catalogue(DEFAULT).items()})
    return MappingProxyType({key: text for name, key, text in _read(language) if name != SENTENCES})


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Sentences of a language by their English, `{names}` standing for what is filled in; English has none here."""
    if language == PSEUDO:
        from campaign.words.gather import gathered

        return MappingProxyType({english: odd(english) for english in gathered()})
    return MappingProxyType({key: text for name, key, text in _read(language) if name == SENTENCES})


def _read(language: str) -> Iterator[tuple[str, str, str]]:
    folder = files("campaign.words") / language
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            for key, text in _flat(tomllib.loads(file.read_text("utf-8"))):
                yield file.name, key, text


def _flat(texts: Mapping[str, Any], lead: str = "") -> Iterator[tuple[str, str]]:
    for key, text in texts.items():
        if isinstance(text, str):
            yield f"{lead}{key}", text
        else:
            yield from _flat(text, f"{lead}{key}.")


def odd(text: str) -> str:
    """The text in the letters of the pseudo-locale; what is filled in, tags and addresses stay."""
    parts, end = [], 0
    for found in _HELD.finditer(text):
        parts += [text[end : found.start()].translate(_ODD), found[0]]
        end = found.end()
    return "".join([*parts, text[end:].translate(_ODD)])


#: Languages whose plural is not "one, and all others": number -> category (CLDR, supplemental data, plural rules).
_PLURALS: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "cy": MappingProxyType({0: "zero", 1: "one", 2: "two", 3: "few", 6: "many"}),
        "fr": MappingProxyType({0: "one", 1: "one"}),
    }
)
_USUAL: Mapping[int, str] = MappingProxyType({1: "one"})


def plural(language: str, number: int) -> str:
    """The plural category of a whole number in a language: `one`, `two`, ... or `other`."""
    return _PLURALS.get(language, _USUAL).get(number, "other")
