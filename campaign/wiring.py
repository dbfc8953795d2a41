"""The composition root: settings become clock, store, channels and service. Plain lines, no container."""

from __future__ import annotations

import base64
import hashlib
import os
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from campaign.address import KeyRing
from campaign.channels.base import Channel, Options, Tools
from campaign.channels.connect import kept_secrets
from campaign.channels.http import Http
from campaign.channels.outbox import stand_in
from campaign.channels.registry import Registry, secret_fields
from campaign.clock import Clock, SystemClock
from campaign.delivery import telling, views
from campaign.delivery.alerts import Tell, Teller
from campaign.delivery.chores import Chore
from campaign.delivery.feedback import Policy
from campaign.delivery.feedback.hooks import hooks
from campaign.delivery.feedback.reading import read_all
from campaign.delivery.feedback.sources import MailServer, maildir
from campaign.delivery.forms import Hook
from campaign.delivery.letters import Postman
from campaign.delivery.parts import Parts
from campaign.delivery.parts import Ways as AnyWays
from campaign.delivery.rights import forget_old
from campaign.delivery.service import Service
from campaign.delivery.shelf import Shelf
from campaign.errors import ChannelDown, RefusedError, SettingsError, TryLater
from campaign.model import ChannelRef, Email, Programme
from campaign.render import Pages
from campaign.render.pages import person_urls
from campaign.settings import Approving, Installation, Settings, load_installation, load_key
from campaign.settings.installation import ChannelEntry
from campaign.store import Cipher, Database, Store, migrations
from campaign.store.keys import know_key
from campaign.store.lists import save_senders
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

    def post_json(self, url: str, body: Mapping[str, str]) -> None:
        """Post JSON to an address of our own settings; TryLater where it answers anything but 2xx."""
        reply = self._network().request("POST", url, json=dict(body), secrets=(url,))
        if not 200 <= reply.status < 300:
            raise TryLater(f"The address answered {reply.status}.")

    def _network(self) -> Http:
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


def open_store(settings: Settings, key: Key, *, create: bool = False) -> Store:
    """The ledger of this installation. `create` makes the tables (init, rehearsals).

    Raises RefusedError where there is no ledger, and SettingsError where the key is not the ledger's.
    """
    database = Database(settings.database)
    if create:
        migrations.create(database)
    elif database.file is not None and not database.file.exists():
        raise RefusedError(
            f"There is no ledger at {database.file.resolve()}. Run `campaign init` first, or set CAMPAIGN_HOME."
        )
    else:
        migrations.check(database)
    database.kept_apart = settings.home / "suppressions.log"
    return Store(database, folder=settings.home, cipher=cipher_of(key))


def cipher_of(key: Key) -> Cipher:
    """What encrypts channels' secrets: a key derived from the installation's own."""
    return Cipher(base64.urlsafe_b64encode(bytes.fromhex(key.hash("notes-v1", ""))))


def make_parts(
    settings: Settings, store: Store, key: Key, clock: Clock, installation: Installation, ways: AnyWays
) -> Parts:
    """Everything the delivery room works with."""

    def pages(programme: Programme) -> Pages:
        campaign = programme.campaign
        return Pages(base_url=settings.base_url, home_url=campaign.home_url, campaign=campaign.id)

    def approving() -> bool:
        if settings.approvals is Approving.AUTO:
            return store.channels.any_live()
        return settings.approvals is not Approving.OFF

    return Parts(
        store=store,
        clock=clock,
        key=key,
        ways=ways,
        senders=lambda: installation.senders,
        pages=pages,
        urls=lambda person: person_urls(settings.base_url, person.unsubscribe_token),
        approving=approving,
        guests=settings.guests,
    )


