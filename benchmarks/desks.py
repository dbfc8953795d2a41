"""What 200 open desks cost while nothing changes: the real app behind its server.

The server is a process of its own over a ledger with the week of 2023; 200 clients, each signed in and with a
connection that stays open, ask what is new as often as an open page does. The figure is the server's processor time as
a share of one core; what the clients cost is not in it.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import Figure

DESKS, SECONDS, LIMIT = 200, 30.0, 5.0
#: Seconds between two questions of an open page: while nothing is being sent, and while something is.
SLOW, FAST = 30.0, 5.0


def serve(folder: str) -> None:
    """Serve a desk until standard input ends, and tell on one line where it is and how to get in."""
    from benchmarks._desk import desk_with_sessions
    from campaign.web.serve import Server, listen

    listening = listen("127.0.0.1", 0)
    app, cookie, tokens, address = desk_with_sessions(Path(folder), listening, DESKS)
    with Server(app, listening) as server:
        print(json.dumps({"url": server.url, "cookie": cookie, "tokens": tokens, "address": address}), flush=True)
        sys.stdin.read()


@contextmanager
def served() -> Iterator[tuple[int, dict[str, Any]]]:
    """The process of the server, and what it told."""
    with tempfile.TemporaryDirectory() as folder:
        code = f"from benchmarks.desks import serve; serve({folder!r})"
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout
            try:
                yield process.pid, json.loads(process.stdout.readline())
            finally:
                process.stdin.close()


def spent(pid: int) -> float:
    """Seconds of processor that a process has used, its threads' included."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asking(told: dict[str, Any], every: float, seconds: float) -> dict[int, int]:
    """Ask from every desk, evenly spread, for so long; how often each status was answered."""
    host = urlsplit(told["url"]).netloc
    answers: dict[int, int] = {}
    lock = threading.Lock()
    begin = time.monotonic()

    def desks(numbers: range) -> None:
        lines = [http.client.HTTPConnection(host, timeout=30) for _ in numbers]
        seen = [told["address"]] * len(numbers)
        due = sorted((begin + every * number / DESKS, place) for place, number in enumerate(numbers))
        while due:
            at, place = due.pop(0)
            if at >= begin + seconds:
                break
            time.sleep(max(0.0, at - time.monotonic()))
            status, following = _ask(lines[place], seen[place], told, told["tokens"][numbers[place]])
            seen[place] = following or seen[place]
            with lock:
                answers[status] = answers.get(status, 0) + 1
            due.append((at + every, place))
        for line in lines:
            line.close()

    threads = [threading.Thread(target=desks, args=(range(start, DESKS, 8),)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _ask(line: http.client.HTTPConnection, address: str, told: dict[str, Any], token: str) -> tuple[int, str]:
    """One question: the status, and where to ask next where the answer says so."""
    line.request("GET", address, headers={"Cookie": f"{told['cookie']}={token}", "Accept-Encoding": "gzip"})
    answer = line.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        return answer.status, ""
    return 200, text.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")


def measure() -> Iterator[Figure]:
    """The share of a core, in per cent, with every desk asking each 30 seconds, and each 5."""
    with served() as (pid, told):
        asking(told, SLOW, SLOW)
        for every in (SLOW, FAST):
            before, begin = spent(pid), time.monotonic()
            answers = asking(told, every, SECONDS)
            share = 100 * (spent(pid) - before) / (time.monotonic() - begin)
            if answers.get(204, 0) < 0.9 * sum(answers.values()):
                raise RuntimeError(f"the desks were told news where there was none: {answers}")
            yield Figure(f"{DESKS} open desks, asking each {every:g} s", share, "% of a core", LIMIT, "the limit")
