"""Email through GOV.UK Notify (REST API v2). The words come from a Notify template with ((subject)) and ((body)).

Notify renders its own subset of Markdown and sends from its own addresses, so it is given the plain part of the email.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr, field_validator

from campaign.channels._reply import Reply
from campaign.channels.base import (
    UNKNOWN,
    Account,
    Channel,
    Limits,
    Notes,
    Options,
    Rate,
    Receipt,
    Replay,
    ReplayKind,
    Tools,
    Unknown,
)
from campaign.errors import ChannelDown, ChannelError, Problem, Refused, TryLater, Uncertain
from campaign.model import Email

if TYPE_CHECKING:
    from campaign.channels.http import Http

KEY_TAIL = 73  # two UUIDs of 36 characters and the hyphen between them
SETTLES = timedelta(seconds=120)
KEPT = timedelta(days=7)
PER_MINUTE = 3000
EXAMPLE_KEY = "example-00000000-0000-4000-8000-000000000001-00000000-0000-4000-8000-000000000002"


class NotifyOptions(Options):
    """A service on GOV.UK Notify. `rate`: emails a second; Notify's own limit is 3,000 requests a minute."""

    api_key: SecretStr = Field(examples=[EXAMPLE_KEY])
    template_id: str = Field(pattern=r"^[0-9a-fA-F-]{36}$", examples=["00000000-0000-4000-8000-000000000003"])
    reply_to_id: str = ""
    base_url: str = "https://api.notifications.service.gov.uk"
    rate: float = Field(default=PER_MINUTE / 60, gt=0, le=PER_MINUTE / 60)
    connections: int = Field(default=8, ge=1, le=32)

    @field_validator("api_key")
    @classmethod
    def _whole(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < KEY_TAIL:
            raise ValueError("an API key ends in two UUIDs: copy the whole of it from Notify")
        return value


class Notify(Channel[Email]):
    """GOV.UK Notify, one email a call."""

    kind = "notify"
    title = "GOV.UK Notify"
    carries = Email
    replay = Replay(ReplayKind.ASK, "Notify is asked whether it has an email with this reference.", KEPT)
    limits = Limits(message_bytes=2_000_000)
    Options = NotifyOptions

    def __init__(self, options: NotifyOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.lanes = options.connections
        key = options.api_key.get_secret_value()
        self._service, self._secret = key[-KEY_TAIL:-37], key[-36:]

    @property
    def limited(self) -> bool:
        """Whether a limit is set for this account."""
        return bool(self.options.rate)

    def rate(self, relay: str) -> Rate:
        """The limit set for this account."""
        return Rate(self.options.rate)

    def domain_rate(self, domain: str) -> float:
        """None of its own."""
        return 0.0

    def check(self, message: Email) -> list[Problem]:
        """Notify takes 2 MB of words."""
        size = len(message.body.text.encode()) + len(message.subject.encode())
        if size <= self.limits.message_bytes:
            return []
        words = f"The email has {size} bytes; Notify takes {self.limits.message_bytes}."
        return [Problem("notify-size", words, hint="Shorten it.")]

    def send(self, message: Email, *, key: str, notes: Notes) -> Receipt:
        """Ask Notify to send one email. `key` is its reference there."""
        body: dict[str, object] = {
            "email_address": message.to,
            "template_id": self.options.template_id,
            "personalisation": {"subject": message.subject, "body": message.body.text},
            "reference": key,
        }
        if self.options.reply_to_id:
            body["email_reply_to_id"] = self.options.reply_to_id
        if message.unsubscribe_url:
            body["one_click_unsubscribe_url"] = message.unsubscribe_url
        reply = self._call("POST", "/v2/notifications/email", body)
        if reply.status == 201:
            return Receipt(remote_id=reply.text_at("id"), code="201", reply="created")
        raise self._error(reply)

    def find(self, message: Email, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Whether Notify has an email with this reference. It keeps them for 7 days."""
        now = self.tools.now()
        reply = self._call("GET", f"/v2/notifications?reference={key}")
        found = reply.dig("notifications")
        if not reply.ok or not isinstance(found, list):
            return UNKNOWN
        if found:
            return Receipt(remote_id=reply.text_at("notifications", 0, "id"), duplicate=len(found) > 1)
        return None if SETTLES <= now - since < KEPT - timedelta(days=1) else UNKNOWN

    def verify(self) -> Account:
        """The template that will be used; raises ChannelError."""
        reply = self._call("GET", f"/v2/template/{self.options.template_id}")
        if not reply.ok:
            raise self._error(reply)
        missing = [slot for slot in ("((subject))", "((body))") if slot not in reply.text]
        if missing:
            raise ChannelDown(f"The Notify template lacks {' and '.join(missing)}", code="template")
        return Account(name=reply.text_at("name"), detail=f"version {reply.text_at('version')}")

    def _call(self, method: str, path: str, body: object = None) -> Reply:
        http = _web(self.tools)
        headers = {"authorization": f"Bearer {self._token()}"}
        return http.request(method, self.options.base_url + path, headers=headers, json=body, secrets=(self._secret,))

    def _token(self) -> str:
        """A JSON web token (RFC 7519, HS256), good for 30 seconds around our clock."""
        claims = {"iss": self._service, "iat": int(self.tools.now().timestamp())}
        head = {"typ": "JWT", "alg": "HS256"}
        text = ".".join(_web64(json.dumps(part).encode()) for part in (head, claims))
        return f"{text}.{_web64(hmac.digest(self._secret.encode(), text.encode(), hashlib.sha256))}"

    def _error(self, reply: Reply) -> ChannelError:
        now = self.tools.now()
        kind, said = reply.text_at("errors", 0, "error"), reply.extract()
        if reply.status == 429 and kind == "TooManyRequestsError":
            midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
            wait = (midnight - now).total_seconds()
            return TryLater("Today's limit of the Notify service is used up", after=wait, slow_all=True, code=kind)
        if reply.status == 429:
            wait = reply.retry_after(now) or 10.0
            return TryLater("Notify asks us to slow down", after=wait, slow_all=True, code=kind or "429")
        if reply.status in (401, 403):
            words = "Notify does not accept our key: check the key, and that this machine's clock is right"
            return ChannelDown(words, code=kind or str(reply.status), raw=said)
        if reply.status == 404:
            return ChannelDown("Notify does not know what was asked for", code=kind or "404", raw=said)
        if 400 <= reply.status < 500:
            policy = kind != "ValidationError"
            return Refused("Notify refused the email", policy=policy, code=kind or str(reply.status), raw=said)
        return Uncertain("Notify failed while it was asked", code=str(reply.status), raw=said)


def _web(tools: Tools) -> Http:
    if tools.http is None:
        raise ChannelDown("This channel was not given its way to the web")
    return tools.http


def _web64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
