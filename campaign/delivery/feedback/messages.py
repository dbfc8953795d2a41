"""One message from the bounce, complaint or unsubscribe mailbox, read into feedback. Pure.

Order: complaint reports (RFC 5965), delivery reports (RFC 3464), a wish to leave (RFC 2369), auto-replies (RFC 3834),
then the formats of servers that write neither report (flufl.bounce). Our own token, where one is in it, names the
delivery whatever address the report gives, and nobody else can make one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from campaign.address import redact
from campaign.channels.base import Feedback, FeedbackKind
from campaign.delivery.feedback.codes import code_in, kind_of

#: Bytes of a message that are read: reports stand at its beginning.
READ = 512 * 1024

_STAMPED = re.compile(r"(?<![a-z0-9])([a-z2-7]{8}-[0-9a-f]{32})(?![0-9a-f])", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(r"^\s*(?:(?:re|fwd?|aw):\s*)*unsubscribe(?:\s+([\w-]{16,64}(?:\.[0-9a-z]{1,8})?))?\s*$", re.I)
_AWAY = re.compile(
    r"^(?:auto(?:matic)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|away from|on (?:annual )?leave|"
    r"automatische antwort|r[ée]ponse automatique|ateb awtomatig)",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"mailer-?daemon|postmaster|mail ?delivery|mdaemon|^<>$", re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n\r?\n")
_TO_US = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")


@dataclass(frozen=True, slots=True)
class _Read:
    """A message with what every reader of it needs."""

    message: Message
    received: datetime
    token: str
    name: str

    def says(
        self, kind: FeedbackKind, *, address: str = "", code: str = "", reason: str = "", token: str = ""
    ) -> Feedback:
        """Feedback of this message; its id is the same however often the message is delivered."""
        wanted = _bare(address)
        mark = hashlib.sha256(f"{self.name}\0{kind}\0{wanted.lower()}".encode()).hexdigest()
        return Feedback(
            id=f"mail:{mark}",
            kind=kind,
            at=self.received,
            token=token or self.token,
            address=wanted,
            code=code,
            reason=redact(" ".join(reason.split()))[:200],
        )


def read_message(raw: bytes, *, received: datetime) -> list[Feedback]:
    """What one message says: at least one feedback, UNKNOWN where nothing is known. Never raises for bad mail.

    `received` is when we got it (aware UTC): a date inside the message proves nothing.
    """
    raw = raw[:READ]
    message = message_from_bytes(raw)
    given = " ".join(_header(message, "Message-ID").split())
    name = given or hashlib.sha256(_BLANK.split(raw, maxsplit=1)[-1]).hexdigest()
    read = _Read(message, received, _token(message, raw), name)
    for reader in (_complaint, _report, _leaving, _auto_reply, _vendor):
        found = list(reader(read))
        if found:
            return found
    return [read.says(FeedbackKind.UNKNOWN, reason=_subject(message))]


def _header(message: Message, name: str) -> str:
    return str(message.get(name, ""))


def _subject(message: Message) -> str:
    written = _header(message, "Subject")
    try:
        return str(make_header(decode_header(written)))
    except (ValueError, LookupError):
        return written


def _bare(address: str) -> str:
    """An address out of `rfc822; <Jo@example.org>` and the like."""
    kind, semicolon, rest = address.partition(";")
    shown = rest if semicolon and "@" not in kind else address
    return parseaddr(shown.strip().strip("<>"))[1].strip()


def _token(message: Message, raw: bytes) -> str:
    """Our token: from the mailbox it came to, else from what is returned of our own message."""
    for name in _TO_US:
        for value in message.get_all(name, []):
            if found := _STAMPED.search(str(value)):
                return found[1].lower()
    if found := _STAMPED.search(raw.decode("latin-1")):
        return found[1].lower()
    for part in _leaves(message):
        if found := _STAMPED.search(_text(part)):
            return found[1].lower()
    return ""


def _leaves(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if not part.is_multipart():
            yield part


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    return data.decode("utf-8", "replace")


def _body(message: Message) -> str:
    return "\n".join(_text(part) for part in _leaves(message) if part.get_content_maintype() == "text")


def _complaint(read: _Read) -> Iterable[Feedback]:
    for part in read.message.walk():
        if part.get_content_type() != "message/feedback-report":
            continue
        fields = _fields(part)
        kind = fields.get("feedback-type", "").lower()
        address = fields.get("original-rcpt-to", "") or fields.get("removal-recipient", "")
        if kind in {"abuse", "fraud", "virus"}:
            yield read.says(FeedbackKind.COMPLAINT, address=address, code=kind, reason=fields.get("user-agent", ""))
        elif kind == "opt-out":
            yield read.says(FeedbackKind.UNSUBSCRIBE, address=address, code=kind)
        else:
            yield read.says(FeedbackKind.UNKNOWN, address=address, code=kind, reason="complaint report")
        return


def _fields(part: Message) -> dict[str, str]:
    """The fields of a report part, which parsers give as a nested message or as text."""
    payload = part.get_payload()
    if isinstance(payload, list):
        inner = [each for each in payload if isinstance(each, Message)]
        return {name.lower(): str(value).strip() for each in inner for name, value in each.items()}
    parsed = message_from_bytes(_text(part).strip().encode("utf-8", "replace"))
    return {name.lower(): str(value).strip() for name, value in parsed.items()}


def _report(read: _Read) -> Iterable[Feedback]:
    """RFC 3464: one group of fields a recipient."""
    for part in read.message.walk():
        if part.get_content_type() not in {"message/delivery-status", "message/global-delivery-status"}:
            continue
        payload = part.get_payload()
        groups = [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
        for group in groups:
            fields = {name.lower(): " ".join(str(value).split()) for name, value in group.items()}
            address = fields.get("original-recipient") or fields.get("final-recipient") or ""
            if address or fields.get("action"):
                yield _of_group(read, fields, address)


def _of_group(read: _Read, fields: dict[str, str], address: str) -> Feedback:
    action = fields.get("action", "").split("(")[0].strip().lower()
    diagnostic = fields.get("diagnostic-code", "")
    status = code_in(fields.get("status", ""))
    if status in {"", "5.0.0"}:
        status = code_in(diagnostic) or status
    if action in {"delivered", "relayed", "expanded"}:
        return read.says(FeedbackKind.DELIVERED, address=address, code=status)
    if action == "delayed":
        return read.says(FeedbackKind.AUTO_REPLY, address=address, code=status, reason="delayed, and still tried")
    words = f"{diagnostic} {fields.get('status', '')} {_notice(read.message)}"
    kind = kind_of(status, words, lasting=action == "failed" or status.startswith("5"))
    return read.says(kind, address=address, code=status, reason=diagnostic or fields.get("status", ""))


def _notice(message: Message) -> str:
    """The words of a report for people: its first text part."""
    return next((_text(part) for part in _leaves(message) if part.get_content_type() == "text/plain"), "")[:4000]


def _leaving(read: _Read) -> Iterable[Feedback]:
    found = _UNSUBSCRIBE.match(_subject(read.message))
    if not found and _header(read.message, "Subject").strip() == "":
        first = next((line for line in _body(read.message).splitlines() if line.strip()), "")
        found = _UNSUBSCRIBE.match(first)
    if found and not _is_daemon(read.message):
        yield read.says(
            FeedbackKind.UNSUBSCRIBE, address=_header(read.message, "From"), token=found[1] or "", reason="by email"
        )


def _is_daemon(message: Message) -> bool:
    return bool(_DAEMON.search(_header(message, "From")) or _header(message, "X-Failed-Recipients"))


def _auto_reply(read: _Read) -> Iterable[Feedback]:
    message = read.message
    submitted = _header(message, "Auto-Submitted").split(";")[0].strip().lower()
    marked = (
        submitted not in {"", "no"}
        or message.get("X-Autoreply") is not None
        or message.get("X-Autorespond") is not None
        or _header(message, "Precedence").strip().lower() == "auto_reply"
        or _AWAY.match(_subject(message).strip()) is not None
    )
    if marked and not _is_daemon(message):
        yield read.says(FeedbackKind.AUTO_REPLY, reason="auto-reply")


def _vendor(read: _Read) -> Iterable[Feedback]:
    from flufl.bounce import all_failures

    try:
        passing, lasting = all_failures(read.message)
    except Exception as error:  # noqa: BLE001 - a message that its parser cannot read is mail nobody can read
        yield read.says(FeedbackKind.UNKNOWN, reason=f"unreadable: {type(error).__name__}")
        return
    words = _body(read.message)
    for address in sorted(lasting | passing):
        shown = address.decode("ascii", "replace")
        near = _near(words, shown)
        code = code_in(near)
        kind = kind_of(code, near, lasting=address in lasting)
        yield read.says(kind, address=shown, code=code, reason=near[:400])


def _near(words: str, address: str) -> str:
    """What is said about an address: the lines from where it first stands, else the beginning."""
    place = words.lower().find(address.lower())
    start = max(0, place - 200) if place >= 0 else 0
    return words[start : start + 1200]
