"""An opened installation: what commands and the service are made from."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from campaign.address import KeyRing, parse
from campaign.channels.base import Channel
from campaign.channels.registry import Registry
from campaign.channels.smtp import LANES
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
from campaign.delivery.mail import hand
from campaign.delivery.mail.nursery import Nursery, open_nursery
from campaign.delivery.rights import forget_old
from campaign.delivery.service import Service
from campaign.delivery.shelf import Shelf
from campaign.errors import ChannelDown, TryLater
from campaign.model import ChannelRef, Email
from campaign.settings import Settings, load_installation, load_key
from campaign.settings.environment import others
from campaign.store.ageing import age_out
from campaign.store.ciphers import know_cipher
from campaign.store.keys import know_key
from campaign.store.letters import LetterKind, post_letter
from campaign.store.lists import save_senders
from campaign.store.log import record
from campaign.wiring.parts import make_parts, open_store
from campaign.wiring.ways import Ways, media_publisher


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
            know_cipher(connection, self.store.cipher)
            save_senders(connection, self.installation.senders.values())
        self._shelf = Shelf(self.store)
        self._looked_at: set[str] = set()
        media = media_publisher(settings, self.key)
        self.ways = Ways(self.store, settings, self.installation, self.clock, publish_media=media)
        self.parts = make_parts(settings, self.store, self.key, self.clock, self.installation, self.ways)

    @property
    def probe(self) -> str:
        """What our own unsubscribe address answers when it is asked whether it leads here."""
        return self.key.token("probe-v1", "unsubscribe")

    def channel_kinds(self) -> dict[str, str]:
        """Name -> kind of every channel that the installation or a loaded programme names."""
        named = {ref.id: ref.kind for force in self._shelf.all() for ref in force.programme.channels.values()}
        return named | {entry.name: entry.kind for entry in self.installation.channels.values()}

    @contextmanager
    def service(self, *, alone: bool = True, tells: list[Tell] | None = None, processes: int = 1) -> Iterator[Service]:
        """A scheduler and worker on this ledger; BusyError names another that is at it already.

        `processes`: how many send a large mailing (0: one a processor).
        """
        now = self.clock.now()
        boot = boot_id()
        single = alone and self.store.database.sqlite
        with (
            self.store.workers.working(
                host=platform.node(), pid=os.getpid(), boot=boot, now=now, alone=single
            ) as worker,
            self._nursery(processes or os.cpu_count() or 1) as nursery,
        ):
            shelf = Shelf(self.store)
            teller = Teller(
                self.store,
                tells or [],
                lambda now: views.completed(self.parts, shelf.all(), now),
                lambda now: [each for each in self.store.workers.silent(now) if each.id != worker.id],
            )
            parts = replace(self.parts, nursery=nursery)
            service = Service(parts, worker=worker.id, boot=boot, teller=teller)
            service.begin()
            yield service
            service.close()

    @contextmanager
    def _nursery(self, processes: int) -> Iterator[Nursery | None]:
        """What makes the processes that send large mailings."""
        nursery = open_nursery(hand.Kit(self.clock, self.key, self.parts.urls), processes, others(), loads=LANES)
        yield nursery
        if nursery is not None:
            nursery.close()

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

    def write_letter(self, kind: str, to: str, values: Mapping[str, str], now: datetime) -> bool:
        """Queue a letter to a member of the team, from the first sender; whether it will leave the installation."""
        sender = next(iter(self.installation.senders), "")
        if not sender or not self.settings.base_url:
            return False
        with self.store.database.write() as connection:
            post_letter(connection, self.ring, LetterKind(kind), parse(to), sender=sender, values=values, now=now)
        return self._letters_leave()

    def _letters_leave(self) -> bool:
        try:
            ref = self._letters_ref("")
        except ChannelDown:
            return False
        return self.ways.is_live(ref.id) and not self.ways.problem(ref)

    def letters_channel(self, chosen: str = "") -> Channel[Email]:
        """`chosen`, else `CAMPAIGN_LETTERS_CHANNEL`, else the only email channel; ChannelDown where that is not one."""
        return self.ways.channel(self._letters_ref(chosen))

    def _letters_ref(self, chosen: str) -> ChannelRef:
        chosen = chosen or self.settings.letters_channel
        names = [chosen] if chosen else sorted(self._email_channels())
        if len(names) != 1:
            raise ChannelDown(
                "Letters need one email channel: name it in channels.yaml, or choose with CAMPAIGN_LETTERS_CHANNEL."
            )
        kind = self.channel_kinds().get(names[0], "smtp")
        return ChannelRef(id=names[0], kind=kind)

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
            self.age_out(now)

        found = [
            Chore(name="letters", seconds=2, job=lambda now: postman.work(now=now)),
            Chore(name="forgetting", seconds=6 * 3600, job=forget),
            Chore(name="sign-ins", seconds=3600, job=self.stay_signed_in),
        ]
        if self.settings.feedback_mailbox:
            found.append(Chore(name="feedback mailbox", seconds=60, job=self.read_feedback))
        return found

    def stay_signed_in(self, now: datetime) -> None:
        """Renew the sign-ins that would run out unused. One that is lost pauses its channel, and alerts, while there is
        time; raises TryLater for one that could not be renewed just now."""
        failed, kinds = self.ways.stay_signed_in(), self.channel_kinds()
        for name, error in failed.items():
            if isinstance(error, ChannelDown):
                self.store.channels.set_down(name, kinds[name], str(error), now=now)
        for name, error in failed.items():
            if not isinstance(error, ChannelDown):
                raise TryLater(f"{name}: {error}", code=error.code)

    def age_out(self, now: datetime) -> list[str]:
        """Delete copies of the ledger that are older than the settings keep them; their names."""
        settings = self.settings
        keep = timedelta(days=settings.keep_backups)
        gone = age_out(settings.backup_folder, settings.home, now=now, keep=keep)
        if gone:
            with self.store.database.write() as connection:
                record(connection, who="service", act="delete old backups", now=now, detail={"files": gone})
        return gone

    def read_feedback(self, now: datetime) -> Counter[str]:
        """Read the feedback mailbox of the settings to its end; SettingsError where there is none."""
        address = self.settings.feedback_mailbox
        password = self.settings.feedback_password.get_secret_value()
        if address.startswith("maildir:"):
            items = maildir(Path(address.removeprefix("maildir:")))
        else:
            ca_file = self.settings.ca_file
            items = MailServer.of(address, password, ca_file=ca_file, looked_at=self._looked_at).items()
        return read_all(items, self.feedback_policy(), source=address.partition(":")[0], now=now)

    def close(self) -> None:
        """Let go of channels and connections."""
        self.ways.close()
        self.store.close()


def boot_id() -> str:
    """What tells one start of the machine from another; "" where the system does not say."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""
