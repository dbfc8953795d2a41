"""Access tokens that end while a mailing runs: renewed once for all lanes, and nobody is lost by it."""

from __future__ import annotations

import ssl
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.channels.base import LaneResult, Receipt, Tools
from campaign.channels.http import Http, fake_transport
from campaign.channels.smtp import Smtp
from tests.channels.test_smtp_lane import always
from tests.channels.test_smtp_session import OAUTH, STARTTLS, SignIn, Ticking, token
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.certificates import make
from tests.smtpserver.mail import email, key_of, smtp

LANES = 4


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return make(tmp_path_factory.mktemp("tls"))


def signed_in(relay: CountingServer, service: SignIn, ca_file: Path, clock: Ticking | None = None) -> Smtp:
    """A channel that gets its tokens from that service."""
    http = Http(monotonic=lambda: 0.0, transport=fake_transport(service))
    tools = Tools(name="mail", now=(clock or Ticking()).now, http=http)
    return smtp(relay.port, tools, ca_file=str(ca_file), **OAUTH)


def at_once(channel: Smtp) -> list[LaneResult]:
    """One message over each of several new lanes, all at the same time."""
    together = threading.Barrier(LANES)
    outcomes: list[LaneResult] = []

    def one(number: int) -> None:
        lane = channel.open_lane()
        together.wait()
        outcomes.extend(lane.send(iter([(key_of(number), email(f"p{number}@example.org"))]), always))
        lane.close()

    threads = [threading.Thread(target=one, args=[number]) for number in range(LANES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return outcomes


def test_lanes_whose_token_is_refused_at_once_renew_it_once(tls: tuple[ssl.SSLContext, Path]) -> None:
    more = [f"new{number}" for number in range(LANES)]
    service = SignIn(token("one", refresh_token="second"), *map(token, more))
    script = Script(features=STARTTLS, tokens=set(more), judging=threading.Barrier(LANES))
    with CountingServer(script, tls=tls[0]) as relay:
        channel = signed_in(relay, service, tls[1])
        outcomes = at_once(channel)
        channel.close()
        assert [type(outcome) for _, outcome in outcomes] == [Receipt] * LANES
        assert relay.counts.total() == LANES
    assert [form["refresh_token"] for form in service.forms] == ["first", "second"], "one in its place, for all"


def test_lanes_whose_token_has_run_out_renew_it_once(tls: tuple[ssl.SSLContext, Path]) -> None:
    service = SignIn(token("one"), token("two"), token("too many"))
    clock = Ticking()
    with CountingServer(Script(features=STARTTLS, tokens={"one"}), tls=tls[0]) as relay:
        channel = signed_in(relay, service, tls[1], clock)
        at_once(channel)
        clock.time += timedelta(hours=1)
        relay.script.tokens = {"two"}
        outcomes = at_once(channel)
        channel.close()
        assert [type(outcome) for _, outcome in outcomes] == [Receipt] * LANES
        assert relay.counts.total() == 2 * LANES
    assert len(service.forms) == 2


def test_a_token_that_ends_inside_a_run_costs_nobody(tls: tuple[ssl.SSLContext, Path]) -> None:
    """The relay says goodbye when the token is over; whoever signs in again with the old one is refused."""
    people = [f"p{number}@example.org" for number in range(40)]
    service = SignIn(token("one"), token("two"), token("three"), token("too many"))
    script = Script(features=("PIPELINING", *STARTTLS), tokens={"one"})
    with CountingServer(script, tls=tls[0]) as relay:
        channel = signed_in(relay, service, tls[1])
        lane = channel.open_lane()
        outcomes: list[LaneResult] = []
        for outcome in lane.send(((key_of(n), email(to)) for n, to in enumerate(people)), always):
            outcomes.append(outcome)
            if len(outcomes) in (10, 25):
                script.tokens = {"two" if len(outcomes) == 10 else "three"}
                script.data[people[len(outcomes) + 3]] = ["421 4.7.0 your token is over"]
        lane.close()
        channel.close()
        assert [type(outcome) for _, outcome in outcomes] == [Receipt] * len(people)
        assert relay.counts == dict.fromkeys(people, 1)
        assert relay.connections == 3
    assert len(service.forms) == 3
