"""The channels of an installation: made from settings, channels.yaml and the ledger, real where live."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from campaign.channels._lasting import StaysSignedIn
from campaign.channels.base import Channel, Options, Tools
from campaign.channels.connect import kept_secrets
from campaign.channels.http import Http, Timeouts
from campaign.channels.outbox import stand_in
from campaign.channels.registry import Registry, secret_fields
from campaign.clock import Clock
from campaign.errors import ChannelError, RefusedError, SettingsError, TryLater
from campaign.model import ChannelRef
from campaign.settings import Installation, Settings
from campaign.settings.installation import ChannelEntry
from campaign.store import Store
from campaign.tokens import Key


class Ways:
    """The channels as the installation and the ledger have them now: the real one where live, the outbox where not."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        installation: Installation,
        clock: Clock,
        registry: Registry | None = None,
        http: Http | None = None,
        publish_media: Callable[[bytes, str], str] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._installation = installation
        self._clock = clock
        self._registry = registry or Registry()
        self._http = http
        self._making = threading.RLock()
        self._publish_media = publish_media
        self._made: dict[tuple[str, str, bool], Channel[Any]] = {}
        self._states: tuple[int, dict[str, Any]] = (-1, {})

    def is_live(self, name: str) -> bool:
        """Whether what is sent over it leaves the installation."""
        state = self._known().get(name)
        return bool(state and state.live)

    def problem(self, ref: ChannelRef) -> str:
        """Why nothing can go over this channel ("" where it can)."""
        state = self._known().get(ref.id)
        if state and state.down:
            return f"the channel {ref.id} is down ({state.down})"
        if ref.id not in self._installation.channels and any(each.live for each in self._known().values()):
            return f"the channel {ref.id} is not set up in channels.yaml"
        try:
            self.channel(ref)
        except SettingsError as error:
            return f"the channel {ref.id} is not set up: {error}"
        return ""

    def channel(self, ref: ChannelRef) -> Channel[Any]:
        """The channel itself, or its outbox; raises SettingsError."""
        entry = self._installation.channels.get(ref.id)
        kind = entry.kind if entry else ref.kind
        live = self.is_live(ref.id)
        wanted = (ref.id, kind, live)
        with self._making:
            if wanted not in self._made:
                self._made[wanted] = self._make(ref.id, kind, entry.options if entry else {}, live)
            return self._made[wanted]

    def _make(self, name: str, kind: str, options: Mapping[str, Any], live: bool) -> Channel[Any]:
        if live:
            return self._registry.make(name, kind, self._with_secrets(name, kind, options), self.tools(name))
        real = self._registry.get(kind, name=name)
        return stand_in(real)(self._registry.measure(name, kind, options), self.tools(name))

    def try_out(self, name: str) -> None:
        """Make the real channel once, as it would be when live; raises SettingsError where something is missing."""
        self.real(name).close()

    def real(self, name: str) -> Channel[Any]:
        """The real channel, live or not, made anew: for signing in, verifying and trying; raises SettingsError."""
        entry = self.entry(name)
        options = self._with_secrets(name, entry.kind, entry.options)
        return self._registry.make(name, entry.kind, options, self.tools(name))

    def stay_signed_in(self) -> dict[str, ChannelError]:
        """Let each live channel renew a sign-in that would run out unused; what failed, by name."""
        failed: dict[str, ChannelError] = {}
        for name, entry in self._installation.channels.items():
            ref = ChannelRef(id=name, kind=entry.kind)
            if not self.is_live(name) or self.problem(ref):
                continue
            channel = self.channel(ref)
            try:
                if isinstance(channel, StaysSignedIn):
                    channel.stay_signed_in()
            except ChannelError as error:
                failed[name] = error
        return failed

    def promise(self, name: str, kind: str) -> str:
        """What the channel promises, as it is set up and as far as its server is known; what is wrong with it, where
        it cannot be made."""
        entry = self._installation.channels.get(name)
        options = self._with_secrets(name, kind, entry.options) if entry else {}
        try:
            channel = self._registry.get(kind, name=name)(self._registry.measure(name, kind, options), self.tools(name))
        except SettingsError as error:
            return str(error)
        try:
            return channel.promise().promise
        finally:
            channel.close()

    def entry(self, name: str) -> ChannelEntry:
        """What channels.yaml says of a channel; RefusedError where it says nothing."""
        entry = self._installation.channels.get(name)
        if entry is None:
            raise RefusedError(f"{name} is not in channels.yaml yet. Add it there, with its kind and options.")
        return entry

    def missing_secrets(self, name: str) -> list[str]:
        """The secret options of a channel that neither the settings nor an earlier sign-in gave."""
        entry = self.entry(name)
        given = self._with_secrets(name, entry.kind, entry.options)
        return [
            field for field in secret_fields(self._registry.get(entry.kind, name=name).Options) if field not in given
        ]

    def options_of(self, name: str) -> type[Options]:
        """The model of a channel's options."""
        return self._registry.get(self.entry(name).kind, name=name).Options

    def _with_secrets(self, name: str, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options with the secrets that were typed in at `connect`; what the settings say comes first."""
        fields = secret_fields(self._registry.get(kind, name=name).Options)
        return {**kept_secrets(self._store.notes(name), fields), **options}

    def tools(self, name: str) -> Tools:
        """What the channel of that name is handed."""
        return Tools(
            name=name,
            now=self._clock.now,
            http=self._network(),
            notes=self._store.notes(name),
            folder=self._settings.home / "outbox",
            media_url=self._settings.media_url,
            publish_media=self._publish_media,
            sleep=self._clock.sleep,
            ca_file=self._settings.ca_file,
        )

    def close(self) -> None:
        """Let go of every channel's connections."""
        for channel in self._made.values():
            channel.close()
        if self._http is not None:
            self._http.close()

    def fetch(self, url: str) -> bytes:
        """The body of a public web address; TryLater where it answers anything but 200."""
        reply = self._network().fetch_public(url)
        if reply.status != 200:
            raise TryLater(f"The address answered {reply.status}.")
        return reply.body

    def date_of(self, url: str) -> str:
        """The Date header of a server's answer; TryLater where it has none or cannot be reached."""
        date = self._network().fetch_public(url).headers.get("date", "")
        if not date:
            raise TryLater("The server did not say what time it is.")
        return date

    def ask(
        self, method: str, url: str, data: Mapping[str, str], headers: Mapping[str, str], secrets: tuple[str, ...]
    ) -> tuple[int, bytes]:
        """Status and body of an answer, whatever its status; no redirect is followed. Raises ChannelError."""
        soon = Timeouts(connect=3, write=5, read=10, whole=15)  # somebody waits for it
        reply = self._network().request(method, url, data=data or None, headers=headers, secrets=secrets, timeout=soon)
        return reply.status, reply.body

    def post_json(self, url: str, body: Mapping[str, str]) -> None:
        """Post JSON to an address of our own settings; TryLater where it answers anything but 2xx."""
        reply = self._network().request("POST", url, json=dict(body), secrets=(url,))
        if not 200 <= reply.status < 300:
            raise TryLater(f"The address answered {reply.status}.")

    def _network(self) -> Http:
        with self._making:
            if self._http is None:
                self._http = Http(
                    monotonic=self._clock.monotonic,
                    sleep=self._clock.sleep,
                    proxy=self._settings.proxy.get_secret_value(),
                    ca_file=self._settings.ca_file,
                    allow_private=self._settings.allow_private,
                )
            return self._http

    def _known(self) -> dict[str, Any]:
        changes = self._store.ledger.changes()
        if changes != self._states[0]:
            self._states = (changes, self._store.channels.all())
        return self._states[1]


def media_publisher(settings: Settings, key: Key) -> Callable[[bytes, str], str] | None:
    """What puts an image at a public address: an unguessable name below `media/`; None where no address is set."""
    if not settings.media_url:
        return None

    def publish(data: bytes, media_type: str) -> str:
        suffix = {"image/png": ".png", "image/jpeg": ".jpg"}.get(media_type, "")
        name = key.token("media-v1", hashlib.sha256(data).hexdigest()) + suffix
        path = settings.home / "media" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_name(f"{name}.{os.getpid()}.part")
            half.write_bytes(data)
            half.replace(path)
        return f"{settings.media_url.rstrip('/')}/{name}"

    return publish
