"""Entering a relay: TLS, signing in, tokens, several relays, and what cannot be trusted."""

from __future__ import annotations

import json
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError

from campaign.channels.base import Tools
from campaign.channels.http import Answer, Http, Sent, fake_transport
from campaign.channels.smtp import Smtp
from campaign.channels.smtp.options import SmtpOptions
from campaign.errors import ChannelDown, ChannelError, TryLater
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.certificates import make
from tests.smtpserver.mail import NOON, email, key_of, smtp

STARTTLS = ("PIPELINING", "STARTTLS", "AUTH PLAIN LOGIN XOAUTH2")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return make(tmp_path_factory.mktemp("tls"))


def give(channel: Smtp) -> None:
    try:
        channel.send(email(), key=key_of(1), notes={})
    finally:
        channel.close()


@pytest.mark.parametrize("security", ["starttls", "tls", "opportunistic"])
def test_mail_travels_encrypted(tls: tuple[ssl.SSLContext, Path], security: str) -> None:
    context, ca_file = tls
    with CountingServer(Script(features=STARTTLS), tls=context, implicit=security == "tls") as relay:
        channel = smtp(relay.port, security=security, ca_file="" if security == "opportunistic" else str(ca_file))
        lane = channel.open_lane()
        messages = [
            (key_of(n), email(f"p{n}@example.org", text="x" * 900 + "\r\n" + "y\r\n" * 9000)) for n in range(20)
        ]
        list(lane.send(iter(messages), lambda key: True))
        lane.close()
        assert len(relay.counts) == 20
        assert all(
            accepted.data == message.raw for accepted, (_, message) in zip(relay.accepted, messages, strict=True)
        )


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_stranger_with_a_certificate_of_his_own_gets_nothing(tls: tuple[ssl.SSLContext, Path], security: str) -> None:
    with CountingServer(Script(features=STARTTLS), tls=tls[0], implicit=security == "tls") as relay:
        with pytest.raises(ChannelDown, match="did not prove who it is"):
            give(smtp(relay.port, security=security))
        assert not relay.counts


def test_the_certificate_must_name_the_relay(tmp_path: Path) -> None:
    context, ca_file = make(tmp_path, address="127.0.0.9")
    with (
        CountingServer(Script(features=STARTTLS), tls=context) as relay,
        pytest.raises(ChannelDown, match="did not prove"),
    ):
        give(smtp(relay.port, security="starttls", ca_file=str(ca_file)))


def test_starttls_is_not_done_without() -> None:
    with CountingServer(Script(features=("PIPELINING",))) as relay:
        with pytest.raises(ChannelDown, match="does not offer STARTTLS"):
            give(smtp(relay.port, security="starttls"))
        assert not relay.counts


def test_what_was_said_in_the_clear_behind_starttls_is_an_attack(tls: tuple[ssl.SSLContext, Path]) -> None:
    script = Script(features=STARTTLS, injected="250 AUTH PLAIN")
    with CountingServer(script, tls=tls[0]) as relay, pytest.raises(ChannelDown, match="cannot be trusted"):
        give(smtp(relay.port, security="starttls", ca_file=str(tls[1])))


@pytest.mark.parametrize("auth", ["plain", "login", None])
def test_signing_in(tls: tuple[ssl.SSLContext, Path], auth: str | None, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    with CountingServer(Script(features=STARTTLS, users={"us": "correct horse"}), tls=tls[0]) as relay:
        good = smtp(
            relay.port, security="starttls", ca_file=str(tls[1]), username="us", password_file=str(secret), auth=auth
        )
        give(good)
        assert sum(relay.counts.values()) == 1
        bad = smtp(relay.port, security="starttls", ca_file=str(tls[1]), username="us", password="wrong", auth=auth)
        with pytest.raises(ChannelDown) as caught:
            give(bad)
        assert caught.value.code == "5.7.8"
        assert "wrong" not in f"{caught.value}{caught.value.raw}{bad.options!r}"


def test_a_password_never_goes_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="unprotected"):
        SmtpOptions.model_validate({"host": "relay.example.org", "security": "off", "username": "us", "password": "x"})


def test_further_relays_take_what_they_do_not_state_and_no_password_from_the_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("other")
    given = {
        "host": "one.example.org",
        "username": "us",
        "password": "first",
        "relays": [{"host": "two.example.org"}, {"host": "three.example.org", "password_file": str(secret)}],
    }
    options = SmtpOptions.model_validate(given)
    first, second, third = options.endpoints
    assert [each.name for each in options.endpoints] == [f"{name}.example.org:587" for name in ("one", "two", "three")]
    assert second.password == first.password
    assert (third.password, third.password_file) == (None, secret)
    with pytest.raises(ValidationError, match="does not belong"):
        SmtpOptions.model_validate({**given, "relays": [{"host": "two.example.org", "password": "x"}]})
    with pytest.raises(ValidationError, match="same host and port"):
        SmtpOptions.model_validate({"host": "one.example.org", "relays": [{"weight": 2}]})


