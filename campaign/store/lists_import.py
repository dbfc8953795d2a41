"""Importing people into lists: row by row, each with a verdict, in batches that are each one short transaction.

The same decisions are made for a dry run and for the real one. An import lifts nothing: whoever left, was erased,
bounced or complained stays out, and not even their details are written. Who left or was erased as `jo@` does not come
back as `jo+news@`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from campaign.address import Address, KeyRing, parse, tidy, without_tag
from campaign.clock import to_micros
from campaign.errors import AddressError, FileError
from campaign.model import MailingList
from campaign.store.bases import Basis, Evidence, check_evidence, warn_of
from campaign.store.bulk import insert_many
from campaign.store.database import Database, bump
from campaign.store.lists import needs_confirmation, wording
from campaign.store.log import record
from campaign.store.subscribers import Details, State
from campaign.store.suppressions import THEIRS, Suppression, carry, for_addresses
from campaign.store.tables_lists import consents, subscribers, subscription_events, subscriptions
from campaign.tokens import random_token

#: Rows decided and written together: keeps each lock far below 200 ms.
BATCH = 1000
#: Said of somebody whom the list asks to confirm first.
WAITS = "waits for their confirmation"
#: Pieces of evidence that are remembered as checked.
MOST_PROOFS = 4096


class Verdict(StrEnum):
    """What becomes of one row."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One row of a file. `number` as the spreadsheet shows it; `problem` says why it could not be read, "" if it could.

    `list` and `basis` may be empty: the import's own then count.
    """

    number: int
    address: str = field(repr=False)
    details: Details = field(repr=False, default_factory=Details)
    evidence: Evidence = field(default_factory=Evidence)
    list: str = ""
    basis: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One row's verdict and why, without its address. `warning`: something a person should look at."""

    number: int
    verdict: Verdict
    why: str = ""
    warning: str = ""


#: The verdict of a row that nobody looked up yet.
NOT_YET = Judged(number=0, verdict=Verdict.UNCHANGED)


@dataclass(slots=True)
class _Step:
    """A row on its way: what is known of it, and what will be written."""

    row: ImportRow
    address: Address
    mark: str
    target: MailingList
    whole: bool
    said: dict[str, str]
    judged: Judged = NOT_YET
    changes: dict[str, str] = field(default_factory=dict)
    subscriber: int = 0
    state: State | None = None
    fresh: bool = False


