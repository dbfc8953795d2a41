"""The last steps of every draft: its head, its place in the week, and the strict loader's word on it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from campaign.errors import FileError, Problem, ProgrammeError
from campaign.programme.importing.days import Days, id_of
from campaign.programme.importing.draft import Draft, slug
from campaign.programme.importing.paths import ordered
from campaign.programme.loader import load_bytes
from campaign.programme.writing import day_words
from campaign.sheets import Workbook

_ROUNDS = 12


def finish(draft: Draft, book: Workbook) -> Draft:
    """Complete a workbook's draft. Raises FileError where nothing in it was a schedule."""
    tree = draft.tree
    if not any(tree.get(name) for name in ("days", "posts", "mailings", "resources")) and not draft.refused:
        if book.pictures:
            raise FileError(
                Problem("IMPORT", "the workbook holds a picture, and no table that could be read.", file=draft.name,
                        hint="Words cannot be read from a picture: type the table in, or ask for its source.")
            )  # fmt: skip
        raise FileError(
            Problem("IMPORT", "no sheet looks like a schedule.", file=draft.name,
                    hint="It needs a row of headings such as Date, Channel and Copy; `campaign template` writes one.")
        )  # fmt: skip
    _bodies(draft)
    _one_week(draft)
    head(draft, fallback=draft.name)
    return settle(draft)


def _bodies(draft: Draft) -> None:
    """Save an email's copy under the name that its body has."""
    for ident, mailing in draft.tree.get("mailings", {}).items():
        made, wanted = f"messages/{ident}.md", f"messages/{mailing.get('body', '')}"
        if made in draft.files and mailing.get("body") and made != wanted:
            draft.files[wanted] = draft.files.pop(made)


def head(draft: Draft, *, fallback: str) -> None:
    """Give the campaign a title, an id and its first and last day, from what is there; ask about what was made up."""
    campaign = draft.section("campaign")
    if not campaign.get("title"):
        stem = re.sub(r"[_-]+", " ", fallback.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]).strip()
        campaign["title"] = stem.capitalize() or "Untitled campaign"
        draft.made.add("campaign.title")
        draft.ask(f"the campaign has no title; '{campaign['title']}' was made of the file's name. What is it called?",
                  "campaign.title")  # fmt: skip
    if not campaign.get("id"):
        year = str(campaign.get("starts", ""))[:4]
        made = slug(campaign["title"], 50) or "campaign"
        campaign["id"] = f"{made}-{year}" if year and year not in made else made
        draft.made.add("campaign.id")
        draft.ask("the campaign's id was made of its title. It begins every key, and cannot change later: "
                  "is it right?", "campaign.id")  # fmt: skip
    campaign.setdefault("kind", "week")
    if draft.unfinished or not campaign.get("status"):
        campaign["status"] = "draft"


def _one_week(draft: Draft) -> None:
    """Keep the days of one week; other dates of a longer schedule stay on the posts alone."""
    campaign, days = draft.section("campaign"), Days(draft)
    dated = [(date.fromisoformat((day.get("dates") or [day["date"]])[0]), day) for day in days.held if _is_dated(day)]
    if not dated:
        return
    starts = date.fromisoformat(campaign["starts"]) if campaign.get("starts") else None
    ends = date.fromisoformat(campaign["ends"]) if campaign.get("ends") else None
    if starts is None:
        starts = max((day for day, _ in dated), key=lambda first: (_weight(dated, first), -first.toordinal()))
    ends = ends or min(max(day for day, _ in dated), starts + timedelta(days=6))
    outside = [day for first, day in dated if not starts <= first <= ends]
    for day in outside:
        days.held.remove(day)
        _loosen(draft, day)
        themes = ", ".join(f"'{theme['title']}'" for theme in day.get("themes", ()))
        draft.ask(f"{day.get('date') or day['dates'][0]} is outside the week of {starts}: its posts keep that "
                  f"date{f', its themes left out: {themes}' if themes else ''}. Is that right?")  # fmt: skip
    days.held.sort(key=lambda day: (day.get("dates") or [day.get("date") or "9999"])[0])
    if not campaign.get("starts"):
        inside = [first for first, _ in dated if starts <= first <= ends]
        campaign["starts"], campaign["ends"] = str(min(inside)), str(max(inside))
        draft.made |= {"campaign.starts", "campaign.ends"}


