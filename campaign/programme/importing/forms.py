"""Reads one cell as what its column holds, in the words of the programme file; or says what would do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from campaign.programme import dates
from campaign.programme.kinds import LINK
from campaign.programme.writing import clock, scalar
from campaign.sheets import ErrorCell, Linked, Value, shown

NOTHING = frozenset(
    {"tbc", "tba", "tbd", "n/a", "na", "none", "-", "?", "#", "nil", "not yet", "to follow", "to be confirmed"}
)
SAME = frozenset(
    {'"', "''", "\u201d", "\u201c", "\u3003", "same", "ditto", "as above", "same as above", "same day", "do"}
)
YES = frozenset({"yes", "y", "true", "x", "\u2713", "\u2714", "1", "essential"})
NO = frozenset({"no", "n", "false", "0", "-", "\u2717", "\u2718"})
APPROVALS = {
    "approved": ("approved", "yes", "y", "true", "signed off", "final", "agreed", "\u2713", "\u2714"),
    "pending": ("pending", "no", "n", "false", "awaiting", "awaiting approval", "not yet", "draft", "tbc", "in review",
                "pending approval"),
    "withdrawn": ("withdrawn", "rejected", "removed"),
}  # fmt: skip


class CellError(Exception):
    """A cell cannot be used. `str()` says why, `hint` what would do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class Doubt:
    """Gathers what was read although it could mean something else."""

    texts: list[str]

    def say(self, text: str) -> None:
        self.texts.append(text)


def text_of(value: Value) -> str:
    """The cell as text. Raises CellError for a formula's error."""
    if isinstance(value, ErrorCell):
        raise CellError(f"'{value.text}' is a formula's error", "mend the formula, or type the value")
    return shown(value)


def line_of(value: Value) -> str:
    """The cell as one line."""
    return " ".join(text_of(value).split())


def date_of(value: Value, year: int | None) -> date:
    """A date, day first. Raises CellError."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = line_of(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise CellError(f"'{text}' is a bare number, not a date", "write 09/10/2023, or give the cell a date's format")
    try:
        return dates.parse_date(text, year)
    except dates.WordsError as error:
        raise CellError(str(error), error.hint or dates.DATE_HINT) from error


def dates_of(value: Value, year: int | None) -> list[date]:
    """One date, or every day of a range (`26/11/2022 to 27/11/2022`, `26-27 November 2022`). Raises CellError."""
    text = line_of(value)
    parts = re.split(rf"\s+{dates.DASH}\s+|\s*[–—]\s*", text) if isinstance(value, str) else [text]
    if len(parts) != 2:
        return [date_of(value, year)]
    last = date_of(parts[1], year)
    first_text = parts[0]
    if re.fullmatch(r"(?:[A-Za-z]+[\s,]*)?\d{1,2}(?:st|nd|rd|th)?", first_text):
        first_text = f"{first_text} {dates.MONTHS[last.month - 1]}"
    first = date_of(first_text, year or last.year)
    if not 0 < (last - first).days < 7:
        raise CellError(f"'{text}' is no range of two to seven days", "write 26/11/2022 to 27/11/2022")
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def time_of(value: Value, doubt: Doubt) -> tuple[time, time | None]:
    """A time of the day, and its end where the cell holds a range. Raises CellError."""
    if isinstance(value, datetime):
        return value.time(), None
    if isinstance(value, time):
        return value, None
    text = line_of(value)
    if isinstance(value, float):
        text = f"{value:.2f}"
    hint = "write 8:30am or 08:30"
    try:
        start = dates.parse_time(text)
    except dates.WordsError as error:
        try:
            return dates.parse_range(text)
        except dates.WordsError:
            raise CellError(f"'{text}' is not a time", hint) from error
    if isinstance(value, float):
        doubt.say(f"'{shown(value)}' was read as {clock(start)}: is that right?")
    elif start.hour < 6 and not re.search("[ap]", text.lower()):
        doubt.say(f"'{text}' was read as {clock(start)}, in the night: is that right?")
    return start, None


def moment_of(value: Value, year: int | None) -> str:
    """A date and time, or a date alone, in the file's words. Raises CellError."""
    if isinstance(value, datetime | date):
        return scalar(value)
    text = line_of(value)
    try:
        return scalar(dates.parse_datetime(text, year))
    except dates.WeekdayError as error:
        raise CellError(str(error), error.hint) from error
    except dates.WordsError:
        return scalar(date_of(value, year))


