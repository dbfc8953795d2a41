"""A programme while it is put together: its nested text, what was refused, and what a person must answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from campaign.errors import Problem, Severity
from campaign.programme.writing import to_yaml

#: How much of a title is shown with a question about what has it.
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was read: a sheet (empty where there is but one) and its row, or a line; 0 for none."""

    sheet: str = ""
    row: int = 0
    unit: str = "row"

    def __str__(self) -> str:
        return ", ".join(part for part in (self.sheet, f"{self.unit} {self.row}" if self.row else "") if part)


@dataclass(slots=True)
class Question:
    """Something that only a person knows. `where` is the dotted path that the answer belongs to."""

    text: str
    where: str = ""
    places: list[Place] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.places:
            return self.text
        first = self.places[0]
        if len(self.places) == 1:
            return f"{_capital(str(first))}: {self.text}" if str(first) else self.text
        rows = ", ".join(str(place.row) for place in self.places[:12])
        more = f" and {len(self.places) - 12} more" if len(self.places) > 12 else ""
        unit = f"{first.unit}s"
        sheet = f"{first.sheet}, " if first.sheet else ""
        return f"{_capital(sheet + unit)} {rows}{more}: {self.text}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(slots=True)
class Draft:
    """What was made of one file, or of one week in it.

    `tree` is a programme file's nested text. `files` are bodies to save beside it. `refused` are cells that could not
    be used, `cells` their sheet, row and column from 1, `questions` what is left to a person.
    `many`: there are several sheets, so that places name theirs. `made`: paths whose value nobody
    wrote, made up. `titles`: ids of resources by the words of their titles.
    """

    name: str
    tree: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    cells: list[tuple[str, int, int]] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    unfinished: bool = False
    many: bool = False
    made: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)
    _asked: dict[str, list[Question]] = field(default_factory=dict, repr=False)

    def section(self, name: str) -> dict[str, Any]:
        """A mapping of the programme, made when first asked for."""
        found: dict[str, Any] = self.tree.setdefault(name, {})
        return found

    def ask(self, text: str, where: str = "", place: Place | None = None) -> None:
        """Leave a question to a person. The same question about another row joins the first."""
        for question in self._asked.get(text, ()):
            if place is not None and (question.where == where or not where):
                if question.places[-1:] != [place]:
                    question.places.append(place)
                return
        made = Question(text, where, [place] if place else [])
        self.questions.append(made)
        self._asked.setdefault(text, []).append(made)

    def refuse(self, place: Place, column: str, message: str, hint: str = "", *, where: str = "", at: int = 0) -> None:
        """Name a cell that cannot be used, with what would do."""
        spot = f"{_capital(str(place))}{f', {column}' if column else ''}: " if place.row else ""
        text = f"{spot}{message}; {hint}" if hint else f"{spot}{message}"
        self.refused.append(Problem("IMPORT", text, Severity.ERROR, where, file=self.name, line=place.row, column=at))
        self.cells.append((place.sheet, place.row, at))
        self.unfinished = True

    def locate(self, start: int, where: str) -> None:
        """Say of the cells refused since `start` what they belong to, once that is known."""
        for number in range(start, len(self.refused)):
            if not self.refused[number].where:
                self.refused[number] = replace(self.refused[number], where=where)

    def notes(self) -> Mapping[str, tuple[str, ...]]:
        """Each question as a comment at the path it belongs to, where the tree holds that path."""
        found: dict[str, tuple[str, ...]] = {}
        for question in self.questions:
            path = self._held(question.where)
            if path:
                found[path] = (*found.get(path, ()), f"ASK: {question}")
        for problem in self.refused:
            path = self._held(problem.where)
            if "." in path:
                found[path] = (*found.get(path, ()), f"MEND: {problem.message}")
        return found

    def asked(self) -> list[str]:
        """Each question with what it is about, for a list of them: a place alone does not say which of its words."""
        return [_one_line(self._asked_of(question)) for question in self.questions]

    def _asked_of(self, question: Question) -> str:
        named = self._named(question.where)
        if not question.places:
            return f"{question.where}: {question.text}" if question.where else question.text
        if not named or named in question.text or question.text.startswith("'"):
            return str(question)
        return str(replace(question, text=f"'{named}': {question.text}"))

    def _named(self, where: str) -> str:
        """The title of the resource, or the subject of the message, that a path belongs to; "" where it has none."""
        section, _, rest = where.partition(".")
        item = self.tree.get(section, {}) if section in ("resources", "posts", "mailings", "organisations") else {}
        ident = rest.partition(".")[0]
        found = item.get(ident) if isinstance(item, dict) else None
        if not isinstance(found, dict):
            return ""
        title = str(found.get("title") or found.get("subject") or found.get("name") or "")
        if "{{" in title:  # words that are made anew each day name nothing
            return ident
        return title if len(title) <= _SHOWN else f"{title[:_SHOWN].rpartition(' ')[0] or title[:_SHOWN]}…"

    def _held(self, where: str) -> str:
        """The longest part of a dotted path that the tree holds."""
        held: list[str] = []
        node: Any = self.tree
        for part in where.split(".") if where else ():
            if isinstance(node, dict) and part in node:
                node = node[part]
            elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
                node = node[int(part)]
            else:
                break
            held.append(part)
        return ".".join(held)

    def yaml(self) -> str:
        """The programme file: what it came from and what is left to answer on top, then the programme."""
        notes = self.notes()
        head = [f"Made from {self.name.replace(chr(92), '/').rpartition('/')[2]}."]
        if self.refused:
            head += [
                "",
                "Not taken over, mend these by hand:",
                *(f"  - {_one_line(each.message)}" for each in self.refused),
            ]
        general = [str(each) for each in self.questions if not self._held(each.where)]
        if general:
            head += ["", "To answer:", *(f"  - {_one_line(each)}" for each in general)]
        if notes:
            head += ["", "ASK: is a question about what stands below it, MEND: something that was refused."]
        return to_yaml(self.tree, notes=notes, head=[*head, ""])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def slug(text: str, most: int = 40) -> str:
    """Words as an id: small letters, digits and hyphens; whole words up to `most` characters, or nothing."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    words = re.findall(r"[a-z0-9]+", plain)
    found = ""
    for word in words:
        longer = f"{found}-{word}" if found else word[:most]
        if len(longer) > most:
            break
        found = longer
    return found


def fresh(wanted: str, taken: Mapping[str, Any], fallback: str = "item") -> str:
    """`wanted`, or with a number where that is taken."""
    base = wanted or fallback
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name
