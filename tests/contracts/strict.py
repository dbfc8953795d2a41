"""Small schemas of the calls that this project makes, read strictly: an unknown field or a wrong type fails.

Each says which documentation it was made from, and when. `S` and its friends are JSON Schema (draft 2020-12).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

Schema = Mapping[str, Any]


def text(most: int = 0, *, least: int = 1, pattern: str = "") -> Schema:
    """A string of `least` to `most` characters (0: any)."""
    schema: dict[str, Any] = {"type": "string", "minLength": least}
    schema |= {"maxLength": most} if most else {}
    return schema | ({"pattern": pattern} if pattern else {})


def one_of(*values: Any) -> Schema:
    """One of these values."""
    return {"enum": list(values)}


def many(inner: Schema, most: int = 0, least: int = 1) -> Schema:
    """A list."""
    return {"type": "array", "items": inner, "minItems": least} | ({"maxItems": most} if most else {})


def obj(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def wrong(schema: Schema, value: Any) -> str:
    """What is wrong with `value`, in words; "" where nothing is."""
    errors = sorted(Draft202012Validator(dict(schema)).iter_errors(value), key=lambda error: list(error.path))
    return "; ".join(f"{'.'.join(map(str, error.path)) or 'body'}: {error.message}" for error in errors)
