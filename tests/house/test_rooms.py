"""What import-linter is not asked: channels among themselves, and imports that only a type checker follows."""

import ast

from tests.house.files import ROOT, dotted, imported, name_of, python_files, tree

WAYS_IN = {"base", "bulk", "http", "registry"}
"""Modules of campaign.channels that are no channel; so is every name with a leading underscore (shared parts)."""

WINGS = {
    "rules": {"programme", "plan", "policy", "render", "settings"},
    "store": {"store"},
    "channels": {"channels"},
}
GROUND = {"model", "errors", "clock", "words", "locks"}
UPSTAIRS = {"delivery", "testing", "web", "wiring", "cli"}


def test_channels_do_not_know_one_another() -> None:
    folder = ROOT / "campaign" / "channels"
    channels = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    channels = {name for name in channels if not name.startswith("_")} - WAYS_IN
    found = []
    for path in python_files("campaign/channels"):
        own = path.relative_to(folder).parts[0].removesuffix(".py")
        for name, line in imported(tree(path)):
            parts = name.split(".")
            if parts[:2] == ["campaign", "channels"] and len(parts) > 2 and parts[2] in channels - {own}:
                found.append(f"{name_of(path)}:{line} {name}")
    assert not found


def reach(room: str) -> set[str]:
    """The rooms that a room may name, if only for the type checker."""
    if room in GROUND:
        return GROUND
    for wing in WINGS.values():
        if room in wing:
            return GROUND | wing
    everything = GROUND | set().union(*WINGS.values())
    return everything | (UPSTAIRS if room == "cli" else {room, "delivery"} if room != "testing" else {room})


def test_imports_for_the_type_checker_go_down_too() -> None:
    found = []
    for path in python_files("campaign"):
        room = path.relative_to(ROOT / "campaign").parts[0].removesuffix(".py")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
                for name, line in imported(ast.Module(node.body, [])):
                    parts = name.split(".")
                    if parts[0] == "campaign" and len(parts) > 1 and parts[1] not in reach(room):
                        found.append(f"{name_of(path)}:{line} {name}")
    assert not found
