"""The mail engine: the whole path beside a bare socket loop, Postfix's own client, and the usual Python way.

Needs `smtp-sink` and `smtp-source` of Debian's `postfix`. Every figure and its reference are measured in turn, against
the same sink, with the same message: its length and its lines are what a relay's work depends on.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import Figure

PEOPLE = 100_000
CONNECTIONS = 16
MILLION = 1_000_000
TURNS = 7
SIGNED_TURNS = 5
DEBIAN = "/usr/sbin"


def measure() -> Iterator[Figure]:
    """Every figure of the mail engine."""
    if not _tool("smtp-sink") or not _tool("smtp-source"):
        print("mail: not measured; it needs smtp-sink and smtp-source from Debian's postfix", file=sys.stderr)
        return
    with _sink() as port, tempfile.TemporaryDirectory() as folder:
        ready = f"{folder}/ready"
        size = int(_piece("ready", ready))
        yield from _speed(port, ready, size)
        yield from _signing(port, ready)
        waited = _piece("waits", port, MILLION, CONNECTIONS)
        yield Figure("a pause, a post or a leaving beside 1,000,000", waited, "s", 1.0, "what nobody notices")
        megabytes = _memory(port)
        yield Figure(
            "mail, memory at 1,000,000 people", megabytes, "MB", 120.0, "the limit, for all processes together"
        )
    yield from _slow_relay()
    took = _piece("opening", MILLION)
    yield Figure("open 1,000,000 deliveries", took, "s", 10.0, "the limit")


def _speed(port: int, ready: str, size: int) -> Iterator[Figure]:
    engine, bare, source, least, sending = [], [], [], [], []
    for _ in range(TURNS):
        engine.append(PEOPLE / _piece("engine", port, PEOPLE, CONNECTIONS))
        bare.append(PEOPLE / _piece("bare", port, PEOPLE, CONNECTIONS, ready))
        source.append(PEOPLE / _source(port, ready))
        least.append(PEOPLE / _piece("least", port, PEOPLE, CONNECTIONS))
        sending.append(PEOPLE / _piece("least_sending", port, PEOPLE, CONNECTIONS))
    plain = 2000 / _piece("plain", port, 2000, CONNECTIONS, ready)
    ours = statistics.median(engine)
    about = f"{size / 1000:.0f} kB, {CONNECTIONS} connections"
    yield Figure("mail, whole path", ours, "/s", statistics.median(bare), f"bare pipelined sockets ({about})")
    yield Figure(
        "mail, the least of the path", statistics.median(least), "/s", statistics.median(bare),
        f"bare pipelined sockets ({about})",
    )  # fmt: skip
    yield Figure(
        "mail, the least without a ledger", statistics.median(sending), "/s", statistics.median(bare),
        f"bare pipelined sockets ({about})",
    )  # fmt: skip
    yield Figure("mail, whole path (Postfix)", ours, "/s", statistics.median(source), "smtp-source -d")
    yield Figure("mail, whole path (smtplib)", ours, "/s", plain, "EmailMessage and smtplib")


def _signing(port: int, ready: str) -> Iterator[Figure]:
    """All fill every processor: the engine beside its sink, bare sockets that sign, and loops that only sign."""
    count, processors = 30_000, os.cpu_count() or 1
    rates: dict[str, list[float]] = {"signed": [], "least_signed": [], "bare_signed": [], "loops": []}
    for _ in range(SIGNED_TURNS):
        rates["signed"].append(count / _piece("signed", port, count, CONNECTIONS))
        rates["least_signed"].append(count / _piece("least_signed", port, count, CONNECTIONS))
        rates["bare_signed"].append(count / _piece("bare_signed", port, count, CONNECTIONS, ready))
        rates["loops"].append(_signatures(processors, ready))
    ours, least, floor, loops = map(statistics.median, rates.values())
    against = f"loops that only sign, one a processor ({processors})"
    yield Figure("mail signed, rsa-2048", ours, "/s", loops, against)
    yield Figure("mail signed, the least of the path", least, "/s", loops, against)
    yield Figure("mail signed, bare sockets", floor, "/s", loops, against)
    yield Figure("mail signed, rsa-2048 (sockets)", ours, "/s", floor, "bare sockets that only sign, same relay")


def _signatures(processors: int, ready: str, each: int = 6000) -> float:
    """Signatures a second that loops give together which do nothing else, one a processor."""
    command = [sys.executable, "-m", "benchmarks._mailing", "sign", str(each), ready]
    loops = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processors)]
    return sum(each / float(loop.communicate()[0].split()[-1]) for loop in loops)


def _slow_relay() -> Iterator[Figure]:
    count, connections, delay = 10_000, 20, 0.05
    with _counting(delay) as port:
        took = _piece("engine", port, count, connections)
    yield Figure("mail, relay of 50 ms", count / took, "/s", connections / delay, "what 20 connections allow")


def _memory(port: int) -> float:
    """Megabytes, as installed: with compiled modules at hand, for compiling them leaves holes in the heap."""
    with tempfile.TemporaryDirectory() as folder:
        installed = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        installed["PYTHONPYCACHEPREFIX"] = folder
        _piece("engine", port, 4000, CONNECTIONS, environment=installed)
        return _piece("memory", port, MILLION, CONNECTIONS, environment=installed) / 1e6


def _piece(name: str, *arguments: int | str, environment: Mapping[str, str] | None = None) -> float:
    command = [sys.executable, "-m", "benchmarks._mailing", name, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.split()[-1])


def _source(port: int, ready: str) -> float:
    lines = Path(f"{ready}.lines")  # it ends each line itself
    lines.write_bytes(Path(ready).read_bytes().replace(b"\r\n", b"\n"))
    command = [_tool("smtp-source"), "-d", "-s", str(CONNECTIONS), "-F", str(lines), "-m", str(PEOPLE)]
    began = time.perf_counter()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True, capture_output=True)
    return time.perf_counter() - began


def _tool(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path=DEBIAN) or ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _sink() -> Iterator[int]:
    port = _free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([_tool("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"])
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _counting(delay: float) -> Iterator[int]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.smtpserver", str(Path(folder) / "log"), str(delay)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.communicate()


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("smtp-sink did not start")
