"""Ways to tell the people on duty: a webhook and email. Never only through a channel that is paused or failing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from campaign.channels.base import Channel
from campaign.errors import CampaignError, RefusedError
from campaign.model import About, Email, PlainBody, Sender
from campaign.tokens import Key

#: Posts JSON to an address; raises ChannelError.
PostJson = Callable[[str, Mapping[str, str]], None]


def by_webhook(post_json: PostJson, url: str, now: Callable[[], datetime]) -> Callable[[str], None]:
    """Tells by a POST of `{"text": ..., "at": ...}`: what Slack, Teams workflows and most others read."""

    def tell(text: str) -> None:
        post_json(url, {"text": text, "at": now().isoformat()})

    return tell


def by_email(
    channel: Callable[[], Channel[Email]],
    senders: Callable[[], Mapping[str, Sender]],
    addresses: Sequence[str],
    key: Key,
    now: Callable[[], datetime],
) -> Callable[[str], None]:
    """Tells each of `addresses` by a plain email over `channel`. One address that fails does not stop the others."""

    def tell(text: str) -> None:
        sender = next(iter(senders().values()), None)
        if sender is None:
            raise RefusedError("Alerts by email need a sender in senders.yaml.")
        failed: list[CampaignError] = []
        for address in addresses:
            moment = now()
            token = key.token("alert-v1", text, address, moment.isoformat())
            try:
                channel().send(_email(sender, address, text, token, moment), key=token, notes={})
            except CampaignError as error:
                failed.append(error)
        if failed and len(failed) == len(addresses):
            raise failed[0]

    return tell


def _email(sender: Sender, address: str, text: str, token: str, now: datetime) -> Email:
    subject = f"Campaign: {' '.join(text.split())[:70]}"
    domain = sender.domain or sender.from_address.rpartition("@")[2]
    built = EmailMessage(policy=SMTP)
    built["Date"] = format_datetime(now)
    built["Message-ID"] = f"<{token}@{domain}>"
    built["From"] = sender.from_address
    built["To"] = address
    built["Subject"] = subject
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(f"{text}\n\nSee: campaign status\n", cte="quoted-printable")
    about = About(campaign="", message="alert", day="", channel="", planned_at=now, title=subject)
    return Email(
        about=about,
        to=address,
        envelope_from=sender.return_path or sender.from_address,
        message_id=f"<{token}@{domain}>",
        raw=built.as_bytes(),
        subject=subject,
        from_name="",
        from_address=sender.from_address,
        body=PlainBody(text, ""),
    )
