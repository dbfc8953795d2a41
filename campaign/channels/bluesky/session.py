"""Being signed in at a Bluesky server: one session kept over processes, renewed when it runs out.

createSession is limited to 30 in 5 minutes and 300 a day for an account, so that a session is kept and refreshed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from campaign.channels._outcome import outcome
from campaign.channels._reply import Reply
from campaign.channels._social import way
from campaign.channels._tokens import Keychain
from campaign.channels.base import Tools
from campaign.errors import ChannelDown, ChannelError

_STALE = frozenset({"ExpiredToken", "InvalidToken"})
_DOWN = frozenset(
    {"AccountTakedown", "AccountDeactivated", "AccountSuspended", "AuthenticationRequired", "AuthMissing"}
    | {"AuthFactorTokenRequired", "InvalidToken", "ExpiredToken"}
)


class Session:
    """Signed-in calls to one server."""

    def __init__(self, tools: Tools, *, service: str, handle: str, password: str) -> None:
        self._tools = tools
        self._service = service.rstrip("/")
        self._handle = handle
        self._password = password
        self._keychain = Keychain(tools, "session")
        mark = f"{self._service}\0{handle}\0{password}".encode()
        self._mark = hashlib.sha256(mark).hexdigest()[:16]

    def call(self, method: str, name: str, **options: Any) -> Reply:
        """Call the XRPC method `name` signed in; once more after a refresh where the token had run out.

        A token that has run out is refused before anything else is done, so that the second call is safe.
        """
        session = self._current()
        reply = self._ask(method, name, session, **options)
        if reply.text_at("error") in _STALE and reply.status in (400, 401):
            session = self._keychain.renew(session, self._renew)
            reply = self._ask(method, name, session, **options)
        return reply

    @property
    def did(self) -> str:
        """The account's permanent name."""
        return str(self._current()["did"])

    def error(self, reply: Reply, *, refused: str = "") -> ChannelError:
        """What a reply that is no success means."""
        named = reply.text_at("error")
        said = f"{named} {refused or reply.text_at('message')[:200]}".strip()
        down = frozenset({401, 403}) | ({reply.status} if named in _DOWN else frozenset())
        return outcome(reply, network="Bluesky", now=self._tools.now(), said=said, down=down)

    def _current(self) -> dict[str, Any]:
        session = self._keychain.read()
        if session.get("mark") == self._mark and session.get("did"):
            return session
        return self._keychain.renew(session, lambda old: self._sign_in())

    def _renew(self, old: Mapping[str, Any]) -> dict[str, Any]:
        reply = self._post("refreshSession", token=str(old.get("refresh", "")))
        return self._kept(reply) if reply.ok else self._sign_in()

    def _sign_in(self) -> dict[str, Any]:
        reply = self._post("createSession", json={"identifier": self._handle, "password": self._password})
        if not reply.ok:
            if reply.text_at("error") in _DOWN or reply.status in (400, 401):
                raise ChannelDown(
                    f"Bluesky does not sign {self._handle} in ({reply.text_at('error')}): check the handle and the "
                    "app password.",
                    code=str(reply.status),
                )
            raise self.error(reply)
        return self._kept(reply)

    def _kept(self, reply: Reply) -> dict[str, Any]:
        return {
            "mark": self._mark,
            "did": reply.need("did"),
            "handle": reply.text_at("handle"),
            "access": reply.need("accessJwt"),
            "refresh": reply.need("refreshJwt"),
        }

    def _post(self, name: str, *, token: str = "", json: Any = None) -> Reply:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self._http("POST", f"com.atproto.server.{name}", headers=headers, json=json, repeatable=True)

    def _ask(self, method: str, name: str, session: Mapping[str, Any], **options: Any) -> Reply:
        headers = {**(options.pop("headers", None) or {}), "authorization": f"Bearer {session['access']}"}
        return self._http(method, name, headers=headers, **options)

    def _http(self, method: str, name: str, **options: Any) -> Reply:
        http = way(self._tools, "Bluesky")
        return http.request(method, f"{self._service}/xrpc/{name}", secrets=(self._password,), **options)
