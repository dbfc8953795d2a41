"""The days and themes of a draft while they are gathered from rows: by date, by weekday, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from campaign.model import DAY_IDS, WEEKDAYS
from campaign.programme.importing.draft import Draft, fresh, slug
from campaign.programme.writing import day_words


def id_of(day: dict[str, Any]) -> str:
    """The id of a day as the file writes it: from its dates, else from its weekday."""
    held = day.get("dates") or ([day["date"]] if day.get("date") else [])
    if held:
        ids = [DAY_IDS[date.fromisoformat(each).weekday()] for each in (held[0], held[-1])]
        return "-".join(dict.fromkeys(ids))
    return "-".join(DAY_IDS[WEEKDAYS.index(word)] for word in day.get("weekday", "").split(" to ") if word in WEEKDAYS)


class Days:
    """The draft's days by id."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.held: list[dict[str, Any]] = draft.tree.setdefault("days", [])

    def find(self, day_id: str) -> dict[str, Any] | None:
        """The day of that id, or the span that it lies in."""
        for day in self.held:
            known = id_of(day)
            if known == day_id or day_id in _span(known):
                return day
        return None

    def on(self, dates: list[date], weekday: str = "") -> dict[str, Any]:
        """The day of these dates (or of a weekday's id, while there are none), made when first asked for."""
        if not dates:
            return self.find(weekday) or self._add({"weekday": day_words(weekday)})
        for day in self.held:
            known = day.get("dates") or [day.get("date")]
            if str(dates[0]) in known:
                return day
        found = self.find("-".join(dict.fromkeys(DAY_IDS[each.weekday()] for each in (dates[0], dates[-1]))))
        if found and not (found.get("date") or found.get("dates")):
            found.pop("weekday", None)
            found.update(_dated(dates))
            return found
        return self._add(_dated(dates))

    def _add(self, day: dict[str, Any]) -> dict[str, Any]:
        self.held.append(day)
        return day

    def theme(self, day: dict[str, Any], title: str, ident: str = "") -> dict[str, Any]:
        """The theme of that id or title on a day, made when first asked for."""
        themes: list[dict[str, Any]] = day.setdefault("themes", [])
        for theme in themes:
            if (ident and theme["id"] == ident) or (not ident and same(theme["title"], title)):
                return theme
        taken = dict.fromkeys(theme["id"] for theme in self.themes())
        theme = {"id": fresh(ident or slug(title), taken, "theme"), "title": title}
        themes.append(theme)
        return theme

    def themes(self) -> Iterator[dict[str, Any]]:
        """Every theme of every day."""
        for day in self.held:
            yield from day.get("themes", ())

    def theme_called(self, words: str, day: dict[str, Any] | None) -> str:
        """The id of the theme that words name: by id or title, on the day first; empty where none is."""
        for theme in [*(day.get("themes", ()) if day else ()), *self.themes()]:
            if same(theme["title"], words) or theme["id"] == words.strip().casefold():
                return str(theme["id"])
        return ""


def same(one: str, other: str) -> bool:
    """Whether two titles are the same words, whatever their case, spaces and signs."""
    return bool(slug(one, 300)) and slug(one, 300) == slug(other, 300)


def _span(day_id: str) -> list[str]:
    first, _, last = day_id.partition("-")
    if not last:
        return [first]
    start, end = DAY_IDS.index(first), DAY_IDS.index(last)
    return [DAY_IDS[(start + step) % 7] for step in range((end - start) % 7 + 1)]


def _dated(dates: list[date]) -> dict[str, Any]:
    return {"date": str(dates[0])} if len(dates) == 1 else {"dates": [str(each) for each in dates]}
