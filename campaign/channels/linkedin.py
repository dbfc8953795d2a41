"""LinkedIn, an organisation's page, by the versioned Posts API.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api (read 2026). There is no
idempotency key; LinkedIn refuses the same text twice and names the first post.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import regex
from pydantic import Field, SecretStr

from campaign.channels import _checks
from campaign.channels._card import picture_of
from campaign.channels._images import Fitted, Frame
from campaign.channels._oauth import App, Tokens, not_granted
from campaign.channels._outcome import outcome
from campaign.channels._readback import SLACK, Listed, essence, search
from campaign.channels._reply import Reply
from campaign.channels._social import Social, figures, sent
from campaign.channels._text import little_text
from campaign.channels.base import (
    Account,
    Limits,
    Notes,
    Options,
    Receipt,
    Replay,
    ReplayKind,
    Tools,
    Unknown,
)
from campaign.errors import ChannelDown, ChannelError, Problem, Refused, Severity, TryLater, Uncertain
from campaign.model import Post

API = "https://api.linkedin.com/rest"
SCOPES = ("w_organization_social", "r_organization_social")
POLLS = 20
_FRAME = Frame(bytes=8_000_000, side=4096)
_THUMB = Frame(bytes=2_000_000, side=1200)
_EVERYBODY = {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []}
_HASHTAG = regex.compile(r"\{hashtag\|\\?[#＃]\|((?:[^}\\]|\\.)*)\}")
_URN = regex.compile(r"urn:li:(?:share|ugcPost):[0-9]+")


class LinkedInOptions(Options):
    """A page, and the application that posts for it."""

    organization: str = Field(description="The page's number.", pattern=r"^[0-9]{1,19}$", examples=["1234567"])
    version: str = Field(
        default="202604", pattern=r"^20[0-9]{2}(0[1-9]|1[0-2])$", description="LinkedIn-Version; each lives for a year."
    )
    token: SecretStr | None = Field(default=None, description="An access token; left out where `connect` signed in.")
    client_id: str = Field(default="", description="The application's client id, for `connect`.")
    client_secret: SecretStr | None = Field(default=None, description="Its secret.")


class LinkedIn(Social):
    """Posts on a LinkedIn page."""

    kind: ClassVar[str] = "linkedin"
    title: ClassVar[str] = "LinkedIn"
    replay: ClassVar[Replay] = Replay(
        ReplayKind.ASK, "Read back: an attempt in doubt is looked for among the page's own posts before another."
    )
    Options: ClassVar[type[Options]] = LinkedInOptions
    limits: Limits = Limits(text=3000, images=20, image_bytes=_FRAME.bytes, alt_text=4086)

    def __init__(self, options: LinkedInOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._author = f"urn:li:organization:{options.organization}"
        renew = (lambda old: self.app().refresh(self.http, old, tools.now())) if options.client_id else None
        self._tokens = Tokens(tools, options.token, renew, ahead=86_400.0)

    def words(self, message: Post) -> str:
        """The commentary before it is escaped; the link is in it only where images take the card's place."""
        link = message.link.url if message.link and message.images else ""
        return "\n\n".join(part for part in (message.text.strip(), link, message.tag_line) if part)

    def check(self, message: Post) -> list[Problem]:
        """Text, images and their alternative texts, the link; that version and sign-in live until then."""
        due = message.about.planned_at
        problems = [
            *_checks.check_text(self.length(self.words(message)), self.limits, self.title),
            *_checks.check_images(message, self.limits, _FRAME, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
            *_checks.check_sign_in(due, self._tokens.expires, self.tools.name),
        ]
        if due >= version_ends(self.options.version):
            problems.append(
                Problem(
                    "version-ends",
                    f"Version {self.options.version} of LinkedIn's API may be gone when this post is due.",
                    severity=Severity.WARNING,
                    hint="Set the channel's `version` to a newer month (YYYYMM).",
                )
            )
        return problems

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Upload the images and wait until they are there."""
        if "media" in notes:
            return notes
        _checks.refuse(self.check(message))
        media = [self._upload(self.fitted(image, _FRAME)) for image in message.images]
        return {**notes, "media": json.dumps(media), **({} if media else self._thumb(message))}

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Post it."""
        notes = self.prepare(message, key=key, notes=notes)
        body: dict[str, Any] = {
            "author": self._author,
            "commentary": little_text(self.words(message)),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        content = self._content(message, json.loads(notes["media"]), notes.get("thumb", ""))
        reply = self._call("POST", "/posts", json=body | ({"content": content} if content else {}), passed=(422,))
        if reply.status == 422:
            return self._duplicate(message, reply)
        urn = reply.headers.get("x-restli-id", "") or reply.headers.get("x-linkedin-id", "")
        if not _URN.fullmatch(urn):
            raise Uncertain(f"LinkedIn answered {reply.status} without the id of a post.")
        return Receipt(remote_id=urn, url=_url(urn), code=str(reply.status))

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Read the page's own posts back."""
        wanted, now = self.words(message), self.tools.now()
        found = search(self._pages(), wanted=wanted, since=since, now=now)
        return sent({"id": found.id, "url": found.url}) if isinstance(found, Listed) else found

    def ends(self) -> Mapping[str, datetime]:
        """When the sign-in and the API's version run out."""
        return {**super().ends(), f"LinkedIn's version {self.options.version}": version_ends(self.options.version)}

    def verify(self) -> Account:
        """The page, what was granted, and until when sign-in and version live.

        A page's name is for applications with `r_organization_admin` or `rw_organization_admin`
        (learn.microsoft.com, organization lookup, read November 2026); without, its list of posts proves the sign-in.
        """
        organization, granted = self.options.organization, self._tokens.scopes
        reply = self._call("GET", f"/organizations/{organization}", passed=(403,))
        if reply.ok:
            name = reply.need("localizedName")
        else:
            self._page(0, 1)
            name = f"page {organization}"
        ends = version_ends(self.options.version)
        lives = f"version {self.options.version} lives until {ends:%B %Y}"
        detail = "; ".join(part for part in (lives, not_granted(SCOPES, granted)) if part)
        return Account(name=name, rights=granted, expires=self._tokens.expires, detail=detail)

    def delete(self, remote_id: str) -> None:
        """Delete a post by its URN."""
        self._call("DELETE", f"/posts/{quote(remote_id, safe='')}", repeatable=True)

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Likes and replies."""
        reply = self._call("GET", f"/socialActions/{quote(remote_id, safe='')}")
        return figures(
            reply,
            {"likes": ("likesSummary", "totalLikes"), "replies": ("commentsSummary", "aggregatedTotalComments")},
        )

    def sign_in_app(self, redirect_uri: str) -> App | None:
        """The OAuth 2.0 client; None where a token is given by hand."""
        return self.app() if self.options.client_id and self.options.token is None else None

    def app(self) -> App:
        """The OAuth 2.0 client."""
        secret = self.options.client_secret
        return App(
            authorize="https://www.linkedin.com/oauth/v2/authorization",
            token="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106  an address
            client_id=self.options.client_id,
            client_secret=secret.get_secret_value() if secret else "",
            scopes=SCOPES,
            pkce=False,
        )

    def _content(self, message: Post, media: list[str], thumb: str) -> dict[str, Any] | None:
        images = [
            {"id": urn} | ({"altText": image.alt} if image.alt and not image.decorative else {})
            for urn, image in zip(media, message.images, strict=True)
        ]
        if len(images) > 1:
            return {"multiImage": {"images": images}}
        if images:
            return {"media": images[0]}
        if message.link is None:
            return None
        card = {"source": message.link.url, "title": message.link.title or urlsplit(message.link.url).netloc}
        card |= {"description": message.link.description} if message.link.description else {}
        return {"article": card | ({"thumbnail": thumb} if thumb else {})}

    def _thumb(self, message: Post) -> dict[str, str]:
        """The picture of the link's card, uploaded; nothing where there is none, or it could not be uploaded."""
        picture = picture_of(self.http, message.link.url, _THUMB) if message.link else None
        if picture is None:
            return {}
        try:
            return {"thumb": self._upload(picture)}
        except ChannelError:  # the post itself will tell what is wrong; it does not wait for a picture
            return {}

    def _upload(self, fitted: Fitted) -> str:
        body = {"initializeUploadRequest": {"owner": self._author}}
        begun = self._call("POST", "/images?action=initializeUpload", json=body, repeatable=True)
        urn, where = begun.need("value", "image"), begun.need("value", "uploadUrl")
        if not (urlsplit(where).hostname or "").endswith(".linkedin.com"):
            raise ChannelDown("LinkedIn names an address outside linkedin.com for the upload of an image.")
        token = self._tokens.access()
        headers = {"authorization": f"Bearer {token}", "content-type": fitted.media_type}
        secrets = (token,)
        put = self.http.request("PUT", where, content=fitted.data, headers=headers, secrets=secrets, repeatable=True)
        if not put.ok:
            raise self._error(put)
        for _ in range(POLLS):
            state = self._call("GET", f"/images/{quote(urn, safe='')}").text_at("status")
            if state == "AVAILABLE":
                return urn
            if state == "PROCESSING_FAILED":
                raise Refused("LinkedIn cannot use the image.", code="image-unfit")
            self.tools.sleep(1.0)
        raise TryLater("LinkedIn is still working on an image.", after=60.0)

    def _duplicate(self, message: Post, reply: Reply) -> Receipt:
        """LinkedIn has this text already: ours where the post it names is there, has our words and is of this time."""
        inputs = reply.dig("errorDetails", "inputErrors")
        codes = [str(one.get("code")) for one in inputs if isinstance(one, dict)] if isinstance(inputs, list) else []
        named = _URN.search(reply.text)
        if "DUPLICATE_POST" not in codes or named is None:
            raise self._error(reply)
        try:
            there = self._call("GET", f"/posts/{quote(named[0], safe='')}", passed=(404,))
        except ChannelError as error:
            raise Uncertain("LinkedIn has had this text already, and could not be asked when.") from error
        if there.status == 404:
            raise Refused("LinkedIn remembers a deleted post with these words for a day or two: change them.")
        post = _listed(there.dig())
        old = post.at is None or post.at < message.about.planned_at - SLACK
        if old or essence(post.text) != essence(self.words(message)):
            raise Refused("LinkedIn has had this text before: change the words.", code="duplicate")
        return Receipt(remote_id=named[0], url=_url(named[0]), duplicate=True, code="duplicate")

    def _pages(self) -> Iterator[list[Listed]]:
        start = 0
        while elements := self._page(start, 50):
            yield [_listed(element) for element in elements]
            start += len(elements)

    def _page(self, start: int, count: int) -> list[Any]:
        """The page's own posts from `start` on, newest first."""
        query = {"q": "author", "author": self._author, "count": str(count), "start": str(start), "sortBy": "CREATED"}
        elements = self._call("GET", "/posts", params=query, headers={"x-restli-method": "FINDER"}).dig("elements")
        if not isinstance(elements, list):
            raise TryLater("LinkedIn answered with no list of posts.")
        return elements

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        passed: tuple[int, ...] = (),
        **options: Any,
    ) -> Reply:
        token = self._tokens.access()
        signed = {
            **(headers or {}),
            "authorization": f"Bearer {token}",
            "linkedin-version": self.options.version,
            "x-restli-protocol-version": "2.0.0",
        }
        reply = self.http.request(method, f"{API}{path}", headers=signed, secrets=(token,), **options)
        if reply.ok or reply.status in passed:
            return reply
        raise self._error(reply)

    def _error(self, reply: Reply) -> ChannelError:
        said, code = reply.text_at("message")[:200], reply.text_at("code")
        if reply.status == 426 or code == "NONEXISTENT_VERSION":
            return ChannelDown(
                f"LinkedIn no longer knows version {self.options.version}: set `version` to a newer month.",
                code="426",
            )
        now = self.tools.now()
        return outcome(reply, network="LinkedIn", now=now, said=said, wait=min(900.0, _until_midnight(now)))


def version_ends(version: str) -> datetime:
    """When a LinkedIn-Version (YYYYMM) is sunset: a year after its month began, aware UTC."""
    return datetime(int(version[:4]) + 1, int(version[4:]), 1, tzinfo=UTC)


def _until_midnight(now: datetime) -> float:
    """Seconds until the daily quota begins anew, at midnight UTC."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(60.0, (tomorrow - now).total_seconds())


def _url(urn: str) -> str:
    return f"https://www.linkedin.com/feed/update/{urn}"


def _listed(post: Any) -> Listed:
    """A post of the listing, its little text read back."""
    post = post if isinstance(post, dict) else {}
    text = _HASHTAG.sub(r"#\1", str(post.get("commentary", "")))
    made = post.get("publishedAt") or post.get("createdAt")
    at = datetime.fromtimestamp(made / 1000, UTC) if isinstance(made, int | float) and 0 < made < 1e14 else None
    urn = str(post.get("id", ""))
    return Listed(id=urn, text=regex.sub(r"(?s)\\(.)", r"\1", text), at=at, url=_url(urn))


__all__ = ["LinkedIn", "LinkedInOptions", "version_ends"]
