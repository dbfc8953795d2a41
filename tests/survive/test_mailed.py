"""`campaign run` with mailings on their way, and what is asked and told beside it: stopped, paused, left, watched."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.delivery.mail.nursery import MANY
from campaign.model import HoldScope, Strength
from tests.smtpserver import Script
from tests.smtpserver.timed import SOON, Timed
from tests.survive.conftest import PATIENCE
from tests.survive.mailed import Mailed
from tests.waiting import until


@contextmanager
def running(home: Mailed) -> Iterator[subprocess.Popen[bytes]]:
    """`campaign run`, killed at the end where it still lives."""
    with home.start("run", out=subprocess.PIPE, error=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


def test_nothing_begins_two_seconds_after_a_pause_or_sigterm(tmp_path: Path) -> None:
    """Sent by processes of its own. The relay rests until it was said, so that it comes in mid-run."""
    people = MANY + 2000
    with Timed(Script(delay=0.01)) as relay:
        home = Mailed(tmp_path / "home", relay.port, people=people, CAMPAIGN_MAIL_PROCESSES="2")
        app = home.app()
        relay.rest_at(60)
        with running(home) as child:
            until(lambda: relay.counts.total() >= 60, "emails to arrive")
            hold = app.store.holds.place(
                scope=HoldScope.ALL, target="", strength=Strength.ALL, reason="", author="Ada", now=app.clock.now()
            )
            told = time.monotonic()
            relay.go_on()
            until(lambda: time.monotonic() > told + SOON and "taken" not in home.tally(), "all to come back")
            paused = relay.counts.total()
            assert not relay.begun_after(told + SOON)
            assert home.tally() == {"sent": paused, "pending": people - paused}
            relay.rest_at(paused + 60)
            app.store.holds.lift(hold, author="Ada", now=app.clock.now())
            until(lambda: relay.counts.total() >= paused + 60, "more emails to arrive")
            child.send_signal(signal.SIGTERM)
            told = time.monotonic()
            relay.go_on()
            assert child.wait(PATIENCE) == 0
        app.close()
        assert not relay.begun_after(told + SOON)
        assert home.tally() == {"sent": relay.counts.total(), "pending": people - relay.counts.total()}
        assert relay.counts.total() < people, "else nothing was stopped"
        assert max(relay.counts.values()) == 1
