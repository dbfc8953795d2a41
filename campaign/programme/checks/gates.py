"""Approval, embargo and links of everything that a message uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from campaign.errors import Problem
from campaign.model import EventState, IfPending, PlannedPost, Resource, ResourceApproval, ThemeStatus
from campaign.programme.checks.sheet import Occurrence, Sheet
from campaign.programme.checks.times import local, opens_at
from campaign.programme.checks.written import EXAMPLE
from campaign.render.visible import is_held

RESOURCE = re.compile(r"resource:([A-Za-z0-9][A-Za-z0-9_-]*)")


def rules(sheet: Sheet) -> Iterator[Problem]:
    """Every link of the file, and every resource a message uses at the time it goes."""
    yield from _links(sheet)
    yield from _cancelled(sheet)
    said: set[tuple[str, str, str]] = set()
    for one in sheet.occurrences:
        for problem in (*_linked(sheet, one), *_named(sheet, one)):
            key = (problem.code, problem.where, problem.message)
            if key not in said:
                said.add(key)
                yield problem
    yield from _shown(sheet)
    yield from _day_pages(sheet)


def _cancelled(sheet: Sheet) -> Iterator[Problem]:
    gone = {theme.id: theme.title for theme in sheet.programme.themes() if theme.status is ThemeStatus.CANCELLED}
    for where, message in sheet.messages():
        if message.theme in gone:
            hint = "Take the message out, or give it another theme."
            yield sheet.error("G4", f"its theme '{gone[message.theme]}' is cancelled", f"{where}.theme", hint)


def addresses(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Every address of the file with its dotted path."""
    campaign = sheet.programme.campaign
    yield from (("campaign.privacy_url", campaign.privacy_url), ("campaign.home_url", campaign.home_url))
    yield "campaign.one_thing.link", campaign.one_thing.link
    for name, body in sheet.programme.organisations.items():
        yield f"organisations.{name}.url", body.url
    for name, resource in sheet.programme.resources.items():
        yield from _of_resource(f"resources.{name}", resource)
    for theme in sheet.programme.themes():
        yield f"themes.{theme.id}.one_thing.link", theme.one_thing.link
    for name, post in sheet.programme.posts.items():
        yield f"posts.{name}.link", post.link


def _of_resource(where: str, resource: Resource) -> Iterator[tuple[str, str]]:
    yield f"{where}.link", resource.link
    if resource.event:
        yield f"{where}.event.booking", resource.event.booking
        yield f"{where}.event.recording", resource.event.recording
    if resource.media:
        yield f"{where}.media.link", resource.media.link
        yield f"{where}.media.transcript", resource.media.transcript


def _links(sheet: Sheet) -> Iterator[Problem]:
    live = bool(sheet.installation and sheet.installation.live)
    contact = sheet.programme.campaign.contact
    if live and contact and EXAMPLE.search(f"https://{contact.email.rpartition('@')[2]}"):
        message = f"{contact.email} is an example, and a channel is live"
        yield sheet.error("K5", message, "campaign.contact.email", "Write the real address.")
    for where, url in addresses(sheet):
        if url.startswith("#"):
            yield sheet.error("K1", f"'{url}' is a placeholder, not a link", where, "Write the address, or no_link.")
        elif url.startswith("http:"):
            hint = f"Write https:{url.removeprefix('http:')} if that page is there."
            yield sheet.error("K2", f"{url} is not secure", where, hint)
        elif live and EXAMPLE.search(url):
            yield sheet.error("K5", f"{url} is an example, and a channel is live", where, "Write the real address.")


def _linked(sheet: Sheet, one: Occurrence) -> Iterator[Problem]:
    """The link of a post, its `needs`, and every resource its own words name."""
    post = one.message
    used = {(name, f"{one.where}.needs") for name in post.needs}
    if isinstance(post, PlannedPost) and post.link:
        used.add((post.link, f"{one.where}.link"))
        yield from _reachable(sheet, one, post.link)
    texts = [post.text, *post.text_for.values()] if isinstance(post, PlannedPost) else [_body(sheet, one)]
    used |= {(name, one.where) for text in texts for name in RESOURCE.findall(text)}
    for name, where in sorted(used):
        resource = sheet.programme.resources.get(name)
        if resource is not None:
            yield from _gate(sheet, one, name, resource, where, strict=where != one.where)


def _reachable(sheet: Sheet, one: Occurrence, name: str) -> Iterator[Problem]:
    resource = sheet.programme.resources.get(name)
    if resource is not None and resource.no_link and not resource.link and resource.event is None:
        message = f"it links to '{resource.title}', which has no link: the post will have none"
        yield sheet.warning("K3", message, f"{one.where}.link", "Link to the day's page, with `link: day`.")


