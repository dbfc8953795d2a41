"""The building blocks of the schema: keys, tables of keys, lists and maps. One truth for decoder and JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from campaign.programme.kinds import SLUG, Id, Json, Kind
from campaign.programme.reading import BAD, Reader, nearest
from campaign.programme.tree import Node

Make = Callable[[dict[str, Any], Node, Reader, str], Any]

#: Words people write for a key, and the key.
SYNONYMS = {
    "name": "title",
    "heading": "title",
    "url": "link",
    "href": "link",
    "website": "link",
    "image": "images",
    "photo": "images",
    "hashtag": "hashtags",
    "tags": "hashtags",
    "items": "resources",
    "emails": "mailings",
    "email": "mailings",
    "week": "campaign",
    "when": "at",
    "start": "starts",
    "end": "ends",
    "body": "text",
    "copy": "text",
    "message": "text",
    "content": "text",
    "embargo": "embargo_until",
    "list": "lists",
    "channel": "channels",
    "channels": "channel",
    "alt_text": "alt",
    "zone": "timezone",
    "tz": "timezone",
}


@dataclass(frozen=True)
class Key:
    """One key of a table: its name in the file, its kind, and what it says to the writer."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    attr: str = ""

    @property
    def field(self) -> str:
        """The field of the model that it fills."""
        return self.attr or self.name


@dataclass(frozen=True)
class Table:
    """A group of keys that becomes one value of the model."""

    name: str
    keys: tuple[Key, ...]
    make: Make
    defines: str = ""
    by_name: Mapping[str, Key] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", MappingProxyType({key.name: key for key in self.keys}))

    def read(self, node: Node, reader: Reader, where: str) -> Any:
        """The value, or BAD. Every key is read whatever is wrong with the others."""
        if node.kind != "mapping":
            shape = "a list" if node.kind == "list" else "a text"
            hint = f"Its keys are {', '.join(list(self.by_name)[:6])}{', ...' if len(self.keys) > 6 else ''}."
            return reader.fail("V4", f"{shape} stands where the keys of {self.name} belong", node, where, hint)
        values: dict[str, Any] = {}
        for name, (key_node, value_node) in node.pairs.items():
            path = f"{where}.{name}" if where else name
            key = self.by_name.get(name)
            if key is None:
                self._unknown(name, key_node, reader, path)
                continue
            reader.place(path, value_node)
            if value_node.empty:
                continue
            value = key.kind.read(value_node, reader, path)
            if value is not BAD:
                values[key.field] = value
        if self.defines and "id" in values:
            reader.define(self.defines, values["id"], node, where)
            reader.aliases[f"{self.defines}s.{values['id']}"] = where
        self._complete(values, node, reader, where)
        return BAD if BAD in values.values() else self.make(values, node, reader, where)

    def _complete(self, values: dict[str, Any], node: Node, reader: Reader, where: str) -> None:
        """Note what is missing, and put a stand-in there, so that the rest is still looked at."""
        for key in self.keys:
            if not key.required or key.field in values:
                continue
            if key.name not in node.pairs or node.pairs[key.name][1].empty:
                reader.fail("V3", f"'{key.name}' is missing here", node, where, f"{key.doc}.")
            values[key.field] = getattr(key.kind, "stand_in", BAD)

    def _unknown(self, name: str, node: Node, reader: Reader, where: str) -> None:
        near = nearest(name, self.by_name, 0.75)
        synonym = SYNONYMS.get(name.lower(), "")
        homes = [table for table in ROOTS if name in table.by_name and table.name != self.name]
        if near:
            reader.fail("V1", f"'{name}' is not a key of {self.name}", node, where, f"Did you mean '{near}'?")
        elif synonym in self.by_name:
            reader.fail("V1", f"'{name}' is not a key of {self.name}", node, where, f"Did you mean '{synonym}'?")
        elif homes:
            places = " or ".join(dict.fromkeys(table.name for table in homes))
            reader.fail("V2", f"'{name}' does not belong in {self.name}", node, where, f"It belongs in {places}.")
        else:
            near = nearest(name, self.by_name, 0.5) or nearest(name, {key for table in ROOTS for key in table.by_name})
            known = f"Did you mean '{near}'?" if near else f"Its keys are {', '.join(self.by_name)}."
            reader.fail("V1", f"'{name}' is not a key of {self.name}", node, where, known)

    def json(self) -> Json:
        """An object that knows its keys."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {key.name: _key_json(key) for key in self.keys},
            "required": [key.name for key in self.keys if key.required],
        }


def _key_json(key: Key) -> Json:
    rule = {**key.kind.json(), "description": key.doc}
    if key.required:
        return rule
    if "enum" in rule:
        return {**rule, "enum": [*rule["enum"], None, ""]}
    kinds = rule.get("type", [])
    return {**rule, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]} if kinds else rule


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind."""

    kind: Kind
    most: int = 500
    stand_in: ClassVar[Any] = ()

    def read(self, node: Node, reader: Reader, where: str) -> Any:
        """A tuple of those that could be read."""
        if node.kind != "list":
            hint = f"Write [{node.text.strip()}]." if node.kind == "text" and "\n" not in node.text else ""
            hint = hint if len(hint) < 60 else ""
            return reader.fail("V4", "a list belongs here", node, where, hint)
        if len(node.items) > self.most:
            return reader.fail("V11", f"the list holds {len(node.items)} entries, {self.most} at most", node, where)
        found = []
        for index, item in enumerate(node.items):
            reader.place(f"{where}.{index}", item)
            value = self.kind.read(item, reader, f"{where}.{index}")
            if value is not BAD and value != "":
                found.append(value)
        return tuple(found)

    def json(self) -> Json:
        """An array."""
        return {"type": "array", "items": self.kind.json(), "maxItems": self.most}


