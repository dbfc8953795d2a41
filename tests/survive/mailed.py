"""An installation on the machine's own clock whose mailings go to a counting relay: for `campaign run` itself."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign.clock import SystemClock
from campaign.delivery import loading, settling
from campaign.delivery.shelf import Shelf
from campaign.programme import load_bytes
from campaign.settings import load_settings, make_home
from campaign.wiring import App
from tests.delivery.mailworld import add_people
from tests.survive.conftest import PATIENCE, ROOT

SENDERS = """
team:
  from_name: Big Week team
  from_address: team@example.org
  return_path: bounces@example.org
  unsubscribe_mailbox: leave@example.org
  domain: example.org
  organisation: HSCP
  postal_address: 1 High Street, Exampleton, EX1 1AA
"""
WEEK = """schema: 1
campaign:
  id: storm
  title: A storm
  status: ready
  timezone: {zone}
  starts: {today}
  ends: {today}
  contact: {{name: Team, email: team@example.org}}
channels:
  mail: {{kind: smtp}}
days:
  - date: {today}
    themes: [{{id: t, title: Theme, text: Words.}}]
mailings:
{mailings}
"""
MAILING = "  {name}: {{day: {day}, time: '09:00', channel: mail, lists: [practitioners], subject: Today, again: true}}"


def today() -> tuple[str, datetime]:
    """A zone where it is about noon now, and the day there: so that nothing of a mailing is over before it begins."""
    noon = round((datetime.now(UTC).replace(hour=12) - datetime.now(UTC)).total_seconds() / 3600)
    zone = f"Etc/GMT{-noon:+d}" if noon else "Etc/GMT"
    return zone, datetime.now(ZoneInfo(zone))


class Mailed:
    """A home with people, a live relay, and mailings that are to go now."""

    def __init__(
        self, folder: Path, port: int, *, people: int, mailings: tuple[str, ...] = ("daily",), **more: str
    ) -> None:
        self.folder = folder
        self.settings = load_settings(
            _env_file=None, home=folder, key_file=folder / "key", allow_private=True, approvals="off",
            base_url="https://week.example.org",
        )  # fmt: skip
        self.environment = {
            "CAMPAIGN_HOME": str(folder),
            "CAMPAIGN_KEY_FILE": str(folder / "key"),
            "CAMPAIGN_ALLOW_PRIVATE": "true",
            "CAMPAIGN_APPROVALS": "off",
            "CAMPAIGN_BASE_URL": "https://week.example.org",
            "CAMPAIGN_WEB_PORT": "0",
            "CAMPAIGN_HEALTH_PORT": "0",
            **more,
        }
        make_home(self.settings)
        (folder / "senders.yaml").write_text(SENDERS)
        (folder / "channels.yaml").write_text(
            f"mail: {{kind: smtp, host: 127.0.0.1, port: {port}, security: 'off', connections: 4}}\n"
        )
        app = self.app()
        add_people(app.store.database, people, key=app.key)
        app.store.channels.set_live("mail", "smtp", True, author="Ada", now=app.clock.now())
        zone, day = today()
        lines = [MAILING.format(name=name, day=f"{day:%a}".lower()) for name in mailings]
        text = WEEK.format(zone=zone, today=day.date(), mailings="\n".join(lines))
        loaded = load_bytes(text.encode(), files={})
        shown = loading.preview(app.parts, loaded.programme, loaded.files, None, app.clock.now())
        loading.apply(app.parts, shown, author="Ada", reason="test", now=app.clock.now())
        force = Shelf(app.store).get("storm")
        for planned in force.planned:
            settling.send_now(app.parts, force, str(planned.key), author="Ada", now=app.clock.now())
        app.close()

    def app(self) -> App:
        """The installation, opened by this process."""
        return App(self.settings, SystemClock(), create=True)

    def start(self, *words: str, out: int, error: int | None = None) -> subprocess.Popen[bytes]:
        """A command in a process of its own, which writes there."""
        return subprocess.Popen(
            [sys.executable, "-m", "campaign", *words],
            cwd=self.folder.parent,
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=error,
        )

    def command(self, *words: str) -> str:
        """What a command beside the service says; it must succeed."""
        child = self.start(*words, out=subprocess.PIPE)
        said, _ = child.communicate(timeout=PATIENCE)
        assert child.returncode == 0, said
        return said.decode()

    def tally(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        query = "SELECT state, count(*) FROM deliveries GROUP BY state"
        with closing(sqlite3.connect(self.folder / "campaign.db", timeout=PATIENCE)) as connection:
            return dict(connection.execute(query).fetchall())

    def let_time_pass(self, time: timedelta) -> None:
        """Put all that the ledger says of its mailings so much earlier."""
        by = round(time.total_seconds() * 1e6)
        with closing(sqlite3.connect(self.folder / "campaign.db", timeout=PATIENCE)) as connection, connection:
            connection.execute("UPDATE broadcasts SET opened_at = opened_at - ?, planned_at = planned_at - ?", (by, by))
            connection.execute("UPDATE deliveries SET settled_at = settled_at - ?", (by,))
            earlier = "CAST(CAST(value AS INTEGER) - ? AS TEXT)"
            connection.execute(f"UPDATE meta SET value = {earlier} WHERE name LIKE 'last sent %'", (by,))
