"""A strict reader of AT Protocol lexicons (https://atproto.com/specs/lexicon): an unknown field is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import regex

LEXICONS: dict[str, Any] = json.loads((Path(__file__).parent / "atproto" / "lexicons.json").read_text("utf-8"))
FORMATS = {
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "did": r"did:[a-z]+:[A-Za-z0-9._:%-]+",
    "at-identifier": r"did:[a-z]+:[A-Za-z0-9._:%-]+|[a-z0-9-]+(\.[a-z0-9-]+)+",
    "handle": r"[a-z0-9-]+(\.[a-z0-9-]+)+",
    "nsid": r"[a-z]+(\.[A-Za-z]+)+",
    "record-key": r"[A-Za-z0-9._:~-]{1,512}",
    "tid": r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}",
    "cid": r"[a-z0-9]{20,}",
    "at-uri": r"at://[^/]+/[^/]+/[^/]+",
    "language": r"[a-z]{2,3}(-[A-Za-z0-9]+)*",
}


class Unlawful(ValueError):
    """A value that its lexicon does not allow. The text says where."""


def check_input(nsid: str, value: Any) -> None:
    """Check the body of a procedure; Unlawful where it does not fit."""
    _check(LEXICONS[nsid]["defs"]["main"]["input"]["schema"], value, nsid, nsid)


def check_params(nsid: str, value: Mapping[str, str]) -> None:
    """Check the query of a query; Unlawful where it does not fit."""
    schema = {**LEXICONS[nsid]["defs"]["main"]["parameters"], "type": "object"}
    _check(schema, dict(value), nsid, nsid)


def check_record(value: Any) -> None:
    """Check a record by its $type."""
    nsid = value.get("$type")
    main = LEXICONS[nsid]["defs"]["main"]
    rest = {name: field for name, field in value.items() if name != "$type"}
    _check(main["record"], rest, nsid, nsid)


def _fail(true: bool, where: str, what: str) -> None:
    if not true:
        raise Unlawful(f"{where}: {what}")


def _check(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    kind = schema["type"]
    {
        "object": _object, "string": _string, "integer": _integer, "boolean": _boolean, "array": _array,
        "ref": _ref, "union": _union, "blob": _blob, "unknown": _unknown,
    }[kind](schema, value, where, home)  # fmt: skip


def _object(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, dict), where, "not an object")
    known = schema.get("properties", {})
    unknown = set(value) - set(known)
    _fail(not unknown, where, f"unknown fields {sorted(unknown)}")
    missing = set(schema.get("required", [])) - set(value)
    _fail(not missing, where, f"missing fields {sorted(missing)}")
    for name, inner in value.items():
        if inner is None and name in schema.get("nullable", []):
            continue
        _check(known[name], inner, f"{where}.{name}", home)


def _string(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, str), where, "not a string")
    _fail(len(value.encode()) <= schema.get("maxLength", 10**9), where, "too many bytes")
    _fail(len(regex.findall(r"\X", value)) <= schema.get("maxGraphemes", 10**9), where, "too many graphemes")
    form = schema.get("format")
    if form == "uri":
        _fail(bool(urlsplit(value).scheme) and len(value) <= 8192, where, "not a URI")
    elif form:
        _fail(re.fullmatch(FORMATS[form], value) is not None, where, f"not a {form}: {value!r}")


def _integer(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, int) and not isinstance(value, bool), where, "not an integer")
    _fail(value >= schema.get("minimum", value), where, "too small")


def _boolean(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, bool), where, "not a boolean")


def _array(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, list), where, "not an array")
    _fail(len(value) <= schema.get("maxLength", 10**9), where, "too many")
    for number, inner in enumerate(value):
        _check(schema["items"], inner, f"{where}[{number}]", home)


def _named(ref: str, home: str) -> tuple[Mapping[str, Any], str]:
    nsid, _, name = ref.partition("#")
    nsid = nsid or home
    return LEXICONS[nsid]["defs"][name or "main"], nsid


def _ref(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    inner, nsid = _named(schema["ref"], home)
    _check(inner, value, where, nsid)


def _union(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, dict) and "$type" in value, where, "no $type")
    whole = {(f"{home}{ref}" if ref.startswith("#") else ref) for ref in schema["refs"]}
    _fail(value["$type"] in whole, where, f"$type {value['$type']} is not one of {sorted(whole)}")
    inner, nsid = _named(value["$type"], home)
    _check(inner, {name: field for name, field in value.items() if name != "$type"}, where, nsid)


def _blob(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, dict) and set(value) == {"$type", "ref", "mimeType", "size"}, where, "not a blob")
    _fail(value["$type"] == "blob" and set(value["ref"]) == {"$link"}, where, "not a blob")
    _fail(value["size"] <= schema.get("maxSize", 10**9), where, "blob too big")
    _fail(value["mimeType"].startswith("image/"), where, "not an image")


def _unknown(schema: Mapping[str, Any], value: Any, where: str, home: str) -> None:
    _fail(isinstance(value, dict), where, "not an object")
