"""A personal data server as this project sees one: strict, with a memory, and the ways of the real one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from campaign.channels.http import Answer, Sent
from campaign.testing import json_answer, route
from tests.channels.linked_page import LinkedPage
from tests.contracts import lexicon

DID = "did:plc:abcdefghijklmnop"
PASSWORD = "abcd-efgh-ijkl-mnop"
HOST = r"bsky\.social"


def fail(name: str, status: int = 400, message: str = "no", headers: dict[str, str] | None = None) -> Answer:
    return json_answer({"error": name, "message": message}, status, headers)


def cid(value: Any) -> str:
    return "bafyrei" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:40]


class PlayedBluesky(LinkedPage):
    """`records` is what the account holds, by key; `accepted` every record ever created."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, Any] = {}
        self.blobs: dict[str, Any] = {}
        self.handles = {"partner.example.org": "did:plc:partner"}
        self.generation = 0
        self.sign_ins = 0
        self.expired: set[str] = set()

    @route("POST", "/xrpc/com.atproto.server.createSession", host=HOST)
    def create_session(self, sent: Sent) -> Answer:
        body = self.json(sent)
        self._lawful(lambda: lexicon.check_input("com.atproto.server.createSession", body))
        self.sign_ins += 1
        if body["password"] != PASSWORD:
            return fail("AuthenticationRequired", 401, "Invalid identifier or password")
        return self._session()

    @route("POST", "/xrpc/com.atproto.server.refreshSession", host=HOST)
    def refresh_session(self, sent: Sent) -> Answer:
        if sent.headers.get("authorization") != f"Bearer refresh-{self.generation}":
            return fail("ExpiredToken", 400, "Token has been revoked")
        return self._session()

    def _session(self) -> Answer:
        self.generation += 1
        tokens = {"accessJwt": f"access-{self.generation}", "refreshJwt": f"refresh-{self.generation}"}
        return json_answer({**tokens, "did": DID, "handle": "hscp.example.org"})

    @route("GET", "/xrpc/com.atproto.server.getSession", host=HOST)
    def get_session(self, sent: Sent) -> Answer:
        return self._signed_in(sent) or json_answer({"did": DID, "handle": "hscp.example.org", "active": True})

    @route("POST", "/xrpc/com.atproto.repo.uploadBlob", host=HOST)
    def upload_blob(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        self.must(sent.headers.get("content-type") in ("image/png", "image/jpeg"), "a media type")
        link = "bafkrei" + hashlib.sha256(sent.body).hexdigest()[:40]
        blob = {
            "$type": "blob",
            "ref": {"$link": link},
            "mimeType": sent.headers["content-type"],
            "size": len(sent.body),
        }
        self.blobs[link] = blob
        return json_answer({"blob": blob})

    @route("POST", "/xrpc/com.atproto.repo.putRecord", host=HOST)
    def put_record(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        body = self.json(sent)
        record = body["record"]
        self._lawful(lambda: lexicon.check_input("com.atproto.repo.putRecord", body))
        self._lawful(lambda: lexicon.check_record(record))
        self._lawful(lambda: lexicon._string({"format": "tid"}, body["rkey"], "rkey", ""))
        self.must("swapRecord" in body and body["swapRecord"] is None, "create only")
        self.must(body["repo"] == DID, "our own repo")
        self._facets(record)
        embed = record.get("embed", {})
        thumb = embed.get("external", {}).get("thumb")
        for blob in [image["image"] for image in embed.get("images", [])] + ([thumb] if thumb else []):
            if blob["ref"]["$link"] not in self.blobs:
                return fail("InvalidRequest", 400, "Could not find blob")
        key, new = body["rkey"], cid(record)
        there = self.records.get(key)
        if there is None:
            self.records[key] = record
            done = {"uri": self._uri(key), "cid": new, "commit": {"cid": new, "rev": "1"}, "validationStatus": "valid"}
            headers = {"ratelimit-limit": "5000", "ratelimit-remaining": "4998", "ratelimit-reset": "1696942800"}
            return self.accept({"rkey": key, **record}, answer=json_answer(done, 200, headers))
        if cid(there) != new:
            return fail("InvalidSwap", 400, f"Record was at {cid(there)}")
        return json_answer({"uri": self._uri(key), "cid": new, "validationStatus": "valid"})

    @route("GET", "/xrpc/com.atproto.repo.getRecord", host=HOST)
    def get_record(self, sent: Sent) -> Answer:
        query = self.query(sent)
        self._lawful(lambda: lexicon.check_params("com.atproto.repo.getRecord", query))
        if query["rkey"] not in self.records:
            return fail("RecordNotFound", 400, "Could not locate record")
        value = self.records[query["rkey"]]
        return json_answer({"uri": self._uri(query["rkey"]), "cid": cid(value), "value": value})

    @route("POST", "/xrpc/com.atproto.repo.deleteRecord", host=HOST)
    def delete_record(self, sent: Sent) -> Answer:
        if refused := self._signed_in(sent):
            return refused
        body = self.json(sent)
        self._lawful(lambda: lexicon.check_input("com.atproto.repo.deleteRecord", body))
        self.records.pop(body["rkey"], None)
        return json_answer({})

    @route("GET", "/xrpc/com.atproto.identity.resolveHandle", host=HOST)
    def resolve_handle(self, sent: Sent) -> Answer:
        query = self.query(sent)
        self._lawful(lambda: lexicon.check_params("com.atproto.identity.resolveHandle", query))
        did = self.handles.get(query["handle"])
        return json_answer({"did": did}) if did else fail("InvalidRequest", 400, "Unable to resolve handle")

    @route("GET", "/xrpc/app.bsky.feed.getPosts", host=HOST)
    def get_posts(self, sent: Sent) -> Answer:
        self.must(set(self.query(sent)) == {"uris"}, "uris and nothing else")
        return json_answer({"posts": [{"likeCount": 3, "repostCount": 2, "replyCount": 1, "quoteCount": 0}]})

    def _uri(self, key: str) -> str:
        return f"at://{DID}/app.bsky.feed.post/{key}"

    def _signed_in(self, sent: Sent) -> Answer | None:
        token = sent.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            return fail("AuthMissing", 401)
        if token in self.expired or token != f"access-{self.generation}":
            return fail("ExpiredToken", 400, "Token has expired")
        return None

    def _lawful(self, check: Any) -> None:
        try:
            check()
        except lexicon.Unlawful as error:
            self.must(False, str(error))

    def _facets(self, record: Any) -> None:
        """What a server does not check and readers see: every facet lies in the text, in order, on whole characters."""
        text, at = record["text"].encode(), 0
        for facet in record.get("facets", []):
            start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
            self.must(at <= start < end <= len(text), "facets in order, within the text")
            text[start:end].decode()
            at = end
