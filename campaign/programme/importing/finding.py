"""What the words of a document name: resources, bodies, places, hashtags, a contact; and what they leave open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from campaign.programme.importing.blocks import LINK, plain
from campaign.programme.importing.draft import slug
from campaign.programme.importing.words import type_of

LOST = "#"
"""The address of a link whose own was lost: a placeholder, which no campaign can run with."""

_CAPITAL = r"[A-Z][\w\u2019'&/-]*"
_NAME = rf"{_CAPITAL}(?:\s+(?:(?:and|of|for|the|from|in|on|to|with)\s+)?{_CAPITAL}){{0,14}}"
_NAMED = re.compile(rf"({_NAME})\s+([Tt]oolkit|Pack|Handbook|Guide|Charter|Poster|Quiz)\b(?!s)")
_BARE = re.compile(r"\b(?:a|the)\s+(?:[a-z-]+\s+)?new\s+(Toolkit)\b")
_EVENT = re.compile(
    r"\b(?:book|register|sign up)\b[^.]{0,200}?\b(virtual launch|launch event|webinar|seminar|workshop|conference)\b",
    re.I,
)
_BOOK = re.compile(r"\b(?:book|register|sign up|reserve)\b", re.I)
_INTERVIEW = re.compile(rf"\b[Ii]nterview with ({_CAPITAL}(?:\s+{_CAPITAL}){{0,3}})")
_TRAINING = re.compile(r"((?:fully funded |free |multi-agency |joint ){0,4}training offer)\b", re.I)
_MESSAGES = re.compile(r"\b(messages? from (?:[a-z]+ ){0,2}[a-z]+s)\b")
_FOR = re.compile(rf"({_CAPITAL} resources) that can be used with ([a-z]+(?:[/ ](?:and )?[a-z]+)?)(?= or\b|[,.])")
_MORE = re.compile(r"\b([Aa]dditional resources)\b")
_HERE = re.compile(r"[Ff]ind out more about ([\w ,\u2019'-]{3,60}?) here\b")
_PENDING = re.compile(r"[\[(]\s*(?:pending|awaiting)(?:\s+(?:final\s+)?approval)?\s*[\])]", re.I)
_TBC = re.compile(r"[\[(]?\s*\b(?:focus )?(?:to be confirmed|tbc|tba)\b\s*[\])]?", re.I)
_LOST_END = re.compile(r"\s*\(\s*$")
_LEAD = re.compile(
    r"^(?:(?:Read|See|Use|Download|Watch|View|Share|Try|Order|Get|Complete|Visit|Open|Release of|Launch of)\s+)?"
    r"(?:(?:[Tt]he|[Aa]|[Aa]n|[Oo]ur|[Yy]our|[Nn]ew)\s+)*"
)
_STARTERS = "Release|Launch|Explore|Join|Book|Find|Discover|Hear|Learn|Download|Read|Watch|Introducing|This"
_SECOND = re.compile(rf"(?<=[.!?])\s+({_CAPITAL}(?:\s+[a-z][\w\u2019',-]*){{2,10}})\s+(?=(?:{_STARTERS})\b)")

BODY = r"Safeguarding\s+(?:Children|Adults?)(?:\u2019s|'s|s\u2019)?\s+(?:Partnerships?|Boards?)"
_PLACE = rf"{_CAPITAL}(?:\s+of\s+{_CAPITAL})?"
_BODIES = re.compile(
    rf"((?:{_PLACE})(?:\s+and\s+(?:the\s+)?{_PLACE})?)\s+({BODY})(?:[\u2019']s)?(?:\s*\(([A-Z]{{2,8}})\))?"
)
_GROUP = re.compile(rf"((?:{_PLACE},\s+){{1,12}}{_PLACE}\s+and\s+{_PLACE})\s*\(([A-Z]{{2,8}})\)(?:\s+({BODY}))?")
_SHORT = re.compile(rf"({_PLACE})\s+(LSCP|SCP|LSCB|SAB)\b")
GENERAL = frozenset({"LSCP", "SCP", "SAB", "LSAB"})
"""Initials of any such body, which name none."""

_ACRONYM = re.compile(r"\b([A-Z]{1,5}S(?:CP|AB))\b")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that the words name. `link` is its address, LOST where only that is missing, "" where none is."""

    title: str
    type: str
    link: str = ""
    booking: str = ""
    pending: bool = False
    doubt: str = ""
    words: str = ""


def resources_in(text: str, theme: str = "") -> list[Found]:
    """The resources that a text names, each once, in order: those linked first."""
    found: list[Found] = []
    for match in LINK.finditer(text):
        title, link = plain(match.group(1)), match.group(2)
        after = text[match.end() : match.end() + 40]
        if link.startswith("mailto:") or not title:
            continue
        if _BOOK.match(title):
            found.append(Found(_event_title(text, found), "event", booking=link, words=title))
        elif type_of(title) == "event" and _BOOK.search(_sentence(text[: match.start()])):
            found.append(Found(title[:1].upper() + title[1:], "event", booking=link, words=title))
        else:
            found.append(
                Found(title, type_of(title), link or LOST, pending=bool(_PENDING.match(after.strip())), words=title)
            )
    known = {slug(each.title, 200) for each in found}
    for each in _unlinked(LINK.sub(" ", text), text, theme):
        key = slug(each.title, 200)
        if key not in known and not any(key in other or other in key for other in known if each.type != "event"):
            known.add(key)
            found.append(each)
    return found


