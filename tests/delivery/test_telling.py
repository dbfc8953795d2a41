"""Health, figures and alerts: a human is told within a minute, once, and over ways of their own."""

import json
import threading
import urllib.error
import urllib.request
from datetime import timedelta

from campaign.clock import SystemClock
from campaign.delivery import needing, telling, views
from campaign.delivery.alerts import Teller
from campaign.delivery.health import Health, serving
from campaign.delivery.scheduler import Scheduler
from campaign.delivery.service import Service
from campaign.delivery.shelf import Shelf
from campaign.errors import ChannelDown, TryLater, Uncertain
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week

NINE = EIGHT + timedelta(hours=1)


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=300) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_health_fails_once_nothing_has_rung_for_a_minute(world: World) -> None:
    health = Health(world.parts, lambda: EIGHT)
    world.clock.set(EIGHT + timedelta(seconds=60))
    with serving(health, "127.0.0.1", 0) as port:
        assert ask(port, "/healthz")[0] == 200
        world.clock.set(EIGHT + timedelta(seconds=61))
        status, body = ask(port, "/healthz")
    assert status == 503
    assert json.loads(body)["ok"] is False


def test_figures_are_in_prometheus_words_and_name_nobody(world: World) -> None:
    world.load(a_week(a_post(), mailings=(a_mailing(),)))
    world.ways.made["mail"].faults = [TryLater("busy") for _ in range(9)]
    world.ways.made["a"].faults = [ChannelDown("signed out")]
    world.play(world.start(), NINE)
    with serving(Health(world.parts, lambda: world.now), "127.0.0.1", 0) as port:
        status, body = ask(port, "/metrics")
    assert status == 200
    assert 'campaign_deliveries{broadcast="week/daily/mon/mail",state="pending"} 1.0' in body
    assert 'campaign_channel_down{channel="a"} 1.0' in body
    assert "@" not in body


def test_what_asks_a_person_is_told_once_and_again_only_when_it_comes_back(world: World) -> None:
    world.load(a_week(a_post()))
    world.ways.made["a"].faults = [Uncertain("no answer")]
    world.play(world.start(), NINE)
    told: list[str] = []
    teller = Teller(world.store, [told.append])
    for _ in range(3):
        teller.tell(world.now)
    assert len(told) == 1
    assert "may or may not have gone out" in told[0]


def test_a_way_that_fails_is_tried_again_and_the_others_tell_meanwhile(world: World) -> None:
    world.load(a_week(a_post()))
    world.ways.made["a"].faults = [ChannelDown("signed out")]
    world.play(world.start(), NINE)

    def broken(text: str) -> None:
        raise TryLater("the alerts address does not answer")

    Teller(world.store, [broken]).tell(world.now)
    assert [alert.told_at for alert in world.store.alerts.standing()] == [None]
    told: list[str] = []
    Teller(world.store, [broken, told.append]).tell(world.now)
    assert "signed out" in told[0]
    assert world.store.log.entries(act="alert failed")


def test_the_day_is_said_to_be_complete(world: World) -> None:
    world.load(a_week(a_post(channels=("a", "b"))))
    service = world.start()
    shelf = Shelf(world.store)
    assert views.completed(world.parts, shelf.all(), world.now) == []
    world.play(service, NINE)
    told: list[str] = []
    teller = Teller(world.store, [told.append], lambda now: views.completed(world.parts, shelf.all(), now))
    teller.tell(world.now)
    teller.tell(world.now)
    assert told == ["A week: Monday is complete: 2 of 2"]


def test_a_webhook_is_given_the_words_and_the_time(world: World) -> None:
    sent: list[tuple[str, dict[str, str]]] = []
    tell = telling.by_webhook(lambda url, body: sent.append((url, dict(body))), "https://example.org/in", lambda: EIGHT)
    tell("The channel a is down")
    assert sent == [("https://example.org/in", {"text": "The channel a is down", "at": EIGHT.isoformat()})]


def test_an_alert_by_email_reaches_each_address_and_one_bad_address_stops_no_other(world: World) -> None:
    mail = world.ways.made["mail"]
    mail.faults = [TryLater("busy")]
    tell = telling.by_email(
        lambda: mail, world.parts.senders, ["one@example.org", "two@example.org"], world.key, lambda: EIGHT
    )
    tell("3 need you\r\nBcc: all@example.org")
    ((_, _, email),) = mail.accepted
    assert email.to == "two@example.org"
    assert b"\r\nBcc:" not in email.raw.split(b"\r\n\r\n")[0]


def test_while_no_way_works_alerts_are_tried_ever_more_rarely_and_none_is_lost(world: World) -> None:
    world.load(a_week(a_post(channels=("a", "b"))))
    for name in ("a", "b"):
        world.ways.made[name].faults = [ChannelDown("signed out")]
    world.play(world.start(), NINE)
    tries: list[str] = []
    told: list[str] = []
    works = False

    def way(text: str) -> None:
        tries.append(text)
        if not works:
            raise TryLater("the alerts address does not answer")
        told.append(text)

    teller = Teller(world.store, [way])
    for _ in range(120):
        teller.tell(world.now)
        world.clock.advance(timedelta(seconds=1))
    assert len(tries) <= 8
    assert len(world.store.log.entries(act="alert failed")) == len(tries)
    works = True
    world.clock.advance(timedelta(seconds=30))
    teller.tell(world.now)
    assert sorted(text.split()[2] for text in told) == ["a", "b"]


def test_a_service_that_fell_silent_is_told_once_and_stands_under_needs_you(world: World) -> None:
    told: list[str] = []
    service = world.start()
    (worker,) = world.store.workers.unended()
    teller = Teller(world.store, [told.append], silent=world.store.workers.silent)
    world.clock.advance(timedelta(seconds=30))
    teller.tell(world.now)
    assert not told
    assert not needing.silent(world.parts, world.now)
    for _ in range(3):
        world.clock.advance(timedelta(seconds=11))
        teller.tell(world.now)
    (need,) = needing.silent(world.parts, world.now)
    assert told == [f"{need.text}."]
    assert f"{worker.pid} on {worker.host} has not been heard of since" in need.text
    service.beat()
    world.clock.advance(timedelta(seconds=11))
    teller.tell(world.now)
    assert world.store.alerts.standing() == []
    assert needing.silent(world.parts, world.now) == []


def test_alerts_that_hang_hold_up_no_ring(world: World) -> None:
    let_go, rung = threading.Event(), threading.Event()

    class Hangs(Service):
        """Telling waits for an address that does not answer."""

        def tick(self) -> None:
            super().tick()
            rung.set()

        def tell(self) -> None:
            assert let_go.wait(60)

    world.start()
    service = Hangs(world.parts, worker=world.store.workers.unended()[-1].id, boot="boot-1")
    scheduler = Scheduler(service, SystemClock())
    scheduler.start()
    try:
        for _ in range(3):
            rung.clear()
            assert rung.wait(60), "an alert that hangs stops the clock"
    finally:
        let_go.set()
        scheduler.stop()
