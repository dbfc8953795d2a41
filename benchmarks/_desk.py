"""A desk over a real ledger with the week of 2023, played to its Tuesday, and browsers that are signed in to it."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

from benchmarks.web import WEEK

TUESDAY = datetime(2023, 10, 10, 9, 30, tzinfo=UTC)


def desk_with_sessions(folder: Path, listening: socket.socket, desks: int) -> tuple[Any, str, list[str], str]:
    """The app, its cookie's name, a token for each desk, and where an open week asks what is new."""
    from starlette.testclient import TestClient

    from campaign.address import KeyRing
    from campaign.cli.common import rehearsal_settings
    from campaign.cli.pages import parts_of
    from campaign.clock import SettableClock
    from campaign.delivery import loading, rehearsal
    from campaign.delivery.samples import add_samples, sample_sender
    from campaign.programme import load_file
    from campaign.settings import make_home
    from campaign.settings.installation import write_senders
    from campaign.web.app import create_app
    from campaign.web.serve import address
    from campaign.wiring import App

    class Standing(SettableClock):
        """It stands where it is set; only `monotonic` goes on, as on any day."""

        def monotonic(self) -> float:
            return time.monotonic()

    settings, loaded = rehearsal_settings(folder), load_file(WEEK)
    make_home(settings)
    write_senders(settings, [sample_sender(loaded.programme)])
    clock = Standing(datetime(2023, 10, 9, 5, 0, tzinfo=UTC))
    app = App(settings, clock, create=True)
    add_samples(app.store, KeyRing(app.key), loaded.programme, clock.now())
    shown = loading.preview(app.parts, loaded.programme, loaded.files, None, clock.now())
    loading.apply(app.parts, shown, author="Ada", reason="benchmark", now=clock.now())
    with app.service() as service:
        for _ in rehearsal.play(service, clock, until=TUESDAY):
            pass
    link = app.store.sign_in_links.entering("Ada", now=clock.now())
    account = app.store.sign_in_links.use(link, "enter", now=clock.now())
    tokens = [app.store.sessions.start(account, network="", agent="", now=clock.now()) for _ in range(desks)]
    made = create_app(parts_of(app, base_url=address(listening)))
    client = TestClient(made, base_url=address(listening))
    client.cookies.set("desk", tokens[0])
    page = client.get("/desk").text
    return made, "desk", tokens, unescape(page.split('id="live" hx-get="')[1].split('"')[0])
