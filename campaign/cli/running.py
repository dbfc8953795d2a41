"""`campaign run`: scheduler and worker as one service."""

from __future__ import annotations

import logging
import signal
import threading

import click

from campaign.cli.common import opened

#: How long what is on its way may take to come back once the service is told to stop, in seconds.
LAST_WORDS = 10.0


@click.command()
def run() -> None:
    """Run the service until it is told to stop (Ctrl-C, SIGTERM)."""
    from campaign.delivery.scheduler import Scheduler

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with opened() as app, app.service() as service:
        scheduler = Scheduler(service, app.clock)
        scheduler.start()
        click.echo("The service runs. Stop it with Ctrl-C.")
        told.wait()
        scheduler.stop()
        click.echo("Stopping: nothing new begins.")
