"""`campaign pause`, `resume`, `settle`: stop and go."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from campaign.cli.common import actor, as_option, local, opened

if TYPE_CHECKING:
    from campaign.model import HoldScope
    from campaign.wiring import App


@click.command()
@click.argument("what", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Stop essential messages too.")
@click.option("--reason", default="", help="Why: everybody sees it until the pause is lifted.")
@click.option("--pages", is_flag=True, help="Keep the pages locked as well, and what leads to them back.")
@as_option
def pause(what: str, everything: bool, reason: str, pages: bool, person: str) -> None:
    """Pause everything, or one campaign or channel (WHAT). Works within two seconds, wherever the service runs."""
    from campaign.model import HoldScope, Strength

    with opened() as app:
        scope = _scope(app, what) if what else HoldScope.ALL
        strength = Strength.ALL if everything else Strength.PROACTIVE
        hold = app.store.holds.place(
            scope=scope,
            target=what,
            strength=strength,
            reason=reason,
            author=actor(app, person),
            now=app.clock.now(),
            pages=pages,
        )
        passing = "Nothing goes out." if everything else "Only messages marked essential go out."
        click.echo(f"Paused {what or 'everything'} (pause {hold}). {passing} Lift it: campaign resume --as NAME")


def _scope(app: App, what: str) -> HoldScope:
    from campaign.errors import RefusedError
    from campaign.model import HoldScope

    if app.store.campaigns.get(what):
        return HoldScope.CAMPAIGN
    channels = set(app.store.channels.all()) | set(app.channel_kinds())
    if what in channels:
        return HoldScope.CHANNEL
    known = ", ".join([*(row.slug for row in app.store.campaigns.all()), *sorted(channels)])
    raise RefusedError(f"There is no campaign and no channel called {what}. There are: {known or 'none yet'}.")


@click.command()
@click.argument("hold", required=False, type=int)
@as_option
def resume(hold: int | None, person: str) -> None:
    """Lift the pause, or the one numbered HOLD. What fell due meanwhile stays held until it is settled."""
    from campaign.errors import RefusedError

    with opened() as app:
        who, now = actor(app, person, named=True), app.clock.now()
        current = [each for each in app.store.holds.current(now) if hold is None or each.id == hold]
        if not current:
            raise RefusedError("No pause is on." if hold is None else f"Pause {hold} is not on.")
        if hold is None and len(current) > 1:
            names = "; ".join(f"{each.id} ({each.target or 'everything'}: {each.reason})" for each in current)
            raise RefusedError(f"Several pauses are on: {names}. Say which: campaign resume NUMBER")
        app.store.holds.lift(current[0].id, author=who, now=now)
        click.echo(f"Lifted pause {current[0].id}. Held meanwhile: see campaign status.")


@click.command()
@click.argument("target")
@click.option("--send-now", is_flag=True, help="Let it open at once.")
@click.option("--move-to", metavar="TIME", help="Give it a new time: '2023-10-10 14:00', local to the campaign.")
@click.option("--drop", is_flag=True, help="Decide that it never goes.")
@click.option("--it-went-out", is_flag=True, help="You looked: it is there.")
@click.option("--it-did-not", is_flag=True, help="You looked: it is not there.")
@click.option("--try-again", is_flag=True, help="Try a failed delivery again.")
@click.option("--url", default="", help="Where it can be seen.")
@click.option("--reason", default="", help="For the log.")
@as_option
def settle(
    target: str,
    send_now: bool,
    move_to: str | None,
    drop: bool,
    it_went_out: bool,
    it_did_not: bool,
    try_again: bool,
    url: str,
    reason: str,
    person: str,
) -> None:
    """Settle what needs you. TARGET is a message's key (campaign/message/day/channel) or a delivery's number."""
    chosen = [send_now, bool(move_to), drop, it_went_out, it_did_not, try_again]
    if sum(chosen) != 1:
        raise click.UsageError("Say what to do with it: exactly one of the options above.")
    with opened() as app:
        who = actor(app, person, named=True)
        if target.isdecimal():
            _settle_delivery(app, int(target), who, (drop, it_went_out, it_did_not, try_again), url, reason)
        else:
            _settle_broadcast(app, target, who, (send_now, move_to or "", drop, it_went_out), url, reason)
        click.echo(f"Settled {target}.")


def _settle_delivery(
    app: App, delivery: int, who: str, chosen: tuple[bool, bool, bool, bool], url: str, reason: str
) -> None:
    from campaign.delivery import settling

    now, (drop, went, did_not, again) = app.clock.now(), chosen
    if went:
        settling.went_out(app.parts, delivery, author=who, now=now, url=url)
    elif did_not:
        settling.did_not(app.parts, delivery, author=who, now=now)
    elif again:
        settling.try_again(app.parts, delivery, author=who, now=now)
    elif drop:
        settling.drop_delivery(app.parts, delivery, author=who, now=now, reason=reason)
    else:
        raise click.UsageError("A delivery is settled by --it-went-out, --it-did-not, --try-again or --drop.")


def _settle_broadcast(
    app: App, key: str, who: str, chosen: tuple[bool, str, bool, bool], url: str, reason: str
) -> None:
    from campaign.delivery import settling
    from campaign.delivery.shelf import Shelf

    force = Shelf(app.store).get(key.split("/")[0])
    now, (send, move_to, drop, went) = app.clock.now(), chosen
    if send:
        settling.send_now(app.parts, force, key, author=who, now=now)
    elif move_to:
        to = _moment(move_to, force.programme.campaign.timezone)
        settling.move(app.parts, force, key, to, author=who, now=now)
        click.echo(f"It goes {local(to, force.programme.campaign.timezone)}.")
    elif drop:
        settling.drop(app.parts, force, key, author=who, now=now, reason=reason)
    elif went:
        settling.pasted(app.parts, force, key, author=who, now=now, url=url)
    else:
        raise click.UsageError("A message is settled by --send-now, --move-to, --drop or --it-went-out.")


def _moment(words: str, zone: str) -> datetime:
    from zoneinfo import ZoneInfo

    from campaign.plan import resolve
    from campaign.programme import dates

    try:
        return resolve(dates.parse_datetime(words), ZoneInfo(zone))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--move-to") from error
