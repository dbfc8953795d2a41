"""What texts write out by hand: links, addresses, HTML, and dates with their weekday."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from campaign.errors import Problem, Severity
from campaign.model import DAY_IDS
from campaign.programme.checks.sheet import Sheet
from campaign.programme.checks.texts import Text, every_text, told
from campaign.programme.dates import MONTHS, long_date
from campaign.programme.tree import CONTROL
from campaign.render.uses import gated_addresses

EXAMPLE = re.compile(
    r"^https?://(?:[\w-]+\.)*example\.(?:org|com|net|invalid)(?:[:/?#]|$)|\.(?:invalid|test)(?:[:/?#]|$)"
)
_LINK = re.compile(r"(?<![\\!])\[([^\]\n]*)\]\(\s*<?([^)\s>]*)>?[^)\n]*\)")
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"')\]}]+", re.IGNORECASE)
_LEADS = re.compile(r"(?:https?|mailto|tel|resource):\S|\{[{%]", re.IGNORECASE)
_PICTURE = re.compile(r"(?<!\\)!\[[^\]\n]*\]\([^)\n]*\)")
_HTML = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SHORT = "|".join(name[:3] for name in MONTHS)
_DATED = re.compile(
    r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:days?|s(?:days?)?|nes(?:days?)?|rs?(?:days?)?|ur(?:s|days?)?)?(?![a-z])\.?,?"
    rf"\s*(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+({_SHORT})[a-z]*\.?,?(?:\s+(\d{{4}}))?",
    re.IGNORECASE,
)


def rules(sheet: Sheet) -> Iterator[Problem]:
    """Every rule over every text of the file and of its bodies and templates."""
    live = bool(sheet.installation and sheet.installation.live)
    for one in every_text(sheet):
        yield from _placeholders(sheet, one)
        yield from _addresses(sheet, one, live)
        yield from _unseen(sheet, one)
        yield from _html(sheet, one)
        yield from _pictures(sheet, one)
        yield from _weekdays(sheet, one)
    yield from _escapes(sheet)


def unprintable(sheet: Sheet) -> bool:
    """Whether a text has a link to nowhere, or a picture: what shows it cannot be rendered, and K1 or M7 says why."""
    return any(True for one in every_text(sheet) for _ in (*_placeholders(sheet, one), *_pictures(sheet, one)))


def _placeholders(sheet: Sheet, one: Text) -> Iterator[Problem]:
    for words, target in _LINK.findall(one.words) if one.markdown else ():
        if not _LEADS.match(target):
            leads = f"to '{target}', which is no address" if target else "nowhere"
            message = f"the link '{words[:40]}' leads {leads} yet"
            said = f"[{words}]({target}"
            hint = "Write [words](https://...), or [words](resource:ID) for a resource of the file."
            yield told(sheet, one, "K1", message, said, hint, Severity.ERROR)


def _addresses(sheet: Sheet, one: Text, live: bool) -> Iterator[Problem]:
    for url in dict.fromkeys(each.rstrip(".,;:!?") for each in _ADDRESS.findall(_TEMPLATE.sub(" ", one.words))):
        host = f"https://{url.rpartition('@')[2]}" if url.lower().startswith("mailto:") else url
        if url.lower().startswith("http:"):
            hint = f"Write https:{url[5:]} if that page is there."
            yield told(sheet, one, "K2", f"{url} is not secure", url, hint, Severity.ERROR)
        elif live and EXAMPLE.search(host):
            message = f"{url} is an example, and a channel is live"
            yield told(sheet, one, "K5", message, url, "Write the real address.", Severity.ERROR)


def _unseen(sheet: Sheet, one: Text) -> Iterator[Problem]:
    """Characters that cannot be seen: the programme's own are refused when it is read."""
    if one.file and (found := CONTROL.search(one.words)):
        message = f"a character that cannot be seen (U+{ord(found[0]):04X})"
        yield told(sheet, one, "F5", message, found[0], "Type this place anew.", Severity.ERROR)


def _html(sheet: Sheet, one: Text) -> Iterator[Problem]:
    """HTML is escaped wherever words go: readers would see it as it stands."""
    if one.file and not one.markdown:
        return
    for tag in list(dict.fromkeys(_HTML.findall(_TEMPLATE.sub(" ", one.words))))[:3]:
        message = f"'{tag[:40]}' is HTML, and readers would see it as it stands"
        yield told(sheet, one, "M7", message, tag, "Write Markdown: **strong**, [words](address).", Severity.WARNING)


def _pictures(sheet: Sheet, one: Text) -> Iterator[Problem]:
    for said in _PICTURE.findall(one.words) if one.markdown else ():
        message = f"'{said[:40]}' is a picture, which cannot stand in a text"
        yield told(sheet, one, "M7", message, said, "Say it in words, or link to it.", Severity.ERROR)


def _weekdays(sheet: Sheet, one: Text) -> Iterator[Problem]:
    for found in _DATED.finditer(_TEMPLATE.sub(" ", one.words)):
        said, number, month, year = found[0].strip(), int(found[2]), found[3], found[4]
        day = _date(sheet, number, month, int(year) if year else None)
        if day is None or DAY_IDS[day.weekday()] == found[1].lower():
            continue
        severity = Severity.ERROR if year else Severity.WARNING
        hint = "Mend the weekday, or the date: one of the two is wrong."
        message = f"'{' '.join(said.split())}' is {long_date(day)}"
        yield told(sheet, one, "T2", message, found[0].split("\n")[0], hint, severity)


def _date(sheet: Sheet, number: int, month: str, year: int | None) -> date | None:
    """The date meant; without a year, the one nearest to the week. None where no such date is, or no week is known."""
    index = [name[:3] for name in MONTHS].index(month.lower()[:3]) + 1
    starts = sheet.programme.campaign.starts
    if year is None and (starts is None or sheet.pretended):
        return None
    years = [year] if year else [starts.year - 1, starts.year, starts.year + 1] if starts else []
    dates = []
    for each in years:
        try:
            dates.append(date(each, index, number))
        except ValueError:  # 30 February: other rules have no word on it, and neither has the weekday
            continue
    return min(dates, key=lambda day: abs((day - starts).days) if starts else 0, default=None)


def _escapes(sheet: Sheet) -> Iterator[Problem]:
    """An address in a text that is a gated resource's own escapes its approval and embargo."""
    links = [Text("campaign.one_thing.link", sheet.programme.campaign.one_thing.link)]
    links += [Text(f"themes.{one.id}.one_thing.link", one.one_thing.link) for one in sheet.programme.themes()]
    links += [Text(f"posts.{name}.link", one.link) for name, one in sheet.programme.posts.items()]
    for text in (*every_text(sheet), *links):
        for address, name in gated_addresses(sheet.programme, text.words):
            hint = f"Write [words](resource:{name}), or the id {name} as the link."
            message = f"{address} escapes the gate of the resource {name}"
            yield told(sheet, text, "K4", message, address, hint, Severity.ERROR)
