"""`campaign check` and `campaign schema`: what can be judged before a campaign runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaign.cli.progress import Working

if TYPE_CHECKING:
    from campaign.errors import Problem
    from campaign.programme import Loaded
    from campaign.programme.checks import Installation, Measure, Report, Sheet
    from campaign.settings.installation import ChannelEntry
    from campaign.wiring import App

#: Known to carry emails, which have no length to measure; its TLS and DKIM libraries take long to load.
NOT_MEASURED = frozenset({"smtp"})
#: Where images are taken to be served while no installation says otherwise.
ANYWHERE = "https://media.example.org"
FORMATS = ("text", "json", "sarif", "github")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="For people, or for programs.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--links", is_flag=True, help="Try every link too: public addresses only, about a minute at most.")
@click.option("--tokens", is_flag=True, help="Ask the installation's channels until when their tokens live.")
@click.option("--starts", type=click.DateTime(["%Y-%m-%d"]), help="Look at a week without dates as of this Monday.")
@click.option("--alone", is_flag=True, help="Judge by the file alone, even where an installation is at hand.")
def check(
    files: tuple[Path, ...],
    form: str,
    as_json: bool,
    links: bool,
    tokens: bool,
    starts: datetime | None,
    alone: bool,
) -> None:
    """Check programme FILEs: every rule, every message rendered for every channel, audience and area.

    Errors must be mended (exit 1). Warnings may be accepted in the file, under `overrides`, with a reason. What only
    keeps a draft from being ready is listed as "before this can run", and is no error yet. docs/checks.md explains
    each code.
    """
    from campaign.cli import check_output
    from campaign.errors import ProgrammeError

    outcomes: list[Report | tuple[str, tuple[Problem, ...]]] = []
    installation = None if alone else _installation(tokens)
    for path in files:
        try:
            loaded = read(path, starts)
        except ProgrammeError as error:
            outcomes.append((str(path), error.problems))
            continue
        with Working(f"Checking {path.name}") as working:
            outcomes.append(judged(loaded, installation, working.step if links else None, alone=alone))
    click.echo(check_output.write(outcomes, "json" if as_json else form), nl=False)
    if any(check_output.errors_of(one) for one in outcomes):
        raise click.exceptions.Exit(1)


def read(path: Path, starts: datetime | None) -> Loaded:
    """The programme of a file, a week without dates as of the Monday given. Raises ProgrammeError."""
    from dataclasses import replace

    from campaign.programme import load_file, with_monday

    loaded = load_file(path)
    if starts is None:
        return loaded
    return replace(loaded, programme=with_monday(loaded.programme, starts.date(), loaded.source))


def judged(
    loaded: Loaded,
    installation: Installation | None = None,
    links: Callable[[object], None] | None = None,
    *,
    alone: bool = False,
) -> Report:
    """Every problem of a loaded programme, by the file alone or with what an installation knows.

    With `links` every link is tried, and `links` is called after each.
    """
    from campaign.clock import SystemClock
    from campaign.programme.checks import check as judge

    return judge(
        loaded,
        today=SystemClock().now().date(),
        measures=lambda: measures(loaded, alone=alone),
        installation=installation,
        more=partial(_try_links, tried=links) if links else None,
    )


def measures(loaded: Loaded, *, alone: bool = False) -> Mapping[str, Measure]:
    """A channel to measure with for each that the programme names and that is of a known kind.

    It has the options of the installation at hand, and knows what its network once said of its limits. Without one, or
    `alone`, it is taken to serve images where networks fetch them.
    """
    from campaign.channels.base import MemoryNotes, Tools
    from campaign.channels.registry import Registry
    from campaign.errors import SettingsError

    registry, made = Registry(), {}
    given, media_url, notes = ({}, ANYWHERE, {}) if alone else _at_hand()
    used = {name for post in loaded.programme.posts.values() for name in post.channels}
    for name, channel in loaded.programme.channels.items():
        if channel.kind in NOT_MEASURED and name not in used:
            continue
        try:
            entry = given.get(name)
            own = entry.options if entry is not None and entry.kind == channel.kind else {}
            options = registry.measure(name, channel.kind, own)
        except SettingsError:  # told as "not judged": a package of that kind may be installed elsewhere
            continue
        known = MemoryNotes(notes.get(name))
        tools = Tools(name=name, notes=known, media_url=media_url, publish_media=lambda data, media_type: "")
        made[name] = registry.get(channel.kind)(options, tools)
    return made


def _at_hand() -> tuple[Mapping[str, ChannelEntry], str, Mapping[str, Mapping[str, str]]]:
    """The channels of the installation at hand, where it serves images, and what each channel noted of its network."""
    from campaign.settings import load_settings
    from campaign.settings.installation import load_installation

    settings = load_settings()
    if not (settings.home / "channels.yaml").exists():
        return {}, ANYWHERE, {}
    entries = load_installation(settings).channels
    return entries, settings.media_url, _noted(list(entries))


def _noted(names: list[str]) -> Mapping[str, Mapping[str, str]]:
    from campaign.cli.common import opened
    from campaign.errors import CampaignError

    try:
        with opened() as app:
            return {name: app.store.notes(name).plain() for name in names}
    except CampaignError:  # what wants the ledger says so itself; to measure, the networks' usual limits do
        return {}


def _try_links(sheet: Sheet, tried: Callable[[object], None]) -> list[Problem]:
    from campaign.channels.http import Http
    from campaign.clock import SystemClock
    from campaign.programme.checks.links import try_links
    from campaign.settings import load_settings

    settings, clock = load_settings(), SystemClock()
    http = Http(
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        proxy=settings.proxy.get_secret_value(),
        ca_file=settings.ca_file,
    )

    def fetch(url: str) -> int:
        try:
            return http.fetch_public(url).status
        finally:
            tried(url)

    try:
        return try_links(sheet, fetch)
    finally:
        http.close()


def _installation(tokens: bool) -> Installation | None:
    """What the installation at hand knows; None where there is none."""
    from campaign.settings import load_settings

    settings = load_settings()
    if not (settings.home / "channels.yaml").exists():
        return None
    from campaign.cli.common import opened

    with opened() as app:
        return facts(app, tokens)


def facts(app: App, tokens: bool = False) -> Installation:
    """What an opened installation knows that a programme file does not."""
    from campaign.programme.checks import Installation, ListFacts
    from campaign.store.lists import all_lists

    with app.store.database.read() as connection:
        lists = {
            each.list.slug: ListFacts(size=each.confirmed, sender=each.list.sender) for each in all_lists(connection)
        }
    entries = app.installation.channels
    rates = {name: _rate(entry) for name, entry in entries.items()}
    return Installation(
        base_url=app.settings.base_url,
        channels={name: entry.kind for name, entry in entries.items()},
        live=frozenset(name for name, state in app.store.channels.all().items() if state.live),
        lists=lists,
        senders=app.installation.senders,
        rates={name: rate for name, rate in rates.items() if rate > 0},
        tokens=_kept_until(app, entries) | (_tokens(app, list(entries)) if tokens else {}),
        closures=app.settings.closed_days,
        division=app.settings.bank_holidays.value,
        troubled={name: why for name, entry in entries.items() if (why := _trouble(app, entry))},
    )


def _trouble(app: App, entry: ChannelEntry) -> str:
    """Why nothing can go over a channel of the installation; "" where it can."""
    from campaign.model import ChannelRef

    return app.ways.problem(ChannelRef(id=entry.name, kind=entry.kind))


def _rate(entry: ChannelEntry) -> float:
    """Emails a second that a channel of the installation sends at most, over all its relays; 0: not limited."""
    from campaign.channels.registry import Registry
    from campaign.errors import SettingsError

    try:
        options = Registry().measure(entry.name, entry.kind, entry.options)
    except SettingsError:  # `doctor` and `channels` tell what is wrong with it
        return 0.0
    rates = [float(getattr(part, "rate", 0)) for part in getattr(options, "endpoints", (options,))]
    return sum(rates) if all(rates) else 0.0


def _kept_until(app: App, names: Iterable[str]) -> dict[str, datetime]:
    """Until when each channel stays signed in, as far as it is known without asking."""
    from campaign.channels._lasting import SIGN_IN, Ends
    from campaign.errors import SettingsError

    found: dict[str, datetime] = {}
    for name in names:
        try:
            channel = app.ways.real(name)
        except SettingsError:  # `doctor` and `channels` tell what is wrong with it
            continue
        until = channel.ends().get(SIGN_IN) if isinstance(channel, Ends) else None
        found |= {name: until} if until else {}
        channel.close()
    return found


def _tokens(app: App, names: list[str]) -> dict[str, datetime]:
    from campaign.channels.base import Verifies
    from campaign.errors import ChannelError, SettingsError

    found = {}
    for name in names:
        try:
            channel = app.ways.real(name)
            account = channel.verify() if isinstance(channel, Verifies) else None
            channel.close()
        except (ChannelError, SettingsError) as error:
            click.echo(f"{name} could not be asked: {error}", err=True)
            continue
        if account is not None and account.expires is not None:
            found[name] = account.expires
    return found


@click.command()
@click.option("--markdown", is_flag=True, help="Every key as a table for people.")
def schema(markdown: bool) -> None:
    """Print the JSON Schema of programme files: editors complete and check with it."""
    from campaign.programme import tables

    if markdown:
        click.echo(tables.markdown(), nl=False)
        return
    import json

    click.echo(json.dumps(tables.json_schema(), indent=2, ensure_ascii=False))
