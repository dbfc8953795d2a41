"""How fast a public day page is answered: the real app over the 2023 week, asked by wrk, beside a bare Starlette app.

Each server runs in a process of its own on one port of this machine; wrk takes what is left of the processors.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import Figure

WEEK = Path(__file__).resolve().parents[1] / "schedules" / "safeguarding-childrens-week-2023.yaml"
SECONDS, CONNECTIONS = 8, 32
LATENCY = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

SERVE = """
import sys, threading
from benchmarks.web import {make}
from campaign.web.serve import Server, address, listen
listening = listen("127.0.0.1", 0)
with Server({make}(address(listening)), listening) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def pages(base_url: str) -> object:
    """The real app over the week of 2023, on its Tuesday."""
    from campaign.clock import SystemClock
    from campaign.delivery.forms import Published
    from campaign.programme import load_file
    from campaign.web.app import create_app
    from campaign.web.parts import Parts, Site

    loaded = load_file(WEEK)
    published = [Published(loaded.programme, loaded.files)]

    class Weeks:
        def count(self) -> int:
            return 1

        def all(self) -> list[Published]:
            return published

    class Tuesday(SystemClock):
        """Half past seven in the morning of the week's Tuesday; only `monotonic` goes on."""

        def now(self) -> datetime:
            return datetime(2023, 10, 10, 6, 30, tzinfo=UTC)

    return create_app(Parts(site=Site(base_url), clock=Tuesday(), weeks=Weeks()))


def hello(base_url: str) -> object:
    """A Starlette app that says hello."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    return Starlette(routes=[Route("/{campaign}/{day}", page)])


@contextmanager
def served(make: str) -> Iterator[str]:
    """A server of that app in a process of its own, while it is used; its address."""
    command = [sys.executable, "-c", SERVE.format(make=make)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


def asked(url: str) -> tuple[float, float]:
    """Requests a second, and the 99th percentile in milliseconds, as wrk measures them; a second to warm up first."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", "--latency"]
    subprocess.run([*command, "-d1s", url], check=True, capture_output=True)
    said = subprocess.run([*command, f"-d{SECONDS}s", url], check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    rate, latency = RATE.search(said), LATENCY.search(said)
    assert rate, said
    assert latency, said
    return float(rate[1]), float(latency[1]) * UNITS[latency[2]]


def measure() -> Iterator[Figure]:
    """A day page of the 2023 week beside a bare hello, one after the other."""
    path = "/hiow-scw-2023/tue"
    with served("hello") as bare:
        bare_rate, bare_latency = asked(bare + path)
    with served("pages") as real:
        rate, latency = asked(real + path)
    yield Figure("a public day page, requests a second", rate, "1/s", bare_rate, "a bare Starlette hello")
    yield Figure("a public day page, 99th percentile", latency, "ms", bare_latency, "a bare Starlette hello")
