"""Telegram, by a bot that may post in a channel or group: Bot API 10.1, https://core.telegram.org/bots/api.

A bot cannot read a channel's history and the API honours no key, so an attempt without an answer stays in doubt. Texts
are sent plain, without a parse mode: Telegram itself makes links and hashtags live, and nothing need be escaped.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from campaign.channels import _checks
from campaign.channels._images import Fitted, Frame, UnfitImage, fit
from campaign.channels._outcome import outcome
from campaign.channels._plain import file_name, utf16, with_images
from campaign.channels._reply import Reply
from campaign.channels.base import Account, Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind
from campaign.errors import ChannelDown, Problem, Refused
from campaign.model import Post

MOST_TEXT = 4096
MOST_CAPTION = 1024
FRAME = Frame(bytes=10_000_000, side=4096, ratio=(1 / 20, 20.0))
#: Pieces of descriptions with error_code 400 that concern the chat or the bot's rights, not the message.
CHAT_TROUBLE = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "upgraded to a supergroup",
)


class TelegramOptions(Options):
    """A bot, and the channel it posts in (the bot must be an administrator there)."""

    token: SecretStr = Field(description="The bot's token, from @BotFather.", examples=["123456:an-example-token"])
    chat: str = Field(description="The channel: @name, or its number.", examples=["@example_partnership"])
    silent: bool = Field(default=False, description="Post without a sound on readers' phones.")
    server: str = Field(default="https://api.telegram.org", description="The Bot API server.")

    @field_validator("chat")
    @classmethod
    def _is_a_chat(cls, chat: str) -> str:
        if not (chat.startswith("@") and len(chat) > 1) and not chat.removeprefix("-").isdecimal():
            raise ValueError("it must be @name or a number such as -1001234567890")
        return chat

    @field_validator("server")
    @classmethod
    def _is_a_server(cls, server: str) -> str:
        if urlsplit(server).scheme not in ("https", "http") or not urlsplit(server).hostname:
            raise ValueError("it must be a web address such as https://api.telegram.org")
        return server.rstrip("/")


class Telegram(Channel[Post]):
    """Posts in a Telegram channel or group."""

    kind: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.NEVER, "At most once: an attempt without an answer waits for a person to look at the channel."
    )
    Options: ClassVar[type[Options]] = TelegramOptions
    limits: Limits = Limits(text=MOST_TEXT, unit="characters (an emoji counts two)", images=10, image_bytes=FRAME.bytes)

    def length(self, text: str) -> int:
        """UTF-16 code units, as Telegram measures entities; the strictest reading of "characters"."""
        return utf16(text)

    def words(self, message: Post) -> str:
        """Text, link, hashtags, and what the images show: Telegram has no field for that."""
        return with_images(message)

    def check(self, message: Post) -> list[Problem]:
        """Length (a caption is shorter than a message), images, link and hashtags."""
        length = self.length(self.words(message))
        problems = [
            *_checks.check_text(length, self.limits, self.title),
            *_checks.check_images(message, self.limits, FRAME, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]
        if message.images and MOST_CAPTION < length <= MOST_TEXT:
            words = f"Telegram takes {MOST_CAPTION} characters beside an image; this text has {length}"
            problems.append(Problem("text-long", f"{words} with the description of its images.", where="text"))
        if not length:
            problems.append(Problem("text-empty", "Telegram takes no post without words.", where="text"))
        return problems

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """sendMessage, sendPhoto or sendMediaGroup, once. Raises the four errors."""
        _checks.refuse(self.check(message))
        images = self._fitted(message)
        if not images:
            preview = {"url": message.link.url} if message.link else {"is_disabled": True}
            body = {**self._where(), "text": self.words(message), "link_preview_options": preview}
            reply = self._call("sendMessage", json=body)
        elif len(images) == 1:
            form = {**self._form(), "caption": self.words(message)}
            reply = self._call("sendPhoto", data=form, files={"photo": _file(1, images[0])})
        else:
            media = [{"type": "photo", "media": f"attach://image{number}"} for number, _ in enumerate(images, 1)]
            media[0]["caption"] = self.words(message)
            files = {f"image{number}": _file(number, image) for number, image in enumerate(images, 1)}
            reply = self._call("sendMediaGroup", data={**self._form(), "media": json.dumps(media)}, files=files)
        return self._receipt(reply)

    def verify(self) -> Account:
        """The bot's name, and whether it may post in the chat."""
        bot = self._call("getMe", json={}, repeatable=True)
        number = bot.need("result", "id")
        member = self._call(
            "getChatMember", json={"chat_id": self.options.chat, "user_id": int(number)}, repeatable=True
        )
        status = member.text_at("result", "status")
        may = status in ("creator", "member") or member.dig("result", "can_post_messages") is True
        rights = ("post",) if may or (status == "administrator" and self._is_group()) else ()
        name = bot.text_at("result", "username")
        return Account(name=f"@{name}", rights=rights, detail=f"{status or 'not a member'} of {self.options.chat}")

    def delete(self, remote_id: str) -> None:
        """Take a post back; Telegram allows it for 48 hours."""
        for number in remote_id.split(","):
            body = {"chat_id": self.options.chat, "message_id": int(number)}
            self._call("deleteMessage", json=body, repeatable=True)

    def _is_group(self) -> bool:
        return self.options.chat.startswith("-") and not self.options.chat.startswith("-100")

    def _fitted(self, message: Post) -> list[Fitted]:
        try:
            return [fit(image, FRAME) for image in message.images]
        except UnfitImage as error:
            raise Refused(str(error)) from None

    def _where(self) -> dict[str, Any]:
        return {"chat_id": self.options.chat, "disable_notification": self.options.silent}

    def _form(self) -> dict[str, str]:
        return {"chat_id": self.options.chat, "disable_notification": "true" if self.options.silent else "false"}

    def _call(self, method: str, **request: Any) -> Reply:
        """One call of the Bot API; the reply where it says `ok`, else the error it means."""
        if self.tools.http is None:
            raise ChannelDown("Telegram was given no way to the network.")
        token = self.options.token.get_secret_value()
        url = f"{self.options.server}/bot{token}/{method}"
        reply = self.tools.http.request("POST", url, secrets=(token,), **request)
        if reply.ok and reply.dig("ok") is True:
            return reply
        raise self._error(reply)

    def _error(self, reply: Reply) -> Exception:
        said = reply.text_at("description").removeprefix("Bad Request: ")[:200]
        wait = reply.dig("parameters", "retry_after")
        down = {401, 403, 404}
        if reply.status == 400 and any(piece in said.lower() for piece in CHAT_TROUBLE):
            down.add(400)
        return outcome(
            reply,
            network=self.title,
            now=self.tools.now(),
            said=said,
            down=frozenset(down),
            wait=float(wait) if isinstance(wait, int) and not isinstance(wait, bool) else 0.0,
        )

    def _receipt(self, reply: Reply) -> Receipt:
        """What Telegram called the post: one number, or those of a group of images."""
        result = reply.dig("result")
        messages = result if isinstance(result, list) else [result]
        numbers = [str(each["message_id"]) for each in messages if isinstance(each, dict) and "message_id" in each]
        public = reply.text_at("result", "chat", "username") or reply.text_at("result", 0, "chat", "username")
        url = f"https://t.me/{public}/{numbers[0]}" if public.isidentifier() and numbers else ""
        return Receipt(remote_id=",".join(numbers)[:500], url=url, code=str(reply.status))


def _file(number: int, image: Fitted) -> tuple[str, bytes, str]:
    return file_name(number, image), image.data, image.media_type


__all__ = ["Telegram", "TelegramOptions"]
