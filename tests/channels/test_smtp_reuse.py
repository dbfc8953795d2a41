"""How long a connection is used, what its end costs wherever it comes, and what a relay is asked for an address."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from campaign.address import parse
from campaign.channels.base import Receipt, Tools
from tests.channels.test_smtp_lane import LOCK_STEP, PEOPLE, always, run
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import NOON, email, key_of, smtp

FEATURES = [Script().features, LOCK_STEP]
MODES = pytest.mark.parametrize("features", FEATURES, ids=["pipelined", "lock-step"])


@MODES
def test_a_connection_takes_no_more_messages_than_is_set(features: tuple[str, ...]) -> None:
    with CountingServer(Script(features=features)) as relay:
        outcomes = run(smtp(relay.port, messages_per_connection=3), PEOPLE)
        assert all(isinstance(outcome, Receipt) for outcome in outcomes.values())
        assert relay.counts == dict.fromkeys(PEOPLE, 1)
        assert relay.connections == 3


@pytest.mark.parametrize(("pause", "connections"), [(59, 1), (61, 2)])
def test_a_connection_that_was_idle_for_long_is_not_used_again(pause: int, connections: int) -> None:
    moments: list[datetime] = [NOON]
    with CountingServer() as relay:
        channel = smtp(relay.port, Tools(name="mail", now=lambda: moments[-1]))
        channel.send(email("a@example.org"), key=key_of(1), notes={})
        moments.append(NOON + timedelta(seconds=pause))
        channel.send(email("b@example.org"), key=key_of(2), notes={})
        channel.close()
        assert relay.connections == connections
        assert relay.counts == {"a@example.org": 1, "b@example.org": 1}


GOODBYE = "421 4.3.2 the machine goes down"


@MODES
@pytest.mark.parametrize("place", ["mail", "rcpt", "data"])
def test_421_at_any_command_in_mid_run_costs_nobody(features: tuple[str, ...], place: str) -> None:
    scripts = {
        "mail": Script(features=features, mail=["250 2.1.0 fine", "250 2.1.0 fine", GOODBYE]),
        "rcpt": Script(features=features, rcpt={PEOPLE[2]: [GOODBYE]}),
        "data": Script(features=features, data={PEOPLE[2]: [GOODBYE]}),
    }
    with CountingServer(scripts[place]) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        assert [to for to, outcome in outcomes.items() if not isinstance(outcome, Receipt)] == []
        assert relay.counts == dict.fromkeys(PEOPLE, 1)
        assert relay.connections == 2


def test_smtputf8_is_asked_for_where_an_address_needs_it_and_nowhere_else() -> None:
    script = Script()
    known = [parse("zoë@example.org"), parse("ann@bücher.example"), parse("ann@example.org")]
    with CountingServer(script) as relay:
        channel = smtp(relay.port)
        lane = channel.open_lane()
        messages = [(key_of(number), email(address.wire)) for number, address in enumerate(known)]
        assert [type(outcome) for _, outcome in lane.send(iter(messages), always)] == [Receipt] * 3
        lane.close()
        channel.close()
        assert relay.counts == {"zoë@example.org": 1, "ann@xn--bcher-kva.example": 1, "ann@example.org": 1}
    asked = [set(heard.split()[1:]) for heard in script.heard]
    assert ["SMTPUTF8" in each for each in asked] == [True, False, False]
    assert ["BODY=8BITMIME" in each for each in asked] == [True, False, False]
    assert all(any(part.startswith("SIZE=") for part in each) for each in asked)
