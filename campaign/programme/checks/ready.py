"""What a campaign needs before it can run, and what its owners have still to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from campaign.errors import Problem
from campaign.model import (
    TAKEN,
    CampaignKind,
    PlannedMailing,
    PlannedPost,
    Resource,
    ResourceApproval,
    ResourceType,
    ThemeStatus,
    When,
)
from campaign.programme.checks.sheet import Sheet


def rules(sheet: Sheet) -> Iterator[Problem]:
    """Contact, dates, times, recipients, approvals stated, themes confirmed."""
    campaign = sheet.programme.campaign
    if campaign.contact is None or not campaign.contact.email:
        hint = "Write contact: {name: ..., email: ...}."
        yield sheet.error("P14", "there is no contact for questions and feedback", "campaign.contact", hint)
    if campaign.kind is CampaignKind.WEEK and (sheet.pretended or campaign.starts is None):
        yield sheet.error(
            "P14", "the week has no dates yet", "campaign.starts", "Write `starts`, or load with --starts."
        )
    if campaign.id in TAKEN:
        hint = "Choose another id, such as one with the year: it is the address of the week."
        yield sheet.error("P15", f"a campaign cannot be called {campaign.id}: that is a page", "campaign.id", hint)
    if campaign.kind is CampaignKind.WEEK and not sheet.programme.days:
        yield sheet.error("P14", "the week has no days", "days", "Add a day for each date.")
    if not sheet.programme.posts and not sheet.programme.mailings:
        yield sheet.error("P14", "nothing is planned: no post and no mailing", "posts", "Add a post or a mailing.")
    if not campaign.privacy_url:
        hint = "Write privacy_url, or accept this with a reason where every sender of the installation has one."
        yield sheet.warning("L4", "no privacy notice is named for the foot of emails", "campaign.privacy_url", hint)
    yield from _days(sheet)
    yield from _messages(sheet)
    for name, resource in sheet.programme.resources.items():
        yield from _resource(sheet, name, resource)


def _days(sheet: Sheet) -> Iterator[Problem]:
    for day in sheet.programme.days:
        where = f"days.{day.id}"
        if not day.dates:
            yield sheet.error("P14", f"{day.weekday} has no date yet", where, "Write its `date`, or `starts`.")
        if not day.themes:
            yield sheet.warning("P14", f"{day.weekday} has no theme", where, "Add one, or take the day out.")
        for theme in day.themes:
            if theme.status is ThemeStatus.TBC:
                message = f"'{theme.title}' is still to be confirmed"
                yield sheet.warning("P14", message, f"themes.{theme.id}.status", "Confirm it before its day.")


def _messages(sheet: Sheet) -> Iterator[Problem]:
    timeless = {where for where, message in sheet.messages() if replace(message.when, time=None) == When()}
    if sheet.pretended and sheet.programme.campaign.kind is CampaignKind.BRIEFING:
        timeless = {f"mailings.{name}" for name in sheet.programme.mailings}
    for where, message in sheet.messages():
        if where in timeless:
            yield sheet.error("P14", "it has no time", where, "Write `at`, `day` with `time`, or `each_day`.")
        if isinstance(message, PlannedPost):
            yield from _post(sheet, where, message)
        elif isinstance(message, PlannedMailing):
            yield from _mailing(sheet, where, message)


def _post(sheet: Sheet, where: str, post: PlannedPost) -> Iterator[Problem]:
    if not post.channels:
        yield sheet.error("P14", "it goes to no channel", f"{where}.channels", "Name one.")
    worded = post.template or post.text or all(name in post.text_for for name in post.channels)
    if not worded and not post.images:
        yield sheet.error("P14", "it says nothing", f"{where}.text", "Write `text`, or name a `template`.")


def _mailing(sheet: Sheet, where: str, mailing: PlannedMailing) -> Iterator[Problem]:
    if not mailing.lists:
        yield sheet.error("P10", "it goes to no list", f"{where}.lists", "Name the lists that it goes to.")
    yield from _left_out(sheet, f"{where}.exclude", mailing)
    if not mailing.subject:
        yield sheet.warning("P14", "it has no subject; the campaign's title stands in", f"{where}.subject")
    if not mailing.preheader:
        hint = "Write 40 to 100 characters that say what the email holds."
        yield sheet.warning("H5", "it has no preheader", f"{where}.preheader", hint)


def _left_out(sheet: Sheet, where: str, mailing: PlannedMailing) -> Iterator[Problem]:
    """What a mailing asks for and leaves out at once."""
    without = mailing.exclude
    for name in sorted({*mailing.lists} & {*without.lists}):
        hint = "Take it out of one of them."
        yield sheet.error("P10", f"it goes to the list '{name}' and leaves it out", f"{where}.lists", hint)
    expand = sheet.programme.expand_areas
    areas = {sheet.programme.areas.get(name, name) for name in expand(mailing.areas) & expand(without.areas)}
    audiences = {*mailing.audiences} & {*without.audiences}
    for key, both in (("areas", areas), ("audiences", audiences)):
        if both:
            what = f"it is for {', '.join(sorted(both))}, and leaves them out"
            yield sheet.warning("P10", what, f"{where}.{key}", f"Take them out of `{key}`, or out of `exclude`.")


def _resource(sheet: Sheet, name: str, resource: Resource) -> Iterator[Problem]:
    where = f"resources.{name}"
    if resource.approval is None:
        hint = "Write approval: approved, pending or withdrawn, as its owners say."
        yield sheet.error("P14", f"whether '{resource.title}' is approved is not said", where, hint)
    if resource.approval is ResourceApproval.APPROVED and resource.approved_on and not resource.approved_by:
        yield sheet.warning("P14", f"who approved '{resource.title}' is not said", where, "Write approved_by.")
    event, media = resource.event, resource.media
    links = [resource.link, resource.no_link, media.link if media else ""]
    links += [event.booking, event.no_booking, event.recording] if event else []
    if not any(links):
        hint = "Write its `link`, or `no_link: reason` to show its name alone."
        yield sheet.error("K3", f"'{resource.title}' has no link and no reason for none", where, hint)
    if event is not None and event.starts is None:
        yield sheet.warning("P14", f"when '{resource.title}' starts is not said", f"{where}.event", "Write starts.")
    if media is not None and resource.type is ResourceType.VIDEO and not media.captions:
        hint = "Add captions, and write captions: true."
        yield sheet.error("AS7", f"the video '{resource.title}' has no captions", f"{where}.media.captions", hint)
    if media is not None and media.link and not media.transcript:
        hint = "Publish its words, and link to them in transcript."
        yield sheet.warning("AS7", f"'{resource.title}' has no transcript", f"{where}.media.transcript", hint)
