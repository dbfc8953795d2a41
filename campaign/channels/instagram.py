"""Instagram, a professional account, by content publishing.

https://developers.facebook.com/docs/instagram-platform/content-publishing (read 2026). Instagram fetches each image
from a public https address, and takes JPEG alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from campaign.channels import _checks
from campaign.channels._graph import Containers, renewed
from campaign.channels._images import Frame
from campaign.channels._oauth import Tokens
from campaign.channels._social import figures
from campaign.channels.base import (
    Account,
    Limits,
    Options,
    Replay,
    ReplayKind,
    Tools,
)
from campaign.errors import ChannelDown, Problem, Severity
from campaign.model import Image, Post

#: Meta's pages name 30; programs that publish on Instagram say that it takes five since the end of 2025 (read November
#: 2026), so that more are warned about.
USUAL_HASHTAGS = 5
_FRAME = Frame(bytes=8_000_000, side=1440, ratio=(0.8, 1.91), types=("image/jpeg",))


class InstagramOptions(Options):
    """A professional account and its access token."""

    account: str = Field(description="The account's number.", pattern=r"^[0-9]{1,20}$", examples=["17841400000000000"])
    token: SecretStr | None = Field(default=None, description="An access token; or let `connect` keep it.")
    host: Literal["graph.facebook.com", "graph.instagram.com"] = Field(
        default="graph.facebook.com", description="By which sign-in the token was made: Facebook's or Instagram's."
    )
    version: str = Field(default="v25.0", pattern=r"^v[0-9]{2}\.[0-9]$", description="The Graph API's version.")


class Instagram(Containers):
    """Posts on Instagram."""

    kind: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram"
    edge: ClassVar[str] = "media"
    publish: ClassVar[str] = "media_publish"
    status: ClassVar[str] = "status_code,status"
    listed: ClassVar[tuple[str, str]] = ("caption", "permalink")
    replay: ClassVar[Replay] = Replay(
        ReplayKind.SAFE,
        "Once within the day: every attempt publishes the same prepared post, whose status tells whether it is out.",
        timedelta(hours=23),
    )
    Options: ClassVar[type[Options]] = InstagramOptions
    limits: Limits = Limits(
        text=2200, images=10, image_bytes=_FRAME.bytes, image_types=("image/jpeg",), alt_text=1000, hashtags=30,
        needs_image=True, needs_media_url=True,
    )  # fmt: skip

    def __init__(self, options: InstagramOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.api = f"https://{options.host}/{options.version}"
        self.account = options.account
        renews = options.host == "graph.instagram.com"
        self._tokens = Tokens(tools, options.token, self._renew if renews else None, ahead=7 * 86_400.0)

    def check(self, message: Post) -> list[Problem]:
        """Caption, images and their proportions, alternative texts, hashtags; a link cannot be followed here."""
        problems = [
            *_checks.check_text(self.length(self.words(message)), self.limits, self.title),
            *_checks.check_images(message, self.limits, _FRAME, self.title),
            *_checks.check_media_url(message, self.tools, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
            *_checks.check_sign_in(message.about.planned_at, self._tokens.expires, self.tools.name),
        ]
        tags = _checks.hashtags_of(message)
        if USUAL_HASHTAGS < tags <= self.limits.hashtags:
            problems.append(
                Problem(
                    "hashtags-few",
                    f"Instagram is reported to take {USUAL_HASHTAGS} hashtags in new posts; this one has {tags}.",
                    severity=Severity.WARNING,
                    where="hashtags",
                    hint="Keep those that people search for.",
                )
            )
        if message.link:
            problems.append(
                Problem(
                    "link-dead",
                    "Readers cannot follow a link in an Instagram caption.",
                    severity=Severity.WARNING,
                    where="link",
                    hint="Say where the link is: in the account's profile, for instance.",
                )
            )
        return problems

    def refuse_unfit(self, message: Post) -> None:
        """Raise Refused where Instagram would not take the message."""
        _checks.refuse(self.check(message))

    def publish_image(self, image: Image) -> str:
        """The public address of `image` as JPEG."""
        if self.tools.publish_media is None:
            raise ChannelDown("Instagram fetches images itself, and this installation has no public address for them.")
        return self.tools.publish_media(self.fitted(image, _FRAME).data, "image/jpeg")

    def make(self, message: Post, addresses: list[str]) -> str:
        """One image, or a carousel of up to ten."""
        caption = {"caption": self.words(message)}
        described = [
            {"image_url": address} | ({"alt_text": image.alt} if image.alt and not image.decorative else {})
            for address, image in zip(addresses, message.images, strict=True)
        ]
        if len(described) == 1:
            return self._container({**described[0], **caption})
        children = [self._container({**image, "is_carousel_item": "true"}) for image in described]
        for child in children:
            self._wait(child)
        return self._container({"media_type": "CAROUSEL", "children": ",".join(children), **caption})

    def verify(self) -> Account:
        """The account, and how many posts of the day's quota are used, which needs the right to publish."""
        name = self.call("GET", self.account, params={"fields": "id,username"}).need("username")
        quota = self.call("GET", f"{self.account}/content_publishing_limit", params={"fields": "quota_usage,config"})
        used, total = quota.text_at("data", 0, "quota_usage"), quota.text_at("data", 0, "config", "quota_total")
        detail = f"{used or 0} of {total or '?'} posts today"
        return Account(name=f"@{name}", rights=("publish posts",), expires=self._tokens.expires, detail=detail)

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Likes and replies."""
        reply = self.call("GET", quote(remote_id, safe=""), params={"fields": "like_count,comments_count"})
        return figures(reply, {"likes": ("like_count",), "replies": ("comments_count",)})

    def _container(self, form: Mapping[str, str]) -> str:
        return self.call("POST", f"{self.account}/media", data=form, repeatable=True).need("id")

    def _renew(self, old: Mapping[str, Any]) -> Mapping[str, Any]:
        return renewed(self, "https://graph.instagram.com/refresh_access_token", "ig_refresh_token", old)


__all__ = ["Instagram", "InstagramOptions"]