@dataclass(frozen=True)
class MapOf:
    """A mapping from ids to values of one kind. `defines`: what the ids are ids of; sorted by id."""

    kind: Kind
    ids: Id = SLUG
    defines: tuple[str, ...] = ()
    uses: str = ""
    most: int = 10_000

    def read(self, node: Node, reader: Reader, where: str) -> Any:
        """A read-only mapping, in the order of the ids."""
        if node.kind != "mapping":
            return reader.fail("V4", "ids with their values belong here", node, where, "Write `id: ...` for each.")
        if len(node.pairs) > self.most:
            return reader.fail("V11", f"{len(node.pairs)} entries stand here, {self.most} at most", node, where)
        found = {}
        for name, (key_node, value_node) in node.pairs.items():
            path = f"{where}.{name}"
            name_read = self.ids.read(key_node, reader, path)
            reader.place(path, value_node if value_node.kind == "text" else key_node)
            if name_read is BAD:
                continue
            for kind in self.defines:
                reader.define(kind, name_read, key_node, path)
            if self.uses:
                reader.use(self.uses, name_read, key_node, path)
            value = self.kind.read(value_node, reader, path)
            if value is not BAD:
                found[name_read] = value
        return MappingProxyType(dict(sorted(found.items())))

    def json(self) -> Json:
        """An object whose keys are ids."""
        pattern = str(self.ids.json()["pattern"])
        return {"type": "object", "patternProperties": {pattern: self.kind.json()}, "additionalProperties": False}


#: Every table, filled by `tables`: where a misplaced key is looked for.
ROOTS: list[Table] = []


def plain(model: type) -> Make:
    """A maker that needs nothing but the values read."""

    def make(values: dict[str, Any], node: Node, reader: Reader, where: str) -> Any:
        return model(**values)

    return make


def named(model: type) -> Make:
    """A maker for the values of a map: the id is the last part of the path."""

    def make(values: dict[str, Any], node: Node, reader: Reader, where: str) -> Any:
        return model(id=where.rpartition(".")[2], **values)

    return make


def walk(kind: Kind, seen: set[str] | None = None) -> Iterator[Table]:
    """Every table reachable from a kind, each once."""
    seen = set() if seen is None else seen
    if isinstance(kind, Table):
        if kind.name in seen:
            return
        seen.add(kind.name)
        yield kind
        for key in kind.keys:
            yield from walk(key.kind, seen)
    elif isinstance(kind, ListOf | MapOf):
        yield from walk(kind.kind, seen)
