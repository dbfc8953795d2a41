"""Signing in: by OAuth with a loopback answer or a pasted one, and by secrets typed in; one refresher at a time."""

from __future__ import annotations

import json
import threading
import urllib.request
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from campaign.channels._oauth import challenge
from campaign.channels._tokens import Keychain
from campaign.channels.base import Channel, MemoryNotes, Tools
from campaign.channels.connect import Loopback, SignsIn, forget, keep_secret, kept_secrets, read_answer, sign_in
from campaign.channels.facebook import Facebook
from campaign.channels.linkedin import LinkedIn
from campaign.channels.mastodon import Mastodon
from campaign.channels.threads import Threads
from campaign.channels.trial import trial_post, try_post
from campaign.channels.x import X
from campaign.clock import SettableClock
from campaign.errors import ChannelDown, RefusedError, TryLater
from campaign.testing import NOON, Imitation, a_key, recording
from tests.channels import played_linkedin, played_mastodon, played_meta, played_x

BACK = "http://127.0.0.1:8765/callback"


def made(kind: type[Channel[Any]], played: Imitation, **options: Any) -> Any:
    clock = SettableClock(NOON)
    return kind(
        kind.Options(**options),
        Tools(name="under-test", now=clock.now, http=recording(played).http, notes=MemoryNotes(), sleep=clock.sleep),
    )


class Person:
    """Somebody who signs in and comes back with `code`."""

    def __init__(self, code: str = "code-1", **changed: str) -> None:
        self.code, self.changed = code, changed
        self.asked: dict[str, str] = {}
        self.host: str | None = None

    def __call__(self, url: str) -> str:
        parts = urlsplit(url)
        self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.host = parts.hostname
        state = self.changed.get("state", self.asked["state"])
        return f"{self.asked['redirect_uri']}?code={self.code}&state={state}"


def test_mastodon_registers_itself_and_gets_a_token() -> None:
    channel = made(Mastodon, played_mastodon.PlayedMastodon(), server="social.example.org")
    person = Person()
    assert sign_in(channel, BACK, person)
    assert person.host == "social.example.org"
    assert person.asked["client_id"] == "app-1"
    assert person.asked["code_challenge_method"] == "S256"
    assert channel.verify().name == "@hscp@social.example.org"
    assert channel.verify().rights == ("read:accounts",)
    assert "app-secret-1" not in repr(channel.options)


def test_x_linkedin_and_threads_sign_in_their_own_ways() -> None:
    class CodedX(played_x.PlayedX):
        def token(self, sent: Any) -> Any:
            form = self.form(sent)
            self.must(form["grant_type"] == "authorization_code", "a code")
            self.proof = form["code_verifier"]
            return super().token(sent)

        token.__dict__.update(played_x.PlayedX.token.__dict__)

    played, person = CodedX(), Person()
    channel = made(X, played, client_id="client-1", client_secret="example-client-secret")
    assert sign_in(channel, BACK, person)
    assert person.asked["code_challenge"] == challenge(played.proof)
    assert "offline.access" in person.asked["scope"]
    assert channel.verify().name == "@hscp"
    assert not played.broken
    linkedin = made(
        LinkedIn, played_linkedin.PlayedLinkedIn(), organization="1234567", client_id="c", client_secret="s-example"
    )
    assert sign_in(linkedin, BACK, Person())
    assert linkedin.verify().rights == ("w_organization_social", "r_organization_social")
    assert linkedin.verify().expires == NOON + timedelta(days=365)
    threads = made(
        Threads, played_meta.PlayedThreads(), account=played_meta.USER, client_id="c", client_secret="s-example"
    )
    assert sign_in(threads, BACK, Person())
    assert threads.verify().rights == ("threads_basic", "threads_content_publish")
    assert threads.verify().expires == NOON + timedelta(days=60)


def test_a_network_without_oauth_here_asks_for_tokens() -> None:
    assert not isinstance(made(Facebook, Imitation(), page="1"), SignsIn)
    assert isinstance(made(Mastodon, Imitation(), server="social.example.org"), SignsIn)
    with_keys = made(X, Imitation(), api_key="k")
    assert not sign_in(with_keys, BACK, lambda url: pytest.fail("nobody is asked"))