class Importer:
    """One import. `lists` by their slug and title; `default` is the list of rows that name none.

    `smtputf8`: whether the relay takes addresses outside ASCII before the @ (RFC 6531); they are refused otherwise.
    """

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        lists: Sequence[MailingList],
        *,
        now: datetime,
        who: str,
        default: str = "",
        smtputf8: bool = False,
    ) -> None:
        self._database = database
        self._ring = ring
        self._lists = {name.casefold(): each for each in lists for name in (each.title, each.slug)}
        self._now = now
        self._who = who
        self._default = default.casefold()
        self._smtputf8 = smtputf8
        self._seen: set[int] = set()
        self._proofs: dict[tuple[int, int], tuple[Evidence, bool, str]] = {}
        with database.read() as connection:
            self._confirming = needs_confirmation(connection, [each.id for each in lists])

    def run(self, rows: Iterable[ImportRow], *, apply: bool) -> Iterator[Judged]:
        """Every row's verdict, in order. With `apply` what they say is written, batch by batch, as they are read.

        The log tells of an import that broke off too. FileError where the file cannot be read to its end: it says how
        many rows are in all the same.
        """
        self._seen.clear()
        counted: Counter[str] = Counter()
        whole = False
        try:
            with self._database.bulk() as many:
                for batch in _batches(rows, counted, apply):
                    found = self._batch(many, batch, apply)
                    counted.update(str(judged.verdict) for judged in found)
                    yield from found
            whole = True
        finally:
            if apply:
                with self._database.write() as connection:
                    detail = {**counted, **({} if whole else {"broke off": True})}
                    record(connection, who=self._who, act="import", now=self._now, detail=detail)
                    bump(connection)

    def _batch(self, database: Database, batch: Sequence[ImportRow], apply: bool) -> list[Judged]:
        first = [self._read(row) for row in batch]
        steps = [each for each in first if isinstance(each, _Step)]
        if apply:
            self._write(database, steps)
        else:
            with database.read() as connection:
                self._decide(connection, steps)
        return [each.judged if isinstance(each, _Step) else each for each in first]

    def _read(self, row: ImportRow) -> _Step | Judged:
        """What a row says by itself, before anything is looked up."""
        found = self._said(row)
        return Judged(number=row.number, verdict=Verdict.REFUSED, why=found) if isinstance(found, str) else found

    def _said(self, row: ImportRow) -> _Step | str:
        """What a row says, or why it is refused."""
        if row.problem:
            return row.problem
        target = self._lists.get(row.list.casefold() or self._default)
        if target is None:
            return f"there is no list called {row.list}" if row.list else "the row names no list"
        try:
            address = parse(tidy(row.address))
        except AddressError as error:
            return str(error)
        if address.smtputf8 and not self._smtputf8:
            return "the part before the @ is outside ASCII, which the mail relay must be known to take"
        if row.basis and row.basis != target.basis:
            return f"the row says {row.basis}, and the basis of {target.slug} is {target.basis}"
        whole, why_not = self._proof(target, row.evidence)
        if why_not:
            return why_not
        mark = self._ring.hash(address.key)
        seen = hash((mark, target.id))
        if seen in self._seen:
            return "the same address is on an earlier row for this list"
        self._seen.add(seen)
        return _Step(row, address, mark, target, whole, row.details.values())

    def _proof(self, target: MailingList, evidence: Evidence) -> tuple[bool, str]:
        """Whether the evidence is whole, and why it will not do ("" where it will): most rows share theirs."""
        key = (target.id, id(evidence))
        kept = self._proofs.get(key)
        if kept is None or kept[0] is not evidence:
            if len(self._proofs) >= MOST_PROOFS:
                self._proofs.clear()
            kept = (evidence, evidence.whole, check_evidence(Basis(target.basis), evidence, now=self._now))
            self._proofs[key] = kept
        return kept[1:]

    def _decide(self, connection: Connection, steps: Sequence[_Step]) -> None:
        keys = [step.address.key for step in steps]
        people = _people(connection, keys)
        on = _subscribed(connection, [row.id for row in people.values()])
        stopped = for_addresses(connection, self._ring, keys, marks=[step.mark for step in steps])
        tagged = {plain for key in keys if (plain := without_tag(key)) != key}
        wishes = for_addresses(connection, self._ring, sorted(tagged)) if tagged else {}
        for step in steps:
            step.changes, step.state, step.subscriber = {}, None, 0
            person = people.get(step.address.key)
            state = on.get((person.id, step.target.id)) if person is not None else None
            blocks = [
                each for each in stopped[step.address.key] if each.stops(step.target.slug, step.target.organisation)
            ]
            same = [each for each in wishes.get(without_tag(step.address.key), ()) if each.reason in THEIRS]
            blocks += [each for each in same if each.stops(step.target.slug, step.target.organisation)]
            verdict, why = self._judge(step, person, state, blocks)
            warning = "" if verdict is Verdict.SUPPRESSED else warn_of(Basis(step.target.basis), step.address)
            step.judged = Judged(number=step.row.number, verdict=verdict, why=why, warning=warning)

    def _judge(
        self, step: _Step, person: Row[Any] | None, state: str | None, blocks: Sequence[Suppression]
    ) -> tuple[Verdict, str]:
        if blocks:
            return Verdict.SUPPRESSED, _stopped(blocks[0])
        if state == State.UNSUBSCRIBED:
            return Verdict.SUPPRESSED, "taken off this list earlier"
        proven = step.whole or step.target.id not in self._confirming
        if person is None:
            step.changes, step.state = step.said, State.CONFIRMED if proven else State.UNCONFIRMED
            return Verdict.ADDED, "" if proven else WAITS
        step.subscriber = person.id
        step.changes = {name: value for name, value in step.said.items() if value and person._mapping[name] != value}
        if state is None or (state == State.UNCONFIRMED and step.whole):
            step.state = State.CONFIRMED if proven else State.UNCONFIRMED
            return Verdict.ADDED if state is None else Verdict.CHANGED, "" if proven else WAITS
        if step.changes:
            return Verdict.CHANGED, ", ".join(name.replace("_", " ") for name in step.changes)
        return Verdict.UNCHANGED, ""

    def _write(self, database: Database, steps: Sequence[_Step]) -> None:
        """Decide and write in one transaction; once more where another process wrote one of these people first."""
        for attempt in range(3):
            try:
                with database.write() as connection:
                    carry(connection, self._ring, [step.address.key for step in steps], now=self._now)
                    self._decide(connection, steps)
                    self._store(connection, [step for step in steps if step.state or step.changes])
                return
            except IntegrityError:
                if attempt == 2:
                    raise

    def _store(self, connection: Connection, steps: Sequence[_Step]) -> None:
        when = to_micros(self._now)
        for step in steps:
            step.fresh = not step.subscriber
        fresh = [step for step in steps if step.fresh]
        changed = [step for step in steps if step.subscriber and step.changes]
        if fresh:
            unique = {step.address.key: step for step in fresh}
            insert_many(connection, subscribers, [self._person(step, when) for step in unique.values()])
            s = subscribers.c
            made = connection.execute(select(s.address_key, s.id).where(s.address_key.in_(list(unique))))
            numbers = {row.address_key: row.id for row in made}
            for step in fresh:
                step.subscriber = numbers[step.address.key]
        for step in changed:
            match = subscribers.c.id == step.subscriber
            connection.execute(update(subscribers).where(match).values(**step.changes, changed_at=when))
        self._subscribe(connection, [step for step in steps if step.state], when)

    def _person(self, step: _Step, when: int) -> dict[str, Any]:
        return {
            "address": step.address.wire,
            "address_key": step.address.key,
            "address_hash": step.mark,
            "token": random_token(),
            "made_at": when,
            "changed_at": when,
            **step.said,
        }

    def _subscribe(self, connection: Connection, steps: Sequence[_Step], when: int) -> None:
        if not steps:
            return
        there = _subscribed(connection, [step.subscriber for step in steps if not step.fresh])
        rows = [
            {"subscriber": step.subscriber, "list": step.target.id, "state": str(step.state), "changed_at": when}
            for step in steps
        ]
        new = [row for row in rows if (row["subscriber"], row["list"]) not in there]
        old = [
            {"of": row["subscriber"], "on": row["list"], "state": row["state"], "changed_at": when}
            for row in rows
            if (row["subscriber"], row["list"]) in there
        ]
        insert_many(connection, subscriptions, new)
        if old:
            u = subscriptions.c
            match = (u.subscriber == bindparam("of")) & (u.list == bindparam("on"))
            connection.execute(update(subscriptions).where(match), old)
        how = [step.row.evidence.how or "import" for step in steps]
        insert_many(
            connection,
            subscription_events,
            [
                {"subscriber": row["subscriber"], "list": row["list"], "at": when, "state": row["state"],
                 "who": self._who, "how": source, "reason": ""}
                for row, source in zip(rows, how, strict=True)
            ],
        )  # fmt: skip
        self._consents(connection, [step for step in steps if step.whole], when)

    def _consents(self, connection: Connection, steps: Sequence[_Step], when: int) -> None:
        words: dict[tuple[int, str, str], int] = {}
        rows = []
        for step in steps:
            seen = step.row.evidence
            key = (step.target.id, seen.wording, seen.controllers)
            if key not in words:
                words[key] = wording(
                    connection, step.target.id, seen.wording, controllers=seen.controllers, now=self._now
                ).id
            given = to_micros(seen.given_at) if seen.given_at else when
            rows.append(
                {"subscriber": step.subscriber, "list": step.target.id, "wording": words[key], "given_at": given,
                 "how": seen.how, "who": self._who, "recorded_at": when}
            )  # fmt: skip
        insert_many(connection, consents, rows)


