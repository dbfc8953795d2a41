"""The one way to the network for adapters that speak HTTP, and the only room that imports httpx.

What a failure means depends on when it came. Before the request began (name, connection, TLS): nothing was sent,
`TryLater`. After: `Uncertain`, unless a second call would do no harm (`repeatable`: reads, uploads), then `TryLater`.
Messages name the host and nothing else of an address, for paths and queries may hold a secret.
"""

from __future__ import annotations

import logging
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from campaign import __version__
from campaign.channels._reply import Reply, unreadable
from campaign.channels._wire import GuardedBackend, Patience, PrivateAddress, Resolve, is_public, resolve
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater

Transport = httpx.BaseTransport
logging.getLogger("httpcore").setLevel(logging.WARNING)  # its DEBUG lines hold the headers of replies
READS = frozenset({"GET", "HEAD", "OPTIONS"})
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: to connect (name and TLS included), to write or read one piece, and for the whole request."""

    connect: float = 5.0
    write: float = 20.0
    read: float = 20.0
    whole: float = 60.0


@dataclass(frozen=True, slots=True)
class _Job:
    """One request on its way: what its failures are called and mean."""

    request: httpx.Request
    timeouts: Timeouts
    repeatable: bool
    max_bytes: int
    cut_short: bool
    secrets: tuple[str, ...]

    @property
    def host(self) -> str:
        return self.request.url.host

    def lost(self, what: str) -> ChannelError:
        """The error of a failure after the request began."""
        return unreadable(f"{self.host} {what}", repeatable=self.repeatable)


class Http:
    """A bounded HTTP client with connection reuse, safe to share between threads.

    `monotonic` is a clock's (only differences mean anything), `sleep` waits seconds between tries to connect. The
    environment is never read: `proxy` (a URL, may hold user and password) and `ca_file` (PEM) come as arguments.
    `allow_private` lets requests reach addresses that are not public, and lets plain `http` be used; without it both
    are refused. With a proxy the proxy resolves names, so that only addresses written as numbers can be checked.
    `transport` replaces the network: see `fake_transport`.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None] = lambda seconds: None,
        transport: Transport | None = None,
        proxy: str = "",
        ca_file: str = "",
        allow_private: bool = False,
        timeouts: Timeouts | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        self._patience = Patience(monotonic)
        self._sleep = sleep
        self._transport = transport
        self._proxy = proxy
        self._ca_file = ca_file
        self._allow_private = allow_private
        self._timeouts = timeouts or Timeouts()
        self._resolve = resolve
        self._making = threading.Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str | list[str]] | None = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        timeout: Timeouts | None = None,
        secrets: tuple[str, ...] = (),
        repeatable: bool | None = None,
        redirects: int = 0,
        max_bytes: int = _MIB,
        cut_short: bool = False,
    ) -> Reply:
        """Make one request and read the whole reply, whatever its status.

        `files` maps a form field to (file name, bytes, media type). `secrets` are removed from every extract of the
        reply. `repeatable`: a second call does no harm (default: GET, HEAD, OPTIONS). `redirects` may be followed by
        requests without credentials only. A reply longer than `max_bytes` is an error, or cut off with `cut_short`.
        Raises TryLater, Uncertain, Refused (an address that cannot be used) or ChannelDown (an address that may not).
        """
        if redirects and _carries_credential(headers, secrets):
            raise ValueError("a request with a credential follows no redirect")
        request = self._build(
            method, url, headers=headers, params=params, json=json, data=data, content=content, files=files
        )
        job = _Job(
            request=request,
            timeouts=timeout or self._timeouts,
            repeatable=method.upper() in READS if repeatable is None else repeatable,
            max_bytes=max_bytes,
            cut_short=cut_short,
            secrets=secrets,
        )
        self._patience.begin(job.timeouts.whole)
        reply = self._attempt(job)
        if reply.moved and redirects:
            return self._follow(reply, job, redirects)
        return reply

    def fetch_public(self, url: str, *, max_bytes: int = 65_536, timeout: float = 10.0, redirects: int = 5) -> Reply:
        """Read a public page without credentials: at most `max_bytes`, `timeout` seconds for each hop."""
        limits = Timeouts(connect=timeout, write=timeout, read=timeout, whole=timeout)
        return self.request("GET", url, timeout=limits, redirects=redirects, max_bytes=max_bytes, cut_short=True)

    def close(self) -> None:
        """Let go of connections."""
        if self._transport is not None:
            self._transport.close()

    def _build(self, method: str, url: str, *, headers: Mapping[str, str] | None, **body: Any) -> httpx.Request:
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, TypeError, ValueError):
            raise Refused("an address that is no web address: check the channel's settings") from None
        if target.scheme not in ("https", "http") or not target.host or target.userinfo:
            raise Refused("an address must begin with https:// and hold no user name")
        if target.scheme == "http" and not self._allow_private:
            raise ChannelDown(f"{target.host} is to be reached without encryption: use its https:// address")
        try:
            return httpx.Request(
                method,
                target.copy_merge_params(body.pop("params") or {}),
                headers={
                    "user-agent": f"campaign-bot/{__version__}",
                    "accept": "*/*",
                    "accept-encoding": "identity",
                    **{name.lower(): value for name, value in (headers or {}).items()},
                },
                **body,
            )
        except (ValueError, TypeError, UnicodeError):
            raise Refused(f"a request to {target.host} that cannot be written: check the channel's settings") from None

    def _attempt(self, job: _Job) -> Reply:
        """Try to connect up to 3 times, some tenths of a second apart: until then nothing was sent."""
        trying = Retrying(
            stop=stop_after_attempt(3),
            wait=wait_exponential(multiplier=0.2, max=2),
            retry=retry_if_exception_type(_NotConnected),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return trying(self._once, job)
        except _NotConnected as error:
            raise TryLater(str(error), slow_all=True) from None

    def _once(self, job: _Job) -> Reply:
        limits = job.timeouts
        job.request.extensions["timeout"] = {
            "connect": limits.connect,
            "pool": limits.connect,
            "read": limits.read,
            "write": limits.write,
        }
        try:
            response = self._network().handle_request(job.request)
            try:
                body = self._read(response, job)
            finally:
                response.close()
        except (httpx.HTTPError, PrivateAddress, zlib.error, OSError) as error:
            raise _meaning(error, job) from None
        return Reply(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            host=job.host,
            url=str(job.request.url),
            repeatable=job.repeatable,
            secrets=job.secrets,
        )

    def _read(self, response: httpx.Response, job: _Job) -> bytes:
        body = bytearray()
        for piece in _decoded(response, job.max_bytes):
            body += piece
            if len(body) > job.max_bytes:
                if job.cut_short:
                    break
                raise job.lost(f"answered with more than {job.max_bytes} bytes")
            if self._patience.left(None) <= 0:
                raise job.lost(f"did not finish its answer within {job.timeouts.whole:g} s")
        return bytes(body[: job.max_bytes])

    def _follow(self, reply: Reply, job: _Job, redirects: int) -> Reply:
        try:
            target = str(httpx.URL(reply.url).join(reply.headers.get("location", "")))
        except (httpx.InvalidURL, ValueError):
            raise Refused(f"{job.host} redirects to something that is no web address") from None
        return self.request(
            "GET",
            target,
            timeout=job.timeouts,
            redirects=redirects - 1,
            max_bytes=job.max_bytes,
            cut_short=job.cut_short,
        )

    def _network(self) -> Transport:
        """The transport, made at first use: reading the certificates takes some 20 ms."""
        with self._making:
            if self._transport is None:
                self._transport = _GuardedTransport(
                    verify=_certificates(self._ca_file),
                    proxy=self._proxy,
                    allow_private=self._allow_private,
                    patience=self._patience,
                    resolve=self._resolve,
                )
            return self._transport


@lru_cache(maxsize=8)
def _certificates(ca_file: str) -> ssl.SSLContext:
    """The certificates that are trusted: those of `ca_file`, else the usual ones. Read once for all clients."""
    if ca_file:
        return ssl.create_default_context(cafile=ca_file)
    return httpx.create_ssl_context(trust_env=False)


class _GuardedTransport(httpx.HTTPTransport):
    """httpx over our own sockets."""

    def __init__(
        self, *, verify: ssl.SSLContext, proxy: str, allow_private: bool, patience: Patience, resolve: Resolve
    ) -> None:
        super().__init__(
            verify=verify,
            trust_env=False,
            proxy=proxy or None,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=5.0),
        )
        self._numbers_only = bool(proxy) and not allow_private
        proxies = [httpx.URL(proxy).host] if proxy else []
        self._pool._network_backend = GuardedBackend(
            allow_private=allow_private, patience=patience, resolve=resolve, unchecked=proxies
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._numbers_only and _names_private(request.url.host):
            raise PrivateAddress(request.url.host)
        return super().handle_request(request)


class _NotConnected(Exception):
    """Nothing was sent, and a second try a moment later may connect."""


def _meaning(error: Exception, job: _Job) -> Exception:
    """What a failure of the transport means for the message."""
    host, limits = job.host, job.timeouts
    if isinstance(error, PrivateAddress):
        return ChannelDown(f"{host} is not an address on the public internet; allow private addresses to use it")
    if isinstance(error, httpx.ConnectError):
        if _untrusted(error):
            words = f"the certificate of {host} is not trusted: check the address, or set a CA file"
            return TryLater(words, slow_all=True)
        return _NotConnected(f"{host} could not be reached: the connection failed")
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return TryLater(f"{host} could not be reached within {limits.connect:g} s", slow_all=True)
    if isinstance(error, httpx.ProxyError):
        return TryLater(f"the proxy made no connection to {host}", slow_all=True)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return Refused(f"a request to {host} that cannot be written: check the channel's settings")
    if isinstance(error, httpx.TimeoutException):
        return job.lost(f"did not answer within {limits.read:g} s")
    if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError | zlib.error):
        return job.lost("cut the connection, or answered something that is not HTTP")
    return job.lost("cut the connection before its answer was complete")


