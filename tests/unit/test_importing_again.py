"""Importing again: the sheet's changes are taken, edits are kept, what was sent stays, removals are asked for."""

from __future__ import annotations

from typing import Any

from campaign import sheets
from campaign.programme import load_bytes
from campaign.programme.importing.book import import_workbook
from campaign.programme.importing.draft import Draft
from campaign.programme.importing.merge import Merged, merge
from campaign.programme.writing import to_tree

HEAD = "Ref,Date,Time,Channel,Copy,Link\n"
ROWS = {
    "a": "a,09/10/2023,08:30,X,First,https://example.org/a\n",
    "b": "b,10/10/2023,08:30,X,Second,https://example.org/b\n",
    "c": "c,11/10/2023,08:30,X,Third,\n",
}


def imported(**rows: str) -> Draft:
    text = HEAD + "".join({**ROWS, **rows}.values())
    return import_workbook(sheets.read(text.encode(), "week.csv"))


def saved(draft: Draft, *edits: tuple[str, str]) -> dict[str, Any]:
    """The draft as its file after a person's edits."""
    text = draft.yaml()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return to_tree(load_bytes(text.encode()).programme)


def again(new: Draft, *edits: tuple[str, str], **options: Any) -> Merged:
    first = imported()
    return merge(new, saved(first, *edits), first.tree, **options)


def texts(merged: Merged) -> dict[str, str]:
    return {ident: post.get("text", "") for ident, post in merged.draft.tree["posts"].items()}


def test_the_same_sheet_changes_nothing() -> None:
    merged = again(imported())
    assert merged.changes == []
    assert merged.unchanged == 3


def test_a_changed_row_is_taken_and_an_edit_is_kept() -> None:
    merged = again(imported(b=ROWS["b"].replace("Second", "Second and better")), ("text: First", "text: First by hand"))
    assert texts(merged) == {"a": "First by hand", "b": "Second and better", "c": "Third"}
    assert [change.path for change in merged.changes] == ["posts.b.text"]


def test_what_both_changed_keeps_the_edit_and_asks() -> None:
    merged = again(imported(a=ROWS["a"].replace("First", "From the sheet")), ("text: First", "text: By hand"))
    assert texts(merged)["a"] == "By hand"
    assert any("'From the sheet'" in question.text for question in merged.draft.questions)


def test_what_was_added_by_hand_stays() -> None:
    merged = again(imported(), ("text: Third", "text: Third\n    late_ok: 1h"))
    assert merged.draft.tree["posts"]["c"]["late_ok"] == "1h"


def test_a_new_row_is_added() -> None:
    merged = again(imported(d="d,12/10/2023,9am,X,Fourth,\n"))
    assert [(change.kind, change.path) for change in merged.changes if change.path.startswith("posts")] == [
        ("added", "posts.d")
    ]


def test_a_row_that_is_gone_is_asked_for_and_goes_when_told() -> None:
    merged = again(imported(c=""))
    assert "c" in texts(merged)
    assert any("no longer in the sheet" in question.text for question in merged.draft.questions)
    assert "c" not in texts(again(imported(c=""), remove=["c"]))


def test_a_new_day_widens_the_week_and_a_day_that_is_gone_is_kept() -> None:
    wider = again(imported(d="d,12/10/2023,9am,X,Fourth,\n"))
    assert wider.draft.tree["campaign"]["ends"] == "2023-10-12"
    kept = again(imported(c=""))
    assert [day["date"] for day in kept.draft.tree["days"]] == ["2023-10-09", "2023-10-10", "2023-10-11"]
    assert kept.draft.refused == []


def test_a_change_to_what_was_sent_is_refused_by_its_row() -> None:
    merged = again(imported(b=ROWS["b"].replace("Second", "Too late")), sent={"b"})
    assert texts(merged)["b"] == "Second"
    (problem,) = merged.draft.refused
    assert problem.message.startswith("Row 3, Post b: it has been sent, so text stays 'Second'")


def test_a_row_that_was_sent_and_is_gone_stays_even_when_told() -> None:
    merged = again(imported(b=""), sent={"b"}, remove=["b"])
    assert "b" in texts(merged)
    assert any("has been sent" in line for line in merged.kept)


def test_without_a_memory_the_sheet_wins_where_they_differ() -> None:
    mine = saved(imported(), ("text: First", "text: By hand"))
    merged = merge(imported(), mine, None)
    assert texts(merged)["a"] == "First"


def test_the_id_never_changes() -> None:
    mine = saved(imported(), ("id: week-2023", "id: mine"))
    assert merge(imported(), mine, None).draft.tree["campaign"]["id"] == "mine"
