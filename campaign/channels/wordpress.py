"""WordPress, by its REST API and an application password: https://developer.wordpress.org/rest-api/reference/posts/.

The day's page or a news post. The slug is made from our key, so what an attempt without an answer left behind can be
found; WordPress itself would quietly make a second post with `-2` behind its slug.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from datetime import datetime, timedelta
from html import escape
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from campaign.channels import _checks
from campaign.channels._images import Frame, UnfitImage, fit
from campaign.channels._outcome import outcome
from campaign.channels._plain import file_name, spoken
from campaign.channels._reply import Reply
from campaign.channels._text import links
from campaign.channels.base import (
    UNKNOWN,
    Account,
    Channel,
    Limits,
    Notes,
    Options,
    Receipt,
    Replay,
    ReplayKind,
    Unknown,
)
from campaign.errors import ChannelDown, Problem, Refused, TryLater
from campaign.model import Post

SETTLED = timedelta(seconds=120)
FRAME = Frame(bytes=2_000_000, side=2048)
DOWN = frozenset({401, 403, 404})
#: Every status a post can have besides the trash: a draft of ours counts as there.
ANY = "publish,future,draft,pending,private"


class WordPressOptions(Options):
    """A site, and a user's application password (Users, Profile, Application Passwords; WordPress 5.6 or newer)."""

    site: str = Field(description="The site's address.", examples=["https://www.example.org"])
    user: str = Field(description="The user's name.", examples=["comms"])
    password: SecretStr = Field(description="An application password.", examples=["abcd efgh ijkl mnop qrst uvwx"])
    status: Literal["publish", "draft", "pending"] = Field(
        default="publish", description="publish, or draft or pending for a last look in WordPress."
    )
    categories: tuple[int, ...] = Field(default=(), description="The numbers of the categories it goes in.")
    featured: bool = Field(default=False, description="Make the first image the post's featured image.")
    api: str = Field(default="", description="The address of the REST API, where it is not /wp-json of the site.")

    @field_validator("site", "api")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        if address and (urlsplit(address).scheme not in ("https", "http") or not urlsplit(address).hostname):
            raise ValueError("it must be a web address such as https://www.example.org")
        return address.rstrip("/")


