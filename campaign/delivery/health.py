"""Whether the service does its work: `/healthz` for whoever restarts it, `/metrics` for Prometheus. Needs no pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from campaign.delivery.parts import Parts
from campaign.delivery.progress import by_code, going
from campaign.delivery.troubles import LEDGER, Trouble
from campaign.errors import CampaignError, SettingsError
from campaign.errors import Problem as SettingProblem
from campaign.model import Broadcast, BroadcastState, DeliveryState

#: A scheduler that has not rung for this long is not at work.
SILENT = timedelta(seconds=60)


class Health:
    """Answers how the service is.

    `last_ring` tells when the scheduler last rang (None: not yet), `troubles` what failed and does not work yet.
    """

    def __init__(
        self,
        parts: Parts,
        last_ring: Callable[[], datetime | None],
        troubles: Callable[[], Sequence[Trouble]] = tuple,
    ) -> None:
        self._parts = parts
        self._last_ring = last_ring
        self._troubles = troubles
        self._since = parts.clock.now()

    def check(self) -> tuple[bool, dict[str, str]]:
        """Whether all is well, and what was found.

        Fails after 60 s without a ring, where the ledger cannot be read, and where it could not be written for 60 s.
        """
        now = self._parts.clock.now()
        rang = self._last_ring()
        standing = self._troubles()
        found = {"last_ring": rang.isoformat() if rang else "never"}
        found |= {each.where: f"{each.times} times since {each.since.isoformat()}: {each.text}" for each in standing}
        try:
            found["changes"] = str(self._parts.store.ledger.changes())
        except CampaignError as error:
            return False, {**found, LEDGER: str(error)}
        written = not any(trouble.where == LEDGER and now - trouble.since > SILENT for trouble in standing)
        return written and now - (rang or self._since) <= SILENT, found

    def metrics(self) -> bytes:
        """The figures in Prometheus's text format. No address and no name of a person is in them."""
        registry = CollectorRegistry()
        store = self._parts.store
        rang = self._last_ring()
        Gauge("campaign_last_ring_seconds", "When the scheduler last rang", registry=registry).set(
            rang.timestamp() if rang else 0
        )
        by_state = Gauge("campaign_broadcasts", "Broadcasts by state", ["state"], registry=registry)
        open_ids: list[Broadcast] = []
        for state in BroadcastState:
            rows = store.ledger.in_state(state)
            by_state.labels(state.value).set(len(rows))
            if state in {BroadcastState.OPENING, BroadcastState.OPEN}:
                open_ids = [*open_ids, *rows]
        deliveries = Gauge(
            "campaign_deliveries", "Deliveries of open broadcasts by state", ["broadcast", "state"], registry=registry
        )
        tallies = store.deliveries.tally(*(row.id for row in open_ids))
        for row in open_ids:
            for delivery_state in DeliveryState:
                count = tallies[row.id].get(delivery_state, 0)
                deliveries.labels(str(row.key), delivery_state.value).set(count)
        self._mailings(registry)
        down = Gauge("campaign_channel_down", "1 where a channel is down", ["channel"], registry=registry)
        for name, channel in store.channels.all().items():
            down.labels(name).set(1 if channel.down else 0)
        Gauge("campaign_pauses", "Pauses that are on", registry=registry).set(
            len(store.holds.current(self._parts.clock.now()))
        )
        Gauge("campaign_troubles", "What failed and is tried again", registry=registry).set(len(self._troubles()))
        return bytes(generate_latest(registry))

    def _mailings(self, registry: CollectorRegistry) -> None:
        """How each open mailing goes on. A recipient's domain is named, never an address."""
        about = ["broadcast"]
        rate = Gauge("campaign_mail_rate", "Emails a second over the last minute", about, registry=registry)
        ahead = Gauge("campaign_mail_seconds_left", "Seconds left at that rate", about, registry=registry)
        still = Gauge("campaign_mail_still_seconds", "Seconds since an email last left", about, registry=registry)
        by_domain = [*about, "code", "domain"]
        counts = {
            "deferred": Gauge("campaign_mail_deferred", "Who waits for another try", by_domain, registry=registry),
            "failed": Gauge("campaign_mail_failed", "Whose email was refused for good", by_domain, registry=registry),
        }
        now = self._parts.clock.now()
        for one in going(self._parts, now):
            rate.labels(one.key).set(one.rate)
            if one.seconds_left is not None:
                ahead.labels(one.key).set(one.seconds_left)
            still.labels(one.key).set((now - one.still_since).total_seconds() if one.still_since else 0)
            for name, troubles in (("deferred", one.deferred), ("failed", one.failed)):
                for each in by_code(troubles):
                    counts[name].labels(one.key, each.code, each.domain).set(each.people)


@contextmanager
def serving(health: Health, host: str, port: int) -> Iterator[int]:
    """Serve `/healthz` and `/metrics` in a thread while the context lasts; the port it got (0 asks for any)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                well, found = health.check()
                self._answer(200 if well else 503, "application/json", json.dumps({"ok": well, **found}).encode())
            elif self.path == "/metrics":
                self._answer(200, "text/plain; version=0.0.4; charset=utf-8", health.metrics())
            else:
                self._answer(404, "text/plain; charset=utf-8", b"Here are /healthz and /metrics.\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes come every few seconds; they are not news."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise SettingsError(
            SettingProblem(
                "S10", f"Health cannot be served at {host}:{port} ({error.strerror}).", hint="CAMPAIGN_HEALTH_PORT"
            )
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
