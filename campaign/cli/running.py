"""`campaign run`: scheduler, worker and pages as one service."""

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
    """Run the service, and serve the pages, until it is told to stop (Ctrl-C, SIGTERM)."""
    from campaign.cli.pages import served
    from campaign.delivery.scheduler import Scheduler

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with opened() as app, app.service() as service, served(app) as server:
        scheduler = Scheduler(service, app.clock, app.chores())
        scheduler.start()
        click.echo(f"The service runs, and the pages are at {server.url}. Stop it with Ctrl-C.")
        told.wait()
        scheduler.stop()
        click.echo("Stopping: nothing new begins.")
