"""`campaign rehearse`: a week in seconds, on a throw-away home. Nothing leaves the machine."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaign.cli.common import local, reach, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.delivery.rehearsal import Step
    from campaign.delivery.views import Item, Week
    from campaign.programme import Loaded
    from campaign.wiring import App


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--starts", type=click.DateTime(["%Y-%m-%d"]), help="Give a week without dates its Monday.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep the throw-away home here (an empty folder).")
@click.option("--quiet", is_flag=True, help="Only the last lines.")
@click.option(
    "--serve/--no-serve",
    default=None,
    help="Serve the week and its desk until Ctrl-C. Unless stated: where a person watches.",
)
def rehearse(file: Path, starts: datetime | None, out: Path | None, quiet: bool, serve: bool | None) -> None:
    """Play the week of FILE from its first instant to its last, through the real plan, ledger, engine and channels.

    Each channel is the outbox; each list has sample subscribers (example.org) in every audience and area.
    """
    from campaign.errors import RefusedError

    loaded = _ready(file, starts)
    home = out or Path(tempfile.mkdtemp(prefix="campaign-rehearsal-"))
    if home.exists() and any(home.iterdir()):
        raise RefusedError(f"{home} is not empty. Name a new folder: a rehearsal throws away what is in its own.")
    app = _set_up(home, loaded)
    try:
        week = _play(app, loaded, quiet)
        page = draw_week(app, week, home / "outbox")
        if not quiet:
            click.echo(table(_rows(week), ("when", "message", "channel", "to", "state")))
        _last_lines(week, page)
        if sys.stdout.isatty() if serve is None else serve:
            _serve(app)
    finally:
        app.close()


def _serve(app: App) -> None:
    """Serve the pages and the desk of the rehearsal until Ctrl-C."""
    from campaign.cli.pages import served

    link = app.store.sign_in_links.entering("Rehearsal", now=app.clock.now())
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with served(app, rehearsal=True) as server:
        click.echo(f"Read its pages: {server.url} (until Ctrl-C)")
        click.echo(f"Run it from the desk, by a link that works once: {server.url}/desk/enter/{link}")
        told.wait()
    click.echo("Stopped.")


def _ready(file: Path, starts: datetime | None) -> Loaded:
    from dataclasses import replace

    from campaign import plan
    from campaign.errors import RefusedError
    from campaign.model import CampaignStatus
    from campaign.programme import load_file, with_monday

    loaded = load_file(file)
    programme = with_monday(loaded.programme, starts.date()) if starts else loaded.programme
    programme = replace(programme, campaign=replace(programme.campaign, status=CampaignStatus.READY))
    if not plan.broadcasts(programme):
        hint = (
            "Give it its Monday: --starts 2024-03-04."
            if programme.days
            else "Give its mailing a time: at: 2024-03-04 09:00."
        )
        raise RefusedError(f"{file} plans no message with a date, so there is nothing to play. {hint}")
    return replace(loaded, programme=programme)


def _set_up(home: Path, loaded: Loaded) -> App:
    from campaign import plan
    from campaign.address import KeyRing
    from campaign.cli.common import rehearsal_settings
    from campaign.clock import SettableClock
    from campaign.delivery import loading
    from campaign.delivery.samples import add_samples, sample_sender
    from campaign.settings import make_home
    from campaign.settings.installation import write_senders
    from campaign.wiring import App

    settings = rehearsal_settings(home)
    make_home(settings)
    write_senders(settings, [sample_sender(loaded.programme)])
    moments = [unlock.at for unlock in plan.unlocks(loaded.programme)]
    moments += [planned.at for planned in plan.broadcasts(loaded.programme)]
    clock = SettableClock(min(moments) - timedelta(hours=1))
    app = App(settings, clock, create=True)
    add_samples(app.store, KeyRing(app.key), loaded.programme, clock.now())
    shown = loading.preview(app.parts, loaded.programme, loaded.files, None, clock.now())
    loading.apply(app.parts, shown, author="the rehearsal", reason="rehearsal", now=clock.now())
    return app


def _play(app: App, loaded: Loaded, quiet: bool) -> Week:
    from campaign import plan
    from campaign.clock import SettableClock
    from campaign.delivery import rehearsal, views

    if not isinstance(app.clock, SettableClock):
        raise TypeError("a rehearsal plays on a settable clock")
    programme = loaded.programme
    until = max(each.stop_at for each in plan.broadcasts(programme))
    with app.service() as service:
        _draw(rehearsal.play(service, app.clock, until=until), programme.campaign.timezone, quiet)
        return views.week(app.parts, service.shelf.get(programme.campaign.id), app.clock.now())


def _draw(steps: Iterable[Step], zone: str, quiet: bool) -> None:
    screen = sys.stderr
    label = "" if quiet else "Playing"
    hidden = quiet or not screen.isatty()
    with click.progressbar(range(1000), label=label, file=screen, hidden=hidden) as bar:
        before = 0
        for step in steps:
            after = int(step.done * 1000)
            bar.update(after - before, after)
            bar.label = f"{label} {local(step.at, zone)}"
            before = after


def _rows(week: Week) -> list[tuple[str, ...]]:
    """What went when: unlocks of pages and messages, in time order."""
    unlocks = [
        (day.unlock_at, (local(day.unlock_at, week.timezone), f"page of {day.id}", "", "", "unlocked"))
        for day in week.days
        if day.unlock_at and day.unlocked
    ]
    messages = [(item.at, _row(item, week.timezone)) for item in week.items]
    return [row for _, row in sorted([*unlocks, *messages], key=lambda each: each[0])]


def _row(item: Item, zone: str) -> tuple[str, ...]:
    state = f"{item.state}: {item.reason}" if item.reason else item.state.value
    return local(item.at, zone), f"{item.message}/{item.day or 'once'}", item.channel, reach(item), state


def draw_week(app: App, week: Week, folder: Path) -> Path:
    """Write the week as one page beside its messages; the page's path."""
    from campaign.channels.outbox import Entry, page

    unlocks = [
        Entry(at=day.unlock_at, state="unlocked", title=day.title)
        for day in week.days
        if day.unlock_at and day.unlocked
    ]
    messages = [
        Entry(at=item.at, state=item.state.value, title=item.title, detail=item.reason, key=item.key, url=item.url)
        for item in week.items
    ]
    days = [(day.dates[0], day.title) for day in week.days if day.dates]
    return page(
        folder, title=week.title, entries=[*unlocks, *messages], days=days, zone=week.timezone, campaign=week.slug
    )


def _last_lines(week: Week, page: Path) -> None:
    from campaign.model import BroadcastKind, DeliveryState

    sent = dict.fromkeys(BroadcastKind, 0)
    for item in week.items:
        sent[item.kind] += item.tally.get(DeliveryState.SENT, 0)
    left = sum(not item.is_sent for item in week.items)
    posts, emails = sent[BroadcastKind.POST], sent[BroadcastKind.MAILING]
    click.echo(f"\n{week.title}: {posts} posts and {emails} emails went to the outbox; {left} messages did not go.")
    click.echo(f"Look at the week: {page.resolve()}")
