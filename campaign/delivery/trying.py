"""A marked test of a planned message, as it would read now: to one address, or over one channel for posts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from campaign import render
from campaign.address import KeyRing, parse
from campaign.channels.base import Channel, Receipt
from campaign.delivery.mail.mailing import audience_of
from campaign.delivery.parts import Parts
from campaign.delivery.ring import post_of
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import Email, PlannedMailing, Post, Recipient
from campaign.plan import Planned
from campaign.store.suppressions import for_addresses

MARK = "TEST: "
#: The links of a test lead nowhere: it is nobody's subscription.
NOBODY = "0" * 22


def find(force: InForce, key: str) -> Planned:
    """The planned message with that key; RefusedError names those that are near."""
    for planned in force.planned:
        if str(planned.key) == key:
            return planned
    message = key.split("/")[1] if "/" in key else ""
    near = [str(each.key) for each in force.planned if each.key.message == message]
    raise RefusedError(f"There is no message {key}. " + (f"There are: {', '.join(near)}." if near else "See status."))


def reachable(parts: Parts, ring: KeyRing, text: str) -> str:
    """The address, as it goes on the wire; RefusedError where its owner left, or mail may not reach it.

    AddressError where it is none.
    """
    found = parse(text)
    if parts.guests and found.wire.casefold() not in parts.guests:
        raise RefusedError("That address is not on the guest list (CAMPAIGN_GUEST_LIST).")
    with parts.store.database.read() as connection:
        stopped = for_addresses(connection, ring, [found.key])[found.key]
    if stopped:
        raise RefusedError(f"No mail goes to that address: {stopped[0].reason.value}.")
    return found.wire


def send_email(
    parts: Parts, force: InForce, planned: Planned, address: str, channel: Channel[Email], *, author: str, now: datetime
) -> Receipt:
    """Send the marked test of a mailing over `channel` at once, and log it; raises one of the four channel errors."""
    key = str(planned.key)
    token = parts.key.token("trial-v1", key, str(now))
    email = trial_email(parts, force, planned, address, token, now)
    detail = {"channel": planned.key.channel}
    parts.store.log.add(who=author, act="message.test", campaign=force.slug, target=key, now=now, detail=detail)
    return channel.send(email, key=token, notes=channel.prepare(email, key=token, notes={}))


def trial_post(parts: Parts, force: InForce, planned: Planned, now: datetime) -> Post:
    """The post with a mark before its text."""
    post = post_of(parts, force, planned, now)
    return replace(post, text=MARK + post.text)


def trial_email(parts: Parts, force: InForce, planned: Planned, address: str, token: str, now: datetime) -> Email:
    """The mailing, for a reader of every area and audience, with a mark before its subject.

    `token` is 32 hex digits, unlike any delivery's. Raises RefusedError where the mailing says nothing then, or its
    lists have no sender.
    """
    if not isinstance(planned.message, PlannedMailing):
        raise TypeError(f"{planned.key} is a post")
    choice = parts.store.mailings.choice(audience_of(force, planned))
    sender = parts.senders().get(choice.sender)
    if sender is None:
        raise RefusedError(f"The sender {choice.sender} is not in senders.yaml.")
    compiled = render.compile_mailing(
        force.now_says,
        replace(planned.message, subject=MARK + planned.message.subject),
        planned.day,
        planned_at=planned.at,
        now=max(now, planned.at),
        pages=parts.pages(force.programme),
        files=force.files,
        sender=sender,
        channel=force.programme.channels[planned.key.channel],
    )
    reader = Recipient(
        subscriber=0, address=address, language=force.programme.campaign.language, unsubscribe_token=NOBODY
    )
    urls = parts.urls(reader)
    if not urls.unsubscribe.startswith("http"):
        raise RefusedError("Emails link to the page to leave: set CAMPAIGN_BASE_URL to the address of the pages first.")
    domain = sender.domain or sender.from_address.rpartition("@")[2]
    envelope = sender.return_path or sender.from_address
    email = compiled.email(reader, message_id=f"{token}@{domain}", envelope_from=envelope, urls=urls, date=now)
    if email is None:
        raise RefusedError(f"{planned.key} would say nothing: no theme of its day is for its readers.")
    return email
