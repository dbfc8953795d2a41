"""Email through Amazon SES (API v2, raw messages), signed by AWS Signature Version 4.

SES has no way to ask whether it took a message, so a doubtful one is settled by the mailing's `in_doubt`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime

from pydantic import Field, SecretStr

from campaign.channels._reply import Reply
from campaign.channels.base import Account, Channel, Limits, Notes, Options, Rate, Receipt, Replay, ReplayKind, Tools
from campaign.errors import ChannelDown, ChannelError, Problem, Refused, TryLater, Uncertain
from campaign.model import Email

SEND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"
FORTY_MB = 40 * 1024 * 1024

#: Errors that every email would meet until a person mends something.
OUR_FAULT = frozenset(
    {
        "AccountSuspendedException",
        "SendingPausedException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "AccessDeniedException",
        "AccessDenied",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "ExpiredTokenException",
        "IncompleteSignature",
        "OptInRequired",
    }
)
SLOW_DOWN = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"})

#: What it says once the quota of 24 hours is used up; it asks to wait for as long as ten minutes then.
QUOTA = "Daily message quota exceeded"
QUOTA_WAIT = 600.0


class SesOptions(Options):
    """An SES account in one region. `rate`: emails a second, 0: as fast as SES allows by refusing."""

    region: str = Field(examples=["eu-west-2"], pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    access_key_id: str = Field(min_length=16, examples=["AKIDEXAMPLE00000"])
    secret_access_key: SecretStr = Field(examples=["an-example-of-a-secret-key"])
    session_token: SecretStr | None = None
    configuration_set: str = ""
    base_url: str = ""
    rate: float = Field(default=14, ge=0)
    connections: int = Field(default=8, ge=1, le=32)

    @property
    def endpoint(self) -> str:
        """The address of the API in that region."""
        return self.base_url or f"https://email.{self.region}.amazonaws.com"


class Ses(Channel[Email]):
    """Amazon SES, one email a call."""

    kind = "ses"
    title = "Amazon SES"
    carries = Email
    replay = Replay(ReplayKind.NEVER, "SES cannot be asked whether it took a message.")
    limits = Limits(message_bytes=FORTY_MB)
    Options = SesOptions

    def __init__(self, options: SesOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.lanes = options.connections

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
        """SES takes 40 MB a message, counted after its encoding."""
        size = len(message.raw) * 4 // 3
        if size <= self.limits.message_bytes:
            return []
        words = f"The email has {size} bytes as it travels; SES takes {self.limits.message_bytes}."
        return [Problem("ses-size", words, hint="Shorten it.")]

    def send(self, message: Email, *, key: str, notes: Notes) -> Receipt:
        """Give one whole message to SES, tagged with our token for its later notifications."""
        body: dict[str, object] = {
            "FromEmailAddress": message.from_address,
            "Destination": {"ToAddresses": [message.to]},
            "Content": {"Raw": {"Data": base64.b64encode(message.raw).decode()}},
            "EmailTags": [{"Name": "delivery", "Value": key}],
        }
        if self.options.configuration_set:
            body["ConfigurationSetName"] = self.options.configuration_set
        reply = self._call("POST", SEND, json.dumps(body).encode())
        if reply.status == 200 and (found := reply.text_at("MessageId")):
            return Receipt(remote_id=found, code="200")
        raise self._error(reply)

    def verify(self) -> Account:
        """Whether the account may send, and how much; raises ChannelError."""
        reply = self._call("GET", ACCOUNT, b"")
        if not reply.ok:
            raise self._error(reply)
        if reply.dig("SendingEnabled") is False:
            raise ChannelDown("Sending is switched off for this SES account", code="SendingPausedException")
        day, second = reply.dig("SendQuota", "Max24HourSend"), reply.dig("SendQuota", "MaxSendRate")
        rights = ("production",) if reply.dig("ProductionAccessEnabled") else ("sandbox",)
        return Account(name=self.options.region, rights=rights, detail=f"{day} a day, {second} a second")

    def _call(self, method: str, path: str, body: bytes) -> Reply:
        if self.tools.http is None:
            raise ChannelDown("This channel was not given its way to the web")
        secret = self.options.secret_access_key.get_secret_value()
        session = self.options.session_token
        host = self.options.endpoint.partition("://")[2].rstrip("/")
        headers = sign(
            method,
            host,
            path,
            body,
            region=self.options.region,
            access_key_id=self.options.access_key_id,
            secret=secret,
            session=session.get_secret_value() if session else "",
            now=self.tools.now(),
        )
        url = self.options.endpoint.rstrip("/") + path
        return self.tools.http.request(method, url, headers=headers, content=body or None, secrets=(secret,))

    def _error(self, reply: Reply) -> ChannelError:
        kind = reply.headers.get("x-amzn-errortype", "") or reply.text_at("__type")
        kind = kind.partition(":")[0].rpartition("#")[2]
        code, said = kind or str(reply.status), reply.extract()
        if kind in SLOW_DOWN or reply.status == 429:
            wait = reply.retry_after(self.tools.now()) or (QUOTA_WAIT if QUOTA in said else 5.0)
            return TryLater("SES asks us to slow down", after=wait, slow_all=True, code=code, raw=said)
        if kind in OUR_FAULT or reply.status in (401, 403):
            return ChannelDown("SES does not let us send: see its code", code=code, raw=said)
        if kind == "MessageRejected":
            return Refused("SES rejected the message", policy=True, code=code, raw=said)
        if 400 <= reply.status < 500:
            return Refused("SES refused the message", code=code, raw=said)
        return Uncertain("SES failed while it was asked", code=code, raw=said)


def sign(
    method: str,
    host: str,
    path: str,
    body: bytes,
    *,
    region: str,
    access_key_id: str,
    secret: str,
    session: str,
    now: datetime,
    service: str = "ses",
    query: str = "",
    content_type: str = "application/json",
) -> dict[str, str]:
    """The headers of a request, signed (AWS Signature Version 4). `query` is in canonical order."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {"content-type": content_type, "host": host, "x-amz-date": stamp}
    if session:
        signed["x-amz-security-token"] = session
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    found = f"AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return {**signed, "authorization": found}
