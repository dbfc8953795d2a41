"""A session with one relay: connecting, greeting, TLS and signing in, up to the point where mail can be given."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from campaign.channels.smtp import outcomes
from campaign.channels.smtp.places import Auth, Place, Security, Waits
from campaign.channels.smtp.replies import Features, Garbled, Reply, parse_features
from campaign.channels.smtp.wire import CRLF, END_OF_TEXT, Cut, Wire
from campaign.errors import ChannelDown, Refused, TryLater
from campaign.model import Email

_UNSAFE_PATH = re.compile(r"[\x00-\x20\x7f<>]")
GOODBYE_PATIENCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How to enter a relay. `secret(refused)` gives the password or access token, not the one just `refused`."""

    place: Place
    waits: Waits
    helo: str
    now: Callable[[], datetime]
    secret: Callable[[str], str] | None = None
    context: ssl.SSLContext | None = None


def tls_context(security: Security, ca_file: str) -> ssl.SSLContext | None:
    """What TLS must prove: certificate and name, from version 1.2; nothing but encryption when opportunistic."""
    if security is Security.OFF:
        return None
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if security is Security.OPPORTUNISTIC:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Session:
    """An open connection, signed in.

    `count`: messages given, `most`: how many it may be given, 0: any number. `final`: seconds to wait for the answer to
    a message. `reset`: a half-made transaction is still open.
    """

    def __init__(self, entry: Entry, wire: Wire, features: Features) -> None:
        self.entry = entry
        self.wire = wire
        self.features = features
        self.count = 0
        self.reset = False
        self.last_used = entry.now()
        self.pipelining = features.pipelining
        self.most = entry.place.messages_per_connection
        self.final = entry.waits.final
        self._sizes = features.sizes

    def envelope(self, email: Email, dotted: bytes) -> bytes:
        """MAIL, RCPT and DATA for one message whose text is `dotted` (see `wire.dotted`), each a line.

        Raises Refused where it cannot be.
        """
        sender, to = email.envelope_from, email.to
        if not to or _UNSAFE_PATH.search(sender + to):
            raise Refused("The address cannot be given to a mail relay", code="address")
        size = len(dotted) + len(END_OF_TEXT)
        if 0 < self.features.size < size:
            raise Refused(
                f"The message has {size} bytes; the relay takes {self.features.size}", code=outcomes.TOO_LARGE
            )
        extra = f" SIZE={size}" if self._sizes else ""
        if email.smtputf8 or not (sender.isascii() and to.isascii()):
            if not self.features.smtputf8:
                raise Refused(
                    "The address has letters that this relay cannot carry (SMTPUTF8)", code=outcomes.NO_SUCH_LETTERS
                )
            extra += " SMTPUTF8"
        if not email.plain_lines and not dotted.isascii():
            if not self.features.eight_bit:
                raise Refused("The message has 8-bit text that this relay does not take", code=outcomes.NO_8_BIT)
            extra += " BODY=8BITMIME"
        return f"MAIL FROM:<{sender}>{extra}\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode()

    def quit(self) -> None:
        """Say goodbye and close; the answer changes nothing."""
        with contextlib.suppress(Cut, Garbled, OSError):
            self.wire.set_patience(GOODBYE_PATIENCE)
            self.wire.put(b"QUIT\r\n")
            self.wire.read()
        self.wire.close()


def open_session(entry: Entry) -> Session:
    """Connect and sign in. Raises TryLater where that may work later, ChannelDown where only a person can help."""
    place = entry.place
    try:
        sock = socket.create_connection((place.host, place.port), timeout=entry.waits.connect)
    except socket.gaierror as error:
        raise TryLater(f"The relay {place.name} has no address", slow_all=True, raw=str(error.strerror)) from None
    except OSError as error:
        words = error.strerror or "no answer"
        raise TryLater(f"The relay {place.name} cannot be reached", slow_all=True, raw=words, code="connect") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire = Wire(sock, entry.now)
    try:
        return _enter(entry, wire)
    except ssl.SSLCertVerificationError as error:
        wire.close()
        words = f"The relay {place.name} did not prove who it is: {error.verify_message}"
        raise ChannelDown(words, code="certificate") from None
    except (Cut, Garbled, OSError) as error:
        wire.close()
        words = f"The relay {place.name} gave up while connecting"
        raise TryLater(words, slow_all=True, raw=str(error), code="connect") from None
    except BaseException:
        wire.close()
        raise


