"""The `smtp` channel: options in, lanes out."""

from __future__ import annotations

import threading

from campaign.channels.base import (
    Account,
    Channel,
    Elsewhere,
    Lane,
    Limits,
    Notes,
    Rate,
    Receipt,
    Replay,
    ReplayKind,
    Tools,
)
from campaign.channels.smtp.options import LOOPBACK, Endpoint, SmtpOptions
from campaign.channels.smtp.outlet import OpensOutlet, Outlet
from campaign.channels.smtp.places import Security
from campaign.channels.smtp.tokens import Tokens
from campaign.errors import ChannelError, Problem, Severity, Uncertain
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
        self._setup = options.setup(tools.ca_file)
        tokens = Tokens(options, tools) if options.oauth is not None else None
        self._outlet = Outlet(self._setup, tools.now, tokens.access if tokens is not None else None)
        self._lock = threading.Lock()
        self._single = self._outlet.open_lane()

    def check(self, message: Email) -> list[Problem]:
        """What a relay or a reader's mail system would hold against us, as far as the settings tell."""
        problems = [problem for endpoint in self.options.endpoints if (problem := _exposed(endpoint))]
        if self.options.dkim and not self._outlet.covers(message.from_address):
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
        return self._outlet.open_lane()

    def elsewhere(self) -> Elsewhere:
        """Its lanes alone, without what reads settings."""
        return OpensOutlet(self._setup)

    @property
    def limited(self) -> bool:
        """Whether a relay, a recipient domain or a slow start limits it."""
        return self._outlet.limited

    def rate(self, relay: str) -> Rate:
        """The limit of one relay; that of the only one, where it is not said which."""
        return self._outlet.rate(relay)

    def domain_rate(self, domain: str) -> float:
        """The limit of one recipient domain."""
        return self._outlet.domain_rate(domain)

    def verify(self) -> Account:
        """Connect, sign in and leave. Raises TryLater or ChannelDown."""
        relay, session = self._outlet.relays.connect()
        names = tuple(sorted(session.features.names))
        try:
            session.quit()
        finally:
            self._outlet.relays.left(relay)
        place = relay.entry.place
        return Account(name=place.username or place.name, rights=names, detail=place.name)

    def close(self) -> None:
        """Take leave of the relay. Lanes are closed by those who opened them."""
        with self._lock:
            self._single.close()


def _exposed(endpoint: Endpoint) -> Problem | None:
    if endpoint.host in LOOPBACK or endpoint.security in (Security.TLS, Security.STARTTLS):
        return None
    how = "unencrypted" if endpoint.security is Security.OFF else "to a relay that did not prove its name"
    words = f"Mail and addresses travel {how} to {endpoint.name}."
    return Problem("smtp-security", words, Severity.WARNING, hint="Set security to tls or starttls.")
