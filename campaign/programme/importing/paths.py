"""The values of a programme file one by one, each under a dotted path, by the schema: to carry, compare and put back.

A day goes by its id (`days.tue`), a theme by its own (`days.tue.themes.prevent`), items of other lists by number from 1
(`posts.launch.images.1`). A list of words is one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from campaign.model import DAY_IDS
from campaign.programme.importing.days import id_of
from campaign.programme.schema import ListOf, MapOf, Table
from campaign.programme.tables import PROGRAMME
from campaign.programme.writing import day_words
from campaign.sheets import tidy

Leaf = str | tuple[str, ...]
GONE = "(none)"
"""What a Settings row says of a value that is not there."""


class PathError(ValueError):
    """A path names no value of a programme."""


def leaves(tree: Mapping[str, Any]) -> dict[str, Leaf]:
    """Every value of a tree by its path, in the schema's order."""
    return dict(_leaves(PROGRAMME, tree, ""))


def _leaves(kind: Any, node: Any, path: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(kind, Table):
        if not node and path:
            yield path, ()
        for key in kind.keys:
            if key.name in node:
                yield from _leaves(key.kind, node[key.name], f"{path}.{key.name}" if path else key.name)
    elif isinstance(kind, MapOf):
        for name in sorted(node):
            yield from _leaves(kind.kind, node[name], f"{path}.{name}")
    elif isinstance(kind, ListOf) and isinstance(kind.kind, Table):
        for number, item in enumerate(node, start=1):
            yield from _leaves(kind.kind, item, f"{path}.{name_of(item, kind.kind.name, number)}")
    elif isinstance(kind, ListOf):
        yield path, tuple(node)
    elif node != "":
        yield path, str(node)


def name_of(item: Mapping[str, Any], table: str, number: int) -> str:
    """What an item of a list goes by in a path."""
    return id_of(dict(item)) if table == "days" else str(item["id"]) if table == "themes" else str(number)


def put_leaf(tree: dict[str, Any], path: str, value: Leaf | None) -> None:
    """Set the value of a path, making what it stands in; None takes it away. Raises PathError for a path unknown."""
    if value is None:
        _take_away(tree, path.split("."))
        return
    kind: Any = PROGRAMME
    node: Any = tree
    parts = path.split(".")
    for part in parts[:-1]:
        kind, node = _step(kind, node, part)
    last = parts[-1]
    if isinstance(kind, Table):
        key = kind.by_name.get(last)
        if key is None or isinstance(key.kind, MapOf) or (isinstance(key.kind, Table) and value != ()):
            raise PathError(f"'{path}' names no value")
        if isinstance(key.kind, Table) and value == ():
            node[last] = {}
            return
        if isinstance(key.kind, ListOf) and isinstance(key.kind.kind, Table):
            raise PathError(f"'{path}' names no value")
        plain = isinstance(key.kind, ListOf)
    elif isinstance(kind, MapOf):
        plain = isinstance(kind.kind, ListOf)
    else:
        raise PathError(f"'{path}' names no value")
    node[last] = (list(value) if isinstance(value, tuple) else value.split("\n")) if plain else _text(value)


def _take_away(tree: dict[str, Any], parts: list[str]) -> None:
    """Remove what a path leads to, if it is there; with its id, a theme goes whole."""
    node: Any = tree
    items: Any = None
    for part in parts[:-1]:
        items = node if isinstance(node, list) else None
        if isinstance(node, list):
            node = next((each for number, each in enumerate(node, 1) if part in _names(each, number)), None)
        elif isinstance(node, dict):
            node = node.get(part)
    if isinstance(node, dict) and isinstance(items, list) and parts[-1] == "id":
        items.remove(node)
    elif isinstance(node, dict):
        node.pop(parts[-1], None)


def take_away_item(tree: dict[str, Any], path: str) -> None:
    """Remove a whole thing: `posts.tue-launch`, `days.tue`, `days.tue.themes.prevent`."""
    node: Any = tree
    *parts, last = path.split(".")
    for part in parts:
        if isinstance(node, list):
            node = next((each for number, each in enumerate(node, 1) if part in _names(each, number)), {})
        else:
            node = node.get(part, {})
    if isinstance(node, list):
        node[:] = [each for number, each in enumerate(node, 1) if last not in _names(each, number)]
    else:
        node.pop(last, None)


def _names(item: Mapping[str, Any], number: int) -> set[str]:
    return {str(item["id"])} if "id" in item else {id_of(dict(item)), str(number)} - {""}


def _text(value: Leaf) -> str:
    return "\n".join(value) if isinstance(value, tuple) else value


def _step(kind: Any, node: Any, part: str) -> tuple[Any, Any]:
    if isinstance(kind, Table):
        key = kind.by_name.get(part)
        if key is None or not isinstance(key.kind, Table | MapOf | ListOf):
            raise PathError(f"'{part}' is not a group of {kind.name}")
        return key.kind, node.setdefault(part, [] if isinstance(key.kind, ListOf) else {})
    if isinstance(kind, MapOf) and isinstance(kind.kind, Table | MapOf):
        return kind.kind, node.setdefault(part, {})
    if isinstance(kind, ListOf) and isinstance(kind.kind, Table):
        return kind.kind, _item(node, part, kind.kind.name)
    raise PathError(f"'{part}' is not a group")


def _item(items: list[dict[str, Any]], part: str, table: str) -> dict[str, Any]:
    for number, item in enumerate(items, start=1):
        if name_of(item, table, number) == part:
            return item
    made: dict[str, Any] = {}
    if table == "days":
        if not all(each in DAY_IDS for each in part.split("-")):
            raise PathError(f"'{part}' is not a day")
        made["weekday"] = day_words(part)
    elif table == "themes":
        made["id"] = part
    elif part != str(len(items) + 1):
        raise PathError(f"'{part}' is not the number of an item")
    items.append(made)
    return made


def ordered(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with its keys in the schema's order, ids sorted, and what is empty left out."""
    found = _ordered(PROGRAMME, tree)
    return found if isinstance(found, dict) else {}


def _ordered(kind: Any, node: Any) -> Any:
    if isinstance(kind, Table):
        made = {key.name: _ordered(key.kind, node[key.name]) for key in kind.keys if key.name in node}
        required = {key.name for key in kind.keys if key.required}
        return {
            name: value
            for name, value in made.items()
            if value != "" and (value or isinstance(value, dict) or name in required)
        }
    if isinstance(kind, MapOf):
        held = {name: _ordered(kind.kind, node[name]) for name in sorted(node)}
        return held or ""
    if isinstance(kind, ListOf):
        return [_ordered(kind.kind, item) for item in node if item not in ("", {})]
    return node


def encode(value: Leaf | None) -> str:
    """A value as the text of one cell, exactly: as JSON where plain text would lose something."""
    if value is None:
        return GONE
    if isinstance(value, tuple):
        plain = value and all(item and item == tidy(item) and "\n" not in item for item in value)
        return "\n".join(value) if plain and value[0][0] not in '["(' else json.dumps(list(value))
    exact = value == tidy(value) and value[:1] not in {'"', "[", "("} and value
    return value if exact else json.dumps(value)


def decode(text: str) -> Leaf | None:
    """The value that `encode` wrote. Raises ValueError where JSON was begun and is broken."""
    if text == GONE:
        return None
    if text[:1] in {'"', "["}:
        held = json.loads(text)
        return tuple(str(item) for item in held) if isinstance(held, list) else str(held)
    return text
