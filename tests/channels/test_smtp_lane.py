"""The pipelined lane: every reply belongs to the right recipient, whatever fails in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from campaign.channels.base import LaneResult, Receipt
from campaign.channels.smtp import Smtp
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from campaign.model import Email
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import PATIENT, email, key_of, smtp
from tests.smtpserver.script import DROP

LOCK_STEP = ("8BITMIME", "ENHANCEDSTATUSCODES")
PEOPLE = [f"p{n}@example.org" for n in range(7)]
Modes = {"pipelined": Script().features, "lock-step": LOCK_STEP}


def always(key: str) -> bool:
    return True


def run(channel: Smtp, people: list[str], begun: Callable[[str], bool] = always) -> dict[str, Receipt | ChannelError]:
    """Send to `people` over one lane; outcomes by address. Every message gets exactly one."""
    lane = channel.open_lane()
    keys = {key_of(n): to for n, to in enumerate(people)}
    results: list[LaneResult] = list(lane.send(((key, email(to)) for key, to in keys.items()), begun))
    lane.close()
    channel.close()
    assert sorted(key for key, _ in results) == sorted(keys)
    return {keys[key]: outcome for key, outcome in results}


@pytest.fixture(params=list(Modes))
def features(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return Modes[request.param]


def test_all_arrive_once_over_one_connection(features: tuple[str, ...]) -> None:
    with CountingServer(Script(features=features)) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        assert all(isinstance(outcome, Receipt) for outcome in outcomes.values())
        assert relay.counts == dict.fromkeys(PEOPLE, 1)
        assert relay.connections == 1


def test_the_text_arrives_byte_for_byte() -> None:
    text = ".one\r\n..two\r\n.\r\nlast.\r\n"
    with CountingServer() as relay:
        channel = smtp(relay.port)
        message = email(text=text)
        channel.send(message, key=key_of(1), notes={})
        channel.close()
        assert relay.accepted[0].data == message.raw


def test_a_recipients_refusal_is_that_recipients_alone(features: tuple[str, ...]) -> None:
    script = Script(features=features)
    script.rcpt = {PEOPLE[2]: ["550 5.1.1 nobody"], PEOPLE[3]: ["450 4.2.0 later"], PEOPLE[6]: ["550 5.7.1 policy"]}
    script.data = {PEOPLE[4]: ["451 4.3.0 busy"]}
    script.final = {PEOPLE[1]: ["554 5.6.0 bad text"], PEOPLE[5]: ["452 4.2.2 full"]}
    with CountingServer(script) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        assert relay.counts == {PEOPLE[0]: 1}
        assert relay.connections == 1
    assert isinstance(outcomes[PEOPLE[0]], Receipt)
    dead, policy = outcomes[PEOPLE[2]], outcomes[PEOPLE[6]]
    assert isinstance(dead, Refused)
    assert (dead.suppress, dead.policy, dead.code) == ("hard bounce", False, "5.1.1")
    assert isinstance(policy, Refused)
    assert (policy.suppress, policy.policy) == ("", True)
    for later in (3, 4, 5):
        assert isinstance(outcomes[PEOPLE[later]], TryLater)
    assert isinstance(outcomes[PEOPLE[1]], Refused)


def test_cut_before_the_dot_was_not_sent_and_after_it_is_in_doubt(features: tuple[str, ...]) -> None:
    script = Script(features=features, drop_after_dot={PEOPLE[2]: 1})
    script.rcpt = {PEOPLE[5]: [DROP, DROP]}
    with CountingServer(script) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        assert isinstance(outcomes[PEOPLE[2]], Uncertain)
        assert isinstance(outcomes[PEOPLE[5]], TryLater)
        sent = [to for to in PEOPLE if isinstance(outcomes[to], Receipt)]
        assert sorted(relay.counts) == sorted([*sent, PEOPLE[2]])
        assert set(relay.counts.values()) == {1}
        assert len(sent) == 5


def test_a_long_text_cut_half_way_was_not_sent() -> None:
    script = Script(features=("PIPELINING",), drop_in_text={"*": 1})
    with CountingServer(script) as relay:
        channel = smtp(relay.port)
        with pytest.raises(TryLater):
            channel.send(email(text="x" * 70 + "\r\n" + "y" * 30_000_000), key=key_of(1), notes={})
        channel.close()
        assert not relay.counts


def test_421_in_mid_run_ends_the_connection_and_not_the_run(features: tuple[str, ...]) -> None:
    with CountingServer(Script(features=features, per_connection=3)) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        assert all(isinstance(outcome, Receipt) for outcome in outcomes.values())
        assert relay.counts == dict.fromkeys(PEOPLE, 1)
        assert relay.connections == 3


def test_421_on_a_new_connection_slows_everything() -> None:
    with CountingServer(Script(mail=["421 4.7.0 too busy"])) as relay:
        outcomes = run(smtp(relay.port), PEOPLE[:1])
    outcome = outcomes[PEOPLE[0]]
    assert isinstance(outcome, TryLater)
    assert outcome.slow_all


def test_421_as_answer_to_a_text_is_not_sent() -> None:
    with CountingServer(Script(final={PEOPLE[1]: ["421 4.3.2 closing"]})) as relay:
        outcomes = run(smtp(relay.port), PEOPLE[:3])
        assert relay.counts == {PEOPLE[0]: 1, PEOPLE[2]: 1}
    assert isinstance(outcomes[PEOPLE[1]], TryLater)


def test_a_goodbye_behind_a_good_reply_costs_nobody(features: tuple[str, ...]) -> None:
    with CountingServer(Script(features=features, extra=["421 4.4.2 idle"])) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        assert all(isinstance(outcome, Receipt) for outcome in outcomes.values())
        assert relay.counts == dict.fromkeys(PEOPLE, 1)


def test_replies_in_crumbs_and_of_many_lines() -> None:
    script = Script(crumbs=True, rcpt={PEOPLE[2]: ["550-5.1.1 there is\n550-5.1.1 nobody\n550 5.1.1 here"]})
    with CountingServer(script) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        assert sorted(relay.counts) == sorted(set(PEOPLE) - {PEOPLE[2]})
    refused = outcomes[PEOPLE[2]]
    assert isinstance(refused, Refused)
    assert refused.suppress


@pytest.mark.parametrize("script", [Script(forgets_pipelined=True), Script(refuses_early=True)])
def test_a_relay_that_lies_about_pipelining_is_taken_in_lock_step(script: Script) -> None:
    with CountingServer(script) as relay:
        outcomes = run(smtp(relay.port, timeouts=PATIENT | {"stall": 1}), PEOPLE)
        assert all(isinstance(outcome, Receipt) for outcome in outcomes.values())
        assert relay.counts == dict.fromkeys(PEOPLE, 1)


def test_an_unasked_reply_makes_what_was_said_doubtful() -> None:
    with CountingServer(Script(extra=["250 2.0.0 again"])) as relay:
        outcomes = run(smtp(relay.port), PEOPLE)
        sent = [to for to in PEOPLE if isinstance(outcomes[to], Receipt)]
        assert isinstance(outcomes[PEOPLE[0]], Uncertain)
        assert len(sent) == len(PEOPLE) - 1
        assert relay.counts == dict.fromkeys(PEOPLE, 1)


def test_354_without_a_recipient_gets_a_lone_dot() -> None:
    with CountingServer(Script(eager_data=True, rcpt={PEOPLE[1]: ["550 5.1.1 nobody"]})) as relay:
        outcomes = run(smtp(relay.port), PEOPLE[:3])
        assert relay.counts == {PEOPLE[0]: 1, PEOPLE[2]: 1}
        assert relay.connections == 1
    assert isinstance(outcomes[PEOPLE[1]], Refused)


def test_what_may_not_begin_never_gets_its_dot(features: tuple[str, ...]) -> None:
    stopped = {key_of(2), key_of(3), key_of(6)}
    with CountingServer(Script(features=features)) as relay:
        outcomes = run(smtp(relay.port), PEOPLE, lambda key: key not in stopped)
        assert sorted(relay.counts) == sorted(PEOPLE[n] for n in (0, 1, 4, 5))
    for number in (2, 3, 6):
        outcome = outcomes[PEOPLE[number]]
        assert isinstance(outcome, TryLater)
        assert outcome.code == "withdrawn"


def test_begun_is_asked_once_for_each_and_before_its_dot() -> None:
    asked: list[str] = []
    with CountingServer() as relay:

        def begun(key: str) -> bool:
            to = PEOPLE[[key_of(n) for n in range(7)].index(key)]
            assert relay.counts[to] == 0
            asked.append(key)
            return True

        run(smtp(relay.port), PEOPLE, begun)
    assert asked == [key_of(n) for n in range(7)]


def test_an_abandoned_run_leaves_no_message_half_sent() -> None:
    with CountingServer() as relay:
        channel = smtp(relay.port)
        lane = channel.open_lane()
        messages = ((key_of(n), email(to)) for n, to in enumerate(PEOPLE))
        results = iter(lane.send(messages, always))
        key, _ = next(results)
        results.close()  # type: ignore[attr-defined]
        assert key == key_of(0)
        outcomes = list(lane.send(iter([(key_of(9), email("z@example.org"))]), always))
        assert isinstance(outcomes[0][1], Receipt)
        lane.close()
        assert relay.counts == {PEOPLE[0]: 1, "z@example.org": 1}


def test_a_crash_in_the_making_of_messages_harms_no_message_before() -> None:
    def messages() -> Iterator[tuple[str, Email]]:
        for number in range(3):
            yield key_of(number), email(PEOPLE[number])
        raise ZeroDivisionError

    with CountingServer() as relay:
        lane = smtp(relay.port).open_lane()
        done: list[str] = []
        with pytest.raises(ZeroDivisionError):
            done.extend(key for key, _ in lane.send(messages(), always))
        lane.close()
        assert sorted(relay.counts) == PEOPLE[: len(relay.counts)]
        assert len(relay.counts) == 2


def test_a_connection_that_went_stale_is_replaced_without_loss() -> None:
    with CountingServer() as relay:
        channel = smtp(relay.port)
        channel.send(email("a@example.org"), key=key_of(1), notes={})
        relay.hang_up()
        channel.send(email("b@example.org"), key=key_of(2), notes={})
        channel.close()
        assert relay.counts == {"a@example.org": 1, "b@example.org": 1}


def test_messages_that_cannot_be_given_are_refused_without_asking() -> None:
    with CountingServer(Script(features=("PIPELINING", "SIZE 2000"))) as relay:
        channel = smtp(relay.port)
        lane = channel.open_lane()
        bad = [
            email("a@example.org>\r\nRCPT TO:<b@example.org"),
            email("zoë@example.org"),
            email(text="x" * 3000 + "\r\n"),
            email(text="bare\nline\r\n"),
        ]
        outcomes = list(lane.send(iter((key_of(n), message) for n, message in enumerate([*bad, email()])), always))
        lane.close()
        assert [type(outcome) for _, outcome in sorted(outcomes, key=lambda pair: pair[0])].count(Refused) == 4
        assert relay.counts == {"ann@example.org": 1}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (Script(greeting="554 5.7.1 not you"), ChannelDown),
        (Script(greeting="421 4.3.2 later"), TryLater),
        (Script(hello=["554 5.7.1 no"]), ChannelDown),
        (Script(mail=["550 5.7.1 sender refused"]), ChannelDown),
        (Script(mail=["552 5.3.4 too large"]), Refused),
        (Script(mail=["451 4.7.1 slow"]), TryLater),
    ],
)
def test_refusals_before_a_recipient_are_about_us(script: Script, expected: type[ChannelError]) -> None:
    with CountingServer(script) as relay:
        outcomes = run(smtp(relay.port), PEOPLE[:1])
        assert type(outcomes[PEOPLE[0]]) is expected
        if expected is TryLater:
            assert outcomes[PEOPLE[0]].slow_all  # type: ignore[union-attr]
        assert not relay.counts
