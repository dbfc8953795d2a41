"""Every bounce sample of flufl.bounce's source package, read; and the figures that docs/data-protection.md states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from campaign.channels.base import Feedback, FeedbackKind
from campaign.delivery.feedback import read_message
from tests.store.people import NOW

FOLDER = Path(__file__).parent / "flufl_bounce"
EXPECTED = json.loads((FOLDER / "expected.json").read_text("utf-8"))
#: Real bounces that name no address in any known way: known misses.
MISSED = {"bounce_01.txt", "dumbass_01.txt"}
FAILURES = {FeedbackKind.HARD, FeedbackKind.SOFT, FeedbackKind.POLICY}
NO_BOUNCE = {"unknown", "auto_reply"}


def read(name: str) -> list[Feedback]:
    return read_message((FOLDER / name).read_bytes(), received=NOW)


def test_every_sample_is_expected_to_say_something() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.txt")) == sorted(EXPECTED)
    assert len(EXPECTED) == 117


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - MISSED))
def test_a_sample_names_its_addresses_and_what_happened(name: str) -> None:
    found = read(name)
    assert {str(each.kind) for each in found} == {EXPECTED[name]["kind"]}
    if EXPECTED[name]["kind"] in {"hard", "soft", "policy"}:
        assert sorted({each.address.lower() for each in found}) == EXPECTED[name]["addresses"]


@pytest.mark.parametrize("name", sorted(MISSED))
def test_what_is_not_understood_is_unknown_and_never_a_guess(name: str) -> None:
    assert [each.kind for each in read(name)] == [FeedbackKind.UNKNOWN]


def test_precision_and_recall_are_as_the_docs_say() -> None:
    bounces = {name for name, each in EXPECTED.items() if each["kind"] not in NO_BOUNCE}
    seen = {name for name in EXPECTED if {each.kind for each in read(name)} & (FAILURES | {FeedbackKind.AUTO_REPLY})}
    understood = {name for name in seen if name in bounces or EXPECTED[name]["kind"] == "auto_reply"}
    assert seen == understood
    wanted = {(name, address) for name in bounces for address in EXPECTED[name]["addresses"]}
    given = {(name, each.address.lower()) for name in EXPECTED for each in read(name) if each.kind in FAILURES}
    assert given == wanted
    delayed = {name for name, each in EXPECTED.items() if each["kind"] == "auto_reply" and each["addresses"]}
    assert (len(bounces | delayed), len((bounces | delayed) & seen)) == (114, 112)


def test_a_report_of_a_delay_suppresses_nobody() -> None:
    assert all(
        each.kind not in FAILURES for name in EXPECTED if EXPECTED[name]["kind"] == "auto_reply" for each in read(name)
    )
