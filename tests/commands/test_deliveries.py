"""`campaign deliveries` and `status`: what a person got, who has not got a mailing and why, and trying again."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.model import BroadcastKey, BroadcastKind, DeliveryState, InDoubt
from campaign.model.rows import Accepted, Settled
from campaign.settings import load_settings
from campaign.store.ledger import Opening
from campaign.store.mailings import Audience
from campaign.wiring import App
from tests.commands.conftest import Run

KEY = "demo/daily/once/mail"
WEEK = """schema: 1
campaign: {id: demo, title: Demo, kind: briefing, timezone: Europe/London}
channels: {mail: {kind: smtp}}
mailings:
  daily: {at: 2023-10-09 08:00, channel: mail, lists: [parents], subject: Today}
"""
NAMES = ("ann", "bob", "cat", "dan", "eve")


@pytest.fixture
def sent(run: Run, tmp_path: Path) -> Run:
    """A mailing to five: two got it, one was refused, one was asked to wait, one is in doubt."""
    run(
        "lists", "add", "parents", "--title", "Parents", "--sender", "hscp", "--basis", "public_task", "--single-opt-in"
    )
    people = tmp_path / "people.csv"
    people.write_text("Email\n" + "".join(f"{name}@example.org\n" for name in NAMES), encoding="utf-8")
    run("lists", "import", str(people), "--list", "parents", "--apply")
    week = tmp_path / "week.yaml"
    week.write_text(WEEK, encoding="utf-8")
    run("load", str(week), "--apply")
    app = App(load_settings(_env_file=None, home=tmp_path / "home", key_file=tmp_path / "keys" / "key"))
    try:
        _send(app, datetime.now(UTC))
    finally:
        app.close()
    return run


def _send(app: App, now: datetime) -> None:
    ledger, groups = app.store.ledger, app.store.groups
    key = BroadcastKey.parse(KEY)
    opening = Opening(
        key=key, kind=BroadcastKind.MAILING, planned_at=now, late_until=now + timedelta(hours=1),
        stop_at=now + timedelta(hours=8), essential=False, in_doubt=InDoubt.HOLD, revision=1,
    )  # fmt: skip
    ledger.open_mailing(opening, now)
    row = ledger.get(key)
    assert row is not None
    while not ledger.fill(row.id, app.store.mailings.slicer(Audience(lists=("parents",)), now=now), now):
        pass
    rows = groups.take(row.id, worker=7, now=now, limit=10)
    said = "550 5.1.1 no such user here"
    groups.settle(
        worker=7,
        began=now,
        now=now,
        broadcast=row.id,
        sent=[Accepted("250", "", "", [rows[0][0]], ["4F2ABC"]), Accepted("", "", "", [rows[1][0]], [])],
        others=[
            Settled(delivery=rows[2][0], state=DeliveryState.FAILED, code="5.1.1", reason="refused", outcome="Refused",
                    reply=said),
            Settled(delivery=rows[3][0], state=DeliveryState.PENDING, code="4.2.0", reason="greylisted",
                    outcome="TryLater", reply="=cmd|' /C calc'!A0", not_before=now + timedelta(minutes=5)),
            Settled(delivery=rows[4][0], state=DeliveryState.UNCERTAIN, reason="cut off", outcome="Uncertain"),
        ],
    )  # fmt: skip


def test_what_a_person_got_when_and_what_the_relay_said(sent: Run) -> None:
    ann = sent("deliveries", "ANN@example.org").output
    assert KEY in ann
    assert "250 accepted, as 4F2ABC" in ann
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", ann)
    assert "its words were lost" in sent("deliveries", "bob@example.org").output
    cat = sent("deliveries", "cat@example.org").output
    assert "failed" in cat
    assert "550 5.1.1 no such user here" in cat
    assert "bob@" not in cat
    assert "campaign subscribers find" in sent("deliveries", "nobody@example.org", code=4).output


def test_who_has_not_got_it_and_why(sent: Run) -> None:
    shown = sent("deliveries", KEY, "--not-sent").output
    assert [name for name in NAMES if f"{name}@example.org" in shown] == ["cat", "dan", "eve"]
    assert "greylisted" in shown
    assert "cut off" in shown
    failed = sent("deliveries", KEY, "--state", "failed").output
    assert [name for name in NAMES if f"{name}@example.org" in failed] == ["cat"]
    assert "Nobody." in sent("deliveries", KEY, "--state", "missed").output
    sent("deliveries", KEY, "--state", "lost", code=2)
    assert "campaign status" in sent("deliveries", "demo/other/once/mail", code=4).output


def test_the_evidence_as_csv_runs_nothing_and_keeps_the_erased_nameless(sent: Run) -> None:
    sent("subscribers", "erase", "eve@example.org", "--yes", "--as", "Jo")
    rows = list(csv.DictReader(io.StringIO(sent("deliveries", KEY, "--csv").output)))
    assert [row["state"] for row in rows] == ["sent", "sent", "failed", "pending", "uncertain"]
    assert [row["tries"] for row in rows] == ["1"] * 5
    assert rows[3]["relay said"] == "'=cmd|' /C calc'!A0"
    assert rows[4]["who"] == "erased (#5)"


def test_the_failed_alone_are_tried_again(sent: Run) -> None:
    sent("deliveries", KEY, "--retry", code=4)
    assert "1 will be tried again" in sent("deliveries", KEY, "--retry", "--as", "Jo").output
    rows = list(csv.DictReader(io.StringIO(sent("deliveries", KEY, "--csv").output)))
    assert [row["state"] for row in rows] == ["sent", "sent", "pending", "pending", "uncertain"]
    assert "0 will be tried again" in sent("deliveries", KEY, "--retry", "--as", "Jo").output
    assert '"count":1' in sent("log", "--who", "Jo").output.replace(" ", "")


def test_the_failed_of_one_code_domain_or_person_alone_are_tried_again(sent: Run) -> None:
    for nobody in (["--code", "5.2.2"], ["--domain", "example.com"]):
        assert "0 will be tried again" in sent("deliveries", KEY, *nobody, "--retry", "--as", "Jo").output
    assert "0 will be tried again" in sent("deliveries", "ann@example.org", "--retry", "--as", "Jo").output
    assert states(sent) == ["sent", "sent", "failed", "pending", "uncertain"]
    wanted = ["--code", "5.1.1", "--domain", "EXAMPLE.org"]
    assert "cat@example.org" in sent("deliveries", KEY, *wanted).output
    assert "1 will be tried again" in sent("deliveries", KEY, *wanted, "--retry", "--as", "Jo").output
    assert states(sent) == ["sent", "sent", "pending", "pending", "uncertain"]
    said = sent("log", "--who", "Jo").output.replace(" ", "")
    assert '"code":"5.1.1"' in said
    sent("deliveries", KEY, "--state", "sent", "--retry", "--as", "Jo", code=2)


def test_what_failed_for_one_person_is_tried_again(sent: Run) -> None:
    assert "1 will be tried again" in sent("deliveries", "Cat@Example.org", "--retry", "--as", "Jo").output
    assert states(sent) == ["sent", "sent", "pending", "pending", "uncertain"]


def states(sent: Run) -> list[str]:
    return [row["state"] for row in csv.DictReader(io.StringIO(sent("deliveries", KEY, "--csv").output))]


def test_an_address_that_may_not_be_mailed_is_said_to_be(sent: Run) -> None:
    sent("subscribers", "suppress", "bob@example.org", "--reason", "rang us", "--as", "Jo")
    bob = sent("deliveries", "bob@example.org").output
    assert "Mail to this address is stopped: staff on " in bob
    assert KEY in bob
    sent("subscribers", "erase", "bob@example.org", "--yes", "--as", "Jo")
    gone = sent("deliveries", "bob@example.org", code=4).output
    assert "no mail may go to it" in gone
    assert "erased on " in gone


def test_status_tells_how_each_mailing_goes_on(sent: Run) -> None:
    shown = sent("status").output
    assert "demo/daily/once/mail: 5 people" in shown
    assert "2 sent + 1 deferred + 1 failed + 1 in doubt" in shown
    assert "deferred: 1 at example.org: 4.2.0" in shown
    assert "failed: 1 at example.org: 5.1.1" in shown
    assert '"rate"' in sent("status", "--json").output
