"""The rows of a Schedule sheet: what each is, when it is, and who takes it."""

from __future__ import annotations

from datetime import date, datetime, time

from campaign.model import DAY_IDS, ResourceType
from campaign.programme import dates
from campaign.programme.importing import forms
from campaign.programme.importing.days import Days
from campaign.programme.importing.draft import Draft
from campaign.programme.importing.forms import CellError
from campaign.programme.importing.messages import Messages
from campaign.programme.importing.moment import Week, When
from campaign.programme.importing.names import Names
from campaign.programme.importing.others import Others
from campaign.programme.importing.rows import RowReader
from campaign.sheets import Value

TYPE_WORDS: dict[str, tuple[str, ...]] = {
    "post": ("post", "social", "social post", "social media", "social media post", "tweet", "message", "reel", "story"),
    "email": ("email", "e-mail", "mail", "mailing", "newsletter", "bulletin", "e-bulletin", "mailshot"),
    "page": ("page", "web", "web page", "webpage", "website", "web content", "theme", "theme page"),
    "event": ("event", "webinar", "launch", "workshop", "seminar", "virtual launch", "lunch and learn", "live event"),
    "resource": ("resource", "resources", "download", "leaflet"),
}
_TYPES = {word: name for name, words in TYPE_WORDS.items() for word in words}
_RESOURCE_TYPES = {member.value: member.value for member in ResourceType}
_EVERY_DAY = frozenset({"every day", "each day", "daily", "all days", "everyday", "mon-fri", "monday to friday"})


class Schedule:
    """Takes rows one after another; `above` is the date that a blank cell repeats."""

    def __init__(self, draft: Draft, days: Days, *, has_days: bool) -> None:
        self.draft = draft
        self.week = Week(draft, days, Names(draft), has_days)
        self.messages = Messages(draft, self.week)
        self.others = Others(draft, self.week)
        self.above: date | None = None
        self.day_above = ""

    def row(self, reader: RowReader) -> None:
        """Take one row."""
        start = len(self.draft.refused)
        self._take(reader)
        self.draft.locate(start, reader.where)

    def _take(self, reader: RowReader) -> None:
        when = self._when(reader)
        kind, detail = self._kind(reader)
        named = reader.raw("ref") is not None and reader.words("type").casefold() in _TYPES
        if not named and not any(
            reader.raw(name) is not None for name in ("copy", "title", "link", "short", "event_start")
        ):
            only_theme = reader.words("theme")
            if only_theme and (when.date or when.day):
                self.week.theme(reader, when, only_theme)
            elif reader.record.values.keys() - {"date", "day", "time", "ref", "owner", "status"}:
                reader.refuse("copy", "the row has no copy", "write the words, or delete the row")
            return
        if reader.record.hidden:
            reader.draft.ask(
                "the row is hidden in the sheet and was read all the same: is it meant to go out?", "", reader.place
            )
        self._status(reader)
        if kind in {"post", "email"}:
            self.messages.take(reader, when, kind)
        elif kind == "page":
            self.others.page(reader, when)
        else:
            self.others.resource(reader, when, detail or ("event" if kind == "event" else "link"))

    # ---- what the row is and when

    def _kind(self, reader: RowReader) -> tuple[str, str]:
        words = reader.words("type").casefold()
        if words in _TYPES:
            return _TYPES[words], ""
        if words in _RESOURCE_TYPES:
            return "resource", words
        channel = reader.words("channel").casefold()
        guess = (
            "email"
            if self._is_mail(channel, reader)
            else "page"
            if channel in {"website", "web", "web page"}
            else "post"
        )
        if not channel and reader.raw("event_start") is not None:
            guess = "event"
        if words:
            known = "post, email, page, event or resource"
            if channel:
                reader.ask(
                    f"the type '{reader.words('type')}' is not one of {known}: it was read as {guess}. Is that right?"
                )
            else:
                reader.refuse("type", f"'{reader.words('type')}' is not a type", f"write {known}")
        return guess, ""

    def _is_mail(self, channel: str, reader: RowReader) -> bool:
        held = self.draft.tree.get("channels", {}).get(channel, {})
        return held.get("kind") == "smtp" or (channel in _TYPES and _TYPES[channel] == "email")

    def _when(self, reader: RowReader) -> When:
        when = When()
        value = reader.raw("date")
        text = reader.words("date").casefold()
        if text in _EVERY_DAY or reader.words("day").casefold() in _EVERY_DAY:
            when.each_day = True
        elif (value is None and reader.raw("day") is None) or text in forms.SAME:
            when.date, when.day = self.above, self.day_above
        elif value is not None:
            when.date, when.start = reader.take("date", lambda value: _date_and_time(value, reader.year)) or (
                None,
                None,
            )
            self.above, self.day_above = when.date, ""
        if reader.raw("day") is not None and not when.each_day:
            self._weekday(reader, when)
        self._time(reader, when)
        return when

    def _weekday(self, reader: RowReader, when: When) -> None:
        if reader.words("day").casefold() in forms.SAME:
            when.day = when.day or self.day_above
            return
        day = reader.take("day", _day_id)
        if not day:
            return
        if when.date is None and reader.raw("date") is None:
            when.day = day
            self.above, self.day_above = None, day
        elif when.date is not None and DAY_IDS[when.date.weekday()] not in day.split("-"):
            error = dates.mismatch(DAY_IDS.index(day[:3]), when.date)
            reader.refuse("day", str(error), error.hint)
            when.date, self.above = None, None

    def _time(self, reader: RowReader, when: When) -> None:
        if reader.words("time").casefold() in {"unlock", "at unlock", "when the page unlocks"}:
            when.unlock = True
        elif reader.raw("time") is not None and reader.words("time").casefold() not in forms.NOTHING:
            found = reader.doubting("time", forms.time_of, "at")
            when.start, when.end = found or (None, None)
        elif isinstance(reader.raw("date"), str) and when.date is None:
            return

    def _status(self, reader: RowReader) -> None:
        words = reader.words("status").casefold()
        if words in {"cancelled", "canceled", "postponed", "on hold", "do not use", "paused"}:
            reader.ask(f"the status says '{reader.words('status')}': should the row be taken out?")
        elif words in {"tbc", "to be confirmed", "draft"}:
            reader.ask(f"the status says '{reader.words('status')}': what is still to be settled?")


def _date_and_time(value: Value, year: int | None) -> tuple[date, time | None]:
    """A date, and the time that its cell holds too, as in `09/10/2023 08:30`. Raises CellError."""
    if isinstance(value, datetime):
        return value.date(), value.time() if value.time() != time() else None
    if isinstance(value, str):
        try:
            moment = dates.parse_datetime(value, year)
        except dates.WordsError:
            return forms.date_of(value, year), None
        return moment.date(), moment.time()
    return forms.date_of(value, year), None


def _day_id(value: Value) -> str:
    try:
        return dates.day_id(forms.line_of(value))
    except dates.WordsError as error:
        raise CellError(str(error), error.hint) from error