def test_an_answer_to_another_question_is_refused() -> None:
    channel = made(Mastodon, played_mastodon.PlayedMastodon(), server="social.example.org")
    with pytest.raises(RefusedError, match="another sign-in"):
        sign_in(channel, BACK, Person(state="stolen"))
    with pytest.raises(ChannelDown, match="The code is not valid"):
        sign_in(channel, BACK, Person(code="old"))
    assert channel.tools.notes.get("token") is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("http://127.0.0.1:8765/callback?code=abc&state=s", "abc"),
        ("/callback?state=s&code=abc#_", "abc"),
        ("  abc \n", "abc"),
        ("code=abc&state=s", "abc"),
    ],
)
def test_what_is_pasted_may_be_the_address_or_the_code(answer: str, code: str) -> None:
    assert read_answer(answer, "s") == code


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("", "neither"),
        ("no code here", "neither"),
        ("https://a.example/?error=access_denied&error_description=You+said+no&state=s", "You said no"),
        ("https://a.example/?state=s", "no code"),
        ("https://a.example/?code=x&state=other", "another sign-in"),
    ],
)
def test_what_is_pasted_wrong_is_explained(answer: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        read_answer(answer, "s")


def test_the_browser_comes_back_to_the_loopback() -> None:
    loopback = Loopback(0)
    came: list[str] = []

    def browse() -> None:
        for path in ("/favicon.ico", "/callback?code=abc&state=s"):
            try:
                with urllib.request.urlopen(loopback.redirect_uri.replace("/callback", path), timeout=300) as page:
                    came.append(page.read().decode())
            except urllib.error.HTTPError as error:
                came.append(str(error.code))

    browser = threading.Thread(target=browse)
    browser.start()
    try:
        assert read_answer(loopback.wait(turns=300), "s") == "abc"
    finally:
        loopback.close()
        browser.join()
    assert came[0] == "404"
    assert "You are signed in" in came[1]


def test_nobody_comes_back() -> None:
    loopback = Loopback(0)
    with pytest.raises(RefusedError, match="five minutes"):
        loopback.wait(turns=0)
    loopback.close()


def test_secrets_typed_in_are_kept_and_forgotten() -> None:
    notes = MemoryNotes()
    keep_secret(notes, "token", "one")
    keep_secret(notes, "token", "two")
    assert kept_secrets(notes, ["token", "other"]) == {"token": "two"}
    forget(notes, ["token", "other"])
    assert kept_secrets(notes, ["token"]) == {}


def test_one_refresher_at_a_time_over_threads() -> None:
    notes = MemoryNotes({"token": json.dumps({"access": "old", "refresh": "r0"})})
    inside, most, calls = 0, 0, []
    gate = threading.Lock()
    kept, dozing = threading.Event(), threading.Semaphore(0)

    def renew(old: dict[str, Any]) -> dict[str, Any]:
        nonlocal inside, most
        with gate:
            inside += 1
            most = max(most, inside)
            calls.append(old["refresh"])
        for _ in range(7):
            assert dozing.acquire(timeout=300), "every other thread waits"
        with gate:
            inside -= 1
        return {"access": "new", "refresh": "r1"}

    got: list[str] = []

    def doze(seconds: float) -> None:
        dozing.release()
        kept.wait(300)

    def work() -> None:
        tools = Tools(name="t", now=lambda: NOON, notes=notes, sleep=doze)
        got.append(Keychain(tools).renew({"access": "old", "refresh": "r0"}, renew)["access"])
        kept.set()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["new"] * 8
    assert (most, calls) == (1, ["r0"])


def test_a_lock_whose_holder_died_is_free_after_its_lease() -> None:
    notes = MemoryNotes({"token": json.dumps({"access": "old"}), "token.lock": f"{NOON.timestamp() + 90} dead"})
    clock = SettableClock(NOON)
    chain = Keychain(Tools(name="t", now=clock.now, notes=notes))
    with pytest.raises(TryLater, match="renewing"):
        chain.renew({"access": "old"}, lambda old: pytest.fail("the lock is held"))
    clock.advance(timedelta(seconds=91))
    assert chain.renew({"access": "old"}, lambda old: {"access": "new"}) == {"access": "new"}
    assert notes.get("token.lock") is None


def test_tokens_stored_just_before_the_lock_was_ours_are_used() -> None:
    class Racing(MemoryNotes):
        def swap(self, name: str, *, old: str | None, new: str | None, secret: bool = False) -> bool:
            if name == "token.lock" and new is not None:
                super().swap("token", old=self.get("token"), new=json.dumps({"access": "theirs"}))
            return super().swap(name, old=old, new=new, secret=secret)

    chain = Keychain(Tools(name="t", now=lambda: NOON, notes=Racing({"token": json.dumps({"access": "old"})})))
    assert chain.renew({"access": "old"}, lambda old: pytest.fail("a spent token is used")) == {"access": "theirs"}


def test_a_sign_in_made_meanwhile_wins_over_a_refresh() -> None:
    notes = MemoryNotes({"token": json.dumps({"access": "old"})})
    chain = Keychain(Tools(name="t", now=lambda: NOON, notes=notes))

    def renew(old: dict[str, Any]) -> dict[str, Any]:
        chain.store({"access": "by a person"})
        return {"access": "by the refresh"}

    assert chain.renew({"access": "old"}, renew) == {"access": "by a person"}


def test_a_trial_post_is_marked_and_can_be_taken_back() -> None:
    played = played_mastodon.PlayedMastodon()
    channel = made(Mastodon, played, server="social.example.org", token=played_mastodon.TOKEN)
    receipt = try_post(channel, trial_post("mastodon", NOON), a_key())
    assert played.accepted[0]["status"].startswith("Test message, 10 October 2023 12:00:00 UTC.")
    channel.delete(receipt.remote_id)
    assert played.statuses == []
