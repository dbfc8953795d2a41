"""The sockets below `channels.http`: every address is checked before it is connected to, every wait has an end.

A name is resolved here, its addresses are checked, and the connection goes to the very address that was checked, so a
name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpcore
from httpcore._backends.sync import SyncBackend

Resolve = Callable[[str, int], list[str]]
_EMBEDDED_V4 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind a NAT64 translator


class PrivateAddress(Exception):
    """The name leads to an address that is not on the public internet."""


def is_public(address: str) -> bool:
    """Whether `address` (IPv4 or IPv6 in text form) is on the public internet, seen through every way of wrapping one.

    Loopback, private, link-local, shared (RFC 6598), multicast, reserved and unspecified addresses are not.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _EMBEDDED_V4:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host`, as the system's resolver gives them; OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass
class Deadline(threading.local):
    """When the request that this thread is making must be over, in `monotonic` seconds."""

    at: float = field(default=float("inf"))


@dataclass(frozen=True)
class Patience:
    """How long is left of the request under way in this thread."""

    monotonic: Callable[[], float]
    deadline: Deadline = field(default_factory=Deadline)

    def begin(self, seconds: float) -> None:
        """Start the whole time-out of one request."""
        self.deadline.at = self.monotonic() + seconds

    def left(self, limit: float | None) -> float:
        """Seconds this step may take: at most `limit`, 0 or less when the whole time is used up."""
        rest = self.deadline.at - self.monotonic()
        return rest if limit is None else min(rest, limit)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, patience: Patience) -> None:
        self._inner = inner
        self._patience = patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._patience.left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("no time left")
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._patience.left(timeout)
        if left <= 0:
            raise httpcore.WriteTimeout("no time left")
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._patience.left(timeout)
        if left <= 0:
            raise httpcore.ConnectTimeout("no time left")
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._patience)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Opens sockets to checked addresses only. `unchecked` names hosts that the installation itself set (a proxy)."""

    def __init__(
        self, *, allow_private: bool, patience: Patience, resolve: Resolve = resolve, unchecked: Iterable[str] = ()
    ) -> None:
        self._allow_private = allow_private
        self._patience = patience
        self._resolve = resolve
        self._unchecked = frozenset(unchecked)
        self._sockets = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address of `host` that answers; PrivateAddress where none may be used."""
        addresses = self._addresses(host, port, timeout)
        if not self._allow_private and host not in self._unchecked:
            addresses = [address for address in addresses if is_public(address)]
            if not addresses:
                raise PrivateAddress(host)
        failure: Exception = httpcore.ConnectTimeout("no time left")
        for address in addresses:
            left = self._patience.left(timeout)
            if left <= 0:
                break
            try:
                stream = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
                return _Stream(stream, self._patience)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        """Resolve in a thread of its own: the system's resolver has no time-out, ours does."""
        answer: list[str] = []
        errors: list[BaseException] = []

        def ask() -> None:
            try:
                answer.extend(self._resolve(host.strip("[]"), port))
            except (OSError, UnicodeError) as error:
                errors.append(error)

        asking = threading.Thread(target=ask, daemon=True, name="resolve")
        asking.start()
        asking.join(max(0.0, self._patience.left(timeout)))
        if asking.is_alive():
            raise httpcore.ConnectTimeout("the name was not resolved in time")
        if errors or not answer:
            raise httpcore.ConnectError("the name is not known") from (errors[0] if errors else None)
        return list(answer)
