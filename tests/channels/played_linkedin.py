"""LinkedIn as this project sees it: strict, with a memory. Made by hand: no machine-readable contract is published.

Fields by https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api, .../images-api and
.../little-text-format, versions 202604, read November 2026.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from campaign.channels.http import Answer, Sent
from campaign.testing import NOON, json_answer, route
from tests.channels.linked_page import LinkedPage
from tests.contracts.strict import many, obj, one_of, text, wrong

HOST = r"api\.linkedin\.com"
TOKEN = "example-linkedin-token"
ME = "urn:li:organization:1234567"
IMAGE = text(pattern=r"^urn:li:image:[A-Za-z0-9]+$")
PICTURE = obj({"id": IMAGE}, {"altText": text(4086)})
POST = obj(
    {
        "author": one_of(ME),
        "commentary": text(),
        "visibility": one_of("PUBLIC"),
        "distribution": obj(
            {
                "feedDistribution": one_of("MAIN_FEED"),
                "targetEntities": {"type": "array", "maxItems": 0},
                "thirdPartyDistributionChannels": {"type": "array", "maxItems": 0},
            }
        ),
        "lifecycleState": one_of("PUBLISHED"),
        "isReshareDisabledByAuthor": {"type": "boolean"},
    },
    {
        "content": {
            "oneOf": [
                obj({"article": obj({"source": text(), "title": text()}, {"description": text(), "thumbnail": IMAGE})}),
                obj({"media": PICTURE}),
                obj({"multiImage": obj({"images": many(PICTURE, 20, 2)})}),
            ]
        }
    },
)
UPLOAD = obj({"initializeUploadRequest": obj({"owner": one_of(ME)})})


class PlayedLinkedIn(LinkedPage):
    """`posts` is what the page holds, newest first. `names_pages`: the application has `r_organization_admin`."""

    names_pages = True
    reads_posts = True

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[dict[str, Any]] = []
        self.ghosts: dict[str, str] = {}
        self.images: dict[str, int] = {}
        self.now = NOON

    @route("POST", "/rest/images", host=HOST)
    def begin_image(self, sent: Sent) -> Answer:
        body = self.json(sent)
        self.must(self.query(sent) == {"action": "initializeUpload"}, "the action")
        self.must(not wrong(UPLOAD, body), wrong(UPLOAD, body))
        urn = f"urn:li:image:C{len(self.images)}"
        self.images[urn] = 0
        where = f"https://www.linkedin.com/dms-uploads/{urn[-2:]}/uploaded-image/0"
        return self._signed_in(sent) or json_answer({"value": {"uploadUrl": where, "image": urn}})

    @route("PUT", "/dms-uploads/(?P<tail>C[0-9]+)/uploaded-image/0", host=r"www\.linkedin\.com")
    def put_image(self, sent: Sent, tail: str) -> Answer:
        self.must(sent.body[:2] in (b"\xff\xd8", b"\x89P"), "an image")
        self.images[f"urn:li:image:{tail}"] = 1
        return Answer(201)

    @route("GET", "/rest/images/(?P<urn>[^/]+)", host=HOST)
    def image(self, sent: Sent, urn: str) -> Answer:
        state = self.images[unquote(urn)]
        self.images[unquote(urn)] = 2 if state else 0
        names = {0: "WAITING_UPLOAD", 1: "PROCESSING", 2: "AVAILABLE"}
        return self._signed_in(sent) or json_answer({"id": unquote(urn), "status": names[state]})

    @route("POST", "/rest/posts", host=HOST)
    def post(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        body = self.json(sent)
        self.must(not wrong(POST, body), wrong(POST, body))
        bare = re.sub(r"\{hashtag\|\\#\|[^}]*\}|\\.", "", body["commentary"], flags=re.S)
        self.must(not re.search(r"[|{}@\[\]()<>#*_~]", bare), "every reserved sign escaped")
        known = {**self.ghosts, **{one["commentary"]: one["id"] for one in self.posts}}
        if body["commentary"] in known:
            message = f"Content is a duplicate of {known[body['commentary']]}"
            errors = [{"code": "DUPLICATE_POST", "description": message}]
            return json_answer({"message": message, "status": 422, "errorDetails": {"inputErrors": errors}}, 422)
        urn = f"urn:li:share:{7000 + len(self.posts)}"
        made = int(self.now.timestamp() * 1000)
        self.posts.insert(0, {"id": urn, "commentary": body["commentary"], "publishedAt": made, "createdAt": made})
        return self.accept(body, answer=Answer(201, {"x-restli-id": urn, "content-length": "0"}))

    @route("GET", "/rest/posts", host=HOST)
    def listing(self, sent: Sent) -> Answer:
        query = self.query(sent)
        self.must(set(query) == {"q", "author", "count", "start", "sortBy"} and query["author"] == ME, "the query")
        self.must(sent.headers.get("x-restli-method") == "FINDER" and int(query["count"]) <= 100, "a finder")
        if not self.reads_posts:
            return self._signed_in(sent) or json_answer({"status": 403, "message": "Not enough permissions"}, 403)
        start = int(query["start"])
        page = self.posts[start : start + int(query["count"])]
        return self._signed_in(sent) or json_answer({"paging": {"start": start, "links": []}, "elements": page})

    @route("GET", "/rest/posts/(?P<urn>[^/]+)", host=HOST)
    def one(self, sent: Sent, urn: str) -> Answer:
        found = [post for post in self.posts if post["id"] == unquote(urn)]
        return self._signed_in(sent) or (json_answer(found[0]) if found else json_answer({"status": 404}, 404))

    @route("DELETE", "/rest/posts/(?P<urn>[^/]+)", host=HOST)
    def delete(self, sent: Sent, urn: str) -> Answer:
        self.posts = [post for post in self.posts if post["id"] != unquote(urn)]
        return self._signed_in(sent) or Answer(204)

    @route("GET", "/rest/organizations/1234567", host=HOST)
    def organization(self, sent: Sent) -> Answer:
        if not self.names_pages:
            refused = {"status": 403, "code": "ACCESS_DENIED", "message": "Not enough permissions to access: GET"}
            return self._signed_in(sent) or json_answer(refused, 403)
        return self._signed_in(sent) or json_answer({"id": 1234567, "localizedName": "Example Partnership"})

    @route("GET", "/rest/socialActions/(?P<urn>[^/]+)", host=HOST)
    def social(self, sent: Sent, urn: str) -> Answer:
        counts = {"likesSummary": {"totalLikes": 8}, "commentsSummary": {"aggregatedTotalComments": 2}}
        return self._signed_in(sent) or json_answer(counts)

    @route("POST", "/oauth/v2/accessToken", host=r"www\.linkedin\.com")
    def token(self, sent: Sent) -> Answer:
        form = self.form(sent)
        self.must({"grant_type", "client_id", "client_secret"} <= set(form), "a client and its secret")
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != "refresh-0":
            return json_answer({"error": "invalid_request", "error_description": "refresh token is expired"}, 400)
        granted = {"access_token": TOKEN, "expires_in": 5_184_000, "refresh_token": "refresh-0"}
        granted |= {"scope": "w_organization_social,r_organization_social"}
        return json_answer({**granted, "refresh_token_expires_in": 31_536_000})

    def _signed_in(self, sent: Sent) -> Answer | None:
        self.must(bool(re.fullmatch("20[0-9]{4}", sent.headers.get("linkedin-version", ""))), "a version")
        self.must(sent.headers.get("x-restli-protocol-version") == "2.0.0", "the protocol's version")
        if sent.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return json_answer({"status": 401, "serviceErrorCode": 65600, "message": "Invalid access token"}, 401)