def _batches(rows: Iterable[ImportRow], counted: Counter[str], apply: bool) -> Iterator[list[ImportRow]]:
    """Some rows at a time. Where the file breaks off, its error says that what came before is in."""
    waiting = iter(rows)
    try:
        while batch := list(islice(waiting, BATCH)):
            yield batch
    except FileError as error:
        if not (apply and counted.total()):
            raise
        told = f"The first {counted.total():,} rows are imported. Mend the file and import it again: none counts twice."
        raise FileError(*(replace(each, hint=f"{each.hint} {told}".strip()) for each in error.problems)) from error


def _people(connection: Connection, keys: Sequence[str]) -> Mapping[str, Row[Any]]:
    found = connection.execute(select(subscribers).where(subscribers.c.address_key.in_(set(keys))))
    return {row.address_key: row for row in found}


def _subscribed(connection: Connection, ids: Sequence[int]) -> Mapping[tuple[int, int], str]:
    u = subscriptions.c
    found = connection.execute(select(u.subscriber, u.list, u.state).where(u.subscriber.in_(set(ids))))
    return {(row.subscriber, row.list): row.state for row in found}


def _stopped(by: Suppression) -> str:
    words = {"left": "asked to leave", "erased": "asked to be erased", "staff": "stopped by staff"}
    return f"{words.get(by.reason, by.reason)} on {by.made_at:%d/%m/%Y}"
