"""A relay that lies, babbles, stalls or sends rubbish to one person: the others get theirs, and nobody two."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from campaign.store.database import Database
from tests.delivery.mailworld import address_of, relay_at
from tests.delivery.test_mailing import everyone, mailing
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import PATIENT

LONG = "250-" + "so " * 60 + "long"
RUBBISH = os.fsdecode(b"\x00\xff\xfe\x80 \x1b[31m caf\xe9")

#: What the relay says of a text that it took, and how that must be understood.
TAKEN = {
    "several lines": ("250-2.0.0 taken\n250-with thanks\n250 and regards", "sent"),
    "another 2yz": ("299 2.0.0 taken", "sent"),
    "a bare code": ("250", "sent"),
    "over 512 bytes": ("250 2.0.0 " + "x" * 3000, "sent"),
    "100 kB of lines": ("\n".join([LONG] * 500) + "\n250 end", "sent"),
    "lines without end": ("\n".join([LONG] * 5000) + "\n250 end", "uncertain"),
    "a line without end": ("250 " + "x" * 200_000, "uncertain"),
    "rubbish behind the code": (f"250 2.0.0 {RUBBISH}", "sent"),
    "two codes in one reply": ("250-2.0.0 taken\n251 or not", "uncertain"),
    "a reply too many": ("250 2.0.0 taken\n250 2.0.0 once more", "uncertain or sent"),
}
#: What it says of a text that it did not take.
NOT_TAKEN = {
    "a code below": ("199 well", "uncertain"),
    "a code above": ("600 well", "uncertain"),
    "a 354": ("354 go on", "uncertain"),
    "rubbish": (RUBBISH, "uncertain"),
    "refused with rubbish": (f"554 5.6.0 {RUBBISH}", "failed"),
    "refused at length": ("\n".join(["554-5.6.0 " + "no " * 60] * 400) + "\n554 5.6.0 no", "failed"),
    "not now, with rubbish": (f"451 4.3.0 {RUBBISH}", "pending"),
}
#: What it says to RCPT: nothing was sent, whatever it is.
AT_RCPT = {
    "a code below": ("199 well", "pending"),
    "a code above": ("600 well", "pending"),
    "rubbish": (RUBBISH, "pending"),
    "a 354": ("354 go on", "pending"),
    "many lines": ("\n".join([LONG] * 5000) + "\n250 end", "pending"),
    "refused with rubbish": (f"550 5.1.1 {RUBBISH}", "failed"),
}
#: At which step, what is said, what becomes of it, and how often it arrived.
CASES = [
    *[("final", reply, state, 1) for reply, state in TAKEN.values()],
    *[("final", reply, state, 0) for reply, state in NOT_TAKEN.values()],
    *[("rcpt", reply, state, 0) for reply, state in AT_RCPT.values()],
]
#: Every so many people one meets such a reply.
EVERY = 8


@pytest.mark.parametrize("crumbs", [False, True], ids=["", "in crumbs"])
def test_rubbish_to_some_harms_nobody_else(database: Database, tmp_path: Path, crumbs: bool) -> None:
    cases = [case for case in CASES if not crumbs or len(case[1]) < 5000]
    victims = {address_of(EVERY * number): case for number, case in enumerate(cases, start=1)}
    script = Script(crumbs=crumbs)
    for to, (step, reply, _, _) in victims.items():
        getattr(script, step)[to] = [reply] * 5
    people = EVERY * (len(cases) + 1)
    with CountingServer(script) as relay, mailing(database, tmp_path, relay, people, lanes=2) as world:
        world.send()
        rows = world.parts.store.deliveries.of(world.broadcast.id, limit=people)
        states = {address_of(row.subscriber): row.state.value for row in rows}
        wrong = {to: case for to, case in victims.items() if states.pop(to) not in case[2]}
        assert not wrong
        assert set(states.values()) <= {"sent", "uncertain"}
        before = [state for state in states.values() if state == "uncertain"]
        assert len(before) <= 2, "only where replies came out of step: who was before them on the connection"
        assert relay.counts == {to: count for to in everyone(people) if (count := victims.get(to, ("", "", "", 1))[3])}


def test_a_relay_that_never_greets_costs_only_time(database: Database, tmp_path: Path) -> None:
    impatient = {"timeouts": PATIENT | {"command": 0.2}}
    with (
        CountingServer(Script(dumb=True)) as dumb,
        mailing(database, tmp_path, dumb, 30, lanes=3, options=impatient) as world,
    ):
        world.send()
        assert world.states() == {"pending": 30}
        assert {row.attempts for row in world.parts.store.deliveries.of(world.broadcast.id)} == {0}
        with CountingServer() as relay:
            world.parts.ways.one = relay_at(relay.port, world.parts.clock, 3)  # type: ignore[attr-defined]
            world.mailing._rests.clear()
            world.send()
            assert relay.counts == everyone(30)


def test_beside_a_relay_that_never_greets_another_takes_everyone(sqlite: Database, tmp_path: Path) -> None:
    with CountingServer(Script(dumb=True)) as dumb, CountingServer() as relay:
        both = {"timeouts": PATIENT | {"command": 0.2}, "relays": [{"port": relay.port}]}
        with mailing(sqlite, tmp_path, dumb, 60, lanes=3, options=both) as world:
            world.send()
            assert world.states() == {"sent": 60}
        assert relay.counts == everyone(60)


def test_a_relay_that_reads_no_more_in_the_middle_of_a_text_keeps_nobody_else(sqlite: Database, tmp_path: Path) -> None:
    """The text is with our own kernel by then, so that nobody can say whether the relay will have it."""
    stalled = address_of(5)
    impatient = {"timeouts": PATIENT | {"final": 0.5}}
    with (
        CountingServer(Script(stall={stalled})) as relay,
        mailing(sqlite, tmp_path, relay, 60, lanes=3, options=impatient) as world,
    ):
        world.send()
        assert world.states() == {"sent": 59, "uncertain": 1}
        assert relay.counts == {to: 1 for to in everyone(60) if to != stalled}
