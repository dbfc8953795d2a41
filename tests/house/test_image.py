"""The image's recipe, read without a container engine: who it runs as, what it keeps, how its health is asked."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.house.files import ROOT


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile and its arguments, continued lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    """The instructions that make the image itself."""
    found = instructions()
    start = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def said(word: str) -> str:
    """The arguments of the only such instruction of the last stage."""
    (arguments,) = [arguments for name, arguments in last_stage() if name == word]
    return arguments


def test_it_runs_as_a_number_that_is_not_root() -> None:
    user, group = said("USER").split(":")
    assert int(user) >= 10000
    assert int(group) >= 10000
    order = [name for name, _ in last_stage()]
    assert order.index("USER") > max(index for index, name in enumerate(order) if name in {"RUN", "COPY"})


def test_data_and_key_are_volumes_of_their_own() -> None:
    assert json.loads(said("VOLUME")) == ["/data", "/key"]
    settings = dict(pair.split("=", 1) for pair in said("ENV").split())
    assert settings["CAMPAIGN_HOME"].startswith("/data/")
    assert settings["CAMPAIGN_KEY_FILE"].startswith("/key/")


def test_it_holds_no_secret_and_nothing_unpinned() -> None:
    text = " ".join(f"{name} {arguments}" for name, arguments in instructions())
    assert "ARG" not in [name for name, _ in instructions()]
    assert not re.search(r"(?i)password|token|secret|--index-url|\badd\b|curl|wget", text)
    for install in re.findall(r"pip [^&]*?install [^&]*", text):
        assert "--require-hashes" in install or "--no-deps" in install
    assert all(
        re.fullmatch(r"python:3\.\d+-slim( AS \w+)?", arguments) for name, arguments in instructions() if name == "FROM"
    )


def test_what_it_copies_is_there_and_let_in() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = [line[1:] for line in ignore if line.startswith("!")]
    assert ignore[0] == "*"
    for name, arguments in instructions():
        if name == "COPY" and "--from" not in arguments:
            for source in arguments.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(fnmatch(source, pattern) for pattern in let_in), source


@contextmanager
def health(status: int) -> Iterator[int]:
    """A server on a free port that answers every question with `status`; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_its_health_check_tells_well_from_ill(status: int, code: int) -> None:
    command = json.loads(said("HEALTHCHECK").split("CMD ", 1)[1])
    assert command[:2] == ["python", "-c"]
    assert "8484" in command[2]
    with health(status) as port:
        run = subprocess.run([sys.executable, "-c", command[2].replace("8484", str(port))], check=False, timeout=20)
    assert run.returncode == code
