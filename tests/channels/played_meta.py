"""Facebook, Instagram and Threads as this project sees them: strict, with a memory.

Fields by https://developers.facebook.com/docs/pages-api/posts, .../docs/graph-api/reference/page/photos,
.../docs/instagram-platform/content-publishing, .../docs/threads/posts and .../docs/threads/retrieve-and-manage-replies
(v25.0 and v1.0), read November 2026; those
of Facebook and Instagram were checked once against the parameter lists of Meta's business SDK.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from campaign.channels.http import Answer, Sent
from campaign.testing import NOON, Imitation, json_answer, route
from tests.contracts.strict import Schema, obj, one_of, text, wrong

TOKEN = "example-meta-token"
PAGE = "100200300400500"
ACCOUNT = "17841400000000000"
USER = "25000000000000000"
HTTPS = text(pattern="^https://")
ITEM = obj({"image_url": HTTPS, "is_carousel_item": one_of("true")}, {"alt_text": text(1000)})
INSTAGRAM = {
    "oneOf": [
        obj({"image_url": HTTPS, "caption": text(2200, least=0)}, {"alt_text": text(1000)}),
        ITEM,
        obj({"media_type": one_of("CAROUSEL"), "children": text(), "caption": text(2200, least=0)}),
    ]
}
THREADS = {
    "oneOf": [
        obj({"media_type": one_of("TEXT"), "text": text(500)}, {"link_attachment": HTTPS, "reply_to_id": text()}),
        obj({"media_type": one_of("IMAGE"), "image_url": HTTPS, "text": text(500)}, {"alt_text": text(1000)}),
        obj(
            {"media_type": one_of("IMAGE"), "image_url": HTTPS, "is_carousel_item": one_of("true")},
            {"alt_text": text()},
        ),
        obj({"media_type": one_of("CAROUSEL"), "children": text(), "text": text(500)}),
    ]
}


def graph_error(status: int, code: int, sub: int = 0, message: str = "no") -> Answer:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return json_answer({"error": error | ({"error_subcode": sub} if sub else {})}, status)


class Meta(Imitation):
    """What the three share: the sign-in."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[dict[str, Any]] = []
        self.now = NOON
        self.token = TOKEN

    def signed_in(self, sent: Sent) -> Answer | None:
        if sent.headers.get("authorization") == f"Bearer {self.token}":
            return None
        return graph_error(400, 190, 463, "Error validating access token")

    def at(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%S+0000")

    def listed(self, sent: Sent, fields: set[str], *, replies: bool = False) -> Answer:
        query = self.query(sent)
        self.must(set(query) <= {"fields", "limit", "after"} and set(query["fields"].split(",")) == fields, "the query")
        page = [{name: post[name] for name in fields} for post in self.posts if ("answers" in post) is replies]
        return self.signed_in(sent) or json_answer({"data": page, "paging": {"cursors": {"before": "a", "after": "b"}}})


class PlayedFacebook(Meta):
    """`posts` is what the page holds, newest first; `photos` what was uploaded unpublished."""

    host = r"graph\.facebook\.com"

    def __init__(self) -> None:
        super().__init__()
        self.photos: dict[str, str] = {}
        self.refuses_twice = False
        self.may_post = True

    @route("GET", "/v25.0/me", host=host)
    def me(self, sent: Sent) -> Answer:
        self.must(self.query(sent)["fields"] == "id,name,can_post", "fields of a page")
        return self.signed_in(sent) or json_answer(
            {"id": PAGE, "name": "Example Partnership", "can_post": self.may_post}
        )

    @route("POST", f"/v25.0/{PAGE}/photos", host=host)
    def photo(self, sent: Sent) -> Answer:
        names = set(re.findall(rb'name="([a-z_]+)"', sent.body))
        self.must(names <= {b"source", b"published", b"alt_text_custom"}, f"fields {names!r}")
        self.must(b'name="published"\r\n\r\nfalse' in sent.body, "unpublished")
        alt = re.search(rb'name="alt_text_custom"\r\n\r\n(.*?)\r\n', sent.body)
        number = str(500 + len(self.photos))
        self.photos[number] = alt[1].decode() if alt else ""
        return self.signed_in(sent) or json_answer({"id": number})

    @route("POST", f"/v25.0/{PAGE}/feed", host=host)
    def post(self, sent: Sent) -> Answer:
        if refused := self.signed_in(sent):
            return refused
        form = self.form(sent)
        attached = {name: value for name, value in form.items() if name.startswith("attached_media[")}
        rest = {name: value for name, value in form.items() if name not in attached}
        schema = obj({"message": text(63_206), "published": one_of("true")}, {"link": HTTPS})
        self.must(not wrong(schema, rest), wrong(schema, rest))
        self.must(not (attached and "link" in rest), "photos or a link")
        for value in attached.values():
            self.must(
                set(json.loads(value)) == {"media_fbid"} and json.loads(value)["media_fbid"] in self.photos, "photo"
            )
        if self.refuses_twice and any(post["message"] == form["message"] for post in self.posts):
            return graph_error(400, 506, 0, "Duplicate status message")
        number = f"{PAGE}_{9000 + len(self.posts)}"
        address = f"https://www.facebook.com/{number}"
        post = {"id": number, "message": form["message"], "created_time": self.at(), "permalink_url": address}
        self.posts.insert(0, post)
        return self.accept(form, answer=json_answer({"id": number}))

    @route("GET", f"/v25.0/{PAGE}/feed", host=host)
    def feed(self, sent: Sent) -> Answer:
        return self.listed(sent, {"id", "message", "created_time", "permalink_url"})

    @route("GET", f"/v25.0/(?P<number>{PAGE}_[0-9]+)", host=host)
    def one(self, sent: Sent, number: str) -> Answer:
        counts = {"reactions": {"summary": {"total_count": 7}}, "comments": {"summary": {"total_count": 2}}}
        return self.signed_in(sent) or json_answer({"id": number, "shares": {"count": 3}, **counts})

    @route("DELETE", f"/v25.0/(?P<number>{PAGE}_[0-9]+)", host=host)
    def delete(self, sent: Sent, number: str) -> Answer:
        self.posts = [post for post in self.posts if post["id"] != number]
        return self.signed_in(sent) or json_answer({"success": True})


class Container(Meta):
    """Containers, published once each."""

    schema: Schema
    words: str
    state: str
    slow = 0

    def __init__(self) -> None:
        super().__init__()
        self.containers: dict[str, dict[str, Any]] = {}
        self.asked = 0

    def make(self, sent: Sent) -> Answer:
        form = self.form(sent)
        self.must(not wrong(self.schema, form), wrong(self.schema, form))
        for child in form.get("children", "").split(",") if "children" in form else []:
            self.must(self._state(child) == "FINISHED", "children that are ready")
        number = str(300 + len(self.containers))
        self.containers[number] = {"form": form, "at": self.now, "state": "FINISHED"}
        return self.signed_in(sent) or json_answer({"id": number})

    def _state(self, number: str) -> str:
        kept = self.containers[number]
        if kept["state"] == "FINISHED" and self.now - kept["at"] >= timedelta(hours=24):
            return "EXPIRED"
        return str(kept["state"])

    def status(self, sent: Sent, number: str) -> Answer:
        self.asked += 1
        state = "IN_PROGRESS" if self.asked <= self.slow else self._state(number)
        return self.signed_in(sent) or json_answer({"id": number, self.state: state})

    def publish(self, sent: Sent) -> Answer:
        if refused := self.signed_in(sent):
            return refused
        form = self.form(sent)
        self.must(set(form) == {"creation_id"}, "creation_id alone")
        kept = self.containers[form["creation_id"]]
        if self._state(form["creation_id"]) != "FINISHED":
            return graph_error(400, 9007, 2207027, "The media is not ready to be published")
        kept["state"] = "PUBLISHED"
        number = str(8000 + len(self.posts))
        words = kept["form"].get(self.words, "")
        post = {"id": number, self.words: words, "timestamp": self.at(), "permalink": f"https://example.org/p/{number}"}
        post |= {"answers": kept["form"]["reply_to_id"]} if "reply_to_id" in kept["form"] else {}
        self.posts.insert(0, post)
        return self.take(kept["form"], json_answer({"id": number}))

    def take(self, form: dict[str, str], answer: Answer) -> Answer:
        """What is published is held for good."""
        return self.accept(form, answer=answer)

    def permalink(self, sent: Sent, number: str) -> Answer:
        return self.signed_in(sent) or json_answer({"id": number, "permalink": f"https://example.org/p/{number}"})


class PlayedInstagram(Container):
    """An Instagram account."""

    host = r"graph\.facebook\.com"
    schema, words, state = INSTAGRAM, "caption", "status_code"

    @route("POST", f"/v25.0/{ACCOUNT}/media", host=host)
    def make_one(self, sent: Sent) -> Answer:
        return self.make(sent)

    @route("GET", "/v25.0/(?P<number>3[0-9]{2})", host=host)
    def status_one(self, sent: Sent, number: str) -> Answer:
        return self.status(sent, number)

    @route("POST", f"/v25.0/{ACCOUNT}/media_publish", host=host)
    def publish_one(self, sent: Sent) -> Answer:
        return self.publish(sent)

    @route("GET", f"/v25.0/{ACCOUNT}/media", host=host)
    def listing(self, sent: Sent) -> Answer:
        return self.listed(sent, {"id", "caption", "timestamp", "permalink"})

    @route("GET", "/v25.0/(?P<number>8[0-9]{3})", host=host)
    def media(self, sent: Sent, number: str) -> Answer:
        if self.query(sent)["fields"] == "permalink":
            return self.permalink(sent, number)
        return self.signed_in(sent) or json_answer({"id": number, "like_count": 6, "comments_count": 1})

    @route("GET", f"/v25.0/{ACCOUNT}", host=host)
    def me(self, sent: Sent) -> Answer:
        return self.signed_in(sent) or json_answer({"id": ACCOUNT, "username": "hscp"})

    @route("GET", f"/v25.0/{ACCOUNT}/content_publishing_limit", host=host)
    def limit(self, sent: Sent) -> Answer:
        quota = {"quota_usage": 3, "config": {"quota_total": 50, "quota_duration": 86400}}
        return self.signed_in(sent) or json_answer({"data": [quota]})


class PlayedThreads(Container):
    """A Threads account."""

    host = r"graph\.threads\.net"
    schema, words, state = THREADS, "text", "status"
    renewed_at: datetime | None = None

    @route("POST", f"/v1.0/{USER}/threads", host=host)
    def make_one(self, sent: Sent) -> Answer:
        answered = self.form(sent).get("reply_to_id")
        self.must(answered is None or answered in {post["id"] for post in self.posts}, "a post that is there")
        return self.make(sent)

    @route("GET", f"/v1.0/{USER}/replies", host=host)
    def own_replies(self, sent: Sent) -> Answer:
        return self.listed(sent, {"id", "text", "timestamp", "permalink"}, replies=True)

    @route("GET", "/v1.0/(?P<number>3[0-9]{2})", host=host)
    def status_one(self, sent: Sent, number: str) -> Answer:
        return self.status(sent, number)

    @route("POST", f"/v1.0/{USER}/threads_publish", host=host)
    def publish_one(self, sent: Sent) -> Answer:
        return self.publish(sent)

    @route("GET", f"/v1.0/{USER}/threads", host=host)
    def listing(self, sent: Sent) -> Answer:
        return self.listed(sent, {"id", "text", "timestamp", "permalink"})

    @route("GET", "/v1.0/(?P<number>8[0-9]{3})", host=host)
    def media(self, sent: Sent, number: str) -> Answer:
        return self.permalink(sent, number)

    @route("GET", "/v1.0/(?P<number>8[0-9]{3})/insights", host=host)
    def insights(self, sent: Sent, number: str) -> Answer:
        self.must(self.query(sent) == {"metric": "likes,reposts,replies,views"}, "the metrics")
        names = {"likes": 9, "reposts": 1, "replies": 2, "views": 300}
        data = [{"name": name, "period": "lifetime", "values": [{"value": value}]} for name, value in names.items()]
        return self.signed_in(sent) or json_answer({"data": data})

    @route("DELETE", "/v1.0/(?P<number>8[0-9]{3})", host=host)
    def delete(self, sent: Sent, number: str) -> Answer:
        self.posts = [post for post in self.posts if post["id"] != number]
        return self.signed_in(sent) or json_answer({"success": True})

    @route("GET", f"/v1.0/{USER}", host=host)
    def me(self, sent: Sent) -> Answer:
        return self.signed_in(sent) or json_answer({"id": USER, "username": "hscp"})

    @route("GET", f"/v1.0/{USER}/threads_publishing_limit", host=host)
    def limit(self, sent: Sent) -> Answer:
        return self.signed_in(sent) or json_answer({"data": [{"quota_usage": 4, "config": {"quota_total": 250}}]})

    @route("POST", "/oauth/access_token", host=host)
    def exchange(self, sent: Sent) -> Answer:
        self.must(
            set(self.form(sent)) == {"grant_type", "code", "redirect_uri", "client_id", "client_secret"}, "fields"
        )
        return json_answer({"access_token": "short-token", "user_id": int(USER)})

    @route("GET", "/access_token", host=host)
    def lengthen(self, sent: Sent) -> Answer:
        query = self.query(sent)
        self.must(
            query.get("grant_type") == "th_exchange_token" and query.get("access_token") == "short-token", "grant"
        )
        return json_answer({"access_token": self.token, "token_type": "bearer", "expires_in": 5_184_000})

    @route("GET", "/refresh_access_token", host=host)
    def renew(self, sent: Sent) -> Answer:
        self.must(self.query(sent).get("grant_type") == "th_refresh_token", "the grant")
        if self.query(sent).get("access_token") != self.token:
            return graph_error(400, 190)
        self.renewed_at, self.token = self.now, "example-meta-token-2"
        return json_answer({"access_token": self.token, "token_type": "bearer", "expires_in": 5_184_000})


class PlayedThreadsInParts(PlayedThreads):
    """A Threads account that counts a whole thread as one message: `later` are its other parts."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[dict[str, str]] = []

    def take(self, form: dict[str, str], answer: Answer) -> Answer:
        """The first part is the message; an answer to it is a part."""
        if "reply_to_id" not in form:
            return super().take(form, answer)
        self.must(form["text"] not in {each["text"] for each in self.later}, "each part once")
        self.later.append(form)
        return answer