def _enter(entry: Entry, wire: Wire) -> Session:
    security = entry.place.security
    wire.set_patience(entry.waits.connect)
    if security is Security.TLS and entry.context is not None:
        wire.start_tls(entry.context, entry.place.host)
    wire.set_patience(entry.waits.command)
    _demand(wire.read(), "its greeting")
    features = _hello(entry, wire)
    if security in (Security.STARTTLS, Security.OPPORTUNISTIC):
        features = _protect(entry, wire, features)
    if entry.place.username and entry.secret is not None:
        _sign_in(entry, wire, features)
    return Session(entry, wire, features)


def _hello(entry: Entry, wire: Wire) -> Features:
    name = entry.helo or _literal(wire.sock)
    reply = _ask(wire, f"EHLO {name}")
    if reply.good:
        return parse_features(reply)
    if reply.code in (500, 502, 504, 550) and entry.place.security in (Security.OFF, Security.OPPORTUNISTIC):
        _demand(_ask(wire, f"HELO {name}"), "HELO")
        return Features()
    raise outcomes.on_connect(reply, "EHLO")


def _literal(sock: socket.socket) -> str:
    """Our own address in brackets: how a client without a public name greets (RFC 5321 4.1.3)."""
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _protect(entry: Entry, wire: Wire, features: Features) -> Features:
    place = entry.place
    if not features.starttls or entry.context is None:
        if place.security is Security.OPPORTUNISTIC:
            return features
        raise ChannelDown(f"The relay {place.name} does not offer STARTTLS", code="starttls")
    _demand(_ask(wire, "STARTTLS"), "STARTTLS")
    try:
        wire.start_tls(entry.context, place.host)
    except Garbled as error:
        raise ChannelDown(f"The relay {place.name} cannot be trusted: {error}", code="starttls") from None
    return _hello(entry, wire)  # what was announced in the clear proves nothing (RFC 3207 4.2)


def _sign_in(entry: Entry, wire: Wire, features: Features) -> None:
    place = entry.place
    method = place.auth or next((way for way in (Auth.PLAIN, Auth.LOGIN) if way.upper() in features.auth), None)
    if method is None or method.upper() not in features.auth:
        offered = ", ".join(sorted(features.auth)) or "nothing"
        raise ChannelDown(f"The relay {place.name} offers {offered} to sign in with, not what is set", code="auth")
    secret = entry.secret("") if entry.secret is not None else ""
    reply = _AUTH[method](place.username, secret, wire)
    if method is Auth.XOAUTH2 and reply.code in (535, 538) and entry.secret is not None:
        reply = _AUTH[method](place.username, entry.secret(secret), wire)
    if not reply.good:
        raise outcomes.on_connect(reply, "signing in")


def _plain(username: str, password: str, wire: Wire) -> Reply:
    return _ask(wire, "AUTH PLAIN " + _base64(f"\0{username}\0{password}"))


def _login(username: str, password: str, wire: Wire) -> Reply:
    reply = _ask(wire, "AUTH LOGIN")
    for answer in (username, password):
        if reply.code != 334:
            return reply
        reply = _ask(wire, _base64(answer))
    return reply


def _xoauth2(username: str, token: str, wire: Wire) -> Reply:
    reply = _ask(wire, "AUTH XOAUTH2 " + _base64(f"user={username}\1auth=Bearer {token}\1\1"))
    return _ask(wire, "") if reply.code == 334 else reply  # 334 carries the error; an empty line fetches the refusal


_AUTH: dict[Auth, Callable[[str, str, Wire], Reply]] = {
    Auth.PLAIN: _plain,
    Auth.LOGIN: _login,
    Auth.XOAUTH2: _xoauth2,
}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _ask(wire: Wire, command: str) -> Reply:
    wire.put(command.encode() + CRLF)
    return wire.read()


def _demand(reply: Reply, step: str) -> None:
    if not reply.good:
        raise outcomes.on_connect(reply, step)
