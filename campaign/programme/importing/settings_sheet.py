"""The Settings sheet: values that the other sheets do not carry, each by where it stands in the programme."""

from __future__ import annotations

import json

from campaign.programme.importing.columns import SETTINGS
from campaign.programme.importing.draft import Draft, Place
from campaign.programme.importing.paths import Leaf, PathError, decode, encode, put_leaf
from campaign.sheets import Sheet, find_table, shown

FIRST = frozenset({"organisations", "areas", "area_groups", "audiences", "channels"})
ALIASES = {name.lower(): (name,) for name in SETTINGS}


class Settings:
    """The rows of a Settings sheet, read once and put into the draft in two goes: names first, the rest last."""

    def __init__(self, draft: Draft, sheet: Sheet | None) -> None:
        self.draft = draft
        self.rows: dict[str, tuple[str, Place]] = {}
        table = find_table(sheet, ALIASES, required=tuple(ALIASES)) if sheet else None
        for record in table.records() if table else ():
            words = {name: shown(record.values.get(name)) for name in ALIASES}
            where, setting = words["where"].strip("."), words["setting"]
            if not (where or setting) or not words["value"]:
                continue
            path = f"{where}.{setting}" if where and setting else where or setting
            said = self.rows[path][0] if path in self.rows else ""
            self.rows[path] = (said + words["value"], Place("Settings", record.number))

    def apply(self, *, names: bool) -> None:
        """Put the rows into the draft: those that define names, or all others."""
        for path, (text, place) in self.rows.items():
            if (path.partition(".")[0] in FIRST) is not names:
                continue
            try:
                put_leaf(self.draft.tree, path, decode(text))
            except PathError as error:
                self.draft.refuse(place, "Where", str(error), "write posts.REF, resources.REF, days.mon, campaign...")
            except ValueError as error:
                self.draft.refuse(place, "Value", f"the value cannot be read: {error}", "write it as plain text")


def as_rows(path: str, value: Leaf | None, most: int = 30_000) -> list[tuple[str, str, str]]:
    """A value as rows of the sheet; a text too long for one cell goes on in the next row."""
    where, _, setting = path.rpartition(".")
    text = encode(value)
    if len(text) > most:  # as JSON without a blank, so that no cut can lose one
        held = list(value) if isinstance(value, tuple) else value
        text = json.dumps(held, separators=(",", ":")).replace(" ", "\\u0020")
    return [(where, setting, text[start : start + most]) for start in range(0, len(text), most)]
