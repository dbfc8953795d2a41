"""The `smtp` channel: options in, lanes out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from campaign.channels.base import Account, Channel, Lane, Limits, Notes, Rate, Receipt, Replay, ReplayKind, Tools
from campaign.channels.smtp.dkim import Signer
from campaign.channels.smtp.lane import PipelinedLane
from campaign.channels.smtp.options import LOOPBACK, Auth, Endpoint, Security, SmtpOptions
from campaign.channels.smtp.relays import Relays
from campaign.channels.smtp.session import Entry, tls_context
from campaign.channels.smtp.tokens import Tokens
from campaign.errors import ChannelDown, ChannelError, Problem, Severity, Uncertain
from campaign.model import Email


class Smtp(Channel[Email]):
    """Email through one or several SMTP relays."""

    kind = "smtp"
    title = "Email (SMTP)"
    carries = Email
    replay = Replay(ReplayKind.NEVER, "A mail relay cannot be asked whether it took a message.")
    limits = Limits(text=998, unit="characters of subject")
    Options = SmtpOptions

    def __init__(self, options: SmtpOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.lanes = options.connections
        self.portable = options.oauth is None  # tokens are shared through the notes
        self._signer = Signer.from_keys(options.dkim)
        self._tokens = Tokens(options, tools) if options.oauth is not None else None
        self._endpoints = options.endpoints
        entries = [self._entry(endpoint) for endpoint in self._endpoints]
        self._relays = Relays(entries, tools.now)
        self._lock = threading.Lock()
        self._single = PipelinedLane(self._relays, self._sign, tools.now)

    def check(self, message: Email) -> list[Problem]:
        """What a relay or a reader's mail system would hold against us, as far as the settings tell."""
        problems = [problem for endpoint in self.options.endpoints if (problem := _exposed(endpoint))]
        if self.options.dkim and not self._signer.covers(message.from_address):
            domain = message.from_address.rpartition("@")[2]
            words = f"No DKIM key of this channel is for {domain}, so its mail leaves unsigned."
            problems.append(Problem("smtp-dkim-domain", words, Severity.WARNING, hint="Add a key for that domain."))
        return problems

    def send(self, message: Email, *, key: str, notes: Notes) -> Receipt:
        """Give one message to a relay, over a connection kept for the next. Calls may come from any thread."""
        with self._lock:
            outcomes = list(self._single.send(iter([(key, message)]), lambda key: True))
        outcome = outcomes[0][1] if outcomes else Uncertain("The attempt ended without an outcome")
        if isinstance(outcome, ChannelError):
            raise outcome
        return outcome

    def open_lane(self) -> Lane:
        """A lane for one worker thread; at most `lanes` are meant to be open at a time."""
        return PipelinedLane(self._relays, self._sign, self.tools.now)

    def rate(self, relay: str) -> Rate:
        """The limit of one relay; that of the only one, where it is not said which."""
        slow = self.options.slow_start
        rate = next((each.rate for each in self._endpoints if relay in (each.name, "")), 0.0)
        return Rate(rate, slow.rate, slow.doubles_every) if slow else Rate(rate)

    def domain_rate(self, domain: str) -> float:
        """The limit of one recipient domain."""
        return float(self.options.domain_rates.get(domain.lower(), 0.0))

    def verify(self) -> Account:
        """Connect, sign in and leave. Raises TryLater or ChannelDown."""
        relay, session = self._relays.connect()
        names = tuple(sorted(session.features.names))
        try:
            session.quit()
        finally:
            self._relays.left(relay)
        endpoint = relay.entry.endpoint
        return Account(name=endpoint.username or endpoint.name, rights=names, detail=endpoint.name)

    def close(self) -> None:
        """Take leave of the relay. Lanes are closed by those who opened them."""
        with self._lock:
            self._single.close()

    def _sign(self, message: Email) -> bytes:
        if not self._signer.keys:
            return message.raw
        return self._signer.sign(message.raw, message.from_address, self.tools.now, relaxed=message.relaxed_body)

    def _entry(self, endpoint: Endpoint) -> Entry:
        return Entry(
            endpoint=endpoint,
            timeouts=self.options.timeouts,
            helo=self.options.helo,
            now=self.tools.now,
            secret=self._secret(endpoint),
            context=tls_context(endpoint.security, endpoint.ca_file or self.tools.ca_file),
        )

    def _secret(self, endpoint: Endpoint) -> Callable[[str], str]:
        if endpoint.auth is Auth.XOAUTH2 and self._tokens is not None:
            return self._tokens.access
        return lambda refused: _password(endpoint)


def _password(endpoint: Endpoint) -> str:
    if endpoint.password is not None:
        return endpoint.password.get_secret_value()
    if endpoint.password_file is None:
        raise ChannelDown(f"No password is set for {endpoint.name}", code="auth")
    try:
        return Path(endpoint.password_file).read_text("utf-8").strip()
    except OSError as error:
        words = f"The password file of {endpoint.name} cannot be read: {error.strerror}"
        raise ChannelDown(words, code="auth") from None


def _exposed(endpoint: Endpoint) -> Problem | None:
    if endpoint.host in LOOPBACK or endpoint.security in (Security.TLS, Security.STARTTLS):
        return None
    how = "unencrypted" if endpoint.security is Security.OFF else "to a relay that did not prove its name"
    words = f"Mail and addresses travel {how} to {endpoint.name}."
    return Problem("smtp-security", words, Severity.WARNING, hint="Set security to tls or starttls.")
