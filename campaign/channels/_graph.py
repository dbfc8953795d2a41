"""What Facebook, Instagram and Threads share: Meta's Graph API, its errors, and containers that are published later.

https://developers.facebook.com/docs/graph-api/guides/error-handling and .../docs/instagram-platform/content-publishing
(read 2026).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from campaign.channels import _pace
from campaign.channels._oauth import Tokens, tokens
from campaign.channels._outcome import outcome
from campaign.channels._readback import SETTLED, SLACK, Listed, moment, search
from campaign.channels._reply import Reply
from campaign.channels._social import Social
from campaign.channels._tokens import Keychain
from campaign.channels.base import UNKNOWN, Notes, Receipt, Unknown
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from campaign.model import Image, Post

_LIMITED = frozenset({"4", "17", "32", "613", "80001", "80002"})
_SIGNED_OUT = frozenset({"190", "102", "10", "368"})
_POLICY = frozenset({"1346003", "1404102", "1609008", "2061006", "2207004", "2207005", "2207009", "2207010", "36003"})
#: A container that could not be made, has expired or is not ready: nothing was published.
_GONE = frozenset({"2207003", "2207020", "2207027", "2207032"})
#: Instagram's own trouble, or its suspicion of spam: the post may be out all the same.
_DOUBTFUL = frozenset({"2207001", "2207008", "2207051"})
_TYPED_LIVES = timedelta(days=8)
POLLS = 30


class Graph(Social):
    """A channel that speaks to a Graph host. `api` is the address with its version, `_tokens` the sign-in."""

    api: str
    _tokens: Tokens

    def call(self, method: str, path: str, **options: Any) -> Reply:
        """One call, the token in a header; its errors mean what Meta's codes mean."""
        token = self._tokens.access()
        signed = {"authorization": f"Bearer {token}"}
        reply = self.http.request(method, f"{self.api}/{path}", headers=signed, secrets=(token,), **options)
        _pace.note(self.tools, _pace.of_meta(reply, self.tools.now()))
        if reply.ok and reply.dig("error") is None:
            return reply
        raise self.error(reply)

    def keep_token(self, token: str) -> None:
        """Store a token that a person typed in; one that can be renewed is renewed in a day, which tells its end."""
        soon = self.tools.now() + _TYPED_LIVES
        Keychain(self.tools).store({"access": token, "expires": soon.timestamp() if self._tokens.renew else 0.0})

    def error(self, reply: Reply) -> ChannelError:
        """What an error of the Graph API means, by its code and subcode."""
        code, sub = reply.text_at("error", "code"), reply.text_at("error", "error_subcode")
        said = reply.text_at("error", "message")[:200]
        told, kept = f"{self.title} answered {reply.status}: {said}", f"{code}/{sub}" if sub else code
        now = self.tools.now()
        if sub in _DOUBTFUL:
            return TryLater(told, after=30.0, code=kept) if reply.repeatable else Uncertain(told, code=kept)
        if code in _LIMITED or sub in ("1390008", "2207042"):
            return TryLater(told, after=max(900.0, reply.retry_after(now)), slow_all=True, code=kept)
        if sub in _GONE:
            return TryLater(told, after=5.0, code=kept)
        if sub in _POLICY or code == "506":
            return Refused(told, code="duplicate" if code == "506" else kept)
        if code in _SIGNED_OUT or sub == "1404078" or (code.isdecimal() and 200 <= int(code) <= 299):
            return ChannelDown(told, code=kept)
        if code in ("1", "2"):
            return TryLater(told, code=kept) if reply.repeatable else Uncertain(told, code=kept)
        return outcome(reply, network=self.title, now=now, said=said)

    def listing(self, path: str, fields: str, words: str, at: str, link: str) -> Iterator[list[Listed]]:
        """The account's posts, newest first: their id and the named fields for words, time and address."""
        query = {"fields": fields, "limit": "50"}
        while True:
            reply = self.call("GET", path, params=query)
            found = reply.dig("data")
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise TryLater(f"{self.title} answered with no list of posts.")
            if not found:
                return
            yield [
                Listed(
                    id=str(one.get("id", "")),
                    text=str(one.get(words, "")),
                    at=moment(str(one.get(at, ""))),
                    url=str(one.get(link, "")),
                )
                for one in found
            ]
            after = reply.text_at("paging", "cursors", "after")
            if not after or reply.dig("paging", "next") is None:
                return
            query = {**query, "after": after}


@dataclass(frozen=True, slots=True)
class Wanted:
    """By what a published post is found again: its words, when it was planned, and the list that it stands in."""

    words: str
    planned_at: datetime
    edge: str


