"""Importing again: what the new sheet changes is taken over, what was edited since is kept, what was sent stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from campaign.errors import Problem
from campaign.programme.diff import Difference, item_of, item_words, said, tree_differences
from campaign.programme.importing.draft import Draft
from campaign.programme.importing.finish import settle
from campaign.programme.importing.paths import Leaf, leaves, put_leaf, take_away_item

MESSAGES = ("posts", "mailings")


@dataclass(slots=True)
class Merged:
    """The programme after an import: `draft` to be saved, what it changes, and what it left as it was.

    `memory` is what the next import is told that this one made: what is gone and was kept is asked about again.
    """

    draft: Draft
    changes: list[Difference] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    memory: dict[str, Any] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """How many things were added, removed or changed."""
        whole = {change.path for change in self.changes if not change.part and change.kind == kind}
        if kind != "changed":
            return len(whole)
        return len({item_of(change.path) for change in self.changes if change.part})


def merge(
    new: Draft,
    mine: Mapping[str, Any],
    base: Mapping[str, Any] | None,
    *,
    sent: Collection[str] = (),
    remove: Collection[str] = (),
) -> Merged:
    """Put an import into the programme as it is now.

    `mine` is that programme as nested text, `base` what the last import made (None: unknown). A value that the sheet
    changed since `base` is taken; one edited in `mine` since is kept; where both changed, the edit is kept and asked
    about. `sent` are ids of messages that have opened: a change to one is refused. `remove` are ids that the sheet no
    longer has and that may go; others are kept and asked about.
    """
    draft = Draft(new.name, deepcopy(dict(mine)), dict(new.files), list(new.questions), list(new.refused))
    draft.places, draft.unfinished = new.places, new.unfinished
    merged = Merged(draft)
    old, now = leaves(mine), leaves(new.tree)
    was = leaves(base) if base is not None else None
    _gone(merged, old, now, was, sent, remove)
    for path in dict.fromkeys([*now, *(was or {})]):
        if path in new.made or path == "campaign.id":
            continue
        _value(merged, path, old.get(path), now.get(path), was, sent)
    if new.tree["campaign"].get("id") != draft.tree["campaign"]["id"] and "campaign.id" not in new.made:
        draft.ask(
            "the file gives another id; an id never changes, so it was left. Is it the same campaign?", "campaign.id"
        )
    if "campaign.starts" in new.made:
        _span(draft, mine, base)
    merged.draft = settle(draft)
    merged.memory = deepcopy(new.tree)
    for path, value in (was if was is not None else old).items():
        if item_of(path) in merged.gone:
            put_leaf(merged.memory, path, value)
    merged.changes = tree_differences(mine, merged.draft.tree)
    touched = {item_of(change.path) for change in merged.changes}
    merged.unchanged = len({item_of(path) for path in old if path.partition(".")[0] in MESSAGES} - touched)
    return merged


def _span(draft: Draft, mine: Mapping[str, Any], base: Mapping[str, Any] | None) -> None:
    """First and last day anew from the days themselves, where no person has set them."""
    for key in ("starts", "ends"):
        if base is not None and mine["campaign"].get(key) != base["campaign"].get(key):
            return
    held = sorted(each for day in draft.tree.get("days", ()) for each in day.get("dates") or [day.get("date", "")])
    if held and held[0]:
        draft.tree["campaign"] |= {"starts": held[0], "ends": held[-1]}


def _gone(
    merged: Merged,
    old: Mapping[str, Leaf],
    now: Mapping[str, Leaf],
    was: Mapping[str, Leaf] | None,
    sent: Collection[str],
    remove: Collection[str],
) -> None:
    """Things that the last sheet had and this one has not: taken away where told so, else asked about."""
    there = {item_of(path) for path in now}
    before = {item_of(path) for path in (was if was is not None else old)}
    for item in sorted({item_of(path) for path in old} - there):
        section, _, ident = item.partition(".")
        if item not in before and item.rpartition(".")[2] not in remove:
            continue
        if not ident or (was is None and section not in MESSAGES):
            continue
        name = item.rpartition(".")[2]
        if section in MESSAGES and ident in sent:
            merged.kept.append(f"{item_words(item)} is no longer in the sheet, but has been sent, and stays")
        elif name in remove:
            take_away_item(merged.draft.tree, item)
        else:
            merged.gone.append(item)
            merged.draft.ask(f"{item_words(item)} is no longer in the sheet. It was kept: should it go?", item)


def _value(
    merged: Merged,
    path: str,
    mine: Leaf | None,
    new: Leaf | None,
    was: Mapping[str, Leaf] | None,
    sent: Collection[str],
) -> None:
    item = item_of(path)
    if new == mine or item in merged.gone or _only_gone(merged, mine, new):
        return
    if was is None and new is None:
        return
    if was is not None and new == was.get(path):
        if mine is not None or new is not None:
            merged.kept.append(f"{path} was edited since: it stays {_words(mine)}")
        return
    section, _, ident = item.partition(".")
    if section in MESSAGES and ident in sent:
        place = merged.draft.places.get(item)
        spot = f"{place}, " if place else ""
        text = f"{spot}{item_words(item)}: it has been sent, so {path.rpartition('.')[2]} stays {_words(mine)}"
        merged.draft.refused.append(
            Problem("IMPORT", f"{text[:1].upper()}{text[1:]}; put a change into a new row with a new Ref", where=path,
                    file=merged.draft.name, line=place.row if place else 0)
        )  # fmt: skip
        return
    if was is not None and mine != was.get(path):
        merged.kept.append(f"{path} was edited since, and the sheet changed it too: it stays {_words(mine)}")
        merged.draft.ask(f"the sheet says {_words(new)}, but this was edited since. Which holds?", path)
        return
    put_leaf(merged.draft.tree, path, new)


def _only_gone(merged: Merged, mine: Leaf | None, new: Leaf | None) -> bool:
    """Whether a list lost nothing but names of things that were kept although the sheet no longer has them."""
    if not isinstance(mine, tuple) or (new is not None and not isinstance(new, tuple)):
        return False
    kept = {item.rpartition(".")[2] for item in merged.gone}
    return set(new or ()) <= set(mine) and set(mine) - set(new or ()) <= kept


def _words(value: Leaf | None) -> str:
    return f"'{said(value)}'" if value else "empty"
