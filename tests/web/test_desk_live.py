"""What an open page is told: nothing while nothing changed, and what changed once and in words."""

from __future__ import annotations

import re
from datetime import timedelta

from httpx import Response

from campaign.clock import SettableClock
from campaign.errors import Refused
from campaign.model import HoldScope, Role, Strength
from campaign.web.desk import live
from tests.delivery.world import EIGHT, a_post
from tests.web.desks import DeskStand

NINE = EIGHT + timedelta(hours=1)
POST = "/desk/message/week/hello/mon"


def address(page: str) -> str:
    """Where a page, or an answer, asks for what is new."""
    from html import unescape

    found = re.search(r'id="live" hx-get="([^"]+)"', page)
    assert found, page[:500]
    return unescape(found[1])


def said(answer: Response) -> str:
    """What a screen reader is told."""
    found = re.search(r'<div id="status" hx-swap-oob="innerHTML">([^<]*)</div>', answer.text)
    return found[1] if found else ""


def test_an_open_week_hears_nothing_until_something_changes(both: DeskStand) -> None:
    both.load(a_post(channels=("a", "b")))
    both.world.ways.made["b"].faults = [Refused("too long for b")]
    service = both.world.start()
    both.world.play(service, NINE - timedelta(minutes=30))
    both.sign_in(Role.VIEWER)
    ask = address(both.text("/desk"))
    for _ in range(3):
        answer = both.client.get(ask)
        assert (answer.status_code, answer.content) == (204, b"")
    both.world.play(service, NINE + timedelta(minutes=1))
    answer = both.client.get(ask)
    assert answer.status_code == 200
    assert "1 of 2 sent, b failed" in answer.text
    assert 'id="sentence" hx-swap-oob' in answer.text
    assert "Needs you (1)" in answer.text
    assert "<html" not in answer.text
    assert said(answer) == "Needs you: 1 thing. Monday 9 October 9am, Theme of mon: Failed."
    again = both.client.get(address(answer.text))
    assert again.status_code == 204


def test_many_changes_are_counted_and_not_read_out(desk: DeskStand) -> None:
    desk.load(a_post("one"), a_post("two"), a_post("three"))
    service = desk.world.start()
    desk.world.play(service, NINE - timedelta(minutes=30))
    desk.sign_in(Role.VIEWER)
    ask = address(desk.text("/desk"))
    desk.world.play(service, NINE + timedelta(hours=1))
    assert said(desk.client.get(ask)) == "3 things changed on this page."


def test_a_pause_by_somebody_else_reaches_every_open_page(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.VIEWER)
    asks = [address(desk.text(path)) for path in ("/desk/programme", "/desk", POST)]
    desk.world.store.holds.place(
        scope=HoldScope.ALL, target="", strength=Strength.ALL, reason="News.", author="Ada", now=desk.world.now
    )
    for ask in asks:
        answer = desk.client.get(ask)
        assert answer.status_code == 200
        assert "pause-banner" in answer.text
        assert "Everything is paused since 8am by Ada. “News.”" in said(answer)


def test_a_message_tells_what_happened_while_it_is_open(desk: DeskStand) -> None:
    desk.load(a_post())
    service = desk.world.start()
    desk.world.play(service, NINE - timedelta(minutes=30))
    desk.sign_in(Role.VIEWER)
    ask = address(desk.text(POST))
    assert desk.client.get(ask).status_code == 204
    desk.world.play(service, NINE)
    answer = desk.client.get(ask)
    assert "opened it" in answer.text
    assert "Sent" in said(answer)


def test_who_is_signed_out_hears_nothing_and_asking_keeps_no_session_alive(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.VIEWER)
    ask = address(desk.text("/desk"))
    seen = desk.world.store.sessions.all(now=desk.world.now)[0].seen_at
    desk.world.clock.set(desk.world.now + timedelta(hours=6))
    desk.client.get(ask)
    assert desk.world.store.sessions.all(now=desk.world.now)[0].seen_at == seen
    desk.client.cookies.clear()
    answer = desk.client.get(ask)
    assert (answer.status_code, answer.content) == (401, b"")


class Changes:
    """A ledger's count that tells how often it was read."""

    def __init__(self) -> None:
        self.count = 1
        self.reads = 0

    def __call__(self) -> int:
        self.reads += 1
        return self.count


def test_one_look_and_one_drawing_serve_all() -> None:
    clock, changes, drawn = SettableClock(EIGHT), Changes(), []

    def draw() -> live.Drawn:
        drawn.append(1)
        return live.Drawn(f"<p>{changes.count}</p>", states={"it": ("It", str(changes.count))})

    desks = live.Live(clock, changes, 0.5)
    first = desks.part("week", draw)
    for _ in range(200):
        assert desks.part("week", draw) is first
        assert desks.unchanged(first.mark, "week")
    assert (changes.reads, len(drawn)) == (1, 1)
    changes.count = 2
    clock.advance(timedelta(seconds=0.6))
    assert desks.stale()
    assert desks.part("week", draw) is first, "at most once a second"
    clock.advance(timedelta(seconds=0.6))
    second = desks.part("week", draw)
    assert second.mark != first.mark
    assert not desks.unchanged(first.mark, "week")
    assert desks.news(first.mark, second) == [("It", "2")]
    assert desks.news("forgotten", second) == []
    assert len(drawn) == 2
    clock.advance(timedelta(seconds=live.MOST))
    third = desks.part("week", draw)
    assert len(drawn) == 3, "the clock alone changes what a page says"
    assert third.mark == second.mark


def test_a_browser_is_known_for_some_minutes_and_no_longer() -> None:
    clock = SettableClock(EIGHT)
    desks = live.Live(clock, lambda: 1, 0.5)
    assert not desks.knows("token")
    desks.let_in("token")
    assert desks.knows("token")
    clock.advance(timedelta(seconds=live.KNOWN))
    assert not desks.knows("token")
