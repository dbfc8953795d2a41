"""`campaign status`, `deliveries` and `log`: what is going on, and the proof of it afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.common import local, opened, reach, table

if TYPE_CHECKING:
    from campaign.delivery.progress import Going
    from campaign.delivery.views import Item, Need, Week
    from campaign.wiring import App

SIGNS = {
    "done": "✓",
    "open": "…",
    "opening": "…",
    "waiting": "?",
    "held": "‖",
    "missed": "!",
    "dropped": "-",
    "cancelled": "-",
    "planned": " ",
}


@click.command()
@click.argument("campaign", required=False, default="")
@click.option("--watch", is_flag=True, help="Draw it again every two seconds until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(campaign: str, watch: bool, as_json: bool) -> None:
    """One sentence, the week, and what needs you."""
    with opened() as app:
        while True:
            text = _as_json(app, campaign) if as_json else _as_text(app, campaign)
            if watch:
                click.clear()
            click.echo(text)
            if not watch:
                return
            app.clock.sleep(2)


def _weeks(app: App, slug: str) -> list[Week]:
    from campaign.delivery import views
    from campaign.delivery.shelf import Shelf

    shelf, now = Shelf(app.store), app.clock.now()
    return [views.week(app.parts, force, now) for force in ([shelf.get(slug)] if slug else shelf.all())]


def _as_text(app: App, slug: str) -> str:
    from campaign.delivery import views
    from campaign.delivery.progress import going

    now, weeks, needing = app.clock.now(), _weeks(app, slug), _needs(app)
    if not weeks:
        return "No campaign is loaded. Load one: campaign load schedules/YOUR-WEEK.yaml"
    blocks = [_pauses(app, now)]
    for week in weeks:
        sentence = views.sentence(week, _count(needing, week), now, _called)
        blocks.append(f"{week.title}\n{sentence}.\n\n{draw(week)}")
    zones = {week.slug: week.timezone for week in weeks}
    blocks += [
        draw_going(one, zones.get(one.key.partition("/")[0], "UTC"))
        for one in going(app.parts, now)
        if not slug or one.key.startswith(f"{slug}/")
    ]
    if needing:
        blocks.append("Needs you:\n" + "\n".join(_need_lines(needing)))
    return "\n\n".join(block for block in blocks if block)


def _needs(app: App) -> list[Need]:
    """All that needs a person: of the ledger, and of what surrounds it."""
    from campaign.delivery import needing, views
    from campaign.delivery.shelf import Shelf
    from campaign.wiring.switchboard import Switchboard

    more = needing.more(app.parts, Shelf(app.store).all(), app.clock.now(), Switchboard(app).until)
    return [*views.needs(app.parts), *more]


def _count(needing: Sequence[Need], week: Week) -> int:
    """How much of it is the week's: its messages, its checks, and the channels and services that all weeks share."""
    shared = ("channel down", "runs out", "silent")
    return sum(need.kind in shared or need.key.partition("/")[0] == week.slug for need in needing)


def _called(item: Item) -> str:
    """What people call the network of an item's channel; the channel's own name where its kind is not installed."""
    from campaign.channels.registry import Registry
    from campaign.errors import SettingsError
    from campaign.model import BroadcastKind

    if item.kind is BroadcastKind.MAILING:
        return "email"
    try:
        return str(Registry().get(item.channel_kind).title)
    except SettingsError:
        return item.channel


def draw_going(one: Going, zone: str) -> str:
    """A mailing on its way: its tiles, which add up to everybody, how quickly, what fails and where, and why not."""
    from campaign.delivery.progress import by_code

    lines = [f"{one.key}: {one.total:,} people"]
    lines.append("  " + " + ".join(f"{count:,} {name}" for name, count in one.tiles.items() if count or name == "sent"))
    if one.rate:
        left = "" if one.seconds_left is None else f", {_span(one.seconds_left)} left"
        late = f"; {one.too_late:,} would not leave before its time of day is over" if one.too_late else ""
        lines.append(f"  {one.rate:,.1f} a second{left}{late}")
    for name, troubles in (("deferred", one.deferred), ("failed", one.failed)):
        lines += [
            f"  {name}: {each.people:,} at {each.domain or 'an erased address'}: {each.code or 'waits for its turn'}"
            for each in by_code(troubles)
        ]
    if one.still_since is not None:
        since = local(one.still_since, zone).rpartition(", ")[2]
        lines.append(f"  No email has left since {since}, because {one.because}.")
    return "\n".join(lines)


def _span(seconds: float) -> str:
    """A length of time in words: `about 3 minutes`."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} seconds"
    minutes = round(seconds / 60)
    return f"about {minutes} minutes" if minutes < 120 else f"about {round(minutes / 60)} hours"


def draw(week: Week) -> str:
    """The week as a table: a line a message."""
    rows = [_row(item, week.timezone) for item in week.items]
    return table(rows, ("", "when", "message", "channel", "to", "state"))


def _row(item: Item, zone: str) -> tuple[str, ...]:
    from campaign.delivery import figures

    unapproved = "" if item.approved else "not approved"
    about = item.reason or figures.words(item.figures)
    state = item.state.value + (f": {about}" if about else "")
    return (
        SIGNS[item.state],
        local(item.at, zone),
        f"{item.message}/{item.day or 'once'}",
        item.channel,
        reach(item),
        unapproved or state,
    )


def _need_lines(needing: Sequence[Need]) -> list[str]:
    return [
        f"  {need.text}\n      why: {need.why or 'unknown'}\n      you can: {', '.join(need.choices)}"
        for need in needing
    ]


def _pauses(app: App, now: datetime) -> str:
    lines = [
        f"PAUSED: {hold.target or 'everything'}, by {hold.author}" + (f": {hold.reason}" if hold.reason else "")
        for hold in app.store.holds.current(now)
    ]
    return "\n".join(lines)


def _as_json(app: App, slug: str) -> str:
    from campaign.delivery import views
    from campaign.delivery.progress import going

    now, weeks, needing = app.clock.now(), _weeks(app, slug), _needs(app)
    found = {
        "now": now,
        "paused": [asdict(hold) for hold in app.store.holds.current(now)],
        "campaigns": [
            {"sentence": views.sentence(week, _count(needing, week), now, _called), **asdict(week)} for week in weeks
        ],
        "mailings": [asdict(one) for one in going(app.parts, now)],
        "needs_you": [asdict(need) for need in needing],
    }
    return json.dumps(found, default=_plain, indent=2, ensure_ascii=False)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@click.command("log")
@click.option("--campaign", default="", help="Only of this campaign.")
@click.option("--who", default="", help="Only what this person did.")
@click.option("--limit", default=50, show_default=True, help="How many lines, newest first.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show_log(campaign: str, who: str, limit: int, as_json: bool) -> None:
    """Who did what, when."""
    with opened() as app:
        entries = app.store.log.entries(campaign=campaign, who=who, limit=limit)
        if as_json:
            click.echo(json.dumps([asdict(entry) for entry in entries], default=_plain, indent=2, ensure_ascii=False))
            return
        for entry in entries:
            target = f" {entry.target}" if entry.target else ""
            detail = "" if entry.detail == "{}" else f" {entry.detail}"
            click.echo(f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.who}: {entry.act}{target}{detail}")
