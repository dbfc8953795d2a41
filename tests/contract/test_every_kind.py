"""Every registered channel is held to the contract, and is documented."""

import ast

import pytest

from campaign.channels.registry import Kind, Registry
from campaign.model import Post
from tests.house.files import ROOT, tree

REGISTRY = Registry()


def test_our_own_kinds_enter_by_the_same_door_and_none_is_broken() -> None:
    assert REGISTRY.broken() == []
    assert {"outbox", "outbox-mail", "manual", "webhook"} <= {kind.name for kind in REGISTRY.kinds()}


def held_to_the_contract() -> set[str]:
    """The class names that some test in tests/ gives as `channel = ...` of a contract suite."""
    found = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "channel":
                        found.add(ast.unparse(line.value))
    return found


@pytest.mark.parametrize("kind", REGISTRY.kinds(), ids=lambda kind: str(kind.name))
def test_every_kind_is_held_to_the_contract(kind: Kind) -> None:
    name = kind.type.__name__
    assert name in held_to_the_contract(), f"write a test class of ChannelContract with channel = {name}"


@pytest.mark.parametrize("kind", REGISTRY.kinds(), ids=lambda kind: str(kind.name))
def test_every_kind_has_a_page_with_its_promise_and_its_options(kind: Kind) -> None:
    page = ROOT / "docs" / "channels" / f"{kind.name.removesuffix('-mail')}.md"
    words = " ".join(page.read_text("utf-8").split())
    assert kind.type.replay.promise in words, f"{page.name} does not say: {kind.type.replay.promise}"
    missing = [name for name in kind.type.Options.model_fields if f"`{name}`" not in words]
    assert not missing, f"{page.name} does not tell of {missing}"


def test_one_table_holds_every_promise() -> None:
    page = (ROOT / "docs" / "channels" / "README.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| [")]
    assert [row.split("]")[0].removeprefix("| [") for row in rows] == REGISTRY.names
    for kind, row in zip(REGISTRY.kinds(), rows, strict=True):
        carries = "posts" if kind.type.carries is Post else "emails"
        assert row.endswith(f".md) | {carries} | {kind.type.replay.promise} |")