class SignIn:
    """A token service that counts, and hands out what it is told to."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.forms: list[dict[str, str]] = []

    def __call__(self, request: Sent) -> Answer:
        self.forms.append(dict(parse_qsl(request.body.decode())))
        return self.answers.pop(0)


def token(value: str, **more: object) -> Answer:
    return Answer(200, body=json.dumps({"access_token": value, "expires_in": 3600, **more}).encode())


OAUTH = {
    "auth": "xoauth2",
    "username": "news@example.org",
    "oauth": {"token_url": "https://login.example.org/token", "client_id": "us", "scope": "mail"},
    "client_secret": "s3cret",
    "refresh_token": "first",
    "security": "starttls",
}


def test_xoauth2_fetches_keeps_and_renews_tokens(tls: tuple[ssl.SSLContext, Path]) -> None:
    service = SignIn(token("one", refresh_token="second"), token("two"), token("three"))
    now = [NOON]
    tools = Tools(
        name="mail",
        now=lambda: now[0],
        http=Http(monotonic=lambda: 0.0, transport=fake_transport(service)),
    )
    script = Script(features=STARTTLS, tokens={"one", "three"})
    with CountingServer(script, tls=tls[0]) as relay:
        channel = smtp(relay.port, tools, ca_file=str(tls[1]), **OAUTH)
        give(channel)
        give(channel)
        assert [form["refresh_token"] for form in service.forms] == ["first"]
        now[0] += timedelta(hours=1)
        give(channel)  # "two" is refused by the relay, so a third is fetched at once
        assert [form["refresh_token"] for form in service.forms] == ["first", "second", "second"]
        assert sum(relay.counts.values()) == 3
    assert json.loads(tools.notes.get("xoauth2") or "{}")["access"] == "three"


def test_xoauth2_refused_for_good_pauses_the_channel(tls: tuple[ssl.SSLContext, Path]) -> None:
    service = SignIn(Answer(400, body=b'{"error": "invalid_grant"}'))
    http = Http(monotonic=lambda: 0.0, transport=fake_transport(service))
    with CountingServer(Script(features=STARTTLS), tls=tls[0]) as relay, pytest.raises(ChannelDown) as caught:
        give(smtp(relay.port, Tools(name="mail", now=lambda: NOON, http=http), ca_file=str(tls[1]), **OAUTH))
    assert caught.value.code == "invalid_grant"


class Ticking:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


def relays(first: CountingServer, second: CountingServer, clock: Ticking, weight: int = 1) -> Smtp:
    other = {"port": second.port, "weight": 1}
    tools = Tools(name="mail", now=clock.now)
    return smtp(first.port, tools, weight=weight, relays=[other])


def test_connections_are_shared_by_weight() -> None:
    clock = Ticking()
    with CountingServer() as first, CountingServer() as second:
        channel = relays(first, second, clock, weight=3)
        lanes = [channel.open_lane() for _ in range(8)]
        for number, lane in enumerate(lanes):
            list(lane.send(iter([(key_of(number), email(f"p{number}@example.org"))]), lambda key: True))
        assert (first.connections, second.connections) == (6, 2)
        for lane in lanes:
            lane.close()


def test_a_lane_names_its_relay_before_it_connects() -> None:
    with CountingServer() as light, CountingServer() as heavy:
        channel = smtp(light.port, relays=[{"port": heavy.port, "weight": 3}])
        lane = channel.open_lane()
        assert getattr(lane, "relay", "") == f"127.0.0.1:{heavy.port}"
        [(_, outcome)] = lane.send(iter([(key_of(1), email())]), lambda key: True)
        assert not isinstance(outcome, Exception)
        assert heavy.counts.total() == 1
        assert getattr(lane, "relay", "") == f"127.0.0.1:{heavy.port}"
        lane.close()
        channel.close()


def test_a_dead_relay_is_left_alone_for_a_while_then_tried_again() -> None:
    clock = Ticking()
    with CountingServer() as first, CountingServer() as second:
        channel = relays(first, second, clock)
        first.die()
        for number in range(3):
            channel.send(email(f"p{number}@example.org"), key=key_of(number), notes={})
        channel.close()
        assert (first.counts.total(), second.counts.total()) == (0, 3)
        second.die()
        errors: list[ChannelError] = []
        for number in range(3):
            with pytest.raises(TryLater) as caught:
                channel.send(email(), key=key_of(number), notes={})
            errors.append(caught.value)
        assert errors[-1].slow_all  # type: ignore[attr-defined]
        assert errors[-1].after > 0  # type: ignore[attr-defined]
        first.revive()
        clock.time += timedelta(seconds=10)
        channel.send(email(), key=key_of(9), notes={})
        channel.close()
        assert first.counts.total() == 1


def test_one_relay_that_needs_a_person_does_not_stop_the_other() -> None:
    clock = Ticking()
    with CountingServer(Script(greeting="554 5.7.1 no")) as first, CountingServer() as second:
        channel = relays(first, second, clock)
        give(channel)
        assert second.counts.total() == 1


def test_verify_signs_in_and_sends_nothing(tls: tuple[ssl.SSLContext, Path]) -> None:
    with CountingServer(Script(features=STARTTLS, users={"us": "x"}), tls=tls[0]) as relay:
        channel = smtp(relay.port, security="starttls", ca_file=str(tls[1]), username="us", password="x")
        account = channel.verify()
        assert account.name == "us"
        assert "PIPELINING" in account.rights
        assert not relay.counts