def _body(sheet: Sheet, one: Occurrence) -> str:
    name = getattr(one.message, "body", "")
    return sheet.files.get(f"messages/{name}", b"").decode("utf-8", "replace") if name else ""


def _gate(
    sheet: Sheet, one: Occurrence, name: str, resource: Resource, where: str, *, strict: bool
) -> Iterator[Problem]:
    if resource.approval is ResourceApproval.WITHDRAWN:
        hint = "Take it out of the message."
        yield sheet.error("G1", f"'{resource.title}' is withdrawn", where, hint)
    elif resource.approval is ResourceApproval.PENDING and strict:
        message = f"'{resource.title}' is not approved yet: the message waits for it"
        yield sheet.warning("G1", message, where, "Have it approved before then.")
    if is_held(resource):
        message = f"'{resource.title}' is held until a person releases it: the message waits for it"
        yield sheet.warning("G2", message, where, "Have it released before then.")
    else:
        opens = opens_at(sheet, name)
        if opens is not None and one.at < opens:
            message = (
                f"it goes at {local(one.at, sheet.zone)}, and '{resource.title}' opens at {local(opens, sheet.zone)}"
            )
            yield sheet.error("T4", message, where, "Send it later, or mend embargo_until or visible_from.")
    event = resource.event
    if event and strict and event.state not in {EventState.OPEN, EventState.CLOSED}:
        words = {
            EventState.TBC: "not open for booking yet",
            EventState.FULL: "full",
            EventState.CANCELLED: "cancelled: the message waits",
        }
        yield sheet.warning("G3", f"'{resource.title}' is {words[event.state]}", where, "Say so, or mend its state.")


def _named(sheet: Sheet, one: Occurrence) -> Iterator[Problem]:
    """Resources that the day's own texts name in the middle of a sentence: gone, the sentence would limp."""
    themes = one.day.themes if one.day and not isinstance(one.message, PlannedPost) else ()
    for theme in themes:
        for name in RESOURCE.findall(theme.text):
            resource = sheet.programme.resources.get(name)
            opens = opens_at(sheet, name) if resource else None
            if resource and opens is not None and one.at < opens:
                message = (
                    f"its text links to '{resource.title}', which opens at {local(opens, sheet.zone)}; "
                    f"{one.message.id} goes at {local(one.at, sheet.zone)}"
                )
                yield sheet.error("T4", message, f"themes.{theme.id}.text", "Leave it to the theme's `resources`.")


def _shown(sheet: Sheet) -> Iterator[Problem]:
    """What themes and the week show by themselves: in a list it is left out, in a sentence its link goes."""
    campaign = sheet.programme.campaign
    uses = [("campaign", campaign.resources, campaign.one_thing.link, f"{campaign.text}\n{campaign.one_thing.text}")]
    uses += [
        (f"themes.{one.id}", one.resources, one.one_thing.link, f"{one.text}\n{one.one_thing.text}")
        for one in sheet.programme.themes()
    ]
    for where, listed, link, text in uses:
        named = [(f"{where}.resources", name, "it is left out") for name in listed]
        named += [(f"{where}.one_thing.link", link, "its link is left out")]
        named += [(f"{where}.text", name, "its link goes") for name in dict.fromkeys(RESOURCE.findall(text))]
        for place, name, then in named:
            if resource := sheet.programme.resources.get(name):
                yield from _kept_back(sheet, place, resource, then)


def _kept_back(sheet: Sheet, where: str, resource: Resource, then: str) -> Iterator[Problem]:
    title, approval, event = resource.title, resource.approval, resource.event
    if approval is ResourceApproval.WITHDRAWN:
        yield sheet.warning("G1", f"'{title}' is withdrawn: {then}", where, "Take it out.")
    elif approval is ResourceApproval.PENDING:
        shows = {IfPending.BLOCK: "every message with it waits", IfPending.NAME_ONLY: "it shows by its name alone"}
        message = f"'{title}' is not approved yet: {shows.get(resource.if_pending, then)} until it is"
        yield sheet.warning("G1", message, where, "Have it approved before its day.")
    if is_held(resource):
        yield sheet.warning("G2", f"'{title}' is held: {then}", where, "Have it released before its day.")
    if event and event.state is EventState.CANCELLED and not event.recording:
        yield sheet.warning("G3", f"'{title}' is cancelled", where, "Say so, or take it out.")


def _day_pages(sheet: Sheet) -> Iterator[Problem]:
    installation = sheet.installation
    if sheet.programme.campaign.home_url or installation is None or installation.base_url:
        return
    live = bool(installation.live)
    for name, post in sheet.programme.posts.items():
        if post.link == "day":
            message = "it links to the day's page, and no page is served: no home_url, no base_url"
            make = sheet.error if live else sheet.warning
            yield make("K7", message, f"posts.{name}.link", "Write home_url, or set CAMPAIGN_BASE_URL.")
