"""What a relay can carry: letters, 8-bit text and sizes; and where one relay cannot, another may."""

from __future__ import annotations

import pytest

from campaign.address import parse
from campaign.channels.base import LaneResult, Receipt
from campaign.channels.smtp import Smtp
from campaign.errors import ChannelError, Refused, TryLater
from campaign.model import Email
from tests.channels.test_smtp_lane import always
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import email, key_of, smtp

MODES = pytest.mark.parametrize("pipelining", [("PIPELINING",), ()], ids=["pipelined", "lock-step"])
#: Plain people, and among them one whose domain has a script of its own, and one whose letters only SMTPUTF8 carries.
PEOPLE = [parse(text).wire for text in ("a@example.org", "b@bücher.example", "zoë@example.org", "d@example.org")]
UTF8 = PEOPLE[2]
SMALL, LARGE = "Hello.\r\n", "word word word word\r\n" * 500


def give(channel: Smtp, emails: list[Email]) -> list[Receipt | ChannelError]:
    """Send all over one lane; the outcomes in the order of the emails."""
    lane = channel.open_lane()
    results: list[LaneResult] = list(lane.send(((key_of(n), each) for n, each in enumerate(emails)), always))
    lane.close()
    channel.close()
    assert len(results) == len(emails)
    found = dict(results)
    return [found[key_of(n)] for n in range(len(emails))]


@MODES
@pytest.mark.parametrize(
    ("offers", "code"),
    [(("SMTPUTF8",), "5.6.3"), (("8BITMIME",), "5.6.7"), ((), "5.6.7"), (("SMTPUTF8", "8BITMIME"), "")],
    ids=["SMTPUTF8 alone", "8BITMIME alone", "neither", "both"],
)
def test_who_needs_what_the_relay_cannot_is_refused_alone(
    pipelining: tuple[str, ...], offers: tuple[str, ...], code: str
) -> None:
    with CountingServer(Script(features=(*pipelining, *offers))) as relay:
        outcomes = give(smtp(relay.port), [email(to) for to in PEOPLE])
        got = dict.fromkeys(PEOPLE, 1)
        if code:
            del got[UTF8]
            refused = outcomes[PEOPLE.index(UTF8)]
            assert isinstance(refused, Refused)
            assert (refused.code, refused.suppress, refused.policy) == (code, "", False), "nobody is suppressed for it"
        assert relay.counts == got
        assert relay.connections == 1
        asked = [set(heard.split()[1:]) & {"SMTPUTF8", "BODY=8BITMIME"} for heard in relay.script.heard]
        assert asked == [set(), set(), set()] if code else [set(), set(), {"SMTPUTF8", "BODY=8BITMIME"}, set()]


@MODES
@pytest.mark.parametrize(
    "offers",
    [("SIZE 4000", "8BITMIME", "SMTPUTF8"), ("8BITMIME",), ("SMTPUTF8",), ()],
    ids=["SIZE", "8BITMIME alone", "SMTPUTF8 alone", "nothing"],
)
def test_what_one_relay_cannot_carry_another_does(pipelining: tuple[str, ...], offers: tuple[str, ...]) -> None:
    """Whichever relay a lane happens to be connected to, nobody is refused whom the other would have reached."""
    emails = [email(f"p{n}@example.org", text=LARGE if n % 3 == 1 else SMALL) for n in range(9)]
    if "SMTPUTF8" not in offers or "8BITMIME" not in offers:
        emails = [email(f"zoë{n}@example.org" if n % 3 == 1 else f"p{n}@example.org") for n in range(9)]
    with (
        CountingServer(Script(features=(*pipelining, *offers))) as poor,
        CountingServer(Script(features=("SIZE 1000000", "8BITMIME", "SMTPUTF8"))) as rich,
    ):
        channel = smtp(poor.port, weight=9, relays=[{"port": rich.port, "weight": 1}])
        outcomes = give(channel, emails)
        assert [type(outcome) for outcome in outcomes] == [Receipt] * len(emails)
        assert poor.counts + rich.counts == {each.to: 1 for each in emails}
        assert poor.counts, "whom it can carry it does"
        assert {emails[n].to for n in (1, 4, 7)} <= set(rich.counts)


def test_a_relay_that_finds_it_too_large_itself_is_gone_round_too() -> None:
    with CountingServer(Script(mail=["552 5.3.4 too large for us"])) as small, CountingServer() as large:
        channel = smtp(small.port, weight=9, relays=[{"port": large.port, "weight": 1}])
        outcomes = give(channel, [email(f"p{n}@example.org") for n in range(3)])
        assert [type(outcome) for outcome in outcomes] == [Receipt] * 3
        assert large.counts["p0@example.org"] == 1
        assert (small.counts + large.counts).total() == 3


def test_what_no_relay_can_carry_is_refused() -> None:
    with CountingServer(Script(features=("SIZE 4000",))) as one, CountingServer(Script(features=("SIZE 5000",))) as two:
        channel = smtp(one.port, relays=[{"port": two.port}])
        outcomes = give(channel, [email(), email("b@example.org", text=LARGE), email("c@example.org")])
        assert [type(outcome) for outcome in outcomes] == [Receipt, Refused, Receipt]
        assert (one.counts + two.counts).total() == 2


def test_whom_only_a_relay_that_is_gone_could_carry_comes_again() -> None:
    with CountingServer(Script(features=("SIZE 4000",))) as one, CountingServer() as two:
        channel = smtp(one.port, weight=9, relays=[{"port": two.port, "weight": 1}])
        two.die()
        outcomes = give(channel, [email(), email("b@example.org", text=LARGE), email("c@example.org")])
        assert [type(outcome) for outcome in outcomes] == [Receipt, TryLater, Receipt]
        waiting = outcomes[1]
        assert isinstance(waiting, TryLater)
        assert not waiting.slow_all, "the others go on"
        assert (one.counts + two.counts).total() == 2


@pytest.mark.parametrize("first", [True, False])
def test_relays_of_which_one_pipelines_share_a_run(first: bool) -> None:
    """Messages move between a pipelining relay and one in lock-step in the middle of a run."""
    plain = ("8BITMIME", "SIZE 4000")
    fast = Script(features=("PIPELINING", *plain) if first else ("PIPELINING", "8BITMIME", "SIZE 1000000"))
    slow = Script(features=("8BITMIME", "SIZE 1000000") if first else plain)
    emails = [email(f"p{n}@example.org", text=LARGE if n % 5 == 2 else SMALL) for n in range(30)]
    with CountingServer(fast) as one, CountingServer(slow) as two:
        channel = smtp(one.port, weight=9 if first else 1, relays=[{"port": two.port, "weight": 1 if first else 9}])
        outcomes = give(channel, emails)
        assert [type(outcome) for outcome in outcomes] == [Receipt] * len(emails)
        assert one.counts + two.counts == {each.to: 1 for each in emails}
        assert one.counts
        assert two.counts
