"""How the keys of days, events and planned messages become values: where several keys together mean one thing."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from campaign.model import DAY_IDS, WEEKDAYS, Day, Event, When
from campaign.programme.dates import mismatch
from campaign.programme.kinds import LINE, Json, Line, Link, Worded
from campaign.programme.reading import BAD, Reader
from campaign.programme.schema import Key, Make, Table
from campaign.programme.tree import Node

NO_LINK = Table(
    "no_link",
    (Key("no_link", LINE, "Why there is no link", required=True),),
    lambda values, node, reader, where: ("no_link", values["no_link"]),
)


class Booking:
    """Where to book: a link, or the reason for there being none."""

    link = Link()

    def read(self, node: Node, reader: Reader, where: str) -> Any:
        """The link, or ("no_link", reason)."""
        if node.kind == "mapping":
            return NO_LINK.read(node, reader, where)
        head, colon, reason = node.text.strip().partition(":")
        if node.kind == "text" and head == "no_link" and colon:
            return ("no_link", reason.strip())
        return self.link.read(node, reader, where)

    def json(self) -> Json:
        """A link or an object."""
        return {"anyOf": [{"type": ["string", "null"]}, NO_LINK.json()]}


def make_event(values: dict[str, Any], node: Node, reader: Reader, where: str) -> Any:
    """An event; a range in `starts` gives both ends, a time alone in `ends` is of the same day."""
    if isinstance(values.get("booking"), tuple):
        values["no_booking"] = values.pop("booking")[1]
    starts, ends = values.get("starts"), values.get("ends")
    if isinstance(starts, tuple):
        if ends is not None:
            reader.fail("V13", "`starts` is a range and `ends` is there too", node, where, "Keep one of them.")
        values["starts"], values["ends"] = starts
    elif isinstance(ends, time):
        if starts is None:
            del values["ends"]
            reader.fail("V13", "`ends` is a time without a date, and there is no `starts`", node, where)
        else:
            values["ends"] = datetime.combine(starts, ends)
    return Event(**values)


def make_day(values: dict[str, Any], node: Node, reader: Reader, where: str) -> Any:
    """A day; its id is its weekday, its dates follow one another."""
    one, many, word = values.pop("date", None), values.pop("dates", ()), values.pop("weekday", "")
    if one and many:
        reader.fail("V13", "`date` and `dates` are both here", node, where, "Keep one of them.")
    dates = tuple(sorted(set(many))) or ((one,) if one else ())
    if not dates and not word:
        return reader.fail("V3", "a day needs its `date`, or while draft its `weekday`", node, where)
    name = "-".join(dict.fromkeys((DAY_IDS[dates[0].weekday()], DAY_IDS[dates[-1].weekday()]))) if dates else word
    if dates and word and word != name:
        named_day, found = DAY_IDS.index(word.split("-")[0]), dates[0]
        told = mismatch(named_day, found) if named_day != found.weekday() else None
        message = str(told) if told else f"the dates are {name}, not {word}"
        hint = told.hint[:1].upper() + told.hint[1:] + "." if told else "Mend one of them."
        reader.fail("T2", message, node.pairs["weekday"][1], f"{where}.weekday", hint)
    if dates and (dates[-1] - dates[0]).days != len(dates) - 1:
        reader.fail("V13", "the dates of a day follow one another", node, where, "Give each theme's own days apart.")
    reader.define("day", name, node, where)
    reader.aliases[f"days.{name}"] = where
    return Day(id=name, dates=dates, weekday=weekday_words(name), **values)


def weekday_words(identity: str) -> str:
    """The weekdays of a day's id as readers see them: Monday; Saturday and Sunday; Monday to Wednesday."""
    indices = [DAY_IDS.index(part) for part in identity.split("-")]
    joint = " and " if len(indices) == 2 and (indices[1] - indices[0]) % 7 == 1 else " to "
    return joint.join(WEEKDAYS[index] for index in indices)


def timed(model: type) -> Make:
    """A maker for planned messages: `at`, or `day` + `time`, or `each_day` + `time`."""

    def make(values: dict[str, Any], node: Node, reader: Reader, where: str) -> Any:
        at, day = values.pop("at", None), values.pop("day", "")
        each, clock = values.pop("each_day", False), values.pop("time", None)
        stated = [name for name, there in (("at", at), ("day", day), ("each_day", each)) if there]
        if len(stated) > 1:
            reader.fail("V13", f"`{stated[0]}` and `{stated[1]}` are both here", node, where, "Keep one of them.")
        if at is not None and clock is not None:
            reader.fail("V13", "`at` has its time already; `time` goes with `day` or `each_day`", node, where)
        identity = where.rpartition(".")[2]
        when = When(at=at, day=day, each_day=each, time=clock)
        return model(id=identity, when=when, **values)

    return make


class DayRef(Line):
    """The day a message belongs to, in the words people write."""

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The day's id."""
        found = Worded(form="day").value(text, node, reader, where)
        if found is not BAD:
            reader.use("day", found, node, where)
        return found