def _untrusted(error: BaseException | None) -> bool:
    """Whether a certificate was the reason, anywhere down the chain of causes."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _carries_credential(headers: Mapping[str, str] | None, secrets: tuple[str, ...]) -> bool:
    return bool(secrets) or any(name.lower() in ("authorization", "cookie") for name in headers or {})


def _names_private(host: str) -> bool:
    """Whether `host` is itself a number, or a word, that never means a public address."""
    try:
        return not is_public(host.strip("[]"))
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


def _decoded(response: httpx.Response, most: int) -> Iterator[bytes]:
    """The body in pieces of bounded size, even where a server compresses unasked."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        yield from response.iter_raw()
        return
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise httpx.DecodingError("a compression that was not asked for")
    inflate = zlib.decompressobj(wbits=47 if coding != "deflate" else 15)
    for piece in response.iter_raw():
        yield inflate.decompress(piece, most + 1)
        while inflate.unconsumed_tail:
            yield inflate.decompress(inflate.unconsumed_tail, most + 1)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it reached the network. Header names are lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply of a made-up network."""

    status: int = 200
    headers: Mapping[str, str] | None = None
    body: bytes = b""


class Fault(Exception):
    """A failure of a made-up network: `phase` is dns, connect, tls, connect_timeout, write, read, cut or garbage."""

    PHASES: Mapping[str, Callable[[str], Exception]] = {
        "dns": httpx.ConnectError,
        "connect": httpx.ConnectError,
        "tls": httpx.ConnectError,
        "connect_timeout": httpx.ConnectTimeout,
        "write": httpx.WriteTimeout,
        "read": httpx.ReadTimeout,
        "cut": httpx.ReadError,
        "garbage": httpx.RemoteProtocolError,
    }

    def __init__(self, phase: str) -> None:
        super().__init__(phase)
        self.phase = phase


def fake_transport(answer: Callable[[Sent], Answer]) -> Transport:
    """A network that is one function; it may raise `Fault`. For tests, ours and a stranger's."""

    def handle(request: httpx.Request) -> httpx.Response:
        sent = Sent(request.method, str(request.url), dict(request.headers.items()), request.read())
        try:
            reply = answer(sent)
        except Fault as fault:
            raise Fault.PHASES[fault.phase](fault.phase) from None
        return httpx.Response(reply.status, headers=dict(reply.headers or {}), stream=httpx.ByteStream(reply.body))

    return httpx.MockTransport(handle)


__all__ = ["Answer", "Fault", "Http", "Reply", "Sent", "Timeouts", "Transport", "fake_transport"]
