"""The day's page on a WordPress site: it is published with the unlock, neither before nor twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.clock import SettableClock
from campaign.delivery import loading
from campaign.programme import load_bytes
from tests.networks import connected

UNLOCK = datetime(2023, 10, 10, 5, 30, tzinfo=UTC)
WEEK = b"""schema: 1
campaign:
  id: our-week
  title: Our week
  status: ready
  starts: 2023-10-09
  ends: 2023-10-13
  contact: {name: Team, email: team@example.org}
channels:
  wordpress: {kind: wordpress}
days:
  - {date: 2023-10-10, unlock: "06:30", themes: [{id: t, title: Theme}]}
posts:
  page:
    day: tue
    time: unlock
    channels: [wordpress]
    title: "Tuesday: the toolkit"
    text: Today we open the toolkit.
"""


def test_the_page_is_published_as_the_day_unlocks(tmp_path: Path) -> None:
    with connected(tmp_path) as home:
        clock = SettableClock(UNLOCK - timedelta(hours=1))
        app = home.app(clock)
        app.store.channels.set_live("wordpress", "wordpress", True, author="Ada", now=clock.now())
        loaded = load_bytes(WEEK, files={})
        shown = loading.preview(app.parts, loaded.programme, loaded.files, None, clock.now())
        loading.apply(app.parts, shown, author="Ada", reason="test", now=clock.now())
        site = home.networks.wordpress
        with app.service() as service:
            clock.set(UNLOCK - timedelta(seconds=1))
            service.settle()
            assert site.accepted == []
            clock.set(UNLOCK)
            service.settle()
            assert [page["title"] for page in site.accepted] == ["Tuesday: the toolkit"]
            clock.set(UNLOCK + timedelta(hours=8))
            service.settle()
        assert len(site.accepted) == 1
        assert [entry.at for entry in app.store.log.entries() if "unlock" in entry.act] == [UNLOCK]
        app.close()
        assert home.networks.broken == []
