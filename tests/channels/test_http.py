"""What a request that fails means, by the phase in which it failed; and what is never reached, followed or shown."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.channels._wire import is_public
from campaign.channels.http import Answer, Fault, Http, Reply, Sent, Timeouts, fake_transport
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from tests.channels.servers import Drip, read_request, serving
from tests.ports import refusing
from tests.smtpserver.certificates import make

PATIENT = Timeouts(connect=120, write=120, read=120, whole=300)
#: For a server that stays silent: all else may take its time.
QUICK = Timeouts(connect=120, write=120, read=0.15, whole=300)
SECRET = "s3cr3t-token"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


MADE: list[Http] = []


def real(**settings: Any) -> Http:
    http = Http(**{"monotonic": time.monotonic, "timeouts": PATIENT, "allow_private": True, **settings})
    MADE.append(http)
    return http


@pytest.fixture(autouse=True)
def _no_connection_left_open() -> Iterator[None]:
    yield
    while MADE:
        MADE.pop().close()


def fake(answer: Callable[[Sent], Answer]) -> Http:
    return Http(monotonic=lambda: 0.0, transport=fake_transport(answer))


def reply(**headers: str) -> Reply:
    return Reply(status=429, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=b"")


def test_a_reply_is_read_whole_and_the_connection_used_again() -> None:
    ports: list[int] = []

    def script(peer: socket.socket) -> None:
        while read_request(peer):
            ports.append(peer.getpeername()[1])
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-One: 1\r\n\r\n123456789")

    with serving(script) as url:
        http = real()
        for _ in range(2):
            answer = http.request("POST", f"{url}/x?token={SECRET}", json={"a": 1})
            assert (answer.status, answer.headers["x-one"], len(answer.body)) == (200, "1", 9)
    assert len(set(ports)) == 1


def _after_request(rest: bytes, *, silent: bool = False) -> Callable[[socket.socket], None]:
    def script(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(rest)
        if silent:
            peer.recv(1)  # until the client has had enough

    return script


DRIP = Drip()
DRIPS: dict[str, Any] = {"monotonic": lambda: DRIP.seconds, "timeouts": Timeouts(whole=0.5)}
SILENT: dict[str, Any] = {"timeouts": QUICK}


@pytest.mark.parametrize(
    ("script", "settings", "says"),
    [
        (_after_request(b"", silent=True), SILENT, "did not answer"),
        (_after_request(b""), {}, "cut the connection"),
        (_after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), {}, "cut the connection"),
        (_after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", silent=True), SILENT, "did not answer"),
        (_after_request(b"SSH-2.0-OpenSSH_9.2\r\n"), {}, "not HTTP"),
        (DRIP, DRIPS, "did not answer"),
        (_after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 5000), {}, "more than 4096 b"),
    ],
    ids=["never", "cut", "half", "half-then-silence", "no-http", "drip", "oversize"],
)
def test_after_the_request_began_the_outcome_is_uncertain_and_of_a_read_try_later(
    script: Callable[[socket.socket], None], settings: dict[str, Any], says: str
) -> None:
    with serving(script) as url:
        http = real(**settings)
        with pytest.raises(Uncertain, match=says) as lost:
            http.request("POST", f"{url}/bot{SECRET}/send", data={"text": "x"}, max_bytes=4096)
        with pytest.raises(TryLater, match=says):
            http.request("GET", f"{url}/bot{SECRET}", max_bytes=4096)
        with pytest.raises(TryLater, match=says):
            http.request("POST", url, content=b"x", max_bytes=4096, repeatable=True)
    assert SECRET not in str(lost.value)


def test_nothing_was_sent_where_nobody_answers_the_door() -> None:
    waits: list[float] = []
    with refusing() as port, pytest.raises(TryLater, match=r"127\.0\.0\.1 could not be reached"):
        real(sleep=waits.append).request("POST", f"http://127.0.0.1:{port}/?key={SECRET}")
    assert len(waits) == 2
    assert sum(waits) < 3


def test_a_name_that_nobody_knows_or_that_is_not_resolved_in_time() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    over = threading.Event()
    resolved: list[str] = []

    def slow(host: str, port: int) -> list[str]:
        over.wait()
        resolved.append(host)
        return ["127.0.0.1"]

    with pytest.raises(TryLater, match="could not be reached"):
        real(resolve=unknown).request("POST", "https://nowhere.example/")
    with pytest.raises(TryLater, match="could not be reached within"):
        real(resolve=slow, timeouts=Timeouts(connect=0.3)).request("POST", "https://slow.example/")
    assert not resolved, "it was not waited for"
    over.set()


def test_a_server_that_speaks_no_tls_was_sent_nothing() -> None:
    def script(peer: socket.socket) -> None:
        peer.recv(1000)
        peer.sendall(b"this is not TLS at all")

    with serving(script) as url, pytest.raises(TryLater, match="could not be reached"):
        real().request("POST", url.replace("http://", "https://"))


def _over_tls(context: ssl.SSLContext, seen: list[bytes]) -> Callable[[socket.socket], None]:
    def script(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as secure:
            seen.append(read_request(secure))
            secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    return script


def test_a_certificate_is_believed_where_its_authority_is_set_and_names_the_host(tmp_path: Path) -> None:
    context, ca_file = make(tmp_path)
    seen: list[bytes] = []
    with serving(_over_tls(context, seen)) as plain:
        url = plain.replace("http://", "https://")
        assert real(ca_file=str(ca_file), timeouts=Timeouts()).request("POST", url, content=b"x").status == 204
        with pytest.raises(TryLater, match=r"certificate of 127\.0\.0\.1 is not trusted"):
            real(timeouts=Timeouts()).request("POST", url, content=SECRET.encode())
        http = real(ca_file=str(ca_file), timeouts=Timeouts(), resolve=lambda host, port: ["127.0.0.1"])
        with pytest.raises(TryLater, match=r"certificate of name\.example is not trusted"):
            http.request("POST", url.replace("127.0.0.1", "name.example"), content=SECRET.encode())
    assert len(seen) == 1
    assert SECRET.encode() not in b"".join(seen)


def test_a_proxy_is_asked_in_place_of_the_host() -> None:
    asked: list[bytes] = []

    def proxy(peer: socket.socket) -> None:
        asked.append(read_request(peer))
        peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with serving(proxy) as url:
        http = real(proxy=url.replace("http://", "http://user:word@"))
        assert http.request("GET", "http://name.example/page").status == 204
    assert asked[0].startswith(b"GET http://name.example/page HTTP/1.1")
    assert b"Proxy-Authorization: Basic" in asked[0]


def test_nothing_of_a_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = _after_request(b"HTTP/1.1 204 No Content\r\nSet-Cookie: " + SECRET.encode() + b"\r\n\r\n")
    with serving(script) as url:
        real().request("POST", f"{url}/{SECRET}", headers={"authorization": SECRET}, secrets=(SECRET,))
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_private_address_is_refused_however_it_is_reached() -> None:
    reached: list[bytes] = []
    with serving(lambda peer: reached.append(read_request(peer))) as url:
        port = int(url.rpartition(":")[2])
        http = real(allow_private=False, resolve=lambda host, port: ["127.0.0.1", "10.0.0.1"])
        for host in ("rebound.example", "127.0.0.1", "[::1]"):
            with pytest.raises(ChannelDown, match="public internet"):
                http.request("GET", f"https://{host}:{port}/")
        with pytest.raises(ChannelDown, match="without encryption"):
            http.request("GET", f"http://rebound.example:{port}/")
    assert reached == []


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    asked: list[str] = []

    def once(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.255.255.1"]

    with serving(_after_request(b"HTTP/1.1 204 No Content\r\n\r\n")) as url:
        http = real(resolve=once)
        assert http.request("GET", url.replace("127.0.0.1", "name.example")).status == 204
    assert asked == ["name.example"]


def test_a_proxy_does_not_open_the_private_network() -> None:
    http = real(allow_private=False, proxy="http://127.0.0.1:9")
    for host in ("127.0.0.1", "localhost", "[::1]", "169.254.169.254", "printer.local", "intranet"):
        with pytest.raises(ChannelDown, match="public internet"):
            http.request("GET", f"https://{host}/")


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://example.org/", "https://user:pw@example.org/", "https://[::1/"])
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        fake(lambda sent: Answer()).request("GET", url)
    assert "pw" not in str(refused.value)


def test_a_redirect_is_handed_back_and_followed_only_without_a_credential() -> None:
    seen: list[str] = []

    def answer(sent: Sent) -> Answer:
        seen.append(sent.url)
        if len(seen) < 3:
            return Answer(302, {"Location": "/next"})
        return Answer(200, {}, b"there")

    http = fake(answer)
    moved = http.request("POST", "https://a.example/", headers={"Authorization": "Bearer x"})
    assert moved.moved
    assert moved.status == 302
    seen.clear()
    assert http.fetch_public("https://a.example/").text == "there"
    assert seen[-1] == "https://a.example/next"
    for headers in ({"Authorization": "x"}, {"cookie": "x"}):
        with pytest.raises(ValueError):
            http.request("GET", "https://a.example/", headers=headers, redirects=1)


def test_redirects_end() -> None:
    http = fake(lambda sent: Answer(301, {"Location": "/round"}))
    assert http.fetch_public("https://a.example/").status == 301


def test_a_redirect_never_leads_from_https_to_http() -> None:
    http = fake(lambda sent: Answer(301, {"Location": "http://a.example/plain"}))
    with pytest.raises(ChannelDown, match="without encryption"):
        http.fetch_public("https://a.example/")


def test_a_page_is_cut_off_where_only_its_beginning_is_wanted() -> None:
    http = fake(lambda sent: Answer(200, {}, b"x" * 100_000))
    assert len(http.fetch_public("https://a.example/", max_bytes=1000).body) == 1000


def test_a_compressed_reply_is_bounded_by_what_it_unpacks_to() -> None:
    packed = zlib.compressobj(wbits=31)
    bomb = packed.compress(b"0" * 50_000_000) + packed.flush()
    http = fake(lambda sent: Answer(200, {"Content-Encoding": "gzip"}, bomb))
    with pytest.raises(TryLater, match="more than"):
        http.request("GET", "https://a.example/")
    small = zlib.compressobj(wbits=31)
    body = small.compress(b'{"a": 1}') + small.flush()
    assert fake(lambda sent: Answer(200, {"Content-Encoding": "gzip"}, body)).request(
        "GET", "https://a.example/"
    ).json() == {"a": 1}


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 100_000, b'{"a": 1', b"\xff\xfe"])
def test_a_body_that_is_not_json_leaves_the_outcome_open(body: bytes) -> None:
    http = fake(lambda sent: Answer(200, {}, body))
    with pytest.raises(Uncertain, match="not JSON"):
        http.request("POST", "https://a.example/").json()
    with pytest.raises(TryLater, match="not JSON"):
        http.request("GET", "https://a.example/").json()
    assert http.request("GET", "https://a.example/").dig("a", 0) is None


@pytest.mark.parametrize(
    ("phase", "error"),
    [
        ("dns", TryLater),
        ("connect", TryLater),
        ("tls", TryLater),
        ("connect_timeout", TryLater),
        ("write", Uncertain),
        ("read", Uncertain),
        ("cut", Uncertain),
        ("garbage", Uncertain),
    ],
)
def test_the_made_up_network_fails_as_the_real_one(phase: str, error: type[ChannelError]) -> None:
    def answer(sent: Sent) -> Answer:
        raise Fault(phase)

    with pytest.raises(error) as lost:
        fake(answer).request("POST", f"https://a.example/bot{SECRET}?x={SECRET}", secrets=(SECRET,))
    assert SECRET not in str(lost.value)
    assert SECRET not in repr(lost.value)


def test_an_extract_holds_no_secret() -> None:
    text = f'{{"error": "bad {SECRET}", "access_token": "abc.def", "detail":"Bearer xyz"}}'
    answer = fake(lambda sent: Answer(400, {}, text.encode())).request("POST", "https://a.example/", secrets=(SECRET,))
    extract = answer.extract()
    assert SECRET not in extract
    assert "abc.def" not in extract
    assert "xyz" not in extract
    assert SECRET not in repr(answer)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "30"}, 30.0),
        ({"retry_after": "Mon, 01 Jun 2026 09:02:00 GMT"}, 120.0),
        ({"retry_after": "Mon, 01 Jun 2026 08:00:00 GMT"}, 0.0),
        ({"x_rate_limit_reset": str(int(NOW.timestamp()) + 90)}, 90.0),
        ({"x_ratelimit_reset": (NOW + timedelta(minutes=5)).isoformat()}, 300.0),
        ({"x_ratelimit_reset": "2026-06-01T09:05:00.000Z"}, 300.0),
        ({"ratelimit_reset": "17"}, 17.0),
        ({"x_ratelimit_reset_after": "1.5", "x_ratelimit_reset": "99"}, 1.5),
        ({"x_ratelimit_reset": str(int((NOW.timestamp() + 4) * 1000))}, 4.0),
        ({"retry_after": "nan"}, 0.0),
        ({"retry_after": "soon"}, 0.0),
        ({"retry_after": "-5"}, 0.0),
        ({"retry_after": "1e300"}, 7 * 86_400.0),
        ({}, 0.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert reply(**headers).retry_after(NOW) == pytest.approx(seconds)


def test_pace_is_read_from_each_family_of_headers() -> None:
    told = reply(x_rate_limit_remaining="3", x_rate_limit_reset=str(int(NOW.timestamp()) + 60)).pace(NOW)
    assert told is not None
    assert (told.remaining, told.reset) == (3, NOW + timedelta(seconds=60))
    assert reply(x_ratelimit_remaining="3").pace(NOW) is None
    assert reply(ratelimit_remaining="many", ratelimit_reset="5").pace(NOW) is None
