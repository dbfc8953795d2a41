"""A hundred more services through Apprise (https://appriseit.com), an optional extra: `campaign-bot[apprise]`.

Apprise says only whether it went well. What went wrong, and whether something left before it did, is not known, so
every failure stays in doubt. Apprise brings its own network client: the proxy and CA settings of this project do not
reach it.
"""

from __future__ import annotations

import logging
from types import ModuleType
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from campaign.channels import _checks
from campaign.channels._images import Frame, UnfitImage, fit
from campaign.channels._plain import file_name, with_images
from campaign.channels.base import Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind, Tools
from campaign.errors import Problem, Refused, SettingsError, Severity, Uncertain
from campaign.model import Post

FRAME = Frame(bytes=5_000_000, side=2048)
MOST_IMAGES = 4


class AppriseOptions(Options):
    """One service, as an Apprise address."""

    url: SecretStr = Field(
        description="The service's Apprise address; it may hold passwords.", examples=["json://127.0.0.1:9/example"]
    )
    patience: float = Field(default=20.0, gt=0, le=120, description="Seconds to wait for an answer.")


class AppriseChannel(Channel[Post]):
    """Posts through Apprise."""

    kind: ClassVar[str] = "apprise"
    title: ClassVar[str] = "Apprise"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.NEVER, "At most once: anything but a clear yes waits for a person to look at the service."
    )
    Options: ClassVar[type[Options]] = AppriseOptions

    def __init__(self, options: AppriseOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._library = _library(tools.name)
        self._service = self._library.Apprise.instantiate(options.url.get_secret_value())
        if self._service is None:
            words = f"Channel {tools.name} (kind apprise): Apprise does not know the address in 'url'."
            hint = "See https://appriseit.com/services/ for how a service's address is written."
            raise SettingsError(Problem("channel-option", words, hint=hint, where=tools.name))
        self._service.socket_connect_timeout = min(5.0, options.patience)
        self._service.socket_read_timeout = options.patience
        self._takes_images = bool(self._service.attachment_support)
        self.limits = Limits(
            text=int(self._service.body_maxlen or 0),
            images=MOST_IMAGES if self._takes_images else 0,
            image_bytes=FRAME.bytes,
        )

    def words(self, message: Post) -> str:
        """Text, link, hashtags, and what the images show."""
        return with_images(message)

    def check(self, message: Post) -> list[Problem]:
        """Length; and whether the service takes images at all."""
        length = self.length(self.words(message))
        problems = [
            *_checks.check_text(length, self.limits, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]
        if self._takes_images:
            problems += _checks.check_images(message, self.limits, FRAME, self.title)
        elif message.images:
            words = f"{self._service.service_name} takes no images by Apprise; what they show is told in words."
            problems.append(Problem("images-dropped", words, Severity.WARNING, where="images"))
        if not length:
            problems.append(Problem("text-empty", "Apprise takes no post without words.", where="text"))
        return problems

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Hand it to Apprise once. Raises Refused or Uncertain."""
        _checks.refuse(self.check(message))
        attach = self._attachments(message) if self._takes_images else None
        room = self._library.Apprise()
        room.add(self._service)
        try:
            went_well = room.notify(
                body=self.words(message), body_format=self._library.NotifyFormat.TEXT, attach=attach or None
            )
        except Exception as error:  # noqa: BLE001  over a hundred plugins: what they raise, and when, is unknown
            raise Uncertain(f"Apprise failed with {type(error).__name__}; the post may have left.") from None
        if not went_well:
            raise Uncertain(f"{self._service.service_name} did not say yes by Apprise; the post may have left.")
        return Receipt(reply=f"{self._service.service_name} said yes.")

    def _attachments(self, message: Post) -> list[Any]:
        from apprise.attachment.memory import AttachMemory

        try:
            fitted = [fit(image, FRAME) for image in message.images]
        except UnfitImage as error:
            raise Refused(str(error)) from None
        return [
            AttachMemory(content=image.data, name=file_name(number, image), mimetype=image.media_type)  # type: ignore[no-untyped-call]
            for number, image in enumerate(fitted, 1)
        ]


def _library(name: str) -> ModuleType:
    """Apprise, imported when a channel of this kind is made; SettingsError where it is not installed."""
    try:
        import apprise
    except ImportError:
        words = f"Channel {name} (kind apprise): Apprise is not installed."
        raise SettingsError(
            Problem("channel-extra", words, hint="Run: pip install 'campaign-bot[apprise]'", where=name)
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its log lines hold addresses with passwords
    module: ModuleType = apprise
    return module


__all__ = ["AppriseChannel", "AppriseOptions"]
