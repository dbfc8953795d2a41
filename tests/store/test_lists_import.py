"""Importing people: a verdict a row, the same in a dry run as for real, and nobody brought back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from campaign.address import KeyRing, parse
from campaign.store.bases import Evidence
from campaign.store.database import Database
from campaign.store.lists import get_list
from campaign.store.lists_import import Importer, ImportRow, Judged, Verdict
from campaign.store.subscribers import Details, State, find_one, leave
from campaign.store.suppressions import Reason, suppress
from campaign.store.tables_lists import consents, subscribers, subscription_events, suppressions, wordings
from campaign.tokens import Key
from tests.store.people import NOW, RING

SAID = Evidence(given_at=datetime(2023, 9, 1, tzinfo=UTC), how="2023 event form", wording="Yes, email me.")


def importer(
    database: Database, *, default: str = "practitioners", ring: KeyRing = RING, now: datetime = NOW
) -> Importer:
    with database.read() as connection:
        lists = [get_list(connection, slug) for slug in ("practitioners", "councils", "guidance", "friends")]
    return Importer(database, ring, lists, now=now, who="Jo Bell", default="practitioners")


def row(number: int, address: str, *, on: str = "", evidence: Evidence = SAID, **details: str) -> ImportRow:
    return ImportRow(number=number, address=address, list=on, evidence=evidence, details=Details(**details))  # type: ignore[arg-type]


def verdicts(judged: Sequence[Judged]) -> list[str]:
    return [each.verdict for each in judged]


def test_a_dry_run_says_what_the_real_one_does_and_writes_nothing(filled: Database) -> None:
    rows = [row(2, "a@example.org", first_name="Ann"), row(3, "not an address"), row(4, "A@EXAMPLE.org")]
    dry = list(importer(filled).run(rows, apply=False))
    with filled.read() as connection:
        assert connection.scalar(select(func.count()).select_from(subscribers)) == 0
    assert dry == list(importer(filled).run(rows, apply=True))
    assert verdicts(dry) == ["added", "refused", "refused"]
    assert "one address alone" in dry[1].why
    assert "earlier row" in dry[2].why


def test_a_second_import_adds_nobody_and_changes_only_what_the_file_says(filled: Database) -> None:
    rows = [row(2, "a@example.org", first_name="Ann", organisation="Council"), row(3, "b@example.org")]
    assert verdicts(list(importer(filled).run(rows, apply=True))) == ["added", "added"]
    again = [row(2, "A@example.org", organisation="County Council"), row(3, "b@example.org")]
    judged = list(importer(filled).run(again, apply=True))
    assert verdicts(judged) == ["changed", "unchanged"]
    assert judged[0].why == "organisation"
    with filled.read() as connection:
        person = find_one(connection, "a@example.org")
        assert person is not None
        assert person.details.first_name == "Ann"
        assert person.details.organisation == "County Council"
        assert connection.scalar(select(func.count()).select_from(subscription_events)) == 2


def test_consent_is_kept_with_its_exact_words_once_a_version(filled: Database) -> None:
    other = Evidence(given_at=SAID.given_at, how="paper", wording="Other words.", controllers="HSCP, IOWSCP")
    rows = [row(2, "a@example.org"), row(3, "b@example.org"), row(4, "c@example.org", evidence=other)]
    list(importer(filled).run(rows, apply=True))
    with filled.read() as connection:
        texts = connection.execute(select(wordings.c.version, wordings.c.text).order_by(wordings.c.version)).all()
        assert [tuple(each) for each in texts] == [(1, "Yes, email me."), (2, "Other words.")]
        kept = connection.execute(select(consents).order_by(consents.c.id)).all()
        assert [each.how for each in kept] == ["2023 event form", "2023 event form", "paper"]
        assert {each.who for each in kept} == {"Jo Bell"}


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("known", [True, False])
def test_nobody_suppressed_comes_back_by_a_file(filled: Database, reason: Reason, known: bool) -> None:
    if known:
        list(importer(filled).run([row(2, "a@example.org", first_name="Ann")], apply=True))
    with filled.write() as connection:
        suppress(connection, RING, "a@example.org", reason=reason, now=NOW)
    judged = list(importer(filled).run([row(2, "A@Example.org", first_name="Other")], apply=True))
    assert verdicts(judged) == ["suppressed"]
    assert "09/10/2023" in judged[0].why
    with filled.read() as connection:
        person = find_one(connection, "a@example.org")
        assert (person is not None) is known
        assert person is None or person.details.first_name == "Ann"


@pytest.mark.parametrize(
    ("gone", "file"),
    [
        ("jo@example.org", "JO@Example.ORG"),
        ("jo@example.org", "\u200bjo@example.org\u00a0"),
        ("jo@example.org", "jo+news@example.org"),
        ("jo@b\u00fccher.example.org", "Jo@xn--bcher-kva.example.org"),
        ("jo@xn--bcher-kva.example.org", "jo@B\u00dcCHER.example.org"),
    ],
)
@pytest.mark.parametrize("reason", [Reason.LEFT, Reason.ERASED])
def test_who_is_gone_does_not_come_back_written_otherwise(
    filled: Database, gone: str, file: str, reason: Reason
) -> None:
    with filled.write() as connection:
        suppress(connection, RING, parse(gone).key, reason=reason, now=NOW)
    for apply in (False, True):
        assert verdicts(list(importer(filled).run([row(2, file)], apply=apply))) == ["suppressed"]
    with filled.read() as connection:
        assert connection.scalar(select(func.count()).select_from(subscribers)) == 0


def test_what_a_tag_was_stopped_for_does_not_stop_its_mailbox(filled: Database) -> None:
    with filled.write() as connection:
        suppress(connection, RING, "jo+news@example.org", reason=Reason.LEFT, now=NOW)
        suppress(connection, RING, "al@example.org", reason=Reason.HARD, now=NOW)
    rows = [row(2, "jo@example.org"), row(3, "jo+other@example.org"), row(4, "al+x@example.org")]
    assert verdicts(list(importer(filled).run(rows, apply=True))) == ["added"] * 3


def test_no_lock_is_held_while_a_file_is_read(filled: Database) -> None:
    """Whoever leaves meanwhile waits for one batch being written at most, never for the file."""
    other = Database(filled.url.render_as_string(hide_password=False), patience=1)

    def rows() -> Iterator[ImportRow]:
        for number in range(2, 2203):
            if number % 500 == 2:
                with other.write() as connection:
                    suppress(connection, RING, f"p{number + 1}@example.org", reason=Reason.LEFT, now=NOW)
            yield row(number, f"p{number}@example.org")

    judged = list(importer(filled).run(rows(), apply=True))
    other.close()
    assert verdicts(judged).count("suppressed") == 5
    assert verdicts(judged).count("added") == 2201 - 5


def test_an_old_key_still_keeps_people_out(filled: Database) -> None:
    with filled.write() as connection:
        suppress(connection, RING, "a@example.org", reason=Reason.ERASED, now=NOW)
    newer = KeyRing(Key(b"n" * 32), (RING.current,))
    assert verdicts(list(importer(filled, ring=newer).run([row(2, "a@example.org")], apply=True))) == ["suppressed"]
    with filled.read() as connection:
        marks = set(connection.scalars(select(suppressions.c.address_hash)))
        assert newer.hash(parse("a@example.org").key) in marks


def test_who_left_one_list_can_be_imported_into_another(filled: Database) -> None:
    list(importer(filled).run([row(2, "a@example.org")], apply=True))
    with filled.write() as connection:
        person = find_one(connection, "a@example.org")
        assert person is not None
        leave(connection, RING, person, [get_list(connection, "practitioners")], who="self", how="link", now=NOW)
    rows = [row(2, "a@example.org"), row(3, "a@example.org", on="Guidance", evidence=Evidence())]
    judged = list(importer(filled).run(rows, apply=True))
    assert verdicts(judged) == ["suppressed", "added"]


@pytest.mark.parametrize(
    ("on", "evidence", "now", "verdict", "why"),
    [
        ("practitioners", Evidence(), NOW, Verdict.REFUSED, "date, source, wording is missing"),
        ("practitioners", Evidence(given_at=SAID.given_at, how="x"), NOW, Verdict.REFUSED, "wording is missing"),
        (
            "practitioners",
            Evidence(given_at=datetime(2024, 1, 1, tzinfo=UTC), how="x", wording="y"),
            NOW,
            Verdict.REFUSED,
            "in the future",
        ),
        ("guidance", Evidence(), NOW, Verdict.ADDED, "waits for their confirmation"),
        ("friends", Evidence(), NOW, Verdict.REFUSED, "date on which"),
        ("friends", SAID, NOW, Verdict.REFUSED, "5 February 2026"),
        (
            "friends",
            Evidence(given_at=datetime(2026, 2, 5, tzinfo=UTC), how="x"),
            datetime(2026, 3, 1, tzinfo=UTC),
            Verdict.REFUSED,
            "opt-out wording",
        ),
        (
            "friends",
            Evidence(given_at=datetime(2026, 2, 5, tzinfo=UTC), how="x", wording="Untick to opt out"),
            datetime(2026, 3, 1, tzinfo=UTC),
            Verdict.ADDED,
            "",
        ),
        ("nowhere", SAID, NOW, Verdict.REFUSED, "no list called nowhere"),
    ],
)
def test_each_basis_asks_for_its_own_evidence(
    filled: Database, on: str, evidence: Evidence, now: datetime, verdict: Verdict, why: str
) -> None:
    judged = list(importer(filled, now=now).run([row(2, "a@example.org", on=on, evidence=evidence)], apply=True))
    assert judged[0].verdict is verdict
    assert why in judged[0].why


def test_a_private_mailbox_on_a_corporate_list_is_a_warning(filled: Database) -> None:
    rows = [row(2, "a@gmail.com", on="councils", evidence=Evidence()), row(3, "a@council.example", on="councils")]
    judged = list(importer(filled).run(rows, apply=True))
    assert verdicts(judged) == ["added", "added"]
    assert "gmail.com" in judged[0].warning
    assert not judged[1].warning


def test_a_row_that_names_another_basis_is_refused(filled: Database) -> None:
    mixed = ImportRow(number=2, address="a@example.org", evidence=SAID, basis="corporate")
    judged = list(importer(filled).run([mixed], apply=True))
    assert judged[0].verdict is Verdict.REFUSED


def test_proof_confirms_who_was_waiting(filled: Database) -> None:
    list(importer(filled).run([row(2, "a@example.org", on="guidance", evidence=Evidence())], apply=True))
    judged = list(importer(filled).run([row(2, "a@example.org", on="guidance")], apply=True))
    assert verdicts(judged) == ["changed"]
    with filled.read() as connection:
        person = find_one(connection, "a@example.org")
        assert person is not None
        assert [each.state for each in person.subscriptions] == [State.CONFIRMED]


def test_an_address_that_few_servers_take_is_refused_with_the_reason(filled: Database) -> None:
    judged = list(importer(filled).run([row(2, "jané@example.org"), row(3, "jane@bücher.example")], apply=True))
    assert verdicts(judged) == ["refused", "added"]
    assert "outside ASCII" in judged[0].why


def test_a_new_person_on_two_lists_in_one_file_is_one_person(filled: Database) -> None:
    rows = [row(2, "a@example.org"), row(3, "a@example.org", on="guidance")]
    assert verdicts(list(importer(filled).run(rows, apply=True))) == ["added", "added"]
    with filled.read() as connection:
        person = find_one(connection, "a@example.org")
        assert person is not None
        assert [each.list for each in person.subscriptions] == ["guidance", "practitioners"]


def test_many_rows_cross_batches_and_keep_their_numbers(filled: Database) -> None:
    rows = [row(number, f"p{number}@example.org") for number in range(2, 1203)]
    judged = list(importer(filled).run(rows, apply=True))
    assert [each.number for each in judged] == list(range(2, 1203))
    assert set(verdicts(judged)) == {"added"}
    with filled.read() as connection:
        assert connection.scalar(select(func.count()).select_from(subscribers)) == 1201


def test_a_name_that_tries_to_be_a_header_is_only_a_name(filled: Database) -> None:
    name = "Jo\r\nBcc: all@example.org"
    list(importer(filled).run([row(2, "a@example.org", first_name=name)], apply=True))
    with filled.read() as connection:
        person = find_one(connection, "a@example.org")
        assert person is not None
        assert "\n" not in person.details.first_name
        assert "\r" not in person.details.first_name
