"""Mail goes live where its unsubscribe address answers this installation's own probe, and nowhere else."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from campaign.cli.common import opened
from campaign.cli.pages import served
from tests.smtpserver.certificates import make


class Front:
    """The web server with TLS that stands before the pages; `behind` is the address that it hands requests on to."""

    def __init__(self, folder: Path) -> None:
        front = self
        self.behind = ""
        context, self.authority = make(folder)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urllib.request.Request(front.behind + self.path, headers={"Host": self.headers["Host"]})
                try:
                    with urllib.request.urlopen(asked, timeout=300) as answer:
                        status, body = answer.status, answer.read()
                except urllib.error.HTTPError as error:
                    with error:
                        status, body = error.code, error.read()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    front = Front(tmp_path)
    yield front
    front.close()


@pytest.fixture
def installation(tmp_path: Path, front: Front, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes an installation, or goes back to one, whose pages are said to be at the front."""

    def use(name: str) -> str:
        home = tmp_path / name
        for setting, value in {
            "HOME": str(home),
            "KEY_FILE": str(tmp_path / f"{name}-key" / "key"),
            "BASE_URL": front.url,
            "CA_FILE": str(front.authority),
            "ALLOW_PRIVATE": "true",
            "WEB_PORT": "0",
        }.items():
            monkeypatch.setenv(f"CAMPAIGN_{setting}", value)
        if not home.exists():
            assert run("init", "--as", "Ada").exit_code == 0
            (home / "channels.yaml").write_text("mail: {kind: smtp, host: relay.example.org}\n")
        return name

    return use


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_its_own_pages_answer_and_anothers_do_not(front: Front, installation: Callable[[str], str]) -> None:
    live = ("channels", "live", "mail", "--yes", "--as", "Ada")
    with ExitStack() as life:
        for name in ("other", "own"):
            installation(name)
            front.behind = life.enter_context(served(life.enter_context(opened()))).url
            if name == "own":
                assert run(*live).exit_code == 0
                assert "mail     smtp  live" in run("channels").output
        installation("other")
        refused = run(*live)
        assert refused.exit_code == 4
        assert "leads to something else than this installation" in refused.output
    nobody = run(*live)
    assert nobody.exit_code == 4
    assert "cannot be reached" in nobody.output