class WordPress(Channel[Post]):
    """Posts on a WordPress site."""

    kind: ClassVar[str] = "wordpress"
    title: ClassVar[str] = "WordPress"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.ASK, "Once: a post without an answer is looked for by its slug, as long as nobody renames it."
    )
    Options: ClassVar[type[Options]] = WordPressOptions
    limits: Limits = Limits(images=20, image_bytes=FRAME.bytes)

    def check(self, message: Post) -> list[Problem]:
        """A title, images, link."""
        problems = [
            *_checks.check_images(message, self.limits, FRAME, self.title),
            *_checks.check_link(message, self.title),
        ]
        if not heading(message):
            hint = "Write a title in the post."
            problems.append(Problem("title-missing", "WordPress needs a title.", where="title", hint=hint))
        return problems

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Upload the images, each with its alternative text. What is uploaded is not visible on the site."""
        if "images" in notes:
            return notes
        _checks.refuse(self.check(message))
        uploaded = []
        for number, image in enumerate(message.images, 1):
            try:
                fitted = fit(image, FRAME)
            except UnfitImage as error:
                raise Refused(str(error)) from None
            headers = {
                "Content-Type": fitted.media_type,
                "Content-Disposition": f'attachment; filename="{key[:12]}-{file_name(number, fitted)}"',
            }
            media = self._call("POST", "/media", headers=headers, content=fitted.data, repeatable=True)
            media_id, source = media.need("id"), media.need("source_url")
            self._call("POST", f"/media/{int(media_id)}", json={"alt_text": spoken(image)}, repeatable=True)
            uploaded.append({"id": int(media_id), "url": source})
        return {**notes, "images": json.dumps(uploaded)}

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Make the post, unless it is there already. Raises the four errors."""
        images = json.loads(self.prepare(message, key=key, notes=notes)["images"])
        known = self._listed(message, key)
        if known:
            return _receipt(known[0], duplicate=True)
        body: dict[str, Any] = {
            "title": heading(message),
            "content": content(message, images),
            "status": self.options.status,
            "slug": slug(message, key),
        }
        body |= {"categories": list(self.options.categories)} if self.options.categories else {}
        body |= {"featured_media": images[0]["id"]} if self.options.featured and images else {}
        reply = self._call("POST", "/posts", json=body)
        reply.need("id")
        return _receipt(reply.json(), code=str(reply.status))

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """The post with our slug; None where there surely is none, 120 s or more after the attempt."""
        known = self._listed(message, key)
        if known:
            return _receipt(known[0])
        return None if self.tools.now() - since >= SETTLED else UNKNOWN

    def verify(self) -> Account:
        """Whom the password belongs to, and whether they may publish and upload."""
        reply = self._call("GET", "/users/me", params={"context": "edit"})
        able = reply.dig("capabilities")
        rights = [name for name in ("publish_posts", "upload_files") if isinstance(able, dict) and able.get(name)]
        return Account(name=reply.need("name"), rights=tuple(rights), detail=self.options.site)

    def delete(self, remote_id: str) -> None:
        """Move a post to the trash."""
        self._call("DELETE", f"/posts/{int(remote_id)}", repeatable=True)

    def _listed(self, message: Post, key: str) -> list[dict[str, Any]]:
        """The posts that have our slug."""
        query = {"slug": slug(message, key), "status": ANY, "context": "edit", "_fields": "id,link,slug,status"}
        reply = self._call("GET", "/posts", params=query)
        found = reply.json()
        if not isinstance(found, list) or not all(isinstance(post, dict) and "id" in post for post in found):
            raise TryLater("WordPress answered with something that is no list of posts.", raw=reply.extract())
        return [post for post in found if post.get("slug") == slug(message, key)]

    def _call(self, method: str, path: str, **request: Any) -> Reply:
        """One call of the REST API; the reply where it went well, else the error it means."""
        if self.tools.http is None:
            raise ChannelDown("WordPress was given no way to the network.")
        password = self.options.password.get_secret_value()
        basic = base64.b64encode(f"{self.options.user}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", **request.pop("headers", {})}
        root = self.options.api or f"{self.options.site}/wp-json"
        reply = self.tools.http.request(
            method, f"{root}/wp/v2{path}", headers=headers, secrets=(password, basic), **request
        )
        if reply.ok:
            return reply
        code = re.sub(r"[^\w-]", "", reply.text_at("code"))[:60]
        raise outcome(reply, network=self.title, now=self.tools.now(), said=code, down=DOWN)


def heading(post: Post) -> str:
    """The title of the page."""
    return (post.title or post.about.title).strip()


def slug(post: Post, key: str) -> str:
    """The last part of the page's address: the title's words, and ten digits of the key, which make it ours."""
    plain = unicodedata.normalize("NFKD", heading(post)).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-")
    return f"{words}-{key[:10]}" if words else key[:20]


def content(post: Post, images: list[dict[str, Any]]) -> str:
    """The page's content as HTML: paragraphs, the images with their descriptions, the link, the hashtags."""
    parts = [f"<p>{_linked(part)}</p>" for part in re.split(r"\n\s*\n", post.text.strip()) if part.strip()]
    for image, uploaded in zip(post.images, images, strict=True):
        source, alt = escape(uploaded["url"]), escape(spoken(image))
        parts.append(f'<figure class="wp-block-image"><img src="{source}" alt="{alt}"/></figure>')
    if post.link:
        words = escape(post.link.title or post.link.url)
        parts.append(f'<p><a href="{escape(post.link.url)}">{words}</a></p>')
    if post.tag_line:
        parts.append(f"<p>{escape(post.tag_line)}</p>")
    return "\n".join(parts)


def _linked(text: str) -> str:
    """A paragraph's words as HTML, its web addresses made links."""
    pieces, at = [], 0
    for span in links(text, bare=False):
        url = escape(text[span.start : span.end])
        pieces += [escape(text[at : span.start]), f'<a href="{url}">{url}</a>']
        at = span.end
    return "".join([*pieces, escape(text[at:])]).strip().replace("\n", "<br>\n")


def _receipt(post: dict[str, Any], *, duplicate: bool = False, code: str = "") -> Receipt:
    link = str(post.get("link", ""))
    url = link[:2000] if link.startswith(("https://", "http://")) else ""
    return Receipt(remote_id=str(post["id"])[:40], url=url, duplicate=duplicate, code=code)


__all__ = ["WordPress", "WordPressOptions", "content", "heading", "slug"]
