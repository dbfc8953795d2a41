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
        self._ids: dict[str, dict[str, Any]] = {}
        self._named: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
        for day in self.held:
            for theme in day.get("themes", ()):
                self._note(day, theme)

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
        for held, theme in self._named.get(f"#{ident}" if ident else slug(title, 300), ()):
            if held is day:
                return theme
        theme = {"id": fresh(ident or slug(title), self._ids, "theme"), "title": title}
        day.setdefault("themes", []).append(theme)
        self._note(day, theme)
        return theme

    def _note(self, day: dict[str, Any], theme: dict[str, Any]) -> None:
        self._ids[theme["id"]] = theme
        for name in {slug(theme["title"], 300), f"#{theme['id']}"} - {""}:
            self._named.setdefault(name, []).append((day, theme))

    def themes(self) -> Iterator[dict[str, Any]]:
        """Every theme of every day."""
        for day in self.held:
            yield from day.get("themes", ())

    def theme_called(self, words: str, day: dict[str, Any] | None) -> str:
        """The id of the theme that words name: by id or title, on the day first; empty where none is."""
        known = [*self._named.get(slug(words, 300), ()), *self._named.get(f"#{words.strip().casefold()}", ())]
        found = next((theme for held, theme in known if held is day), known[0][1] if known else None)
        return str(found["id"]) if found else ""


def _span(day_id: str) -> list[str]:
    first, _, last = day_id.partition("-")
    if not last:
        return [first]
    start, end = DAY_IDS.index(first), DAY_IDS.index(last)
    return [DAY_IDS[(start + step) % 7] for step in range((end - start) % 7 + 1)]


def _dated(dates: list[date]) -> dict[str, Any]:
    return {"date": str(dates[0])} if len(dates) == 1 else {"dates": [str(each) for each in dates]}
