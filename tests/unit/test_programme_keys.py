"""Every key of the schema arrives in the model, and what takes its place when it is absent is something else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from campaign.errors import ProgrammeError
from campaign.programme.canonical import from_json, to_json
from campaign.programme.schema import ListOf, MapOf, Table
from campaign.programme.tables import PROGRAMME, all_keys, json_schema
from tests.unit.programmes import FULL, load

Path = tuple[str | int, ...]

#: Keys whose absence is seen elsewhere: a duplicate statement of what another key says.
IMPLIED = {("campaign", "kind"), ("days", 0, "weekday"), ("days", 0, "date"), ("campaign", "starts")}


def paths(kind: Any, data: Any, path: Path = ()) -> Iterator[tuple[str, str, Path]]:
    """(table, key, path) of every stated key."""
    if isinstance(kind, Table):
        for name, value in data.items():
            yield kind.name, name, (*path, name)
            yield from paths(kind.by_name[name].kind, value, (*path, name))
    elif isinstance(kind, ListOf):
        for index, value in enumerate(data):
            yield from paths(kind.kind, value, (*path, index))
    elif isinstance(kind, MapOf):
        for name, value in data.items():
            yield from paths(kind.kind, value, (*path, name))


STATED = list(paths(PROGRAMME, FULL))


def without(path: Path) -> dict[str, Any]:
    data: Any = copy.deepcopy(FULL)
    inner = data
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return data  # type: ignore[no-any-return]


def test_the_sample_states_every_key_of_the_schema() -> None:
    stated = {(table, name) for table, name, _ in STATED}
    assert stated == {(table, key.name) for table, key in all_keys()}


@pytest.mark.parametrize("path", [path for *_, path in STATED], ids=lambda path: ".".join(map(str, path)))
def test_a_key_that_is_taken_out_changes_the_programme(path: Path) -> None:
    data = without(path)
    try:
        changed = load(data).programme
    except ProgrammeError:
        return
    same = changed == load(FULL).programme
    assert same == (path in IMPLIED)


def test_every_value_arrives_in_its_field() -> None:
    programme = load(FULL).programme
    campaign, post, mailing = programme.campaign, programme.posts["launch"], programme.mailings["daily"]
    assert (campaign.edition, campaign.timezone, campaign.language) == (2023, "Europe/Dublin", "cy")
    assert (str(campaign.starts), str(campaign.ends)) == ("2023-10-09", "2023-10-13")
    assert campaign.contact is not None
    assert campaign.contact.email == "team@example.org"
    assert str(campaign.defaults.late_ok.post) == "1:30:00"
    assert campaign.holds[0].pages is True
    assert programme.audiences["staff"].reading_age_max == 14
    assert str(programme.resources["kit"].embargo_until) == "2023-10-10 10:00:00"
    event = programme.resources["launch"].event
    assert event is not None
    assert (str(event.starts), str(event.ends)) == ("2023-10-10 10:00:00", "2023-10-10 11:00:00")
    assert [day.id for day in programme.days] == ["mon", "tue-wed"]
    assert programme.expand_areas(("BOTH",)) == {"NORTH", "SOUTH"}
    assert (post.text_for["x-demo"], post.images[0].decorative, post.again) == ("Launch", True, True)
    assert programme.posts["morning"].when.time == "unlock"
    assert programme.posts["tue"].when.day == "tue-wed"
    assert (mailing.skip_if_empty, mailing.in_doubt.value, mailing.body) == (False, "resend", "daily.md")


def test_canonical_json_is_an_exact_inverse_and_sorted() -> None:
    programme = load(FULL).programme
    text = to_json(programme)
    assert from_json(text) == programme
    assert to_json(from_json(text)) == text
    assert list(from_json(text).channels) == list(programme.channels)


def test_the_json_schema_takes_the_sample_and_refuses_a_wrong_key() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    jsonschema.Draft202012Validator.check_schema(json_schema())
    as_editors_read = copy.deepcopy(FULL)
    as_editors_read["schema"] = 1
    as_editors_read["campaign"]["edition"] = 2023
    as_editors_read["audiences"]["staff"]["reading_age_max"] = 14
    as_editors_read["resources"]["talk"]["media"]["minutes"] = 4
    as_editors_read["posts"]["launch"]["title"] = None
    assert list(validator.iter_errors(as_editors_read)) == []
    as_editors_read["campaign"]["titel"] = "x"
    assert [error.validator for error in validator.iter_errors(as_editors_read)] == ["additionalProperties"]
