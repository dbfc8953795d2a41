"""Access tokens for XOAUTH2 (Microsoft 365, Google), fetched when the last is about to end (RFC 6749 4.4, 6)."""

from __future__ import annotations

import json
import threading

from pydantic import SecretStr

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
        self._lock = threading.Lock()
        self._given = ""

    def access(self, refused: bool) -> str:
        """An access token; a new one where the last given was `refused`. Raises TryLater or ChannelDown."""
        with self._lock:
            kept = self._tools.notes.get(NOTE)
            known = json.loads(kept) if kept else {}
            token = str(known.get("access", ""))
            alive = float(known.get("expires", 0)) > self._tools.now().timestamp() + MARGIN
            if not (token and alive and not (refused and token == self._given)):
                token = self._renew(kept, str(known.get("refresh", "")))
            self._given = token
            return token

    def _renew(self, kept: str | None, refresh: str) -> str:
        reply = self._ask(refresh or _open(self._options.refresh_token))
        token = str(reply.get("access_token", ""))
        if not token:
            raise ChannelDown("The sign-in service gave no access token", code="oauth")
        life = float(str(reply.get("expires_in") or USUAL_LIFE))
        note = {"access": token, "expires": self._tools.now().timestamp() + life}
        if newer := str(reply.get("refresh_token") or refresh):
            note["refresh"] = newer
        # where another process was quicker its note stays: ours opens the door this once all the same
        self._tools.notes.swap(NOTE, old=kept, new=json.dumps(note), secret=True)
        return token

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