def _unlinked(bare: str, text: str, theme: str) -> Iterator[Found]:
    toolkits: list[str] = []
    for match in _NAMED.finditer(bare):
        title = f"{_without_body(match.group(1))} {match.group(2)}".strip()
        title = _LEAD.sub("", title)
        if title.casefold() in {"toolkit", "pack", "guide"}:
            continue
        toolkits.append(title)
        lost = re.match(r"\s+[,.]", bare[match.end() : match.end() + 3]) is not None
        yield Found(title, type_of(title), LOST if lost else "", words=match.group(0))
    for match in _BARE.finditer(bare):
        title = f"Toolkit: {theme}" if theme else "Toolkit"
        yield Found(
            title, "toolkit", doubt="the text gives it no name; this one was made of the theme", words=match.group(0)
        )
    for match in _EVENT.finditer(bare):
        name = match.group(1).capitalize()
        of = f" of the {toolkits[0]}" if len(toolkits) == 1 and "launch" in name.lower() else ""
        yield Found(f"{name}{of}", "event",
                    words=match.group(0))  # fmt: skip
    for pattern, kind in ((_INTERVIEW, "interview"), (_TRAINING, "training"), (_MESSAGES, "message"), (_MORE, "link")):
        for match in pattern.finditer(bare):
            words = f"Interview with {match.group(1)}" if kind == "interview" else match.group(1)
            yield Found(words[:1].upper() + words[1:], kind, words=match.group(0))
    for match in _FOR.finditer(bare):
        yield Found(f"{match.group(1)} for {match.group(2)}", "guidance", words=match.group(0))
    for match in _HERE.finditer(bare):
        words = match.group(1).strip()
        yield Found(words[:1].upper() + words[1:], "link", LOST, doubt="'here' was a link", words=match.group(0))


def _sentence(before: str) -> str:
    """The end of a text, from where its last sentence begins."""
    return re.split(r"[.!?]\s|\n", before)[-1]


def _event_title(text: str, found: list[Found]) -> str:
    match = _EVENT.search(plain(text))
    name = match.group(1).capitalize() if match else "Event"
    kits = [each.title for each in found if each.type == "toolkit"] or [
        f"{_without_body(kit.group(1))} {kit.group(2)}".strip() for kit in _NAMED.finditer(plain(text))
    ]
    return f"{name} of the {kits[0]}" if len(kits) == 1 and "launch" in name.lower() else name


def _without_body(name: str) -> str:
    """A toolkit's name without the bodies that it stands after."""
    last = None
    for match in re.finditer(BODY, name):
        last = match
    return name[last.end() :].strip() if last else name


def second_theme(text: str) -> tuple[str, str, str] | None:
    """A second theme whose heading ran into a day's text: what is before, its title, what is after."""
    match = _SECOND.search(text)
    return (text[: match.start()].strip(), match.group(1), text[match.end() :].strip()) if match else None


def lost_end(text: str) -> tuple[str, bool]:
    """Text without a bracket left open at its end, which is what remains of a link whose address was lost."""
    return _LOST_END.sub("", text), bool(_LOST_END.search(text))


def pending(text: str) -> tuple[str, bool]:
    """Text without `(pending approval)`, and whether it said so."""
    return " ".join(_PENDING.sub(" ", text).split()), bool(_PENDING.search(text))


def unsettled(text: str) -> bool:
    """Whether a theme's title says that it is still to be confirmed."""
    return bool(_TBC.search(text))


def bodies_in(text: str) -> dict[str, str]:
    """Partner bodies by short name: as the text gives it, else by their initials."""
    found: dict[str, str] = {}
    text = plain(text)
    for match in _GROUP.finditer(text):
        if match.group(3):
            found[match.group(2)] = f"{match.group(1)} {match.group(3)}"
    for match in _BODIES.finditer(_GROUP.sub(" ", text)):
        name = f"{match.group(1)} {match.group(2)}"
        found.setdefault(match.group(3) or _initials(name), name)
    for match in _SHORT.finditer(text):
        name = f"{match.group(1)} {match.group(2)}"
        found.setdefault(_initials(match.group(1)) + match.group(2), name)
    for match in _ACRONYM.finditer(text):
        if match.group(1) in GENERAL:
            continue
        found.setdefault(match.group(1), match.group(1))
    return found


def places_in(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Places by short name, and groups of them (`HIPS`), that the text itself names with its bodies."""
    areas: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    text = plain(text)
    for match in _GROUP.finditer(text):
        names = re.split(r",\s+|\s+and\s+", match.group(1))
        areas |= {_area_id(name): name for name in names}
        groups[match.group(2)] = [_area_id(name) for name in names]
    for match in [*_BODIES.finditer(_GROUP.sub(" ", text)), *_SHORT.finditer(text)]:
        for name in re.split(r"\s+and\s+(?:the\s+)?", match.group(1)):
            areas.setdefault(_area_id(name), name)
    return areas, groups


def _area_id(name: str) -> str:
    words = name.split()
    return _initials(name) if len(words) > 1 else name[:3].upper()


def _initials(name: str) -> str:
    return "".join(word[0].upper() for word in re.findall(r"[A-Za-z][\w\u2019']*", name) if word not in {"and", "the"})


def hashtags_in(text: str) -> list[str]:
    """The hashtags of a text, without '#'."""
    return list(dict.fromkeys(re.findall(r"(?<![\w/(&])#([A-Za-z]\w+)", LINK.sub(" ", text))))


def emails_in(text: str) -> list[str]:
    """The email addresses of a text."""
    return list(dict.fromkeys(re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)))
