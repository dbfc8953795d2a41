"""The locks pin everything by hash, agree with one another, and name no place to fetch from."""

import re
import tomllib

import pytest

from tests.house.files import ROOT, texts

LOCKS = ("requirements.lock", "requirements-run.lock", "requirements-build.lock")
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pythonhosted", "org"),
        ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"), ("unpkg", "com"),
        ("jsdelivr", "net"), ("docker", "io"), ("ghcr", "io"), ("quay", "io"), ("crates", "io"), ("rubygems", "org"),
        ("proxy", "golang", "org"), ("deb", "debian", "org"), ("archive", "ubuntu", "com"),
    )
)  # fmt: skip


def entries(lock: str) -> dict[tuple[str, str], list[str]]:
    """(name, version and marker) -> hashes, of a lock."""
    found: dict[tuple[str, str], list[str]] = {}
    key = ("", "")
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if match := re.match(r"([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==([^\\]+)", line):
            key = (match[1], match[2].strip())
            found[key] = []
        elif match := re.match(r"\s+--hash=(sha256:[0-9a-f]{64})", line):
            found[key].append(match[1])
        else:
            assert re.match(r"\s*#", line), f"{lock}: not a pinned requirement, a hash or a comment: {line}"
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_each_pin_has_hashes_and_no_address(lock: str) -> None:
    pins = entries(lock)
    assert pins
    assert [key for key, hashes in pins.items() if not hashes] == []
    assert "://" not in (ROOT / lock).read_text("utf-8")


def test_the_smaller_locks_are_part_of_the_whole() -> None:
    whole = {(name, version.split(";")[0].strip()) for name, version in entries("requirements.lock")}
    for lock in LOCKS[1:]:
        assert {(name, version.split(";")[0].strip()) for name, version in entries(lock)} <= whole


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    run = {name for name, _ in entries("requirements-run.lock")}
    whole = {name for name, _ in entries("requirements.lock")}

    def names(requirements: list[str]) -> set[str]:
        found = {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0] for requirement in requirements}
        return {re.sub(r"[-_.]+", "-", name).lower() for name in found}

    assert names(project["dependencies"]) <= run
    for extra in project["optional-dependencies"].values():
        assert names(extra) <= whole


def test_no_file_names_a_package_registry() -> None:
    found = [f"{name}: {host}" for name, text in texts() for host in REGISTRIES if host in text.lower()]
    assert not found
