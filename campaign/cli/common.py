"""What every command shares: the opened installation, the person who acts, and words for times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from campaign.errors import RefusedError

if TYPE_CHECKING:
    from campaign.delivery.views import Item
    from campaign.settings import Settings
    from campaign.wiring import App

F = TypeVar("F", bound=Callable[..., Any])


def as_option(command: F) -> F:
    """`--as NAME`: the person who acts, by the name they have in `campaign people`."""
    return click.option(
        "--as", "person", metavar="NAME", default="", help="Who does this: a name in `campaign people`."
    )(command)


@contextmanager
def opened() -> Iterator[App]:
    """The installation, opened; RefusedError where there is none, SettingsError where it is not whole."""
    from campaign.settings import load_settings
    from campaign.settings.installation import need_home
    from campaign.wiring import App

    settings = load_settings()
    need_home(settings)
    app = App(settings)
    try:
        yield app
    finally:
        app.close()


def actor(app: App, person: str, *, named: bool = False) -> str:
    """Who acts: `--as`, else `CAMPAIGN_USER`, else the system's user as `cli:NAME`.

    With `named`, only a name in `people` will do, and RefusedError says how to give one.
    """
    from campaign.settings.environment import system_user
    from campaign.store.staff import need_person

    name = person or app.settings.user
    if not named and not name:
        return f"cli:{system_user()}"
    if not name:
        raise RefusedError("This needs a name: add --as NAME. Names are kept by `campaign people add NAME`.")
    if named or person:
        with app.store.database.read() as connection:
            return need_person(connection, name).name
    return f"cli:{name}"


def rehearsal_settings(home: Any) -> Settings:
    """Settings of a throw-away home that takes nothing from this installation."""
    from campaign.settings import load_settings
    from campaign.settings.environment import Approving

    return load_settings(
        _env_file=None,
        home=home,
        key_file=home / "key" / "key",
        database_url="",
        base_url="https://week.example.org",
        media_url="",
        proxy="",
        approvals=Approving.OFF,
        guest_list="",
        alerts_email="",
        alerts_webhook="",
    )


def local(moment: datetime, zone: str) -> str:
    """A moment as people say it: `Mon 9 Oct, 8:30am`."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b}, {clock_words(there)}"


def clock_words(moment: datetime) -> str:
    """A wall time as people say it: `8:30am`, `12 noon`."""
    if (moment.hour, moment.minute) == (12, 0):
        return "12 noon"
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{(moment.hour - 1) % 12 + 1}{minutes}{'am' if moment.hour < 12 else 'pm'}"


def table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...]) -> str:
    """Rows as aligned columns of plain text under a head."""
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:]])


def reach(item: Item) -> str:
    """How many of a message's people have it: "12 of 14"; those left out for a reason do not count."""
    from campaign.model import DeliveryState

    sent = item.tally.get(DeliveryState.SENT, 0)
    return f"{sent:,} of {item.total - item.tally.get(DeliveryState.SKIPPED, 0):,}" if item.total else ""