def embargo_of(value: Value, year: int | None, doubt: Doubt) -> str:
    """A date and time, or `held`. Raises CellError."""
    if isinstance(value, str) and value.strip().casefold() in {"held", "hold", "until released", "tbc"}:
        return "held"
    found = moment_of(value, year)
    if " " not in found:
        doubt.say(f"the embargo names no time: it was read as the start of {found}. Is that right?")
        return f"{found} 00:00"
    return found


def link_of(value: Value, doubt: Doubt) -> str:
    """A web address, a resource's Ref, or `day`; empty where the cell says that there is none yet. Raises CellError.

    Where the cell's words lead somewhere when clicked, that address counts; two that differ are asked about.
    """
    text = line_of(value)
    if isinstance(value, Linked):
        if not LINK.fullmatch(text):
            return value.url
        if text.rstrip("/") != value.url.rstrip("/"):
            doubt.say(f"the cell shows {text}, and a click leads to {value.url}: {text} was kept. Is that right?")
    if text.casefold() in NOTHING:
        doubt.say(f"the link says '{text}': what is the address?")
        return ""
    if text.casefold() in {"day", "day page", "page of the day", "the day's page", "day's page"}:
        return "day"
    if re.match(r"www\.\S+$", text, re.IGNORECASE):
        doubt.say(f"'{text}' was read as https://{text}: is that right?")
        return f"https://{text}"
    if LINK.fullmatch(text) or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}", text):
        return text
    if len(re.findall(r"https?://\S+", text)) > 1:
        raise CellError("the cell holds several links", "give each post one link; the others can go into the copy")
    raise CellError(f"'{text}' is not a web address", "write https://..., the Ref of a resource, or: day")


def flag_of(value: Value) -> str:
    """`true` or `false`. Raises CellError."""
    text = line_of(value).casefold()
    if text in YES:
        return "true"
    if text in NO:
        return "false"
    raise CellError(f"'{line_of(value)}' is neither yes nor no", "write Yes or No")


def choice_of(value: Value, choices: tuple[str, ...]) -> str:
    """One of the column's words. Raises CellError."""
    text = line_of(value).casefold().replace(" ", "_")
    for choice in choices:
        if text in {choice, choice.replace("_", "")}:
            return choice
    raise CellError(f"'{line_of(value)}' is not one of its words", f"write {', '.join(choices[:-1])} or {choices[-1]}")


def approval_of(value: Value) -> str:
    """approved, pending or withdrawn. Raises CellError."""
    text = line_of(value).casefold()
    for word, known in APPROVALS.items():
        if text in known:
            return word
    raise CellError(f"'{line_of(value)}' says neither approved nor pending", "write Yes, No or Pending")


def hashtags_of(value: Value) -> list[str]:
    """Tags without their sign, in order."""
    return list(dict.fromkeys(tag.lstrip("#") for tag in re.split(r"[\s,;]+", text_of(value)) if tag.strip("#")))


def lines_of(value: Value) -> list[str]:
    """The cell's lines."""
    return [line.strip() for line in text_of(value).split("\n") if line.strip()]


def number_of(value: Value) -> str:
    """A whole number. Raises CellError."""
    text = line_of(value)
    if not text.isdigit():
        raise CellError(f"'{text}' is not a whole number", "write 2023")
    return text


def email_of(value: Value) -> str:
    """An email address; a name before it is left out. Raises CellError."""
    found = re.findall(r"[^\s@<>,;:]+@[^\s@<>,;:]+\.[^\s@<>,;:]+", text_of(value))
    if len(found) != 1:
        raise CellError(f"'{line_of(value)}' is not an email address", "write name@example.org alone")
    return str(found[0])


SIMPLE: dict[str, Callable[[Value], str | list[str]]] = {
    "line": line_of,
    "text": text_of,
    "flag": flag_of,
    "approval": approval_of,
    "hashtags": hashtags_of,
    "lines": lines_of,
    "number": number_of,
    "email": email_of,
}
