"""Access tokens for XOAUTH2 (Microsoft 365, Google), fetched when the last is about to end (RFC 6749 4.4, 6)."""

from __future__ import annotations

import threading
from typing import Any

from pydantic import SecretStr

from campaign.channels._tokens import Keychain
from campaign.channels.base import Tools
from campaign.channels.smtp.options import SmtpOptions
from campaign.errors import ChannelDown, TryLater

NOTE = "xoauth2"
MARGIN = 120.0
USUAL_LIFE = 3600.0


class Tokens:
    """One account's tokens, kept in the channel's notes so that every process uses the same."""

    def __init__(self, options: SmtpOptions, tools: Tools) -> None:
        if options.oauth is None:
            raise ValueError("xoauth2 needs its settings under oauth")
        self._options = options
        self._oauth = options.oauth
        self._tools = tools
        self._chain = Keychain(tools, NOTE)
        self._lock = threading.Lock()

    def access(self, refused: str) -> str:
        """An access token other than the one just `refused` ("": none was). Raises TryLater or ChannelDown.

        Where several lanes or processes need a new one at once, one of them fetches it and the others use that: a
        refresh token may work only once.
        """
        with self._lock:
            known = self._chain.read()
            alive = float(known.get("expires", 0)) > self._tools.now().timestamp() + MARGIN
            if not (alive and known.get("access", "") not in ("", refused)):
                known = self._chain.renew(known, self._renew)
            return str(known["access"])

    def _renew(self, known: dict[str, Any]) -> dict[str, Any]:
        refresh = str(known.get("refresh", ""))
        reply = self._ask(refresh or _open(self._options.refresh_token))
        token = str(reply.get("access_token", ""))
        if not token:
            raise ChannelDown("The sign-in service gave no access token", code="oauth")
        life = float(str(reply.get("expires_in") or USUAL_LIFE))
        note: dict[str, Any] = {"access": token, "expires": self._tools.now().timestamp() + life}
        if newer := str(reply.get("refresh_token") or refresh):
            note["refresh"] = newer
        return note

    def _ask(self, refresh: str) -> dict[str, object]:
        if self._tools.http is None:
            raise ChannelDown("xoauth2 needs the way to the web that this channel was not given", code="oauth")
        form = {"client_id": self._oauth.client_id, "grant_type": "refresh_token" if refresh else "client_credentials"}
        if refresh:
            form["refresh_token"] = refresh
        if self._oauth.scope:
            form["scope"] = self._oauth.scope
        if secret := _open(self._options.client_secret):
            form["client_secret"] = secret
        hidden = tuple(value for value in (refresh, secret) if value)
        reply = self._tools.http.request("POST", self._oauth.token_url, data=form, secrets=hidden, repeatable=True)
        if reply.ok:
            found = reply.json()
            return found if isinstance(found, dict) else {}
        if reply.status == 429 or reply.status >= 500:
            raise TryLater("The sign-in service is busy", after=reply.retry_after(self._tools.now()), slow_all=True)
        code = reply.text_at("error") or str(reply.status)
        raise ChannelDown("The sign-in service refused us: connect the channel again", code=code, raw=reply.extract())


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
