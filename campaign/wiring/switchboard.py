"""The channels of an opened installation, as staff look after them: for the desk and the commands."""

from __future__ import annotations

import json
import secrets as randomness
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from campaign.channels import connect as rules
from campaign.channels._lasting import SIGN_IN, Ends
from campaign.channels._oauth import verifier
from campaign.channels._tokens import Keychain
from campaign.channels.base import Channel, Deletes, Verifies
from campaign.channels.registry import Registry, secret_fields
from campaign.channels.trial import trial_post, try_post
from campaign.delivery.switching import Headroom, Known, Secret, Trial
from campaign.errors import ChannelDown, ChannelError, RefusedError, SettingsError
from campaign.model import Email, Post
from campaign.wiring.app import App

#: Names of the notes in which this keeps what was heard, what was tried, and a sign-in that is under way.
HEARD, TRIED, UNDER_WAY = "account", "trial", "signing in"
#: A sign-in with a network has to come back within this time.
LASTS = timedelta(minutes=30)
#: For how long what was looked up of a sign-in's end holds.
FRESH = timedelta(minutes=1)


class Switchboard:
    """See `campaign.delivery.switching.Switchboard`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._ends: dict[str, tuple[datetime, datetime | None]] = {}

    def settable(self, name: str) -> str:
        """Why it cannot be set up here."""
        return "" if name in self._app.installation.channels else f"{name} is not in channels.yaml yet."

    def until(self, name: str) -> datetime | None:
        """Until when it stays signed in; looked up at most once a minute, for every page asks."""
        now = self._app.clock.now()
        looked, end = self._ends.get(name, (now - 2 * FRESH, None))
        if not timedelta() <= now - looked < FRESH:
            end = self._end(name)
            self._ends[name] = now, end
        return end

    def _end(self, name: str) -> datetime | None:
        try:
            with self._real(name) as channel:
                end = channel.ends().get(SIGN_IN) if isinstance(channel, Ends) else None
        except (SettingsError, RefusedError):  # what is wrong with it is shown where its state is
            end = None
        known = self.known(name)
        return end or (known.until if known else None)

    def known(self, name: str) -> Known | None:
        """What was last heard."""
        kept = self._app.store.notes(name).get(HEARD)
        if not kept:
            return None
        said: dict[str, Any] = json.loads(kept)
        until = datetime.fromisoformat(said["until"]) if said["until"] else None
        return Known(
            account=said["account"],
            rights=tuple(said["rights"]),
            until=until,
            detail=said["detail"],
            error=said["error"],
            at=datetime.fromisoformat(said["at"]),
        )

    def headroom(self, name: str) -> Headroom:
        """How much may go over it."""
        closed = self._app.store.notes(name).get("pace")
        until = datetime.fromisoformat(closed) if closed else None
        entry = self._app.installation.channels.get(name)
        rate = 0.0
        if entry is not None:
            try:
                options = Registry().measure(name, entry.kind, entry.options)
                rate = sum(float(getattr(part, "rate", 0) or 0) for part in getattr(options, "endpoints", (options,)))
            except SettingsError:
                rate = 0.0  # what is wrong with it is shown where its state is
        return Headroom(rate=rate, closed_until=until if until and until > self._app.clock.now() else None)

    def verify(self, name: str, *, now: datetime) -> Known:
        """Ask the network."""
        self._ends.pop(name, None)
        try:
            with self._real(name) as channel:
                if not isinstance(channel, Verifies):
                    raise RefusedError(f"The network of {name} cannot be asked whose account it is.")
                account = channel.verify()
            found = Known(
                account=account.name, rights=account.rights, until=account.expires, detail=account.detail, at=now
            )
        except (ChannelError, SettingsError) as error:
            found = Known(error=str(error), at=now)
        said = {
            "account": found.account,
            "rights": list(found.rights),
            "until": found.until.isoformat() if found.until else "",
            "detail": found.detail,
            "error": found.error,
            "at": now.isoformat(),
        }
        self._note(name, HEARD, json.dumps(said, sort_keys=True))
        return found

    def secrets(self, name: str) -> list[Secret]:
        """The secrets that it takes."""
        model, missing = self._app.ways.options_of(name), set(self._app.ways.missing_secrets(name))
        return [
            Secret(
                name=field,
                label=(model.model_fields[field].description or field.replace("_", " ")).rstrip("."),
                required=model.model_fields[field].is_required(),
                given=field not in missing,
            )
            for field in secret_fields(model)
        ]

    def keep(self, name: str, values: Mapping[str, str], *, who: str, now: datetime) -> None:
        """Keep secrets."""
        model = self._app.ways.options_of(name)
        fields = set(secret_fields(model))
        for field, value in values.items():
            if field not in fields:
                raise RefusedError(f"{name} takes no secret of that name.")
            if value.strip():
                self._keep_one(name, field, value.strip())
        self._app.store.log.add(who=who, act="channel.connect", target=name, now=now)

    def _keep_one(self, name: str, field: str, value: str) -> None:
        if field == "token":
            try:
                with self._real(name) as channel:
                    if hasattr(channel, "keep_token"):
                        channel.keep_token(value)
                        return
            except SettingsError:  # it cannot be made before it has its secrets
                pass
        rules.keep_secret(self._app.store.notes(name), field, value)

    def forget(self, name: str, *, who: str, now: datetime) -> None:
        """Forget every secret."""
        rules.forget(self._app.store.notes(name), self._app.ways.options_of(name).model_fields)
        self._app.store.log.add(who=who, act="channel.forget", target=name, now=now)

    def begin(self, name: str, callback: str, *, now: datetime) -> str:
        """Where to sign in."""
        with self._real(name) as channel:
            app = channel.sign_in_app(callback) if isinstance(channel, rules.SignsIn) else None
            if app is None:
                return ""
            state, proof = f"{name}.{randomness.token_urlsafe(24)}", verifier()
            under_way = {"state": state, "proof": proof, "callback": callback, "at": now.isoformat()}
            self._note(name, UNDER_WAY, json.dumps(under_way, sort_keys=True), secret=True)
            return app.authorize_url(callback, state, proof)

    def finish(self, answer: str, *, who: str, now: datetime) -> str:
        """Take the answer."""
        name = rules.state_of(answer).rpartition(".")[0]
        if name not in self._app.installation.channels:
            raise RefusedError("That answer belongs to no channel here. Start again from the channel's page.")
        kept = self._app.store.notes(name).get(UNDER_WAY)
        under_way: dict[str, str] = json.loads(kept) if kept else {}
        if not under_way or now - datetime.fromisoformat(under_way["at"]) > LASTS:
            raise RefusedError("That sign-in is too old. Start again from the channel's page.")
        code = rules.read_answer(answer, under_way["state"])
        self._note(name, UNDER_WAY, None, secret=True)
        with self._real(name) as channel:
            app = channel.sign_in_app(under_way["callback"]) if isinstance(channel, rules.SignsIn) else None
            if app is None or channel.tools.http is None:
                raise ChannelDown(f"{name} does not sign in this way.")
            granted = app.exchange(channel.tools.http, code, under_way["callback"], under_way["proof"], now)
            Keychain(channel.tools).store(channel.settle_tokens(granted))
        self._app.store.log.add(who=who, act="channel.connect", target=name, now=now)
        return name

    def trial(self, name: str, *, now: datetime) -> str:
        """The words of the test message."""
        with self._posting(name):
            return trial_post(name, now).text

    def try_out(self, name: str, *, who: str, now: datetime) -> Trial:
        """Post it."""
        with self._posting(name) as channel:
            self._app.store.log.add(who=who, act="channel.test", target=name, now=now)
            key = self._app.key.token("trial-v1", name, str(now))
            receipt = try_post(channel, trial_post(name, now), key)
            deletable = isinstance(channel, Deletes) and bool(receipt.remote_id)
            self._note(name, TRIED, receipt.remote_id if deletable else None)
            return Trial(url=receipt.url, deletable=deletable)

    def take_back(self, name: str, *, who: str, now: datetime) -> None:
        """Delete the last one."""
        posted = self._app.store.notes(name).get(TRIED)
        with self._posting(name) as channel:
            if not posted or not isinstance(channel, Deletes):
                raise RefusedError(f"There is no test message of {name} that can be deleted from here.")
            channel.delete(posted)
        self._note(name, TRIED, None)
        self._app.store.log.add(who=who, act="channel.test", target=name, now=now, detail={"deleted": True})

    def effect(self, name: str, *, live: bool) -> tuple[str, ...]:
        """What switching it would change."""
        if not live:
            return (f"From now on what goes over {name} is written to the outbox, and counts as sent for good.",)
        self._app.ways.try_out(name)
        warning = self._mail_guard(name)
        said = [f"From now on what goes over {name} leaves this machine and reaches people."]
        if not self._app.store.channels.any_live():
            said.append("It is the first: every approval given by loading falls.")
        return (*said, *((warning,) if warning else ()))

    def switch(self, name: str, *, live: bool, who: str, now: datetime) -> None:
        """Switch it."""
        self.effect(name, live=live)
        kind = self._app.channel_kinds()[name]
        self._app.store.channels.set_live(name, kind, live, author=who, now=now)

    def _mail_guard(self, name: str) -> str:
        """Mail goes live only where people can leave; until then it reaches the guest list alone, which this says."""
        kind = self._app.channel_kinds()[name]
        why = self._no_way_to_leave() if Registry().get(kind).carries is Email else ""
        if why and not self._app.settings.guests:
            mend = "Start `campaign run` there, or set CAMPAIGN_GUEST_LIST to try it on guests."
            raise RefusedError(f"Mail cannot go live yet: {why}. {mend}")
        return f"Mail reaches the guest list alone until this is mended: {why}." if why else ""

    def _no_way_to_leave(self) -> str:
        """Why readers could not leave with one click ("" where they can): our own address must answer our own probe."""
        base = self._app.settings.base_url
        if not base.startswith("https://"):
            return "CAMPAIGN_BASE_URL is not an https address, and one-click unsubscribe needs one"
        try:
            answer = self._app.ways.fetch(f"{base}/unsubscribe/probe").decode("ascii", "replace").strip()
        except ChannelError as error:
            return f"{base}/unsubscribe cannot be reached: {error}"
        return "" if answer == self._app.probe else f"{base}/unsubscribe leads to something else than this installation"

    @contextmanager
    def _real(self, name: str) -> Iterator[Any]:
        channel: Channel[Any] = self._app.ways.real(name)
        try:
            yield channel
        finally:
            channel.close()

    @contextmanager
    def _posting(self, name: str) -> Iterator[Any]:
        with self._real(name) as channel:
            if channel.carries is not Post:
                raise RefusedError(f"{name} carries email. Send a test of an email from its own page.")
            yield channel

    def _note(self, name: str, note: str, value: str | None, *, secret: bool = False) -> None:
        notes = self._app.store.notes(name)
        while not notes.swap(note, old=notes.get(note), new=value, secret=secret):
            continue
