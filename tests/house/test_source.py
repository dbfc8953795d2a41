"""Rules of the house that are read from the source: who may read time and the environment, how long things are."""

import ast
import re
from pathlib import Path

from tests.house.files import docstrings, dotted, imported, name_of, python_files, texts, tree

CLOCKS = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today)$")
ENVIRONMENT = re.compile(r"^os\.(environb?|getenvb?|putenv|unsetenv)\b")
DATABASE_TIME = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|getdate)\s*\(|\bcurrent_(time|date)|'now'", re.I
)
PATCHES_OF_ENVIRONMENT = {"setenv", "delenv", "chdir", "syspath_prepend"}
#: What leaves a test of a page unsure which page it asks: `follow`, `enter` and `press` of tests/browser say it.
UNSURE = {"click", "dblclick", "tap", "wait_for_timeout"}
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60


def uses(path: Path, pattern: re.Pattern[str]) -> list[str]:
    """Where a file names, or imports, something whose full name matches."""
    names = [(dotted(n), n.lineno) for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute)]
    return [f"{name_of(path)}:{line} {name}" for name, line in [*names, *imported(tree(path))] if pattern.search(name)]


def test_only_the_clock_reads_time() -> None:
    modules = re.compile(r"^time(\.|$)")
    found = [
        use
        for path in python_files("campaign")
        if name_of(path) != "campaign/clock.py"
        for use in (
            *uses(path, CLOCKS),
            *(f"{name_of(path)}:{line} {name}" for name, line in imported(tree(path)) if modules.search(name)),
        )
    ]
    assert not found, f"time is an argument, or comes from a Clock: {found}"


def test_only_settings_reads_the_environment() -> None:
    rooms = [path for path in python_files("campaign") if not name_of(path).startswith("campaign/settings")]
    found = [use for path in rooms for use in uses(path, ENVIRONMENT)]
    assert not found, f"the environment is read by campaign.settings alone: {found}"


def test_sql_never_asks_the_database_for_the_time() -> None:
    found = [
        use for path in python_files("campaign/store") for use in uses(path, re.compile(r"\bfunc\.(now|current_)"))
    ]
    for path in python_files("campaign/store"):
        ignored = docstrings(tree(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in ignored:
                found += [f"{name_of(path)}:{node.lineno}"] if DATABASE_TIME.search(node.value) else []
    assert not found, f"pass the time in: {found}"


def test_nothing_is_left_for_later() -> None:
    word = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK", "X" + "XX")) + r")\b")
    found = [
        f"{name}: {match[0]}" for name, text in texts() if not name.endswith(".lock") and (match := word.search(text))
    ]
    assert not found


def test_files_are_short() -> None:
    lengths = {
        name_of(path): len(path.read_text("utf-8").splitlines())
        for path in python_files("campaign", "tests", "benchmarks")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_FILE} == {}


def test_functions_are_short() -> None:
    found = {
        f"{name_of(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in python_files("campaign", "tests", "benchmarks")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert {name: lines for name, lines in found.items() if lines > LINES_OF_A_FUNCTION} == {}


def test_tests_patch_no_code_and_do_not_sleep() -> None:
    found = []
    for path in python_files("tests"):
        found += uses(path, re.compile(r"^unittest\.mock|^mock\b"))
        found += uses(path, re.compile(r"^time\.sleep$")) if name_of(path) != "tests/waiting.py" else []
        found += [
            f"{name_of(path)}:{node.lineno} monkeypatch.{node.attr}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute)
            and dotted(node.value) == "monkeypatch"
            and node.attr not in PATCHES_OF_ENVIRONMENT
        ]
    assert not found, f"hand in a fake; wait with tests.waiting.until: {found}"


def test_tests_of_pages_wait_for_the_page_that_a_click_leads_to() -> None:
    found = [
        f"{name_of(path)}:{node.lineno} .{node.attr}"
        for path in python_files("tests/browser")
        if path.name.startswith("test_")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in UNSURE
    ]
    assert not found, f"click by tests.browser.chromium: follow, or press where the page stays: {found}"
