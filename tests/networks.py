"""Every social network at once, under its own name and over TLS, behind a proxy on this machine.

An installation that is told of the proxy and its certificate authority reaches the imitations by its own commands and
settings, exactly as it would reach the networks.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from campaign.channels.http import Answer, Sent
from campaign.cli import main
from campaign.clock import SettableClock
from campaign.delivery import loading
from campaign.programme import load_bytes
from campaign.settings import load_settings
from campaign.testing import NOON, Imitation, an_image
from campaign.wiring import App
from tests.channels import played
from tests.channels.played_bluesky import PASSWORD, PlayedBluesky
from tests.channels.played_linkedin import TOKEN as LINKEDIN_TOKEN
from tests.channels.played_linkedin import PlayedLinkedIn
from tests.channels.played_mastodon import TOKEN as MASTODON_TOKEN
from tests.channels.played_mastodon import PlayedMastodon
from tests.channels.played_meta import (
    ACCOUNT,
    PAGE,
    USER,
    PlayedFacebook,
    PlayedInstagram,
    PlayedThreads,
)
from tests.channels.played_meta import TOKEN as META_TOKEN
from tests.channels.played_x import SECRETS, PlayedX
from tests.smtpserver.certificates import make

#: The channels of the installation: what channels.yaml says of each, secrets included.
CHANNELS: Mapping[str, Mapping[str, str]] = {
    "bluesky": {"handle": "hscp.example.org", "app_password": PASSWORD},
    "discord": {"url": played.DISCORD_URL},
    "facebook": {"page": PAGE, "token": META_TOKEN},
    "instagram": {"account": ACCOUNT, "token": META_TOKEN},
    "linkedin": {"organization": "1234567", "token": LINKEDIN_TOKEN},
    "mastodon": {"server": "https://social.example.org", "token": MASTODON_TOKEN},
    "slack": {"url": played.SLACK_URL},
    "teams": {"url": played.TEAMS_URL},
    "telegram": {"token": played.TELEGRAM_TOKEN, "chat": "@example_partnership"},
    "threads": {"account": USER, "token": META_TOKEN},
    "wordpress": played.WORDPRESS,
    "x": {"api_key": "example-key", **SECRETS},
}
HOSTS = (
    *("bsky.social", "discord.com", "graph.facebook.com", "api.linkedin.com", "www.linkedin.com", "api.x.com"),
    *("social.example.org", "hooks.slack.com", "prod-01.uksouth.logic.azure.com", "api.telegram.org"),
    *("graph.threads.net", "www.example.org"),
)


class Networks:
    """The imitations, by kind; `ask` gives a request to the one it is for."""

    def __init__(self) -> None:
        self.bluesky, self.discord, self.facebook = PlayedBluesky(), played.PlayedDiscord(), PlayedFacebook()
        self.instagram, self.linkedin, self.mastodon = PlayedInstagram(), PlayedLinkedIn(), PlayedMastodon()
        self.slack, self.teams, self.telegram = played.PlayedSlack(), played.PlayedTeams(), played.PlayedTelegram()
        self.threads, self.wordpress, self.x = PlayedThreads(), played.PlayedWordPress(), PlayedX()
        #: Kinds that answer every request with a status and nothing else.
        self.denied: dict[str, int] = {}

    def of(self, kind: str) -> Any:
        """The imitation of one kind."""
        return getattr(self, kind)

    def ask(self, host: str, sent: Sent) -> Answer:
        """The answer of the network that lives at `host`."""
        by_host: dict[str, Imitation] = {
            "bsky.social": self.bluesky,
            "discord.com": self.discord,
            "api.linkedin.com": self.linkedin,
            "www.linkedin.com": self.linkedin,
            "api.x.com": self.x,
            "social.example.org": self.mastodon,
            "hooks.slack.com": self.slack,
            "prod-01.uksouth.logic.azure.com": self.teams,
            "api.telegram.org": self.telegram,
            "graph.threads.net": self.threads,
            "www.example.org": self.wordpress,
        }
        page = PAGE in sent.url or "/me?" in sent.url or sent.url.endswith("/me")
        meta: Imitation = self.facebook if page else self.instagram
        network = by_host.get(host, meta)
        denied = next((status for kind, status in self.denied.items() if self.of(kind) is network), 0)
        return Answer(denied, {"content-type": "application/json"}, b"{}") if denied else network(sent)

    @property
    def broken(self) -> list[str]:
        """What any of them would not have understood."""
        return [f"{kind}: {words}" for kind in CHANNELS for words in self.of(kind).broken]


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        secure = self.server.context.wrap_socket(self.connection, server_side=True)
        self.close_connection = True

        class Spoken(_Spoken):
            asked = host

        Spoken(secure, self.client_address, self.server)  # it answers until the client goes
        secure.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


class _Spoken(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    asked = ""

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.networks.ask(
            self.asked, Sent(self.command, f"https://{self.asked}{self.path}", headers, body)
        )
        self.send_response(answer.status)
        for name, value in (answer.headers or {}).items():
            if name != "content-length":
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    networks: Networks
    context: ssl.SSLContext

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went before its answer is no news."""


