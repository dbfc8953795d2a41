"""The webhook: its signature, and what each answer of a receiver means."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaign.channels.base import Receipt, ReplayKind, Tools
from campaign.channels.http import Answer, Fault, Sent
from campaign.channels.webhook import KEY, MOST, Webhook, WebhookOptions, sign, verify
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from campaign.testing import NOON, a_key, a_post, an_image, json_answer, recording
from tests.house.files import ROOT

SECRET = "an-example-of-a-secret"
NOW = 1_700_000_000


def send(answer: Answer) -> Receipt | ChannelError:
    record = recording(answer)
    options = WebhookOptions.model_validate({"url": "https://hooks.example.org/in", "secret": SECRET})
    channel = Webhook(options, Tools(name="hook", now=lambda: NOON, http=record.http))
    try:
        return channel.send(a_post(), key=a_key(), notes={})
    except ChannelError as error:
        return error


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Receipt) for status in (200, 201, 202, 204, 409)),
        *((status, ChannelDown) for status in (301, 302, 307, 401, 403, 404, 410)),
        *((status, TryLater) for status in (425, 429, 503)),
        *((status, Refused) for status in (400, 405, 413, 415, 422)),
        *((status, Uncertain) for status in (408, 500, 502, 504)),
    ],
)
def test_what_an_answer_means(status: int, outcome: type[Any]) -> None:
    came = send(Answer(status))
    assert isinstance(came, outcome)
    assert came.code == str(status)


def test_what_the_receiver_calls_it_is_kept() -> None:
    came = send(json_answer({"id": 7, "url": "https://news.example.org/7"}, 201))
    assert isinstance(came, Receipt)
    assert (came.remote_id, came.url, came.duplicate) == ("7", "https://news.example.org/7", False)


def test_an_address_that_is_none_is_dropped() -> None:
    came = send(json_answer({"url": "javascript:alert(1)"}))
    assert isinstance(came, Receipt)
    assert came.url == ""


def test_had_before() -> None:
    came = send(Answer(409))
    assert isinstance(came, Receipt)
    assert came.duplicate


def test_every_attempt_carries_the_same_key_and_body() -> None:
    record = recording()
    options = WebhookOptions.model_validate({"url": "https://hooks.example.org/in", "secret": SECRET})
    channel = Webhook(options, Tools(name="hook", now=lambda: NOON, http=record.http))
    for _ in range(2):
        channel.send(a_post(images=(an_image(),)), key=a_key(), notes={})
    first, second = record.sent
    assert first.headers[KEY.lower()] == second.headers[KEY.lower()] == a_key()
    assert first.body == second.body


def test_a_post_too_large_to_carry_is_found_before() -> None:
    channel = Webhook(
        WebhookOptions.model_validate({"url": "https://hooks.example.org/in", "secret": SECRET}), Tools(name="hook")
    )
    [problem] = channel.check(a_post(images=(an_image(data=b"x" * MOST),)))
    assert problem.code == "post-large"


@pytest.mark.parametrize("url", ["hooks.example.org", "ftp://x.example.org/", "https://", "https://u:p@x.example.org/"])
def test_an_address_must_be_whole(url: str) -> None:
    with pytest.raises(ValueError, match="whole web address"):
        WebhookOptions.model_validate({"url": url, "secret": SECRET})


@given(some.binary(max_size=200), some.integers(0, 2**33))
def test_what_is_signed_is_verified(body: bytes, at: int) -> None:
    assert verify(SECRET, sign(SECRET, body, at), body, now=at)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.replace("v1=", "v1=0"),
        lambda s: s.upper(),
        lambda s: s.replace(f"t={NOW}", f"t={NOW + 1}"),
        lambda s: s.split(",")[0],
        lambda s: "",
        lambda s: "t=,v1=",
        lambda s: s.replace(f"t={NOW}", "t=١٧٠٠٠٠٠٠٠٠"),
        lambda s: s.replace(f"t={NOW}", "t=" + "9" * 40),
    ],
)
def test_a_signature_that_is_not_ours(change: Any) -> None:
    assert not verify(SECRET, change(sign(SECRET, b"body", NOW)), b"body", now=NOW)


def test_another_body_or_secret_or_time() -> None:
    signature = sign(SECRET, b"body", NOW)
    assert not verify(SECRET, signature, b"body2", now=NOW)
    assert not verify("another-example-of-a-secret", signature, b"body", now=NOW)
    assert verify(SECRET, signature, b"body", now=NOW + 300)
    assert not verify(SECRET, signature, b"body", now=NOW + 301)
    assert not verify(SECRET, signature, b"body", now=NOW - 301)


def test_the_page_s_own_check_agrees() -> None:
    page = (ROOT / "docs" / "channels" / "webhook.md").read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    room: dict[str, Any] = {}
    exec(code, room)
    signature = sign(SECRET, b"{}", NOW)
    assert room["genuine"](SECRET, signature, b"{}", NOW)
    assert not room["genuine"](SECRET, signature, b"{ }", NOW)
    assert not room["genuine"](SECRET, signature, b"{}", NOW + 999)


def test_the_time_is_ours() -> None:
    record = recording()
    options = WebhookOptions.model_validate({"url": "https://hooks.example.org/in", "secret": SECRET})
    at = datetime(2023, 10, 9, 8, 0, tzinfo=UTC)
    Webhook(options, Tools(name="hook", now=lambda: at, http=record.http)).send(a_post(), key=a_key(), notes={})
    assert record.sent[0].headers["campaign-signature"].startswith(f"t={int(at.timestamp())},v1=")


@pytest.mark.parametrize(("keeps", "kind"), [(True, ReplayKind.SAFE), (False, ReplayKind.NEVER)])
def test_what_it_promises_is_what_the_receiver_does(keeps: bool, kind: ReplayKind) -> None:
    given = {"url": "https://hooks.example.org/in", "secret": SECRET, "keeps_keys": keeps}
    channel = Webhook(WebhookOptions.model_validate(given), Tools(name="hook"))
    assert channel.promise().kind is kind
    page = (ROOT / "docs" / "channels" / "webhook.md").read_text("utf-8")
    assert channel.promise().promise in " ".join(page.split())


@pytest.mark.parametrize("keeps", [True, False])
def test_an_attempt_without_an_answer_is_in_doubt_and_the_same_again_comes_once(keeps: bool) -> None:
    had: list[str] = []

    def receiver(sent: Sent) -> Answer:
        again = sent.headers[KEY.lower()] in had
        had.append(sent.headers[KEY.lower()])
        if not again:
            raise Fault("read")
        return Answer(409)

    given = {"url": "https://hooks.example.org/in", "secret": SECRET, "keeps_keys": keeps}
    http = recording(receiver).http
    channel = Webhook(WebhookOptions.model_validate(given), Tools(name="hook", now=lambda: NOON, http=http))
    with pytest.raises(Uncertain):
        channel.send(a_post(), key=a_key(), notes={})
    again = channel.send(a_post(), key=a_key(), notes={})
    assert (again.duplicate, had) == (True, [a_key(), a_key()])
