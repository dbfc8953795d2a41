"""Email through Postmark. Each delivery carries our token as metadata, by which Postmark can be asked for it later."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import formataddr

from pydantic import Field, SecretStr

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

SETTLES = timedelta(seconds=120)
KEPT = timedelta(days=44)

#: Error codes that are about our account, sender or stream: every email would meet them.
OUR_FAULT = frozenset({10, 400, 401, 402, 405, 411, 412, 413, 1235, 1236})
INACTIVE = 406
#: Its own maintenance: nothing was taken.
MAINTENANCE = 100
#: Headers that have a field of their own, or that Postmark writes itself.
OWN_FIELDS = frozenset(
    {"from", "to", "subject", "reply-to", "date", "mime-version", "content-type", "content-transfer-encoding"}
)


class PostmarkOptions(Options):
    """A Postmark server. `message_stream`: a broadcast stream for newsletters. `rate`: emails a second, 0: no limit."""

    server_token: SecretStr = Field(examples=["an-example-of-a-token"])
    message_stream: str = Field(default="broadcast", min_length=1)
    base_url: str = "https://api.postmarkapp.com"
    rate: float = Field(default=0, ge=0)
    connections: int = Field(default=8, ge=1, le=32)


class Postmark(Channel[Email]):
    """Postmark, one email a call."""

    kind = "postmark"
    title = "Postmark"
    carries = Email
    replay = Replay(ReplayKind.ASK, "Postmark is asked whether it has an email with our token.", KEPT)
    limits = Limits(message_bytes=10 * 1024 * 1024)
    Options = PostmarkOptions

    def __init__(self, options: PostmarkOptions, tools: Tools) -> None:
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
        """Postmark takes 10 MB a call."""
        size = len(message.raw)
        if size <= self.limits.message_bytes:
            return []
        words = f"The email has {size} bytes; Postmark takes {self.limits.message_bytes}."
        return [Problem("postmark-size", words, hint="Shorten it.")]

    def send(self, message: Email, *, key: str, notes: Notes) -> Receipt:
        """Give one email to Postmark, our own Message-ID kept, nothing in it tracked."""
        headers = [{"Name": name, "Value": value} for name, value in message.headers if name.lower() not in OWN_FIELDS]
        if not any(header["Name"].lower() == "message-id" for header in headers):
            headers.append({"Name": "Message-ID", "Value": message.message_id})
        headers.append({"Name": "X-PM-KeepID", "Value": "true"})
        body = {
            "From": formataddr((message.from_name, message.from_address)),
            "To": message.to,
            "Subject": message.subject,
            "TextBody": message.body.text,
            "HtmlBody": message.body.html,
            "ReplyTo": message.reply_to,
            "Headers": headers,
            "Metadata": {"delivery": key},
            "MessageStream": self.options.message_stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        reply = self._call("POST", "/email", {name: value for name, value in body.items() if value not in ("", None)})
        if reply.status == 200 and reply.dig("ErrorCode") == 0:
            return Receipt(remote_id=reply.text_at("MessageID"), code="200", reply=reply.text_at("Message")[:100])
        raise self._error(reply)

    def find(self, message: Email, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Whether Postmark has an email with this token. It keeps them for 45 days unless set otherwise."""
        reply = self._call("GET", f"/messages/outbound?count=1&offset=0&metadata_delivery={key}")
        count, found = reply.dig("TotalCount"), reply.dig("Messages")
        if not reply.ok or not isinstance(count, int) or not isinstance(found, list):
            return UNKNOWN
        if found:
            return Receipt(remote_id=reply.text_at("Messages", 0, "MessageID"), duplicate=count > 1)
        return None if SETTLES <= self.tools.now() - since < KEPT else UNKNOWN

    def verify(self) -> Account:
        """The server that the token opens; raises ChannelError."""
        reply = self._call("GET", "/server")
        if not reply.ok:
            raise self._error(reply)
        return Account(name=reply.text_at("Name"), detail=reply.text_at("DeliveryType"))

    def _call(self, method: str, path: str, body: object = None) -> Reply:
        if self.tools.http is None:
            raise ChannelDown("This channel was not given its way to the web")
        token = self.options.server_token.get_secret_value()
        headers = {"x-postmark-server-token": token, "accept": "application/json"}
        return self.tools.http.request(
            method, self.options.base_url + path, headers=headers, json=body, secrets=(token,)
        )

    def _error(self, reply: Reply) -> ChannelError:
        number = reply.dig("ErrorCode")
        code, said = str(number or reply.status), reply.extract()
        if reply.status == 401 or number in OUR_FAULT:
            return ChannelDown("Postmark does not let us send: see its code", code=code, raw=said)
        if number == MAINTENANCE:
            return TryLater("Postmark is being maintained", after=60.0, slow_all=True, code=code, raw=said)
        if reply.status == 429:
            wait = reply.retry_after(self.tools.now()) or 10.0
            return TryLater("Postmark asks us to slow down", after=wait, slow_all=True, code=code)
        if number == INACTIVE:
            words = "Postmark no longer delivers to this address: it bounced or complained before"
            return Refused(words, suppress="hard bounce", code=code)
        if reply.status == 404:
            return ChannelDown("Postmark does not know what was asked for", code=code, raw=said)
        if 400 <= reply.status < 500:
            return Refused("Postmark refused the email", code=code, raw=said)
        return Uncertain("Postmark failed while it was asked", code=code, raw=said)