class Containers(Graph):
    """A network where a post is first made as a container that nobody sees, and then published.

    The container's id is written down when it is made, so that every attempt publishes the same one, and its status
    tells a lost answer. `edge` and friends are the words of the network.
    """

    account: str
    edge: ClassVar[str]
    publish: ClassVar[str]
    status: ClassVar[str]
    listed: ClassVar[tuple[str, str]]

    def make(self, message: Post, addresses: list[str]) -> str:
        """Make the container (and those of its images) and give its id."""
        raise NotImplementedError

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Make the container and wait until it is ready; one that has expired or failed is made anew."""
        self.mind_pace()
        kept = self._kept(key) or {name: notes[name] for name in ("container", "made") if name in notes}
        if kept and self._state(kept["container"]) in ("EXPIRED", "ERROR"):
            kept = {}
        if not kept:
            self.refuse_unfit(message)
            addresses = [self.publish_image(image) for image in message.images]
            kept = {"container": self.make(message, addresses), "made": self.tools.now().isoformat()}
            self._keep(key, kept)
        self._wait(kept["container"])
        return {**notes, **kept}

    def refuse_unfit(self, message: Post) -> None:
        """Raise Refused where the network would not take the message."""
        raise NotImplementedError

    def publish_image(self, image: Image) -> str:
        """The public https address at which the network can fetch `image`, made fit."""
        raise NotImplementedError

    def first_words(self, message: Post) -> str:
        """The text of the container that `prepare` makes, by which its post is found again."""
        return self.words(message)

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Publish the container; one that is published already was ours."""
        container = notes.get("container") or self.prepare(message, key=key, notes=notes)["container"]
        return self.publish_once(container, Wanted(self.first_words(message), message.about.planned_at, self.edge))

    def publish_once(self, container: str, wanted: Wanted) -> Receipt:
        """Publish a container, unless an earlier attempt did."""
        if self._tried(container):
            state = self._state(container)
            if state == "PUBLISHED":
                return self._published(wanted, container)
            if state in ("EXPIRED", "ERROR"):
                raise TryLater(f"{self.title} has let go of the prepared post; it is made anew.", after=5.0)
            if state != "FINISHED":
                raise TryLater(f"{self.title} is still working on the post.", after=15.0)
        reply = self.call("POST", f"{self.account}/{self.publish}", data={"creation_id": container})
        number = reply.need("id")
        return Receipt(remote_id=number, url=self._address(number), code=str(reply.status))

    def _tried(self, container: str) -> bool:
        """Whether an earlier attempt began to publish the container; written down before the first one does."""
        name = f"tried.{container}"
        return not self.tools.notes.swap(name, old=None, new=self.tools.now().isoformat())

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Ask the container; without one nothing was ever sent."""
        settled = self.tools.now() - since >= SETTLED
        kept = self._kept(key)
        if kept:
            state = self._state(kept["container"])
            if state == "PUBLISHED":
                wanted = Wanted(self.first_words(message), message.about.planned_at, self.edge)
                return self._published(wanted, kept["container"])
            if state not in ("FINISHED", "EXPIRED", "ERROR"):
                return UNKNOWN
        return None if settled else UNKNOWN

    def _published(self, wanted: Wanted, container: str) -> Receipt:
        """The receipt of a container that is published: its post, where the listing shows it."""
        made = moment(str(self._made(container))) or wanted.planned_at
        words, link = self.listed
        try:
            path, fields = f"{self.account}/{wanted.edge}", f"id,{words},timestamp,{link}"
            pages = self.listing(path, fields, words, "timestamp", link)
            found = search(pages, wanted=wanted.words, since=made - SLACK, now=self.tools.now())
        except ChannelError:
            return Receipt(duplicate=True, reply="published; its address could not be asked for")
        if isinstance(found, Listed):
            return Receipt(remote_id=found.id, url=found.url, duplicate=True)
        return Receipt(duplicate=True, reply="published; its address is not listed yet")

    def _address(self, number: str) -> str:
        """The post's address; "" where it cannot be had just now, for nothing after acceptance may fail."""
        try:
            return self.call("GET", number, params={"fields": "permalink"}).text_at("permalink")
        except ChannelError:
            return ""

    def _state(self, container: str) -> str:
        reply = self.call("GET", container, params={"fields": self.status})
        return reply.need(self.status.split(",")[0])

    def _wait(self, container: str) -> None:
        for _ in range(POLLS):
            state = self._state(container)
            if state in ("FINISHED", "PUBLISHED"):
                return
            if state == "ERROR":
                raise Refused(f"{self.title} could not use the post or its image.", code="container")
            self.tools.sleep(2.0)
        raise TryLater(f"{self.title} is still working on the post.", after=60.0)

    def _kept(self, key: str) -> dict[str, str]:
        kept: dict[str, str] = json.loads(self.tools.notes.get(f"container.{key}") or "{}")
        return kept

    def _keep(self, key: str, kept: Mapping[str, str]) -> None:
        name = f"container.{key}"
        raw = json.dumps(dict(kept))
        self.tools.notes.swap(name, old=self.tools.notes.get(name), new=raw)
        made = f"made.{kept['container']}"
        self.tools.notes.swap(made, old=self.tools.notes.get(made), new=kept["made"])

    def _made(self, container: str) -> str | None:
        return self.tools.notes.get(f"made.{container}")


def renewed(channel: Graph, url: str, grant: str, old: Mapping[str, Any]) -> Mapping[str, Any]:
    """A long-lived token for one that is about to end: 60 more days."""
    token, now = str(old.get("access", "")), channel.tools.now()
    query = {"grant_type": grant, "access_token": token}
    reply = channel.http.request("GET", url, params=query, secrets=(token,))
    if reply.status in (400, 401, 403):
        raise ChannelDown(f"The sign-in of {channel.tools.name} has run out: run `campaign channels connect`.")
    if not reply.ok:
        raise TryLater("The sign-in could not be renewed just now.", after=60.0)
    return {**old, **{name: value for name, value in tokens(reply, now).items() if value}}
