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
#: Bytes of one line that are read, and lines of a message that is far larger than what is read of it.
LONGEST_LINE, TOP = 64 * 1024, 5_000


@dataclass(frozen=True, slots=True)
class Item:
    """A raw message; `done(understood)` says what became of it."""

    raw: bytes = field(repr=False)
    done: Callable[[bool], None]


Source = Callable[[], Iterator[Item]]


def standard_input(stream: BinaryIO) -> Iterator[Item]:
    """The one message that a mail server pipes in."""
    yield Item(stream.read(BYTES), lambda understood: None)


def maildir(folder: Path, *, most: int = MOST) -> Iterator[Item]:
    """The new messages of a Maildir, at most so many. Not understood: marked seen, and left."""
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise SettingsError(
            Problem(code="S6", message=f"{folder} is not a Maildir.", hint="It has the folders new, cur and tmp.")
        )
    box = mailbox.Maildir(str(folder), factory=None, create=False)
    files = [*sorted((folder / "new").iterdir()), *sorted((folder / "cur").iterdir())]
    unseen = [path.name.partition(":")[0] for path in files if "S" not in path.name.partition(":2,")[2]]
    for name in unseen[:most]:
        with suppress(KeyError), box.get_file(name) as file:
            raw = file.read(BYTES)
            yield Item(raw, _in_maildir(box, name))


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
    """A mailbox on a server: `imaps://user@host/INBOX` or `pop3s://user@host`. TLS always, and verified.

    `looked_at` remembers messages that a person has to read, for POP3 has no mark for them on the server.
    """

    protocol: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    ca_file: str = ""
    looked_at: set[str] = field(default_factory=set, repr=False, compare=False)

    @classmethod
    def of(cls, address: str, password: str, *, ca_file: str = "", looked_at: set[str] | None = None) -> MailServer:
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
        seen = set() if looked_at is None else looked_at
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username), password, folder, ca_file, seen)

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


class _Pop3(poplib.POP3_SSL):
    """Cuts lines that are too long instead of giving up: one such message would keep all later ones from being read."""

    def _getline(self) -> tuple[bytes, int]:
        line = self.file.readline(LONGEST_LINE)
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = self.file.readline(LONGEST_LINE)
        if not rest:
            raise poplib.error_proto("-ERR the connection ended")
        return line.rstrip(b"\r\n"), len(line)


def _pop3(server: MailServer) -> Iterator[Item]:
    box = _Pop3(server.host, server.port, timeout=PATIENCE, context=server.context())
    try:
        box.user(server.user)
        box.pass_(server.password)
        names = _names(box)
        server.looked_at.intersection_update(names.values())
        sizes = {int(number): int(size) for number, size in (line.split()[:2] for line in box.list()[1])}
        new = [number for number, name in names.items() if name not in server.looked_at]
        for number in new[:MOST]:
            _, lines, _ = box.top(number, TOP) if sizes.get(number, 0) > 4 * BYTES else box.retr(number)
            yield Item(b"\r\n".join(lines)[:BYTES], _in_pop3(box, number, server, names[number]))
    finally:
        try:
            box.quit()
        except (poplib.error_proto, OSError):
            box.close()


def _names(box: poplib.POP3) -> dict[int, str]:
    """The messages by number, each with the server's own lasting name for it; "" where the server has none."""
    count, _ = box.stat()
    try:
        _, lines, _ = box.uidl()
    except poplib.error_proto:  # an extension (RFC 1939 section 7)
        return dict.fromkeys(range(1, count + 1), "")
    pairs = (line.decode("latin-1").partition(" ") for line in lines)
    return {int(number): name.strip() for number, _, name in pairs if number.isdigit()}


def _in_pop3(box: poplib.POP3, number: int, server: MailServer, name: str) -> Callable[[bool], None]:
    def done(understood: bool) -> None:
        if understood:
            box.dele(number)
        elif name:
            server.looked_at.add(name)

    return done
