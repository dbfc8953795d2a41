"""A lane makes its next message while the relay works, and owes its outcome from then on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from campaign.channels.base import LaneResult, Receipt
from campaign.channels.smtp.item import Item
from campaign.channels.smtp.supply import Supply
from campaign.errors import Refused, TryLater
from campaign.model import Email
from tests.smtpserver import CountingServer
from tests.smtpserver.mail import email, key_of, smtp
from tests.waiting import until

PEOPLE = ["ann@example.org", "ben@example.org", "cat@example.org"]


class Source:
    """Messages to `people`, then `error` where there is one; `asked` counts how often one was wanted."""

    def __init__(self, people: list[str], error: Exception | None = None) -> None:
        self.people, self.error = people, error
        self.asked = 0

    def messages(self) -> Iterator[tuple[str, Email]]:
        for to in self.people:
            self.asked += 1
            yield to, email(to)
        self.asked += 1
        if self.error is not None:
            raise self.error


def signed(message: Email) -> bytes:
    if message.to == "ben@example.org":
        raise Refused("no key for it")
    return b"Signed: yes\r\n" + message.raw


def named(supply: Supply) -> list[str]:
    return [made.key if isinstance(made, Item) else f"not {made[0]}" for made in supply]


def always(key: str) -> bool:
    return True


def test_messages_come_in_their_order_whether_made_ahead_or_not() -> None:
    source = Source(PEOPLE)
    supply = Supply(source.messages(), signed)
    supply.prepare()
    supply.prepare()
    assert source.asked == 1
    first = next(supply)
    assert isinstance(first, Item)
    assert first.text.startswith(b"Signed: yes\r\n")
    supply.prepare()
    assert source.asked == 2
    assert named(supply) == ["not ben@example.org", "cat@example.org"]


def test_what_was_made_ahead_and_is_not_wanted_any_more_goes_back() -> None:
    supply = Supply(Source(PEOPLE[:2]).messages(), signed)
    assert supply.left() == []
    supply.prepare()
    [(key, outcome)] = supply.left()
    assert (key, type(outcome)) == ("ann@example.org", TryLater)
    supply.prepare()
    [(key, outcome)] = supply.left()
    assert (key, type(outcome)) == ("ben@example.org", Refused)
    supply.prepare()
    assert supply.left() == [], "there was no more"


def test_the_next_message_is_made_while_the_relay_works() -> None:
    source, results = Source(PEOPLE), list[LaneResult]()
    with CountingServer() as relay:
        channel = smtp(relay.port)
        lane = channel.open_lane()
        relay.rest_at(1)
        thread = threading.Thread(target=lambda: results.extend(lane.send(source.messages(), always)), daemon=True)
        thread.start()
        until(lambda: relay.counts.total() == 1 and source.asked == 3, "the third message, made meanwhile")
        assert results == []
        relay.go_on()
        thread.join(300)
        lane.close()
        channel.close()
    assert [key for key, outcome in results if isinstance(outcome, Receipt)] == PEOPLE
    assert relay.counts == dict.fromkeys(PEOPLE, 1)


def test_an_error_of_the_next_message_takes_no_outcome_from_the_one_before() -> None:
    source, results = Source(PEOPLE[:2], RuntimeError("broken")), list[LaneResult]()
    with CountingServer() as relay:
        channel = smtp(relay.port)
        with pytest.raises(RuntimeError, match="broken"):
            results.extend(channel.open_lane().send(source.messages(), always))
        channel.close()
    assert [(key, type(outcome)) for key, outcome in results] == [("ann@example.org", Receipt)]
    assert relay.counts == {"ann@example.org": 1}


def test_every_message_gets_one_outcome_where_the_lane_is_told_to_stop() -> None:
    begun: list[str] = []

    def once(key: str) -> bool:
        begun.append(key)
        return len(begun) == 1

    with CountingServer() as relay:
        channel = smtp(relay.port)
        lane = channel.open_lane()
        keys = {key_of(number): to for number, to in enumerate(PEOPLE)}
        results = list(lane.send(((key, email(to)) for key, to in keys.items()), once))
        lane.close()
        channel.close()
    assert {key: type(outcome) for key, outcome in results} == dict(
        zip(keys, [Receipt, TryLater, TryLater], strict=True)
    )
    assert len(results) == 3
    assert relay.counts == {PEOPLE[0]: 1}
