"""How long the server works at each page of the desk, over a large ledger: at rest, and while a mailing runs.

Times are those of the processor, which say the same on a busy machine.

20 past weeks, 1,000,000 deliveries and 100,000 subscribers beside the week that runs. The mailing is a process of its
own that takes and settles rows in groups, as a worker does, so that every page is the first after a change.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from sqlalchemy import text

from benchmarks import Figure
from campaign.address import KeyRing, parse
from campaign.clock import SettableClock, to_micros
from campaign.delivery import approving
from campaign.delivery.shelf import Shelf
from campaign.model import (
    BroadcastKey,
    DeliveryState,
    Programme,
    Resource,
    ResourceApproval,
    ResourceType,
    Role,
    When,
)
from campaign.programme import canonical
from campaign.settings import load_settings, make_home
from campaign.store import Store, tallies
from campaign.store.bulk import insert_many
from campaign.store.database import Database
from campaign.store.tables import broadcasts, campaigns
from campaign.store.tables_lists import lists, senders, subscribers, subscriptions
from campaign.wiring import App
from tests.delivery.world import a_mailing, a_post, a_week

PEOPLE, WEEKS, DELIVERIES = 100_000, 20, 1_000_000
MONDAY = date(2023, 10, 9)
#: The Tuesday of the week that runs, in the middle of its mailing.
NOW = datetime(2023, 10, 10, 7, 20, tzinfo=UTC)
TIMES = 9
LIMIT = 100.0
RUNNING = "this/daily/tue/mail"

PAGES = {
    "this week": "/desk",
    "needs you": "/desk/needs-you",
    "a post": "/desk/message/this/p1/tue",
    "the mailing that runs": "/desk/message/this/daily/tue",
    "the programme": "/desk/programme",
    "people": "/desk/people",
    "people found": "/desk/people?q=p5000",
    "a person": "/desk/people/4711",
    "channels": "/desk/channels",
    "activity": "/desk/activity",
    "users": "/desk/users",
    "pause": "/desk/pause",
}

MAIL = """
import sys
from pathlib import Path
from benchmarks.desk import mail
mail(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
"""


def programme(slug: str, weeks_ago: int) -> Programme:
    """A week of seven posts a day over three channels and a mailing a day, with twenty resources."""
    days_ago = timedelta(weeks=weeks_ago)
    posts = [
        a_post(
            f"p{n}", channels=("a", "b", "hand"), when=When(each_day=True, time=clock_time(8 + n)), text=f"Words {n}."
        )
        for n in range(1, 8)
    ]
    made = a_week(*posts, mailings=(a_mailing(when=When(each_day=True, time=clock_time(8))),), slug=slug)
    resources = {
        f"r{n}": Resource(
            id=f"r{n}",
            type=ResourceType.DOCUMENT,
            title=f"Document {n}",
            link=f"https://example.org/{n}",
            approval=ResourceApproval.APPROVED,
        )
        for n in range(20)
    }
    campaign = made.campaign
    days = tuple(replace(day, dates=tuple(each - days_ago for each in day.dates)) for day in made.days)
    return replace(
        made,
        campaign=replace(campaign, starts=MONDAY - days_ago, ends=MONDAY - days_ago + timedelta(days=4)),
        channels={
            name: replace(each, kind="mastodon" if name != "mail" else "smtp") for name, each in made.channels.items()
        },
        days=days,
        resources=resources,
    )


def fill(app: App) -> None:
    """Everything that the pages are to show."""
    _add_people(app)
    for number in range(WEEKS):
        _past_week(app, number)
    _save(app, programme("this", 0))
    _running(app)
    force = Shelf(app.store).get("this")
    approving.approve(app.parts, force, force.planned, author="Ada", now=NOW)
    with app.store.database.write() as connection:
        connection.execute(text("ANALYZE"))


def _save(app: App, made: Programme) -> None:
    campaign = made.campaign
    app.store.campaigns.save(
        slug=campaign.id, title=campaign.title, kind=campaign.kind, series="", edition=None,
        programme=canonical.to_json(made), files={}, author="Ada", reason="", now=NOW,
    )  # fmt: skip


def _add_people(app: App) -> None:
    when = to_micros(NOW - timedelta(days=200))
    ring = KeyRing(app.key)
    with app.store.database.write() as connection:
        connection.execute(senders.insert().values(id="s", from_name="S", from_address="s@example.org"))
        made = connection.execute(
            lists.insert().values(slug="parents", title="Parents", sender="s", basis="consent", made_at=when)
        ).inserted_primary_key
        assert made is not None
        rows = [
            {
                "id": n, "address": address, "address_key": parse(address).key,
                "address_hash": ring.hash(parse(address).key), "first_name": f"Reader{n}", "last_name": "Jones",
                "organisation": f"Council {n % 300}", "token": f"token{n:017d}", "made_at": when, "changed_at": when,
            }
            for n in range(1, PEOPLE + 1)
            if (address := f"p{n}@council{n % 300}.example.org")
        ]  # fmt: skip
        insert_many(connection, subscribers, rows)
        on = [
            {"subscriber": n, "list": made[0], "state": "confirmed", "changed_at": when} for n in range(1, PEOPLE + 1)
        ]
        insert_many(connection, subscriptions, on)


def _past_week(app: App, number: int) -> None:
    made = programme(f"past-{number:02d}", number + 1)
    _save(app, made)
    force = Shelf(app.store).get(made.campaign.id)
    people = DELIVERIES // WEEKS // 5
    with app.store.database.write() as connection:
        campaign = connection.execute(campaigns.select().where(campaigns.c.slug == made.campaign.id)).one()
        for planned in force.planned:
            at = to_micros(planned.at)
            (broadcast,) = connection.execute(
                broadcasts.insert().values(
                    campaign=campaign.id, key=str(planned.key), kind=planned.kind, channel=planned.key.channel,
                    state="done", planned_at=at, late_until=at, stop_at=at, opened_at=at, finished_at=at,
                    changed_at=at, in_doubt="hold", revision=1, content="x" * 2_000 if planned.kind == "post" else "",
                ).returning(broadcasts.c.id)
            ).one()  # fmt: skip
            count = people if planned.kind == "mailing" else 1
            first = number * people % (PEOPLE - people) if count > 1 else 0
            connection.execute(
                text(
                    "INSERT INTO deliveries (broadcast, subscriber, state, attempts, settled_at, code) "
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
                    "SELECT :broadcast, CASE WHEN :count = 1 THEN 0 ELSE i + :first END, "
                    "CASE WHEN i % 97 = 0 THEN 'failed' ELSE 'sent' END, 1, :at, '250' FROM n"
                ),
                {"broadcast": broadcast, "count": count, "first": first, "at": at},
            )
            failed = count // 97
            tallies.move(
                connection,
                {
                    (broadcast, DeliveryState.SENT): count - failed,
                    (broadcast, DeliveryState.FAILED): failed,
                },
            )
        for n in range(2_000):
            connection.execute(
                text(
                    "INSERT INTO log (at, who, act, campaign, target, detail) "
                    "VALUES (:at, 'Ada', 'approve', :c, 'x', '{}')"
                ),
                {"at": to_micros(NOW) - n, "c": made.campaign.id},
            )


def _running(app: App) -> None:
    key = BroadcastKey.parse(RUNNING)
    at = to_micros(NOW.replace(hour=7, minute=0))
    with app.store.database.write() as connection:
        campaign = connection.execute(campaigns.select().where(campaigns.c.slug == "this")).one()
        (broadcast,) = connection.execute(
            broadcasts.insert().values(
                campaign=campaign.id, key=str(key), kind="mailing", channel="mail", state="open", planned_at=at,
                late_until=at + 14_400_000_000, stop_at=at + 40_000_000_000, opened_at=at, changed_at=at,
                in_doubt="hold", revision=1,
            ).returning(broadcasts.c.id)
        ).one()  # fmt: skip
        connection.execute(
            text(
                "INSERT INTO deliveries (broadcast, subscriber, state) "
                "SELECT :broadcast, id, 'pending' FROM subscribers"
            ),
            {"broadcast": broadcast},
        )
        tallies.move(connection, {(broadcast, DeliveryState.PENDING): PEOPLE})


def mail(url: str, folder: Path, broadcast: int) -> None:
    """Take and settle groups of the running mailing until killed, some hundred emails at a time."""
    from campaign.model.rows import Accepted

    store = Store(Database(url), folder=folder)
    print("mailing", flush=True)
    while rows := store.groups.take(broadcast, worker=7, now=NOW, limit=200):
        time.sleep(0.05)
        ids = [row[0] for row in rows]
        sent = [Accepted("250", "", "", ids, [f"q{number}" for number in ids])]
        store.groups.settle(worker=7, began=NOW, now=NOW, broadcast=broadcast, sent=sent)


@contextmanager
def mailing(app: App) -> Iterator[None]:
    """A process that mails while pages are asked for."""
    row = app.store.ledger.get(BroadcastKey.parse(RUNNING))
    assert row is not None
    command = [sys.executable, "-c", MAIL, app.settings.database, str(app.settings.home), str(row.id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def measure() -> Iterator[Figure]:
    """Each page at rest and while a mailing runs: medians, and the slowest of all."""
    from starlette.testclient import TestClient

    from campaign.cli.pages import parts_of
    from campaign.web.app import create_app

    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            home=Path(folder), key_file=Path(folder) / "key", base_url="http://desk.example.org", approvals="required"
        )
        make_home(settings)
        app = App(settings, SettableClock(NOW), create=True)
        fill(app)
        client = TestClient(create_app(parts_of(app)), base_url="http://desk.example.org", follow_redirects=False)
        client.cookies.set("desk", _session(app), domain="desk.example.org")
        quiet = {name: _took(client, path) for name, path in PAGES.items()}
        with mailing(app):
            busy = {name: _took(client, path) for name, path in PAGES.items()}
        for name in PAGES:
            yield Figure(f"desk, {name}, while mail runs", statistics.median(busy[name]), "ms", LIMIT, "the limit")
        yield Figure(
            "desk, slowest page at rest", max(map(statistics.median, quiet.values())), "ms", LIMIT, "the limit"
        )
        yield Figure(
            "desk, slowest page while mail runs", max(map(statistics.median, busy.values())), "ms", LIMIT, "the limit"
        )
        yield Figure("desk, slowest answer while mail runs", max(map(max, busy.values())), "ms", LIMIT, "the limit")
        client.close()
        app.close()


def _session(app: App) -> str:
    link = app.store.sign_in_links.invite(
        name="Ada", login="ada@example.org", role=Role.ADMINISTRATOR, who="bench", now=NOW
    )
    account = app.store.sign_in_links.accept(link, password=link, now=NOW)
    return app.store.sessions.start(account, network="", agent="", now=NOW)


def _took(client, path: str) -> list[float]:  # type: ignore[no-untyped-def]
    found = []
    client.get(path)
    for _ in range(TIMES):
        begin = time.process_time()
        answer = client.get(path)
        found.append((time.process_time() - begin) * 1000)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
    return found
