"""A programme written as YAML or as a workbook is read back as the same programme."""

from __future__ import annotations

import io
import json
from datetime import datetime

import pytest
import yaml
from hypothesis import given, settings
from openpyxl import load_workbook

from campaign import sheets
from campaign.errors import FileError
from campaign.model import Programme
from campaign.programme import load_bytes
from campaign.programme.importing.book import import_workbook
from campaign.programme.workbook import SentState, export
from campaign.programme.workbook_file import template
from campaign.programme.writing import to_tree, write
from tests.unit.any_programme import programmes
from tests.unit.programmes import FULL, full


@given(programmes())
@settings(max_examples=40)
def test_yaml_gives_back_the_same_programme(programme: Programme) -> None:
    assert load_bytes(write(programme).encode()).programme == programme


@given(programmes())
@settings(max_examples=25)
def test_a_workbook_gives_back_the_same_programme(programme: Programme) -> None:
    draft = import_workbook(sheets.read(export(programme), "week.xlsx"))
    assert draft.refused == []
    assert load_bytes(draft.yaml().encode()).programme == programme


def test_every_key_there_is_comes_back_by_both_ways() -> None:
    files = {f"messages/{name}": b"Hello" for name in ("b.md", "briefing.md")}
    programme = load_bytes(json.dumps(FULL).encode()).programme
    assert load_bytes(write(programme).encode()).programme == programme
    draft = import_workbook(sheets.read(export(programme, files=files), "week.xlsx"))
    assert load_bytes(draft.yaml().encode()).programme == programme


@given(programmes())
@settings(max_examples=10)
def test_other_readers_see_the_same_words(programme: Programme) -> None:
    def texts(node: object) -> object:
        if isinstance(node, dict):
            return {str(key): texts(value) for key, value in node.items()}
        if isinstance(node, list):
            return [texts(value) for value in node]
        return node if isinstance(node, str) else json.dumps(node) if isinstance(node, bool | int) else str(node)

    held = yaml.safe_load(write(programme))
    for section in ("posts", "resources", "areas"):
        for name, item in to_tree(programme).get(section, {}).items():
            for key in ("text", "title", "notes"):
                if (
                    isinstance(item, dict)
                    and key in item
                    and not item[key].isdigit()
                    and item[key] not in {"true", "false"}
                ):
                    assert texts(held[section][name][key]) == item[key]


def test_comments_stand_above_what_they_are_about() -> None:
    programme = load_bytes(json.dumps(full()).encode()).programme
    notes = {"posts.launch.text": ("ASK: is this right?",), "campaign": ("All of it.",)}
    text = write(programme, notes=notes, head=("Made by a test.",))
    lines = text.splitlines()
    assert lines[0] == "# Made by a test."
    assert lines[lines.index("    # ASK: is this right?") + 1].startswith("    text:")
    assert load_bytes(text.encode()).programme == programme


def test_an_export_shows_states_that_an_import_leaves_alone() -> None:
    programme = load_bytes(json.dumps(FULL).encode()).programme
    message = next(iter(programme.posts))
    data = export(programme, states={message: SentState("sent", datetime(2023, 10, 10, 10, 5))})
    rows = list(load_workbook(io.BytesIO(data))["Schedule"].iter_rows(values_only=True))
    assert rows[0][-2:] == ("State", "Sent at")
    assert next(row for row in rows if row[0] == message)[-2:] == ("sent", datetime(2023, 10, 10, 10, 5))
    assert load_bytes(import_workbook(sheets.read(data)).yaml().encode()).programme == programme


def test_a_workbook_whose_examples_are_left_as_they_are_holds_no_schedule() -> None:
    with pytest.raises(FileError, match="no sheet looks like a schedule"):
        import_workbook(sheets.read(template(), "week.xlsx"))


def test_a_workbook_with_an_example_written_over_holds_what_was_written() -> None:
    book = load_workbook(io.BytesIO(template()))
    book["Schedule"]["K2"] = "Our own words."
    out = io.BytesIO()
    book.save(out)
    draft = import_workbook(sheets.read(out.getvalue(), "week.xlsx"))
    assert draft.tree["posts"]["example-post"]["text"] == "Our own words."
    assert "mailings" not in draft.tree
