"""The web server, on a thread of its own or in the foreground."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp

from campaign.errors import Problem, SettingsError


def listen(host: str, port: int) -> socket.socket:
    """A socket that waits on the address (port 0: any free one). SettingsError where that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Connections inherit it. Without, head and body of an answer wait for each other: 40 ms, by Nagle's algorithm.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        message = f"The pages cannot be served on {host} port {port} ({error.strerror or error})."
        hint = "Set CAMPAIGN_WEB_HOST and CAMPAIGN_WEB_PORT to an address that is free on this machine."
        raise SettingsError(Problem("web-port", message, hint=hint)) from None


def address(listening: socket.socket) -> str:
    """The address of pages served on a socket: `http://127.0.0.1:8080`."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class _Quiet(uvicorn.Server):
    """A server that leaves signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Touch no signal handler."""
        yield


class Server:
    """Serves an app on a thread while the `with` block lasts. `url` tells where."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        self.socket = listening
        self.url = address(listening)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            lifespan="off",
            timeout_keep_alive=15,
            timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=32 * 1024,
        )
        self._server = _Quiet(config)
        self._thread = threading.Thread(target=self._server.run, args=([self.socket],), name="web", daemon=True)

    def start(self) -> None:
        """Begin to serve; returns at once, and connections wait until the server is up."""
        self._thread.start()

    def stop(self) -> None:
        """End it: requests under way have five seconds."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self.socket.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
