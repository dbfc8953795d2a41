"""A Mastodon server as this project sees one: strict, with a memory; and one that is something else.

Fields by https://docs.joinmastodon.org/methods/statuses/, .../media/, .../instance/ and .../accounts/, read
November 2026 (Mastodon 4.5), and checked once against the OpenAPI document generated from those pages.
"""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

from campaign.channels.http import Answer, Sent
from campaign.testing import NOON, Imitation, json_answer, route
from tests.contracts.strict import many, obj, one_of, text, wrong

HOST = r"social\.example\.org"
TOKEN = "example-token"
STATUS = obj(
    {"status": text(), "visibility": one_of("public", "unlisted", "private")},
    {
        "language": text(pattern="^[a-z]{2}$"),
        "media_ids": many(text(), 4),
        "in_reply_to_id": text(),
        "spoiler_text": text(),
    },
)
LIMITED = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "298", "x-ratelimit-reset": "2023-10-10T12:05:00.000Z"}


class PlayedMastodon(Imitation):
    """`statuses` is what the account holds, newest first."""

    software = "mastodon"
    keeps_keys = True
    ready_after = 0

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.now = NOON

    @route("GET", "/api/v2/instance", host=HOST)
    def instance(self, sent: Sent) -> Answer:
        limits = {"max_characters": 600, "max_media_attachments": 4, "characters_reserved_per_url": 23}
        media = {"description_limit": 1400, "image_size_limit": 9_000_000}
        return json_answer({"version": "4.5.0", "configuration": {"statuses": limits, "media_attachments": media}})

    @route("GET", "/.well-known/nodeinfo", host=HOST)
    def nodeinfo(self, sent: Sent) -> Answer:
        return json_answer({"links": [{"rel": "ns/2.0", "href": "https://social.example.org/nodeinfo/2.0"}]})

    @route("GET", "/nodeinfo/2.0", host=HOST)
    def nodeinfo_2(self, sent: Sent) -> Answer:
        return json_answer({"version": "2.0", "software": {"name": self.software, "version": "4.5.0"}})

    @route("GET", "/api/v1/accounts/verify_credentials", host=HOST)
    def me(self, sent: Sent) -> Answer:
        return self._signed_in(sent) or json_answer({"id": "7", "username": "hscp", "acct": "hscp"})

    @route("POST", "/api/v1/apps", host=HOST)
    def register(self, sent: Sent) -> Answer:
        body = self.json(sent)
        schema = obj({"client_name": text(), "redirect_uris": text(), "scopes": text()})
        self.must(not wrong(schema, body), wrong(schema, body))
        return json_answer({"client_id": "app-1", "client_secret": "app-secret-1", "name": body["client_name"]})

    @route("POST", "/oauth/token", host=HOST)
    def token(self, sent: Sent) -> Answer:
        form = self.form(sent)
        wanted = {"grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"}
        self.must(set(form) == wanted, f"fields {sorted(form)}")
        if form["code"] != "code-1":
            return json_answer({"error": "invalid_grant", "error_description": "The code is not valid"}, 400)
        return json_answer({"access_token": TOKEN, "token_type": "Bearer", "scope": "read:accounts", "created_at": 1})

    @route("POST", "/api/v2/media", host=HOST)
    def upload(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        self.must("multipart/form-data" in sent.headers["content-type"], "multipart")
        names = set(re.findall(rb'name="([a-z]+)"', sent.body))
        self.must(names <= {b"file", b"description", b"focus", b"thumbnail"} and b"file" in names, f"fields {names!r}")
        number = str(len(self.media) + 1)
        described = re.search(rb'name="description"\r\n\r\n(.*?)\r\n', sent.body)
        self.media[number] = {"polls": 0, "alt": described[1].decode() if described else ""}
        return json_answer({"id": number, "type": "image"}, 202 if self.ready_after else 200)

    @route("GET", "/api/v1/media/(?P<number>[0-9]+)", host=HOST)
    def media_state(self, sent: Sent, number: str) -> Answer:
        self.media[number]["polls"] += 1
        ready = self.media[number]["polls"] >= self.ready_after
        return self._signed_in(sent) or json_answer({"id": number}, 200 if ready else 206)

    @route("POST", "/api/v1/statuses", host=HOST)
    def post(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        body = self.json(sent)
        self.must(not wrong(STATUS, body), wrong(STATUS, body))
        key = sent.headers.get("idempotency-key", "")
        self.must(len(key) >= 32, "an Idempotency-Key")
        at, kept = self.keys.get(key, (NOON - timedelta(days=9), {}))
        if self.keeps_keys and kept and self.now - at < timedelta(hours=1):
            return json_answer(kept, 200, LIMITED)
        if any(number not in self.media for number in body.get("media_ids", [])):
            return json_answer({"error": "Validation failed: media"}, 422)
        if any(self.media[number]["polls"] < self.ready_after for number in body.get("media_ids", [])):
            return json_answer({"error": "Cannot attach files that have not finished processing. Try again."}, 422)
        status = self._written(body)
        self.keys[key] = (self.now, status)
        self.statuses.insert(0, status)
        return self.accept(body, answer=json_answer(status, 200, LIMITED))

    def _written(self, body: dict[str, Any]) -> dict[str, Any]:
        number = str(1000 + len(self.statuses))
        parts = [html.escape(part).replace("\n", "<br />") for part in body["status"].split("\n\n")]
        link = r'<a href="\g<0>"><span class="invisible">https://</span><span>\g<1></span></a>'
        content = "".join(f"<p>{re.sub(r'https://([^ <]+)', link, part)}</p>" for part in parts)
        content = re.sub(r"@(\w+)@[\w.]+", r'<a href="#">@<span>\g<1></span></a>', content)
        return {
            "id": number,
            "created_at": self.now.isoformat().replace("+00:00", ".000Z"),
            "url": f"https://social.example.org/@hscp/{number}",
            "uri": f"https://social.example.org/users/hscp/statuses/{number}",
            "content": content,
            "in_reply_to_id": body.get("in_reply_to_id"),
            "favourites_count": 4,
            "reblogs_count": 2,
            "replies_count": 1,
        }

    @route("GET", "/api/v1/accounts/7/statuses", host=HOST)
    def listing(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        query = self.query(sent)
        self.must(set(query) <= {"limit", "exclude_reblogs", "max_id"} and int(query["limit"]) <= 40, "the query")
        older = [one for one in self.statuses if int(one["id"]) < int(query.get("max_id", "999999"))]
        return json_answer(older[: int(query["limit"])])

    @route("GET", "/api/v1/statuses/(?P<number>[0-9]+)", host=HOST)
    def status(self, sent: Sent, number: str) -> Answer:
        found = [one for one in self.statuses if one["id"] == number]
        return self._signed_in(sent) or (json_answer(found[0]) if found else json_answer({"error": "no"}, 404))

    @route("DELETE", "/api/v1/statuses/(?P<number>[0-9]+)", host=HOST)
    def delete(self, sent: Sent, number: str) -> Answer:
        self.statuses = [one for one in self.statuses if one["id"] != number]
        return self._signed_in(sent) or json_answer({})

    def _signed_in(self, sent: Sent) -> Answer | None:
        if sent.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return json_answer({"error": "The access token is invalid"}, 401)


class PlayedOther(PlayedMastodon):
    """A server that speaks Mastodon's API, ignores the Idempotency-Key, and says who it is."""

    software = "gotosocial"
    keeps_keys = False


class PlayedRest(PlayedMastodon):
    """A server that answers every question about itself with a web page."""

    def __call__(self, sent: Sent) -> Answer:
        if "/instance" in sent.url or "nodeinfo" in sent.url:
            return Answer(200, {"content-type": "text/html"}, b"<!doctype html><title>Welcome</title>")
        return super().__call__(sent)
