"""`campaign run`: scheduler, worker and pages as one service."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from campaign.cli.common import opened

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from campaign.delivery.scheduler import Scheduler
    from campaign.delivery.service import Service
    from campaign.wiring import App


@click.command()
def run() -> None:
    """Run the service, and serve the pages, until it is told to stop (Ctrl-C, SIGTERM)."""
    from campaign.cli.checking import facts
    from campaign.cli.pages import served
    from campaign.delivery.chores import Chore
    from campaign.delivery.health import Health, serving
    from campaign.delivery.judging import judge_ahead
    from campaign.delivery.mail.nursery import give_back, share_one_heap
    from campaign.delivery.scheduler import Scheduler
    from campaign.delivery.shelf import Shelf
    from campaign.logs import set_up

    share_one_heap()
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with opened() as app, _service(app) as service, served(app) as server:
        set_up(app.settings.log_level)
        shelf = Shelf(app.store)
        checks = Chore(
            name="checks", seconds=600, job=lambda now: judge_ahead(app.parts, shelf, now, lambda: facts(app))
        )
        scheduler = Scheduler(service, app.clock, [*app.chores(), checks])
        health = Health(app.parts, lambda: scheduler.last_ring, service.troubles.standing)
        give_back()
        with serving(health, app.settings.health_host, app.settings.health_port) as port:
            _until_told(scheduler, told, f"{server.url}; health at http://{app.settings.health_host}:{port}/healthz")


def _service(app: App) -> AbstractContextManager[Service]:
    return app.service(tells=app.tells(), processes=app.settings.mail_processes)


def _until_told(scheduler: Scheduler, told: threading.Event, where: str) -> None:
    scheduler.start()
    click.echo(f"The service runs, and the pages are at {where}. Stop it with Ctrl-C.")
    told.wait()
    scheduler.stop()
    click.echo("Stopping: nothing new begins.")
