"""`campaign doctor`: is this installation fit to be left alone on a Monday morning?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from campaign.cli.common import opened
from campaign.cli.progress import Working

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.channels.base import Verifies
    from campaign.plan import Planned
    from campaign.wiring import App

#: Less room than this on the home's disk is a fault, in bytes.
ROOM = 500_000_000
#: A clock that is further off than this, in seconds, is a fault.
OFF = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: "ok", "fault" or "skipped", and what was found."""

    what: str
    state: str
    text: str


@click.command()
@click.option("--offline", is_flag=True, help="Ask nothing of the network.")
def doctor(offline: bool) -> None:
    """Look at settings, ledger, clock, zones, templates, channels, senders' DNS, permissions and disk."""
    with opened() as app, Working("Looking") as working:
        findings = [_counted(working, finding) for finding in _findings(app, offline)]
    for finding in findings:
        sign = {"ok": "✓", "fault": "✗", "skipped": "-"}[finding.state]
        click.echo(f"{sign} {finding.what}: {finding.text}")
    faults = sum(finding.state == "fault" for finding in findings)
    if faults:
        click.echo(f"{faults} need mending.")
        click.get_current_context().exit(1)


def _counted(working: Working, finding: Finding) -> Finding:
    working.step()
    return finding


def _findings(app: App, offline: bool) -> Iterator[Finding]:
    for what, look in LOOKS.items():
        yield _tried(what, partial(look, app))
    yield from _channels(app, offline)
    yield from _ends(app)
    if offline:
        yield Finding("clock", "skipped", "offline")
        yield Finding("senders' DNS", "skipped", "offline")
    else:
        yield _tried("clock", partial(_clock, app))
        yield from _senders(app)


def _tried(what: str, look: Callable[[], Finding]) -> Finding:
    from campaign.errors import CampaignError

    try:
        return look()
    except CampaignError as error:
        return Finding(what, "fault", str(error))


def _version(app: App) -> Finding:
    from campaign import __version__
    from campaign.store import migrations

    return Finding("version", "ok", f"program {__version__}, ledger {migrations.version(app.store.database)}")


def _disk(app: App) -> Finding:
    return room(app.settings.home, shutil.disk_usage(app.settings.home).free)


def room(home: Path, free: int) -> Finding:
    """Whether `free` bytes are enough for a while."""
    return Finding("disk", "ok" if free > ROOM else "fault", f"{free / 1e9:.1f} GB free at {home}")


def _permissions(app: App) -> Finding:
    loose = [
        str(path)
        for path in (app.settings.key_file, app.settings.home)
        if path.exists() and path.stat().st_mode & 0o077
    ]
    text = f"others can read {', '.join(loose)}; run: chmod go-rwx" if loose else "nobody else can read home and key"
    return Finding("permissions", "fault" if loose else "ok", text)


def _zones(app: App) -> Finding:
    from campaign.delivery.shelf import Shelf

    return zones({force.programme.campaign.timezone for force in Shelf(app.store).all()} or {"Europe/London"})


def zones(names: set[str]) -> Finding:
    """Whether the system, or the package tzdata, knows these time zones."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    for name in sorted(names):
        try:
            ZoneInfo(name)
        except ZoneInfoNotFoundError:
            return Finding("zones", "fault", f"there is no data for {name}; install the package tzdata")
    return Finding("zones", "ok", ", ".join(sorted(names)))


def _templates(app: App) -> Finding:
    from campaign.delivery import gates
    from campaign.delivery.shelf import Shelf

    count = 0
    for force in Shelf(app.store).all():
        for planned in force.planned:
            gates.digest_of(app.parts, force, planned)
            count += 1
    return Finding("templates", "ok", f"{count} messages render")


def _service(app: App) -> Finding:
    dead = [worker.id for worker in app.store.workers.unended() if app.store.workers.is_dead(worker.id)]
    living = [worker for worker in app.store.workers.unended() if worker.id not in dead]
    if not living:
        return Finding("service", "fault", "no service runs on this ledger; start it: campaign run")
    return Finding("service", "ok", f"process {living[-1].pid} on {living[-1].host}")


def _public(app: App) -> Finding:
    base = app.settings.base_url
    if base and not base.startswith("https://"):
        return Finding("base_url", "fault", f"{base} is not https: one-click unsubscribe and sign-in need it")
    return Finding("base_url", "ok" if base else "skipped", base or "not set: pages and unsubscribe links need it")


def _desk(app: App) -> Finding:
    """Whether passwords could cross the internet unencrypted, or everybody look like one neighbour."""
    settings, where = app.settings, app.settings.web_host
    if _own(where) and settings.base_url.startswith("https://") and not settings.trusted_proxies.strip():
        text = (
            f"reached through {where} alone, and the web server before it, for {settings.base_url}, is not named in "
            "CAMPAIGN_TRUSTED_PROXIES (127.0.0.1 where it runs on this machine): everybody counts as one neighbour "
            "where tries and sign-ups are limited, so that a few keep out all"
        )
        return Finding("desk", "fault", text)
    if _own(where):
        return Finding("desk", "ok", f"reached through {where} alone, where a web server with TLS belongs before it")
    if not settings.base_url.startswith("https://"):
        text = (
            f"served on {where} without TLS: passwords cross the network for all to read. Put a web server with TLS "
            "before it and set CAMPAIGN_BASE_URL to its https address, or set CAMPAIGN_WEB_HOST to 127.0.0.1"
        )
        return Finding("desk", "fault", text)
    if not settings.trusted_proxies.strip():
        text = (
            f"served on {where}, and no web server before it is named in CAMPAIGN_TRUSTED_PROXIES: everybody counts as "
            "one neighbour where tries are limited, and who reaches the port goes around TLS"
        )
        return Finding("desk", "fault", text)
    return Finding("desk", "ok", f"{settings.base_url}, behind {settings.trusted_proxies}")


def _own(host: str) -> bool:
    """Whether only this machine reaches it."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


