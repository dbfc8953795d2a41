"""Who asks, as far as that can be believed, and how often they may."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from functools import lru_cache
from threading import Lock

from starlette.requests import HTTPConnection

from campaign.clock import Clock
from campaign.errors import Problem, SettingsError
from campaign.web.parts import Site

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=8)
def networks(names: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of those names (CIDR, or one address); SettingsError naming one that is none."""
    found = []
    for name in names:
        try:
            found.append(ipaddress.ip_network(name, strict=False))
        except ValueError:
            hint = "Write addresses such as 10.0.0.0/8, with commas between, in CAMPAIGN_TRUSTED_PROXIES."
            raise SettingsError(Problem("web-proxies", f"{name!r} is no network.", hint=hint)) from None
    return tuple(found)


def client_address(request: HTTPConnection, site: Site) -> str:
    """The address of the asker: the last one in X-Forwarded-For that is no proxy of ours; "" where none is known.

    The header is believed only when the connection itself comes from a trusted proxy, for anyone can write it.
    """
    direct = request.client.host if request.client else ""
    trusted = networks(site.proxies)
    chain = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
    address = direct
    while chain and _within(address, trusted):
        address = chain.pop()
    return address if _parsed(address) else direct


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _within(address: str, among: tuple[Network, ...]) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in among if network.version == found.version)


def network_of(address: str) -> str:
    """The neighbourhood of an address, as one asker: /24 of IPv4, /48 of IPv6."""
    found = _parsed(address)
    if found is None:
        return ""
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


class Limiter:
    """So many acts in so many seconds a name, counted over a window that moves; in memory, at most `names` of them.

    It keeps the program's own clock, so that a rehearsal and a test can let time pass.
    """

    def __init__(self, clock: Clock, *, acts: int, seconds: float, names: int = 20_000) -> None:
        self.clock = clock
        self.acts = acts
        self.seconds = seconds
        self.names = names
        self._seen: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def allows(self, name: str) -> bool:
        """Count one act of `name`; False where it is one too many, which is not counted."""
        now = self.clock.monotonic()
        with self._lock:
            recent = [moment for moment in self._seen.pop(name, []) if now - moment < self.seconds]
            allowed = len(recent) < self.acts
            self._seen[name] = [*recent, now] if allowed else recent
            if len(self._seen) > self.names:
                self._seen.popitem(last=False)
        return allowed
