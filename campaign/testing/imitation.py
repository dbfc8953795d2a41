"""A network played by your own methods: strict, and with a memory.

    class Pigeons(Imitation):
        @route("POST", r"/lofts/(?P<loft>[a-z]+)/send")
        def send(self, sent, loft):
            post = self.json(sent)
            self.must(set(post) == {"text"}, "exactly one field, text")
            return self.accept(post, answer=json_answer({"id": len(self.accepted) + 1}))

It can be called in memory (`recording`), or be served over real sockets by a `FakeNetwork`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from campaign.channels.http import Answer, Sent
from campaign.testing.clients import FIRST_HOST

Handler = TypeVar("Handler", bound=Callable[..., Answer])
ROUTES = "_campaign_routes"


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, {"content-type": "application/json", **(headers or {})}, json.dumps(value).encode())


class BrokenContract(Exception):
    """A request that the real network would not understand."""


def route(method: str, path: str, *, host: str = "") -> Callable[[Handler], Handler]:
    """Let a method of an `Imitation` answer requests whose whole path matches `path`, a regular expression.

    Its named groups become keyword arguments. `host` limits it to one host, also a regular expression.
    """

    def mark(handler: Handler) -> Handler:
        known = getattr(handler, ROUTES, ())
        setattr(handler, ROUTES, (*known, (method, re.compile(path), re.compile(host) if host else None)))
        return handler

    return mark


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body."""

    file_name: str
    media_type: str
    data: bytes

    @property
    def text(self) -> str:
        """The data as UTF-8."""
        return self.data.decode()


class Imitation:
    """One network, played by your methods (`route`).

    `accepted` is what it took for good, in order. `requests` is everything asked. `broken` says, in words, what the
    real network would not have understood; a test ends with `assert not imitation.broken`.
    """

    def __init__(self) -> None:
        self.accepted: list[Any] = []
        self.requests: list[Sent] = []
        self.broken: list[str] = []
        self._lock = threading.RLock()

    def __call__(self, sent: Sent) -> Answer:
        """Answer one request."""
        with self._lock:
            self.requests.append(sent)
            parts = urlsplit(sent.url)
            host = sent.headers.get(FIRST_HOST, parts.hostname or "")
            try:
                return self._route(sent, host, parts.path)
            except BrokenContract as error:
                self.broken.append(f"{sent.method} {parts.path}: {error}")
                return json_answer({"error": f"broken contract: {error}"}, 400)

    def _route(self, sent: Sent, host: str, path: str) -> Answer:
        for name in dir(type(self)):
            handler = getattr(type(self), name)
            for method, pattern, hosts in getattr(handler, ROUTES, ()):
                found = pattern.fullmatch(path) if method == sent.method else None
                if found and (hosts is None or hosts.fullmatch(host)):
                    answer: Answer = handler(self, sent, **found.groupdict())
                    return answer
        raise BrokenContract(f"no such address at {host}")

    def accept(self, thing: Any, *, answer: Answer) -> Answer:
        """Take `thing` for good, and give `answer`."""
        with self._lock:
            self.accepted.append(thing)
        return answer

    def must(self, true: bool, words: str) -> None:
        """Say that the request breaks the contract unless `true`."""
        if not true:
            raise BrokenContract(words)

    def json(self, sent: Sent) -> Any:
        """The JSON body; a broken contract where it is none, or is not called so."""
        self.must("json" in sent.headers.get("content-type", ""), "the body must be called application/json")
        try:
            return json.loads(sent.body)
        except ValueError as error:
            raise BrokenContract(f"the body is no JSON: {error}") from None

    def form(self, sent: Sent) -> dict[str, str]:
        """The fields of a form body, or of the query where there is no body."""
        text = sent.body.decode() if sent.body else urlsplit(sent.url).query
        return dict(parse_qsl(text, keep_blank_values=True))

    def parts(self, sent: Sent) -> dict[str, Part]:
        """The parts of a multipart/form-data body, by name; a broken contract where it is none."""
        kind = sent.headers.get("content-type", "")
        self.must(kind.startswith("multipart/form-data;"), "the body must be multipart/form-data")
        whole = BytesParser(policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode() + sent.body)
        found = {}
        for part in whole.iter_parts():
            self.must(part.get_content_disposition() == "form-data", "each part must be form-data")
            name = str(part.get_param("name", "", header="content-disposition"))
            data = part.get_payload(decode=True)
            found[name] = Part(
                part.get_filename() or "", part.get_content_type(), data if isinstance(data, bytes) else b""
            )
        return found

    def query(self, sent: Sent) -> dict[str, str]:
        """The query of the address."""
        return dict(parse_qsl(urlsplit(sent.url).query, keep_blank_values=True))


class Agreeable(Imitation):
    """A network that takes every request but reads, and answers `{}`."""

    def _route(self, sent: Sent, host: str, path: str) -> Answer:
        if sent.method in ("GET", "HEAD"):
            return json_answer({})
        return self.accept(sent.body, answer=json_answer({}))
