"""What only an installation can judge: its channels, lists, senders, rates and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from campaign.errors import Problem
from campaign.model import PlannedMailing, PlannedPost
from campaign.programme.checks.sheet import Installation, Occurrence, Sheet
from campaign.programme.dates import long_date

UNJUDGED = (
    "whether lists and channels are set up, who sends, how long mailings take, and when tokens die: "
    "there is no installation at hand"
)


def rules(sheet: Sheet) -> Iterator[Problem]:
    """Every rule that needs the installation; none where there is none."""
    installation = sheet.installation
    if installation is None:
        return
    yield from _channels(sheet, installation)
    yield from _lists(sheet, installation)
    yield from _tokens(sheet, installation)
    yield from _one_click(sheet, installation)
    for one in sheet.occurrences:
        if isinstance(one.message, PlannedMailing):
            yield from _duration(sheet, installation, one, one.message)


def _channels(sheet: Sheet, installation: Installation) -> Iterator[Problem]:
    make = sheet.error if installation.live else sheet.warning
    for name, channel in sheet.programme.channels.items():
        where = f"channels.{name}"
        known = installation.channels.get(name)
        if known is None:
            hint = "Add it to channels.yaml, or mend the name."
            yield make("P7", f"the installation has no channel '{name}'", where, hint)
        elif known != channel.kind:
            message = f"'{name}' is of kind {known} in the installation, and {channel.kind} here"
            yield sheet.error("P7", message, f"{where}.kind", "Make them the same.")
        elif trouble := installation.troubled.get(name):
            yield make("P7", f"nothing can go: {trouble}", where, f"Mend it, then: campaign channels verify {name}.")


def _lists(sheet: Sheet, installation: Installation) -> Iterator[Problem]:
    for name, mailing in sheet.programme.mailings.items():
        where = f"mailings.{name}.lists"
        senders = set()
        for index, each in enumerate(mailing.lists):
            facts = installation.lists.get(each)
            if facts is None:
                hint = f"Make it: campaign lists add {each}. Or mend the name."
                yield sheet.error("P10", f"the installation has no list '{each}'", f"{where}.{index}", hint)
            else:
                senders.add(facts.sender)
        for index, each in enumerate(mailing.exclude.lists):
            if each not in installation.lists:
                hint = "Mend the name: as it stands, the mailing waits, for nobody knows whom to leave out."
                what = f"the installation has no list '{each}' to leave out"
                yield sheet.error("P10", what, f"mailings.{name}.exclude.lists.{index}", hint)
        if len(senders) > 1:
            message = f"its lists have different senders: {', '.join(sorted(senders))}"
            yield sheet.error("P10", message, where, "Make a mailing for each sender.")


def _one_click(sheet: Sheet, installation: Installation) -> Iterator[Problem]:
    """RFC 8058 section 3.1: the address of one-click unsubscribing is https."""
    if installation.base_url.startswith("https://"):
        return
    for name, mailing in sheet.programme.mailings.items():
        make = sheet.error if mailing.channel in installation.live else sheet.warning
        message = "nobody can leave with one click: the installation's pages are not at an https address"
        hint = "Set CAMPAIGN_BASE_URL to where your pages are served. Until then mail reaches the guest list alone."
        yield make("D3", message, f"mailings.{name}.channel", hint)


def _tokens(sheet: Sheet, installation: Installation) -> Iterator[Problem]:
    for name, dies in installation.tokens.items():
        uses = [one for one in sheet.occurrences if name in _channel_names(one)]
        late = [one for one in uses if one.at >= dies]
        if late:
            day = long_date(dies.astimezone(sheet.zone).date())
            message = f"its token dies on {day}, before {late[0].message.id} on {long_date(late[0].wall.date())}"
            yield sheet.warning("C2", message, f"channels.{name}", f"Renew it: campaign channels connect {name}.")


def _channel_names(one: Occurrence) -> tuple[str, ...]:
    message = one.message
    return message.channels if isinstance(message, PlannedPost) else (message.channel,)


def _duration(sheet: Sheet, installation: Installation, one: Occurrence, mailing: PlannedMailing) -> Iterator[Problem]:
    rate = installation.rates.get(mailing.channel, 0.0)
    people = sum(installation.lists[name].size for name in mailing.lists if name in installation.lists)
    if rate <= 0 or not people:
        return
    ends = one.wall + timedelta(seconds=people / rate)
    stop = sheet.stop_at(one)
    if ends > stop:
        left = int((ends - stop).total_seconds() * rate)
        message = (
            f"{people:,} emails at {rate:g} a second take until {ends:%H:%M}, past its stop at {stop:%H:%M}: "
            f"{left:,} would be missed"
        )
        yield sheet.warning("P4", message, one.where, "Start earlier, stop later, or use a faster relay.")