class App:
    """An opened installation: what commands and the service are made from."""

    def __init__(self, settings: Settings, clock: Clock | None = None, *, create: bool = False) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.key = load_key(settings.key_file)
        self.ring = KeyRing(self.key)
        self.store = open_store(settings, self.key, create=create)
        self.installation = load_installation(settings)
        with self.store.database.write() as connection:
            know_key(connection, self.key)
            save_senders(connection, self.installation.senders.values())
        media = media_publisher(settings, self.key)
        self.ways = Ways(self.store, settings, self.installation, self.clock, publish_media=media)
        self.parts = make_parts(settings, self.store, self.key, self.clock, self.installation, self.ways)

    @property
    def probe(self) -> str:
        """What our own unsubscribe address answers when it is asked whether it leads here."""
        return self.key.token("probe-v1", "unsubscribe")

    def channel_kinds(self) -> dict[str, str]:
        """Name -> kind of every channel that the installation or a loaded programme names."""
        named = {ref.id: ref.kind for force in Shelf(self.store).all() for ref in force.programme.channels.values()}
        return named | {entry.name: entry.kind for entry in self.installation.channels.values()}

    @contextmanager
    def service(self, *, alone: bool = True, tells: list[Tell] | None = None) -> Iterator[Service]:
        """A scheduler and worker on this ledger; BusyError names another that is at it already."""
        now = self.clock.now()
        boot = boot_id()
        single = alone and self.store.database.sqlite
        with self.store.workers.working(
            host=platform.node(), pid=os.getpid(), boot=boot, now=now, alone=single
        ) as worker:
            shelf = Shelf(self.store)
            teller = Teller(self.store, tells or [], lambda now: views.completed(self.parts, shelf.all(), now))
            service = Service(self.parts, worker=worker.id, boot=boot, teller=teller)
            service.begin()
            yield service
            service.close()

    def tells(self) -> list[Tell]:
        """The ways to tell the people on duty that the settings name."""
        found: list[Tell] = []
        url, now = self.settings.alerts_webhook.get_secret_value(), self.clock.now
        if url:
            found.append(telling.by_webhook(self.ways.post_json, url, now))
        addresses = [part.strip() for part in self.settings.alerts_email.split(",") if part.strip()]
        if addresses:
            found.append(telling.by_email(self.alerts_channel, self.parts.senders, addresses, self.key, now))
        return found

    def feedback_policy(self) -> Policy:
        """What does what follows from feedback."""
        return Policy(self.store.database, self.ring, self.key)

    def hooks(self) -> Mapping[str, Hook]:
        """The callbacks of providers that the settings name."""
        return hooks(
            self.feedback_policy(),
            topics=frozenset(part.strip() for part in self.settings.sns_topics.split(",") if part.strip()),
            postmark=self.settings.postmark_hook.get_secret_value(),
            notify=self.settings.notify_hook.get_secret_value(),
            fetch=self.ways.fetch,
        )

    def alerts_channel(self) -> Channel[Email]:
        """The channel that alerts by email go over: `CAMPAIGN_ALERTS_CHANNEL`, else that of letters; ChannelDown."""
        return self.letters_channel(self.settings.alerts_channel)

    def letters_channel(self, chosen: str = "") -> Channel[Email]:
        """`chosen`, else `CAMPAIGN_LETTERS_CHANNEL`, else the only email channel; ChannelDown where that is not one."""
        chosen = chosen or self.settings.letters_channel
        names = [chosen] if chosen else sorted(self._email_channels())
        if len(names) != 1:
            raise ChannelDown(
                "Letters need one email channel: name it in channels.yaml, or choose with CAMPAIGN_LETTERS_CHANNEL."
            )
        kind = self.channel_kinds().get(names[0], "smtp")
        return self.ways.channel(ChannelRef(id=names[0], kind=kind))

    def _email_channels(self) -> set[str]:
        registry = Registry()
        return {name for name, kind in self.channel_kinds().items() if registry.get(kind, name=name).carries is Email}

    def chores(self) -> list[Chore]:
        """What the service does beside the programme, and how often."""
        postman = Postman(
            self.store.database,
            self.key,
            self.letters_channel,
            senders=self.parts.senders,
            base_url=self.settings.base_url or f"http://{self.settings.web_host}:{self.settings.web_port}",
        )
        outbox, months = self.settings.home / "outbox", self.settings.keep_months

        def forget(now: datetime) -> None:
            forget_old(self.store.database, self.key, outbox, now=now, keep_months=months)

        found = [
            Chore(name="letters", seconds=2, job=lambda now: postman.work(now=now)),
            Chore(name="forgetting", seconds=6 * 3600, job=forget),
        ]
        if self.settings.feedback_mailbox:
            found.append(Chore(name="feedback mailbox", seconds=60, job=self.read_feedback))
        return found

    def read_feedback(self, now: datetime) -> Counter[str]:
        """Read the feedback mailbox of the settings to its end; SettingsError where there is none."""
        address = self.settings.feedback_mailbox
        password = self.settings.feedback_password.get_secret_value()
        if address.startswith("maildir:"):
            items = maildir(Path(address.removeprefix("maildir:")))
        else:
            items = MailServer.of(address, password, ca_file=self.settings.ca_file).items()
        return read_all(items, self.feedback_policy(), source=address.partition(":")[0], now=now)

    def close(self) -> None:
        """Let go of channels and connections."""
        self.ways.close()
        self.store.close()


def boot_id() -> str:
    """What tells one start of the machine from another; "" where the system does not say."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""
