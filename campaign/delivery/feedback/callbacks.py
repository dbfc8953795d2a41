"""Providers' callbacks: proven first, read second. Pure: a certificate is fetched by what is handed in.

Amazon SES through SNS (signature versions 1 and 2), Postmark, GOV.UK Notify. A callback that is not proven is Refused;
one that is proven and says something new is UNKNOWN, kept and counted.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from campaign.address import redact
from campaign.channels.base import Feedback, FeedbackKind
from campaign.delivery.feedback.codes import code_in, kind_of
from campaign.errors import Refused

#: A callback is a few kilobytes; more than this is not read.
LONGEST = 256 * 1024

#: Where Amazon's signing certificates and confirmation links live.
_SNS_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a proven callback says. `confirm_url`: an address of Amazon's to fetch once, to agree to a subscription."""

    feedback: tuple[Feedback, ...] = ()
    confirm_url: str = field(default="", repr=False)


def forged(why: str) -> Refused:
    """The error of a callback that is not the provider's."""
    return Refused(f"The callback is not proven to be the provider's: {why}.", code="401")


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > LONGEST:
        raise Refused("The callback is too long.", code="413")
    try:
        found = json.loads(body)
    except ValueError:
        raise Refused("The callback is not JSON.", code="400") from None
    if not isinstance(found, dict):
        raise Refused("The callback is not a JSON object.", code="400")
    return found


def _moment(text: Any, fallback: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return fallback
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def read_sns(body: bytes, *, topics: frozenset[str], certificate: Callable[[str], bytes], now: datetime) -> Called:
    """An SNS message about SES: signature checked with the certificate (PEM) that `certificate` fetches by its URL.

    Only a topic of ours is listened to. Raises Refused where it is not proven.
    """
    message = _object(body)
    kind = _text(message.get("Type"))
    if kind not in _SIGNED:
        raise forged("its type is none of Amazon's")
    if message.get("TopicArn") not in topics:
        raise forged("its topic is not one of ours")
    _check_sns(message, kind, certificate, now)
    if kind != "Notification":
        url = _text(message.get("SubscribeURL"))
        return Called(confirm_url=url if kind == "SubscriptionConfirmation" and _of_amazon(url) else "")
    try:
        event = json.loads(_text(message.get("Message")))
    except ValueError:
        event = {}
    return Called(feedback=tuple(_ses(_dict(event), _text(message.get("MessageId")), now)))


def _of_amazon(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.port is None and bool(_SNS_HOST.fullmatch(parts.netloc.lower()))


def _check_sns(message: Mapping[str, Any], kind: str, certificate: Callable[[str], bytes], now: datetime) -> None:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    url = _text(message.get("SigningCertURL"))
    if not _of_amazon(url) or not urlsplit(url).path.endswith(".pem"):
        raise forged("its certificate is not at Amazon's address")
    digest = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(str(message.get("SignatureVersion")))  # noqa: S303
    if digest is None:
        raise forged("its signature version is unknown")
    signed = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[kind] if isinstance(message.get(name), str))
    try:
        known = x509.load_pem_x509_certificate(certificate(url))
        key = known.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise forged("its certificate has no RSA key")
        if not known.not_valid_before_utc <= now <= known.not_valid_after_utc:
            raise forged("its certificate is out of date")
        signature = base64.b64decode(_text(message.get("Signature")), validate=True)
        key.verify(signature, signed.encode(), padding.PKCS1v15(), digest)
    except (InvalidSignature, binascii.Error):
        raise forged("its signature does not match") from None
    except ValueError:
        raise forged("its certificate cannot be read") from None


def _ses(event: Mapping[str, Any], message_id: str, now: datetime) -> Iterator[Feedback]:
    kind = _text(event.get("eventType")) or _text(event.get("notificationType"))
    mail = _dict(event.get("mail"))
    tags = _dict(mail.get("tags")).get("delivery")
    token = tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) else ""
    part = _dict(event.get(kind[:1].lower() + kind[1:]))
    when = _moment(part.get("timestamp"), now)
    found = list(_ses_people(kind, part)) or [("", FeedbackKind.UNKNOWN, "", kind)]
    for place, (address, what, code, reason) in enumerate(found):
        yield Feedback(
            id=f"sns:{message_id}:{place}",
            kind=what,
            at=when,
            token=token,
            address=address,
            code=code,
            reason=redact(reason)[:200],
        )