class Connected:
    """An installation with a live channel on every network."""

    def __init__(self, folder: Path, networks: Networks, port: int, ca_file: Path) -> None:
        self.folder, self.networks = folder, networks
        self.env = {
            "CAMPAIGN_HOME": str(folder / "home"),
            "CAMPAIGN_KEY_FILE": str(folder / "keys" / "key"),
            "CAMPAIGN_PROXY": f"http://127.0.0.1:{port}",
            "CAMPAIGN_CA_FILE": str(ca_file),
            "CAMPAIGN_MEDIA_URL": "https://media.example.org",
            "CAMPAIGN_APPROVALS": "off",
        }
        self.run("init")
        self.configure({})

    def configure(self, more: Mapping[str, Mapping[str, Any]]) -> None:
        """Write channels.yaml, with these options besides the usual ones."""
        lines = []
        for kind, options in CHANNELS.items():
            lines.append(f"{kind}:\n  kind: {kind}")
            lines += [f"  {name}: {value!r}" for name, value in {**options, **more.get(kind, {})}.items()]
        (self.folder / "home" / "channels.yaml").write_text("\n".join(lines) + "\n", "utf-8")

    def run(self, *words: str, code: int = 0, typed: str = "") -> Result:
        """Run a command line as a person does."""
        shown = CliRunner().invoke(main, list(words), env=self.env, input=typed)
        assert shown.exit_code == code, shown.output
        return shown

    def app(self, clock: SettableClock | None = None) -> App:
        """The installation, opened by this process."""
        given = {name.removeprefix("CAMPAIGN_").lower(): value for name, value in self.env.items()}
        return App(load_settings(_env_file=None, **given), clock or SettableClock(NOON))

    def send_week(self) -> None:
        """Load a week with one post to every network, and let the service send it."""
        app = self.app()
        for kind in CHANNELS:
            app.store.channels.set_live(kind, kind, True, author="Ada", now=NOON)
        loaded = load_bytes(WEEK.encode(), files={"images/people.png": an_image(width=640, height=480).data})
        shown = loading.preview(app.parts, loaded.programme, loaded.files, None, NOON)
        loading.apply(app.parts, shown, author="Ada", reason="test", now=NOON)
        with app.service() as service:
            service.settle()
        app.close()


WEEK = f"""schema: 1
campaign:
  id: our-week
  title: Our week
  status: ready
  starts: 2023-10-09
  ends: 2023-10-13
  contact: {{name: Team, email: team@example.org}}
channels:
{"".join(f"  {kind}: {{kind: {kind}}}" + chr(10) for kind in CHANNELS)}
days:
  - date: 2023-10-10
    themes: [{{id: t, title: Theme}}]
posts:
  launch:
    day: tue
    time: "13:00"
    channels: [{", ".join(CHANNELS)}]
    title: The toolkit is here
    text: Today we open the toolkit. It helps people to see the signs early.
    images: [{{file: people.png, alt: Two adults and a child talking at a table}}]
"""


@contextmanager
def connected(folder: Path) -> Iterator[Connected]:
    """An installation whose networks are all on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    context, ca_file = make(folder, names=HOSTS)
    with _Server(("127.0.0.1", 0), _Proxy) as server:
        server.networks, server.context = Networks(), context
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield Connected(folder, server.networks, server.server_address[1], ca_file)
        finally:
            server.shutdown()
            thread.join()