def _is_dated(day: dict[str, Any]) -> bool:
    return bool(day.get("date") or day.get("dates"))


def _weight(dated: list[tuple[date, dict[str, Any]]], first: date) -> int:
    """How many days, and days with themes the more, lie in the seven from `first`; a Monday is preferred."""
    inside = [day for day_date, day in dated if 0 <= (day_date - first).days < 7]
    return sum(2 + 2 * bool(day.get("themes")) for day in inside) + (first.weekday() == 0)


def _loosen(draft: Draft, day: dict[str, Any]) -> None:
    """Take a removed day's themes off the messages that named them."""
    gone = {theme["id"] for theme in day.get("themes", ())}
    for section in ("posts", "mailings"):
        for item in draft.tree.get(section, {}).values():
            if item.get("theme") in gone:
                del item["theme"]


def settle(draft: Draft) -> Draft:
    """Bring the draft to what the strict loader accepts: what it refuses is taken out, named, and asked about."""
    for day in draft.tree.get("days", ()):
        day["weekday"] = day_words(id_of(day))
    draft.tree = ordered(draft.tree)
    for _ in range(_ROUNDS):
        try:
            load_bytes(draft.yaml().encode(), name=draft.name)
        except ProgrammeError as error:
            taken = [_take_out(draft, problem) for problem in error.problems]
            if not any(taken):
                raise
            head(draft, fallback=draft.name)
            draft.tree = ordered(draft.tree)
            continue
        break
    return draft


def _take_out(draft: Draft, problem: Problem) -> bool:
    """Remove the value that a problem names, and say so by the row it came from. False where it names none."""
    campaign = draft.section("campaign")
    if problem.where in ("", "campaign"):
        return False
    if problem.code == "V14" and problem.where.startswith("days.") and campaign.keys() & {"starts", "ends"}:
        span = f"{campaign.pop('starts', '')} to {campaign.pop('ends', '')}"
        draft.ask(f"{problem.message}: the span {span} was left out. When does the week start and end?", "campaign")
        return True
    place = next((draft.places[path] for path in _upwards(problem.where) if path in draft.places), None)
    held = _find(draft.tree, problem.where)
    if held is None:
        return False
    node, key, _ = held
    del node[key]
    hint = f"; {problem.hint[:1].lower()}{problem.hint[1:]}" if problem.hint else ""
    spot = f"{place}, " if place else ""
    text = f"{spot}{problem.where}: {problem.message}{hint}"
    draft.refused.append(
        Problem(
            "IMPORT", text[:1].upper() + text[1:], where=problem.where, file=draft.name, line=place.row if place else 0
        )
    )
    draft.unfinished = True
    draft.tree["campaign"]["status"] = "draft"
    return True


def _upwards(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:size]) for size in range(len(parts), 0, -1)]


def _find(tree: dict[str, Any], path: str) -> tuple[Any, Any, Any] | None:
    """The container, key and value that a dotted path of the loader leads to."""
    node: Any = tree
    found: tuple[Any, Any, Any] | None = None
    for part in path.split("."):
        key: Any = part
        if isinstance(node, list):
            key = _index(node, part)
        if key is None or (isinstance(node, dict) and key not in node) or not isinstance(node, dict | list):
            return found if found and isinstance(found[2], str) else None
        found = (node, key, node[key])
        node = node[key]
    return found


def _index(items: list[Any], part: str) -> int | None:
    if part.isdigit():
        return int(part) if int(part) < len(items) else None
    for number, item in enumerate(items):
        if isinstance(item, dict) and part in {item.get("id"), id_of(item)}:
            return number
    return None
