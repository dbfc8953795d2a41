"""The server: where it listens, and that answers are not held back."""

import socket

import pytest

from campaign.errors import SettingsError
from campaign.web.serve import Server, address, listen
from tests.web.weeks import Stand


def test_an_address_that_is_taken_is_explained() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(SettingsError) as caught:
        listen("127.0.0.1", taken.getsockname()[1])
    assert "CAMPAIGN_WEB_PORT" in caught.value.problems[0].hint


def test_answers_leave_at_once() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_serves_and_stops() -> None:
    listening = listen("127.0.0.1", 0)
    where = listening.getsockname()
    with Server(Stand("10 08:00", base=address(listening)).app, listening) as server:
        with socket.create_connection(where, timeout=300) as asker:
            host = server.url.removeprefix("http://")
            asker.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            said = b"".join(iter(lambda: asker.recv(4096), b""))
        assert said.startswith(b"HTTP/1.1 200")
        assert b"server:" not in said.lower()
    with pytest.raises(OSError):
        socket.create_connection(where, timeout=60)
