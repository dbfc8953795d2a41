"""Discord, by a channel's webhook: API v10, https://docs.discord.com/developers/resources/webhook.

With `wait=true` the answer is the message. The API honours no key for webhooks and lists no messages to them, so an
attempt without an answer stays in doubt. Nothing of a text mentions anybody: `allowed_mentions` is always empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from campaign.channels import _checks, _pace
from campaign.channels._images import Fitted, Frame, UnfitImage, fit
from campaign.channels._outcome import outcome
from campaign.channels._plain import file_name, spoken
from campaign.channels._reply import Reply
from campaign.channels._text import links
from campaign.channels.base import Account, Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind
from campaign.errors import ChannelDown, Problem, Refused, Uncertain
from campaign.model import Post

API = "https://discord.com/api/v10"
WEBHOOK = re.compile(r"/api(?:/v[0-9]+)?/webhooks/([0-9]+)/([\w-]+)/?")
HOSTS = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
MOST_TEXT = 2000
FRAME = Frame(bytes=8_000_000, side=4096)
GUILD = "guild"
SPECIAL = re.compile(r"[\\*_~`|\[\]<@]|(?m:^[ \t]*(?:>|-#|[-+#]))")
NUMBERED = re.compile(r"(?m)^([ \t]*[0-9]+)\.")


class DiscordOptions(Options):
    """Where to post: the whole address is the secret (Server settings, Integrations, Webhooks)."""

    url: SecretStr = Field(
        description="The webhook's address.",
        examples=["https://discord.com/api/webhooks/100000000000000000/an-example"],
    )
    username: str = Field(default="", max_length=80, description="The name to post under, if not the webhook's own.")
    thread: str = Field(default="", pattern=r"^[0-9]*$", description="The number of a thread to post in.")

    @field_validator("url")
    @classmethod
    def _is_a_webhook(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme != "https" or parts.hostname not in HOSTS or not WEBHOOK.fullmatch(parts.path):
            raise ValueError("it must look like https://discord.com/api/webhooks/NUMBER/TOKEN")
        return url


class Discord(Channel[Post]):
    """Posts in a Discord channel."""

    kind: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.NEVER, "At most once: an attempt without an answer waits for a person to look at the channel."
    )
    Options: ClassVar[type[Options]] = DiscordOptions
    limits: Limits = Limits(text=MOST_TEXT, images=10, image_bytes=FRAME.bytes, alt_text=1024)

    def length(self, text: str) -> int:
        """Code points as they are sent: a sign that Discord would read as formatting has a backslash before it."""
        return len(plain(text))

    def check(self, message: Post) -> list[Problem]:
        """Length, images and their descriptions, link and hashtags."""
        length = self.length(self.words(message))
        problems = [
            *_checks.check_text(length, self.limits, self.title),
            *_checks.check_images(message, self.limits, FRAME, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]
        if not length and not message.images:
            problems.append(Problem("text-empty", "Discord takes no post without words or an image.", where="text"))
        return problems

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Raise TryLater while Discord's limit, as it last told, leaves nothing."""
        _pace.mind(self.tools, self.title)
        return notes

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """POST it once, and wait for the message it became. Raises the four errors."""
        notes = self.prepare(message, key=key, notes=notes)
        _checks.refuse(self.check(message))
        body: dict[str, Any] = {"content": plain(self.words(message)), "allowed_mentions": {"parse": []}}
        body |= {"username": self.options.username} if self.options.username else {}
        params = {"wait": "true", **({"thread_id": self.options.thread} if self.options.thread else {})}
        images = self._fitted(message)
        if images:
            body["attachments"] = [
                {"id": str(number), "filename": file_name(number, fitted), "description": spoken(image)}
                for number, (image, fitted) in enumerate(zip(message.images, images, strict=True))
            ]
            files = {
                f"files[{number}]": (file_name(number, fitted), fitted.data, fitted.media_type)
                for number, fitted in enumerate(images)
            }
            form = {"payload_json": json.dumps(body, ensure_ascii=False)}
            reply = self._call("POST", "", params=params, data=form, files=files)
        else:
            reply = self._call("POST", "", params=params, json=body)
        number, channel = reply.text_at("id"), reply.text_at("channel_id")
        if not number:
            raise Uncertain("Discord answered without the message.", code=str(reply.status), raw=reply.extract())
        guild = self.tools.notes.get(GUILD)
        url = f"https://discord.com/channels/{guild}/{channel}/{number}" if guild and channel.isdecimal() else ""
        pace = reply.pace(self.tools.now())
        _pace.note(self.tools, pace)
        return Receipt(remote_id=number[:40], url=url, pace=pace, code=str(reply.status))

    def verify(self) -> Account:
        """The webhook's name and server. Keeps the server's number, without which a post has no address."""
        reply = self._call("GET", "")
        name, guild = reply.need("name"), reply.text_at("guild_id")
        if guild.isdecimal():
            self.tools.notes.swap(GUILD, old=self.tools.notes.get(GUILD), new=guild)
        return Account(name=name, rights=("post", "delete"), detail=f"channel {reply.text_at('channel_id')}")

    def delete(self, remote_id: str) -> None:
        """Take a post back."""
        self._call("DELETE", f"/messages/{int(remote_id)}", params=self._thread())

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Reactions, counted together as likes."""
        reply = self._call("GET", f"/messages/{int(remote_id)}", params=self._thread())
        reactions = reply.dig("reactions")
        counts = [each.get("count") for each in reactions or () if isinstance(each, dict)] if reactions else []
        return {"likes": sum(count for count in counts if isinstance(count, int))}

    def _thread(self) -> dict[str, str]:
        return {"thread_id": self.options.thread} if self.options.thread else {}

    def _fitted(self, message: Post) -> list[Fitted]:
        try:
            return [fit(image, FRAME) for image in message.images]
        except UnfitImage as error:
            raise Refused(str(error)) from None

    def _call(self, method: str, path: str, **request: Any) -> Reply:
        """One call below the webhook's address; the reply where it went well, else the error it means."""
        if self.tools.http is None:
            raise ChannelDown("Discord was given no way to the network.")
        secret = self.options.url.get_secret_value()
        found = WEBHOOK.fullmatch(urlsplit(secret).path)
        if found is None:
            raise ChannelDown("The webhook's address is none.")
        number, token = found.groups()
        url = f"{API}/webhooks/{number}/{token}{path}"
        repeatable = True if method == "DELETE" else None
        reply = self.tools.http.request(method, url, secrets=(secret, token), repeatable=repeatable, **request)
        if reply.ok:
            return reply
        wait = reply.dig("retry_after")
        raise outcome(
            reply,
            network=self.title,
            now=self.tools.now(),
            said=reply.text_at("message")[:200],
            down=frozenset({401, 403, 404}),
            wait=float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) else 0.0,
        )


def plain(text: str) -> str:
    """Text that Discord shows as it was written: signs of its Markdown escaped, web addresses left alone."""
    pieces, at = [], 0
    for span in links(text, bare=False):
        pieces += [_escaped(text[at : span.start]), text[span.start : span.end]]
        at = span.end
    return "".join([*pieces, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return NUMBERED.sub(r"\1\\.", SPECIAL.sub(_one, text))


def _one(found: re.Match[str]) -> str:
    sign = found[0]
    blank = sign[: len(sign) - len(sign.lstrip(" \t"))]
    return f"{blank}\\{sign.strip()}"


__all__ = ["Discord", "DiscordOptions", "plain"]
