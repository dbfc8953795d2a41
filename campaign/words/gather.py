"""Lists the sentences of the code that a page may show, for whoever brings another language.

`python -m campaign.words.gather > campaign/words/cy/sentences.toml` is where a translation of them begins.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# Sentences that are made where something happens: errors, problems of a file, reasons in the ledger.
# Left: the English, as the code makes it. Right: what is shown; `{names}` may change places.
"""
#: Rooms whose sentences no page shows: the command line's, the pages' own words, what helps authors of channels.
APART = ("cli", "words", "testing", "web/templates", "logs.py", "store/migrations")
#: Libraries whose sentences ours pass on: what is wrong with an address, a template or YAML.
LIBRARIES = {
    "email_validator": ("syntax", "validate_email"),
    "jinja2": ("lexer", "parser", "runtime"),
    "yaml": ("scanner", "parser", "composer", "reader"),
}
#: Calls whose texts are not for people: queries, patterns, faults of the code itself.
SILENT = frozenset(
    (
        "text",
        "compile",
        "execute",
        "TypeError",
        "RuntimeError",
        "KeyError",
        "AssertionError",
        "Gauge",
        "Counter",
        "Histogram",
        "match",
        "search",
        "fullmatch",
        "sub",
        "split",
        "Field",
        "exec_driver_sql",
        "Markup",
        "joins",
        "add_header",
        "getLogger",
        "LookupError",
    )
)
#: What writes to the log, for operators.
LOG = "log"
_FILLED = re.compile(r"%[-#0-9.]*[a-z]")
_WORDS = re.compile(r"[A-Za-z’']{2,}")


def gathered() -> list[str]:
    """Every sentence, in order, with `{names}` for what is filled in."""
    found: set[str] = set()
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(APART):
            found.update(_of(ast.parse(path.read_text("utf-8"))))
    for path in _passed_on():
        found.update(_of(ast.parse(path.read_text("utf-8"))))
    return sorted(found)


def _passed_on() -> Iterator[Path]:
    for library, names in LIBRARIES.items():
        spec = find_spec(library)
        if spec is not None and spec.origin is not None:
            yield from (Path(spec.origin).with_name(f"{name}.py") for name in names)


def _of(tree: ast.Module) -> Iterator[str]:
    for node in _told(tree):
        text = _text(node)
        if text is not None and _is_sentence(text):
            yield text


def _told(node: ast.AST) -> Iterator[ast.expr]:
    """The texts below a node that may be for people; a text within a text is told of too."""
    if isinstance(node, ast.Assert | ast.Compare) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ):
        return
    if isinstance(node, ast.Call) and (_name(node.func) in SILENT or _is_log(node.func)):
        return
    if isinstance(node, ast.expr) and _text(node) is not None:
        yield node
        inner = [part.value for part in ast.walk(node) if isinstance(part, ast.FormattedValue)]
        for value in inner:
            yield from _told(value)
        return
    for child in ast.iter_child_nodes(node):
        yield from _told(child)


def _is_log(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == LOG


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return _braced(node.value) if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        names: list[str] = []
        return "".join(_piece(part, names) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
        numbers = count()
        return _FILLED.sub(lambda _: f"{{value{next(numbers) or ''}}}", _braced(str(node.left.value)))
    return None


def _braced(text: str) -> str:
    """A text whose own braces are doubled, as `str.format` wants them."""
    return text.replace("{", "{{").replace("}", "}}")


def _piece(part: ast.expr, names: list[str]) -> str:
    if isinstance(part, ast.Constant):
        return _braced(str(part.value))
    name = _called(part.value if isinstance(part, ast.FormattedValue) else part)
    names.append(name)
    return "{" + (name if names.count(name) == 1 else f"{name}{names.count(name)}") + "}"


def _called(value: ast.expr) -> str:
    """A short name for what is filled in."""
    if isinstance(value, ast.Attribute):
        return value.attr.strip("_")
    if isinstance(value, ast.Name):
        return value.id.strip("_").lower() or "value"
    if isinstance(value, ast.Call):
        return _called(value.args[0]) if value.args and not isinstance(value.args[0], ast.Starred) else "value"
    return "value"


def _is_sentence(text: str) -> bool:
    """Three words or more of plain language, with more of its own than of what is filled in."""
    bare = re.sub(r"\{\w+\}", " ", text)
    if len(_WORDS.findall(bare)) < 2 or " " not in text.strip() or text != text.strip():
        return False
    if re.search(r"</?[a-z!]|%s|^[a-z_/.-]+$|\\|^(SELECT|UPDATE|INSERT|DELETE|PRAGMA|WHERE|CREATE|ALTER|LOCK) ", text):
        return False
    own = len(bare.replace(" ", ""))
    return own >= 8 and 2 * own >= 5 * text.count("{")


def written(found: list[str]) -> str:
    """The file's text."""
    return HEAD + "\n" + "".join(f"{_quoted(each)} = {_quoted(each)}\n" for each in found)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(written(gathered()))
