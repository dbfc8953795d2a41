"""X as this project sees it: strict, with a memory.

Fields by https://docs.x.com/x-api (create post, upload media, create media metadata, user posts), read November 2026,
and checked once against X's published OpenAPI document 2.167.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from campaign.channels._oauth1 import Keys
from campaign.channels._text import links, x_length
from campaign.channels.http import Answer, Sent
from campaign.testing import NOON, Imitation, json_answer, route
from tests.contracts.strict import many, obj, one_of, text, wrong

HOST = r"api\.x\.com"
ID = text(pattern="^[0-9]{1,19}$")
POST = obj(
    {"text": text(least=0)}, {"media": obj({"media_ids": many(ID, 4)}), "reply": obj({"in_reply_to_tweet_id": ID})}
)
UPLOAD = obj({"media": text(), "media_category": one_of("tweet_image")})
METADATA = obj({"id": ID, "metadata": obj({"alt_text": obj({"text": text(1000)})})})
SECRETS = {"api_secret": "example-api-secret", "access_token": "example-access", "access_secret": "example-secret"}
LIMITED = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "99", "x-rate-limit-reset": "1696940100"}


def problem(status: int, detail: str, kind: str = "about:blank", headers: dict[str, str] | None = None) -> Answer:
    return json_answer({"type": kind, "title": "Error", "detail": detail, "status": status}, status, headers)


class PlayedX(Imitation):
    """`posts` is what the account holds, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[dict[str, Any]] = []
        self.media: dict[str, str] = {}
        self.now = NOON
        self.bearer = "access-0"
        self.refresh = "refresh-0"
        self.refreshes = 0
        self.lists_posts = True
        self.told: dict[str, str] = {}

    @route("GET", "/2/users/me", host=HOST)
    def me(self, sent: Sent) -> Answer:
        return self._signed_in(sent) or json_answer(
            {"data": {"id": "42", "name": "HSCP", "username": "hscp"}}, headers=self.told
        )

    @route("POST", "/2/media/upload", host=HOST)
    def upload(self, sent: Sent) -> Answer:
        body = self.json(sent)
        self.must(not wrong(UPLOAD, body), wrong(UPLOAD, body))
        self.must(len(base64.b64decode(body["media"], validate=True)) <= 5_000_000, "5 MB")
        number = str(900 + len(self.media))
        self.media[number] = ""
        return self._signed_in(sent) or json_answer({"data": {"id": number, "expires_after_secs": 86400}})

    @route("POST", "/2/media/metadata", host=HOST)
    def metadata(self, sent: Sent) -> Answer:
        body = self.json(sent)
        self.must(not wrong(METADATA, body), wrong(METADATA, body))
        self.media[body["id"]] = body["metadata"]["alt_text"]["text"]
        return self._signed_in(sent) or json_answer({"data": {"id": body["id"]}})

    @route("POST", "/2/tweets", host=HOST)
    def post(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        body = self.json(sent)
        self.must(not wrong(POST, body), wrong(POST, body))
        self.must(x_length(body["text"]) <= 280, "280")
        self.must(set(body.get("media", {}).get("media_ids", [])) <= set(self.media), "its own media")
        if any(one["said"] == body["text"] for one in self.posts):
            return problem(403, "You are not allowed to create a Tweet with duplicate content.")
        number = str(1000 + len(self.posts))
        self.posts.insert(0, self._written(number, body))
        answer = json_answer({"data": {"id": number, "text": self.posts[0]["text"]}}, 201, LIMITED)
        return self.accept(body, answer=answer)

    def _written(self, number: str, body: dict[str, Any]) -> dict[str, Any]:
        shown, urls = body["text"], []
        for place, link in enumerate(links(body["text"])):
            short = f"https://t.co/{number}{place}"
            shown = shown.replace(link.value, short, 1)
            whole = link.value if "://" in link.value else f"http://{link.value}"
            urls.append({"url": short, "expanded_url": whole, "display_url": "x"})
        if "media" in body:
            shown += " https://t.co/media"
            urls.append(
                {"url": "https://t.co/media", "expanded_url": "https://x.com/hscp/1/photo/1", "media_key": "3_1"}
            )
        at = self.now.isoformat().replace("+00:00", ".000Z")
        shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"id": number, "text": shown, "said": body["text"], "created_at": at, "entities": {"urls": urls}}

    @route("GET", "/2/users/42/tweets", host=HOST)
    def listing(self, sent: Sent) -> Answer:
        query = self.query(sent)
        known = {"max_results", "exclude", "tweet.fields", "start_time", "pagination_token"}
        self.must(set(query) <= known and 5 <= int(query["max_results"]) <= 100, "the query")
        start = datetime.fromisoformat(query["start_time"])
        found = [one for one in self.posts if datetime.fromisoformat(one["created_at"]) >= start]
        found = found if self.lists_posts else []
        data = [{name: value for name, value in one.items() if name != "said"} for one in found]
        listed = {"data": data, "meta": {"result_count": len(data)}} if data else {"meta": {"result_count": 0}}
        return self._signed_in(sent) or json_answer(listed)

    @route("GET", "/2/tweets/(?P<number>[0-9]+)", host=HOST)
    def one(self, sent: Sent, number: str) -> Answer:
        self.must(self.query(sent) == {"tweet.fields": "public_metrics"}, "the query")
        metrics = {"like_count": 5, "retweet_count": 4, "reply_count": 3, "impression_count": 200, "quote_count": 0}
        return self._signed_in(sent) or json_answer({"data": {"id": number, "public_metrics": metrics}})

    @route("DELETE", "/2/tweets/(?P<number>[0-9]+)", host=HOST)
    def delete(self, sent: Sent, number: str) -> Answer:
        self.posts = [one for one in self.posts if one["id"] != number]
        return self._signed_in(sent) or json_answer({"data": {"deleted": True}})

    @route("POST", "/2/oauth2/token", host=HOST)
    def token(self, sent: Sent) -> Answer:
        form = self.form(sent)
        self.must(sent.headers.get("authorization", "").startswith("Basic ") or "client_id" in form, "a client")
        if form.get("grant_type") == "refresh_token" and form["refresh_token"] != self.refresh:
            return json_answer(
                {"error": "invalid_request", "error_description": "Value passed for token was invalid."}, 400
            )
        self.refreshes += 1
        self.bearer, self.refresh = f"access-{self.refreshes}", f"refresh-{self.refreshes}"
        tokens = {
            "token_type": "bearer",
            "expires_in": 7200,
            "access_token": self.bearer,
            "refresh_token": self.refresh,
        }
        return json_answer({**tokens, "scope": "tweet.read tweet.write"})

    def _signed_in(self, sent: Sent) -> Answer | None:
        header = sent.headers.get("authorization", "")
        if header == f"Bearer {self.bearer}":
            return None
        given = {name: unquote(value) for name, value in re.findall(r'(oauth_\w+)="([^"]*)"', header)}
        if given.get("oauth_consumer_key") == "example-key":
            keys = Keys(api_key="example-key", **SECRETS)
            url = f"https://api.x.com{re.sub(r'^https://[^/]+', '', sent.url).partition('?')[0]}"
            again = keys.header(
                sent.method,
                url,
                params=self.query(sent),
                nonce=given["oauth_nonce"],
                timestamp=int(given["oauth_timestamp"]),
            )
            if again == header:
                return None
        return problem(401, "Unauthorized")
