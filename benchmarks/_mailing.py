"""The pieces of the mail benchmarks, each run in a process of its own: `python -m benchmarks._mailing NAME ...`.

Each prints one number: seconds. They speak to a relay that is running already. What one piece alone needs it loads
itself: `memory` is to count what the engine has in memory.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from campaign.channels.smtp import LANES
from campaign.delivery.mail.nursery import open_nursery, share_one_heap
from campaign.model import OneThing
from campaign.model.rows import Kinds
from campaign.store import Store
from campaign.store.database import Database
from tests.delivery.mailworld import PROGRAMME, MailWorld, add_people, kit, load, working
from tests.processes import below
from tests.weeks import MONDAY, TUESDAY

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from campaign.channels.smtp.dkim import Signer
    from campaign.model import Email

#: The end of a message, and the envelope of the next.
ENVELOPE = b".\r\nMAIL FROM:<bounces@example.org>\r\nRCPT TO:<p@example.org>\r\nDATA\r\n"
#: A day's email of 8 kB: one theme, and the link to one toolkit.
THEME = replace(TUESDAY.themes[0], resources=(), one_thing=OneThing())
DAYS = (MONDAY, replace(TUESDAY, themes=(THEME,)))
MAILINGS = {"daily": replace(PROGRAMME.mailings["daily"], preheader="")}
OF_8_KB = replace(PROGRAMME, days=DAYS, mailings=MappingProxyType(MAILINGS))


def ready(path: str) -> float:
    """Write what the engine makes for one person of the ledger to a file, the ready-made bytes; how many those are.

    A mailing's people are alike: everybody's email has as many lines, and as many bytes but for their number's digits.
    """
    kinds: Kinds = {}
    with _world(1, 3, 1) as world:
        mailing, now = world.mailing._run(world.open()), world.parts.clock.now()
        (plain,) = world.parts.store.mailings.people(mailing.audience, [1], now=now, kinds=kinds)
        email = mailing.moulds(kinds).email(1, plain, now)
        assert email is not None
    return float(Path(path).write_bytes(email.raw))


def bare(port: int, count: int, connections: int, path: str) -> float:
    """The ceiling: ready-made bytes pipelined over sockets in threads, replies counted and not read."""
    raw = Path(path).read_bytes()

    def run(messages: int) -> None:
        with _opened(port) as sock:
            for _ in range(messages - 1):
                sock.sendall(raw + ENVELOPE)
                _lines(sock, 4)
            sock.sendall(raw + ENVELOPE[:3])
            _lines(sock, 1)

    return _threads(run, count, connections)


def _opened(port: int) -> socket.socket:
    """A connection whose relay waits for the first text."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _lines(sock, 1)
    sock.sendall(b"HELO bench\r\n")
    _lines(sock, 1)
    sock.sendall(ENVELOPE[3:])
    _lines(sock, 3)
    return sock


def _lines(sock: socket.socket, lines: int) -> None:
    seen = 0
    while seen < lines:
        seen += sock.recv(65536).count(b"\n")