def _ses_people(kind: str, part: Mapping[str, Any]) -> Iterator[tuple[str, FeedbackKind, str, str]]:
    if kind == "Bounce":
        lasting = part.get("bounceType") == "Permanent"
        for each in part.get("bouncedRecipients") or ():
            person = _dict(each)
            words = _text(person.get("diagnosticCode"))
            code = _text(person.get("status")) or code_in(words)
            what = kind_of(code, words, lasting=lasting)
            if lasting and part.get("bounceSubType") in {"NoEmail", "Suppressed", "OnAccountSuppressionList"}:
                what = FeedbackKind.HARD
            yield _text(person.get("emailAddress")), what, code, words or _text(part.get("bounceSubType"))
    elif kind == "Complaint":
        if part.get("complaintFeedbackType") == "not-spam":
            return
        for each in part.get("complainedRecipients") or ():
            yield (
                _text(_dict(each).get("emailAddress")),
                FeedbackKind.COMPLAINT,
                "",
                _text(part.get("complaintFeedbackType")),
            )
    elif kind == "Delivery":
        for each in part.get("recipients") or ():
            yield _text(each), FeedbackKind.DELIVERED, "", ""


#: Postmark's names of bounces (its "Bounce types"); any other is kept as UNKNOWN.
_POSTMARK = {
    "HardBounce": FeedbackKind.HARD,
    "BadEmailAddress": FeedbackKind.HARD,
    "SoftBounce": FeedbackKind.SOFT,
    "Transient": FeedbackKind.SOFT,
    "DnsError": FeedbackKind.SOFT,
    "Undeterminable": FeedbackKind.SOFT,
    "SpamNotification": FeedbackKind.POLICY,
    "Blocked": FeedbackKind.POLICY,
    "DMARCPolicy": FeedbackKind.POLICY,
    "VirusNotification": FeedbackKind.POLICY,
    "SpamComplaint": FeedbackKind.COMPLAINT,
    "Unsubscribe": FeedbackKind.UNSUBSCRIBE,
    "AutoResponder": FeedbackKind.AUTO_REPLY,
    "AddressChange": FeedbackKind.AUTO_REPLY,
    "ChallengeVerification": FeedbackKind.AUTO_REPLY,
}


def read_postmark(body: bytes, headers: Mapping[str, str], *, user: str, password: str, now: datetime) -> Called:
    """A Postmark webhook, proven by the user name and password in its address (HTTP Basic). `headers` in lower case."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    _same(headers.get("authorization", ""), wanted, bool(user and password))
    event = _object(body)
    record = _text(event.get("RecordType"))
    name = {"SpamComplaint": "SpamComplaint", "Delivery": "Delivery"}.get(record) or _text(event.get("Type"))
    kind = FeedbackKind.DELIVERED if record == "Delivery" else _POSTMARK.get(name, FeedbackKind.UNKNOWN)
    if record == "SubscriptionChange":
        kind = FeedbackKind.UNSUBSCRIBE if event.get("SuppressSending") is True else FeedbackKind.UNKNOWN
    words = _text(event.get("Details")) or _text(event.get("Description"))
    when = event.get("BouncedAt") or event.get("DeliveredAt") or event.get("ChangedAt")
    found = Feedback(
        id=f"postmark:{record}:{event.get('ID') or event.get('MessageID') or ''}:{when or ''}"[:128],
        kind=kind,
        at=_moment(when, now),
        token=_text(_dict(event.get("Metadata")).get("delivery")),
        address=_text(event.get("Email")) or _text(event.get("Recipient")),
        code=code_in(words),
        reason=redact(f"{name} {words}".strip())[:200],
    )
    return Called(feedback=(found,))


_NOTIFY = {
    "delivered": FeedbackKind.DELIVERED,
    "permanent-failure": FeedbackKind.HARD,
    "temporary-failure": FeedbackKind.SOFT,
    "technical-failure": FeedbackKind.POLICY,
}


def read_notify(body: bytes, headers: Mapping[str, str], *, bearer: str, now: datetime) -> Called:
    """A GOV.UK Notify delivery receipt, proven by the bearer token agreed with it. `headers` in lower case."""
    _same(headers.get("authorization", ""), f"Bearer {bearer}", bool(bearer))
    event = _object(body)
    status = _text(event.get("status"))
    found = Feedback(
        id=f"notify:{_text(event.get('id'))}:{status}"[:128],
        kind=_NOTIFY.get(status, FeedbackKind.UNKNOWN),
        at=_moment(event.get("completed_at"), now),
        token=_text(event.get("reference")),
        address=_text(event.get("to")),
        code=status,
        reason=status,
    )
    return Called(feedback=(found,))


def _same(given: str, wanted: str, is_set: bool) -> None:
    """A secret compared in constant time; an unset one proves nothing."""
    if not is_set or not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
        raise forged("its password or token is not ours")
