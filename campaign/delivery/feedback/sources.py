"""Where messages come from: a Maildir, an IMAP or POP3 mailbox, a mail server's pipe.

Each gives raw messages one at a time and hears of each what became of it: what was understood is deleted, because it
holds people's addresses; what was not is left for a person to look at.
"""

from __future__ import annotations

import imaplib
import mailbox
import poplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from campaign.delivery.feedback.messages import READ
from campaign.errors import Problem, SettingsError, TryLater

#: Seconds that a mail server may take for one answer.
PATIENCE = 30.0
#: Messages read in one visit, so that a flooded mailbox holds nothing up.
MOST = 2_000
#: A message is read up to here; a report stands at its beginning.
BYTES = READ


@dataclass(frozen=True, slots=True)
class Item:
    """A raw message; `done(understood)` says what became of it."""

    raw: bytes = field(repr=False)
    done: Callable[[bool], None]


Source = Callable[[], Iterator[Item]]


def standard_input(stream: BinaryIO) -> Iterator[Item]:
    """The one message that a mail server pipes in."""
    yield Item(stream.read(BYTES), lambda understood: None)


def maildir(folder: Path) -> Iterator[Item]:
    """The new messages of a Maildir. Not understood: marked seen, and left."""
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise SettingsError(
            Problem(code="S6", message=f"{folder} is not a Maildir.", hint="It has the folders new, cur and tmp.")
        )
    box = mailbox.Maildir(str(folder), factory=None, create=False)
    for name in sorted(box.keys())[:MOST]:
        with suppress(KeyError):
            if "S" not in box.get_message(name).get_flags():
                yield Item(box.get_bytes(name)[:BYTES], _in_maildir(box, name))


def _in_maildir(box: mailbox.Maildir, name: str) -> Callable[[bool], None]:
    def done(understood: bool) -> None:
        if understood:
            box.discard(name)
            return
        message = box.get_message(name)
        message.set_subdir("cur")
        message.add_flag("S")
        box[name] = message

    return done


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mailbox on a server: `imaps://user@host/INBOX` or `pop3s://user@host`. TLS always, and verified."""

    protocol: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    ca_file: str = ""

    @classmethod
    def of(cls, address: str, password: str, *, ca_file: str = "") -> MailServer:
        """From an address as it stands in the settings; SettingsError, which never repeats it, where it is none."""
        parts = urlsplit(address)
        ports = {"imaps": 993, "pop3s": 995}
        try:
            port = parts.port or ports[parts.scheme]
        except (KeyError, ValueError):
            port = 0
        if not port or not parts.hostname or not parts.username or parts.password:
            raise SettingsError(
                Problem(
                    code="S6",
                    message="The feedback mailbox is not written as imaps://user@host/INBOX or pop3s://user@host.",
                    hint="Only TLS is spoken; the password goes in a setting of its own.",
                )
            )
        folder = unquote(parts.path.strip("/")) or "INBOX"
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username), password, folder, ca_file)

    def items(self) -> Iterator[Item]:
        """Its new messages. TryLater where the server cannot be reached or says no."""
        reader = _imap if self.protocol == "imaps" else _pop3
        try:
            yield from reader(self)
        except (imaplib.IMAP4.error, poplib.error_proto) as error:
            raise TryLater(f"The mailbox server {self.host} refused: {type(error).__name__}.") from None
        except OSError as error:
            raise TryLater(f"The mailbox server {self.host} cannot be reached: {type(error).__name__}.") from None

    def context(self) -> ssl.SSLContext:
        """TLS with the server's name checked."""
        return ssl.create_default_context(cafile=self.ca_file or None)


def _imap(server: MailServer) -> Iterator[Item]:
    box = imaplib.IMAP4_SSL(server.host, server.port, ssl_context=server.context(), timeout=PATIENCE)
    try:
        box.login(server.user, server.password)
        answer, _ = box.select('"' + server.folder.replace("\\", "\\\\").replace('"', '\\"') + '"')
        if answer != "OK":
            raise imaplib.IMAP4.error("no such folder")
        _, found = box.uid("SEARCH", "UNSEEN")
        for uid in (found[0] or b"").split()[:MOST]:
            _, parts = box.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{BYTES}>)")
            raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
            yield Item(raw, _in_imap(box, uid.decode()))
        box.expunge()
    finally:
        try:
            box.logout()
        except (imaplib.IMAP4.error, OSError):
            box.shutdown()


def _in_imap(box: imaplib.IMAP4, uid: str) -> Callable[[bool], None]:
    def done(understood: bool) -> None:
        box.uid("STORE", uid, "+FLAGS", r"(\Deleted \Seen)" if understood else r"(\Seen)")

    return done


def _pop3(server: MailServer) -> Iterator[Item]:
    box = poplib.POP3_SSL(server.host, server.port, timeout=PATIENCE, context=server.context())
    try:
        box.user(server.user)
        box.pass_(server.password)
        count, _ = box.stat()
        for number in range(1, min(count, MOST) + 1):
            _, lines, _ = box.retr(number)
            yield Item(b"\r\n".join(lines)[:BYTES], _in_pop3(box, number))
    finally:
        try:
            box.quit()
        except (poplib.error_proto, OSError):
            box.close()


def _in_pop3(box: poplib.POP3, number: int) -> Callable[[bool], None]:
    def done(understood: bool) -> None:
        if understood:
            box.dele(number)

    return done