LOOKS: dict[str, Callable[[App], Finding]] = {
    "version": _version,
    "service": _service,
    "disk": _disk,
    "permissions": _permissions,
    "zones": _zones,
    "templates": _templates,
    "base_url": _public,
    "desk": _desk,
}


def _channels(app: App, offline: bool) -> Iterator[Finding]:
    from campaign.channels.base import Verifies
    from campaign.model import ChannelRef

    for name, kind in sorted(app.channel_kinds().items()):
        ref = ChannelRef(id=name, kind=kind)
        problem = app.parts.ways.problem(ref)
        if problem:
            yield Finding(f"channel {name}", "fault", problem)
        elif not app.parts.ways.is_live(name):
            yield Finding(f"channel {name}", "ok", "goes to the outbox: it is not live")
        elif offline:
            yield Finding(f"channel {name}", "skipped", "live; offline")
        else:
            channel = app.parts.ways.channel(ref)
            if isinstance(channel, Verifies):
                yield _tried(f"channel {name}", partial(_account, name, channel))
            else:
                yield Finding(f"channel {name}", "ok", "live; this kind cannot be asked")


def _ends(app: App) -> Iterator[Finding]:
    """What runs out before the last post that is still to go over a channel."""
    from campaign.channels._lasting import SIGN_IN, Ends
    from campaign.delivery.shelf import Shelf
    from campaign.errors import SettingsError

    now = app.clock.now()
    last: dict[str, Planned] = {}
    for planned in sorted((each for force in Shelf(app.store).all() for each in force.planned), key=lambda it: it.at):
        last |= {planned.key.channel: planned} if planned.at >= now else {}
    for name in sorted(set(last) & set(app.installation.channels)):
        try:
            channel = app.ways.real(name)
        except SettingsError:  # told of the channel itself
            continue
        for what, until in channel.ends().items() if isinstance(channel, Ends) else ():
            due, late = last[name], until <= last[name].at
            mend = f"campaign channels connect {name}" if what == SIGN_IN else "a newer `version` in channels.yaml"
            text = f"{what} ends on {until:%d %B %Y}"
            text += f", before {due.message.id} on {due.at:%d %B %Y}: {mend}" if late else ", after its last post"
            yield Finding(f"channel {name}", "fault" if late else "ok", text)
        channel.close()


def _account(name: str, channel: Verifies) -> Finding:
    account = channel.verify()
    until = f", until {account.expires:%d %B %Y}" if account.expires else ""
    return Finding(f"channel {name}", "ok", f"signed in as {account.name}{until}")


def _clock(app: App) -> Finding:
    from email.utils import parsedate_to_datetime

    date = app.ways.date_of(app.settings.base_url or "https://www.gov.uk/")
    off = abs((parsedate_to_datetime(date) - app.clock.now()).total_seconds())
    return Finding("clock", "ok" if off <= OFF else "fault", f"{off:.0f} s off what a server says")


def _senders(app: App) -> Iterator[Finding]:
    from campaign.cli.dns import asked, look_up, relay, signature

    ask = asked()
    keys = {entry.name: entry.options.get("dkim", ()) for entry in app.installation.channels.values()}
    signing = [str(key.get("domain", "")) for each in keys.values() for key in each]
    for sender in app.installation.senders.values():
        for what, state, text in look_up(sender, signing, ask):
            yield Finding(f"sender {sender.id}, {what}", state, text)
    for entry in app.installation.channels.values():
        found = [signature(str(key.get("selector", "")), str(key.get("domain", "")), ask) for key in keys[entry.name]]
        hosts = [entry.options.get("host"), *(each.get("host") for each in entry.options.get("relays", ()))]
        found += [relay(str(host), ask) for host in hosts if host and entry.kind == "smtp"]
        for what, state, text in found:
            yield Finding(f"channel {entry.name}, {what}", state, text)