def _threads(run: Callable[[int], None], count: int, threads: int) -> float:
    workers = [threading.Thread(target=run, args=(count // threads,)) for _ in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began


def plain(port: int, count: int, connections: int, path: str) -> float:
    """The usual way: an EmailMessage built for each person, sent by smtplib."""
    import smtplib
    from email import message_from_bytes, policy
    from email.message import EmailMessage

    made = message_from_bytes(Path(path).read_bytes(), policy=policy.default)
    text, html = (str(part.get_content()) for part in made.iter_parts())

    def run(messages: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as relay:
            for number in range(messages):
                email = EmailMessage()
                email["From"], email["To"] = "news@example.org", f"p{number}@example.org"
                email["Subject"], email["Date"] = "Monday", datetime.now(UTC)
                email["List-Unsubscribe"] = f"<https://example.org/u/{number}>"
                email.set_content(f"Dear reader {number},\n{text}")
                email.add_alternative(html.replace("Reader1", f"reader {number}"), subtype="html")
                relay.send_message(email, "bounces@example.org", [f"p{number}@example.org"])

    return _threads(run, count, connections)


def bare_signed(port: int, count: int, connections: int, path: str) -> float:
    """What no engine can pass: ready-made bytes over bare sockets, each message signed before it goes, nothing else.

    One process a processor, each with its share of the connections.
    """
    processes = os.cpu_count() or 1
    share = [str(each) for each in (port, count // processes, max(1, connections // processes), path)]
    command = [sys.executable, "-m", "benchmarks._mailing", "bare_signing", *share]
    loops = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return max(float(loop.communicate()[0].split()[-1]) for loop in loops)


def bare_signing(port: int, count: int, connections: int, path: str) -> float:
    """One process of `bare_signed`: it signs one for each connection, and then writes them all.

    So the relay is woken once for all of them, which is faster than to write each as soon as it is signed.
    """
    signer, raw = _signer(), Path(path).read_bytes()
    now = datetime.now(UTC)
    began = time.perf_counter()
    socks, answered = [_opened(port) for _ in range(connections)], False
    for _ in range(count // connections):
        texts = [signer.sign(raw, "news@example.org", lambda: now) for _ in socks]
        for sock, text_ in zip(socks, texts, strict=True):
            if answered:
                _lines(sock, 4)
            sock.sendall(text_ + ENVELOPE)
        answered = True
    for sock in socks:
        _lines(sock, 4)
        sock.close()
    return time.perf_counter() - began


def sign(count: int, path: str) -> float:
    """Only signatures: rsa-2048 over ready-made messages."""
    signer, raw = _signer(), Path(path).read_bytes()
    now = datetime.now(UTC)
    began = time.perf_counter()
    for _ in range(count):
        signer.sign(raw, "news@example.org", lambda: now)
    return time.perf_counter() - began


def _signer() -> Signer:
    from campaign.channels.smtp.dkim import Key, Signer

    return Signer([Key("example.org", "s", _rsa())])


def _rsa() -> rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextlib.contextmanager
def _world(port: int, count: int, connections: int, *, processes: int = 0, **options: Any) -> Iterator[MailWorld]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'campaign.db'}"
        command = [sys.executable, "-m", "benchmarks._mailing", "people", str(count), url]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # its memory is not the engine's
        share_one_heap()
        nursery = open_nursery(kit(), processes or os.cpu_count() or 1, os.environ, loads=LANES)
        _until_idle()  # a service has run for a while when a mailing begins
        with working(url, folder, port, lanes=connections, nursery=nursery, **options) as world:
            yield world
        if nursery is not None:
            nursery.close()


def _until_idle() -> None:
    """Return once the processes that were started have loaded what they need, and wait."""
    spent = -1
    while (now := sum(map(_ticks, below(os.getpid())))) != spent:
        spent = now
        time.sleep(0.5)


def _ticks(pid: int) -> int:
    """Processor time of a process so far, in clock ticks."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[11]) + int(fields[12])


def people(count: int, url: str) -> float:
    """Make a ledger with so many people (the figure means nothing)."""
    database = Database(url)
    database.create()
    add_people(database, min(count, 100_000))
    if count > 100_000:
        _many_people(database, count)
    load(Store(database, folder=Path(url.removeprefix("sqlite:///")).parent), OF_8_KB)
    database.close()
    return 0.0


def _many_people(database: Database, count: int) -> None:
    """People by the database itself: their hashes are made up, for nobody asks after them."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 100001 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
    with database.write() as connection:
        connection.execute(
            text(
                f"{numbers} INSERT INTO subscribers (id, address, address_key, address_hash, first_name, token,"
                " made_at, changed_at) SELECT i, 'p' || i || '@d1.example.org', 'p' || i || '@d1.example.org',"
                " 'hash' || i, 'Reader' || i, 'token' || i, 1, 1 FROM n"
            ),
            {"count": count},
        )
        connection.execute(
            text(
                f"{numbers} INSERT INTO subscriptions (subscriber, list, state, changed_at)"
                " SELECT i, 1, 'confirmed', 1 FROM n"
            ),
            {"count": count},
        )


def engine(port: int, count: int, connections: int) -> float:
    """The whole path on SQLite: open, take, render, send, settle."""
    with _world(port, count, connections) as world:
        began = time.perf_counter()
        world.begin()
        world.work()
        took = time.perf_counter() - began
        assert world.states() == {"sent": count}
    return took


def least(port: int, count: int, connections: int) -> float:
    """What an engine must do at the least: see `_least`."""
    return _at_least(port, count, connections, lambda email: email.raw)


def least_sending(port: int, count: int, connections: int) -> float:
    """Of that, what the processes that send do alone: with no ledger."""
    from benchmarks import _least

    with _world(port, _least.GROUP, connections, processes=1) as world:
        return _least.run_without(world, port, count, connections)


def least_signed(port: int, count: int, connections: int) -> float:
    """The same, each message signed."""
    signer, now = _signer(), datetime.now(UTC)

    def sign(email: Email) -> bytes:
        return signer.sign(email.raw, email.from_address, lambda: now, relaxed=email.relaxed_body)

    return _at_least(port, count, connections, sign)


def _at_least(port: int, count: int, connections: int, sign: Callable[[Email], bytes]) -> float:
    from benchmarks import _least

    with _world(port, count, connections, processes=1) as world:
        took = _least.run(world, port, connections, sign)
        assert world.states() == {"sent": count}
    return took


def signed(port: int, count: int, connections: int) -> float:
    """The whole path, each message signed."""
    from cryptography.hazmat.primitives import serialization

    pem = _rsa().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pem)
        file.flush()
        key = {"domain": "example.org", "selector": "s", "key_file": file.name}
        with _world(port, count, connections, dkim=[key]) as world:
            began = time.perf_counter()
            world.begin()
            world.work()
            return time.perf_counter() - began


def opening(count: int) -> float:
    """Opening a mailing to `count` people, in slices."""
    with _world(1, count, 1) as world:
        began = time.perf_counter()
        world.open()
        return time.perf_counter() - began


def waits(port: int, count: int, connections: int) -> float:
    """The longest that a pause, a post or somebody's leaving takes while `count` are opened and sent: see `_waits`."""
    seconds = 8.0
    with _world(port, count, connections) as world:
        database, folder = world.parts.store.database.engine.url, world.parts.store.journals.parent
        command = [sys.executable, "-m", "benchmarks._waits", str(database), str(folder), str(seconds)]
        others = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        timer = threading.Timer(seconds, world.closing.set)
        timer.start()
        world.begin()
        world.work()
        timer.join()
        return float(others.communicate()[0])


def memory(port: int, count: int, connections: int) -> float:
    """Bytes at most while `count` are opened and ten seconds of emails sent, all processes together (not seconds).

    Each page counts in the share in which processes use it (PSS): the sum is what would be free without them.
    """
    most = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.2):
            most = max(most, _pss(os.getpid()) + sum(map(_pss, below(os.getpid()))))

    with _world(port, count, connections) as world:
        watcher = threading.Thread(target=watch)
        watcher.start()
        world.open()
        timer = threading.Timer(10.0, world.closing.set)
        timer.start()
        world.send()
        timer.cancel()
        done.set()
        watcher.join()
    return float(most)


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0


PIECES: dict[str, Callable[..., float]] = {
    each.__name__: each
    for each in (
        bare,
        bare_signed,
        bare_signing,
        plain,
        sign,
        engine,
        least,
        least_sending,
        least_signed,
        signed,
        opening,
        memory,
        people,
        ready,
        waits,
    )
}

if __name__ == "__main__":
    print(PIECES[sys.argv[1]](*(int(each) if each.isdigit() else each for each in sys.argv[2:])))
