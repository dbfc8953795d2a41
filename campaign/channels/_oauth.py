"""OAuth 2.0: signing a channel in (authorisation code, PKCE where the network has it) and keeping it signed in.

RFC 6749 sections 4.1 and 6, RFC 7636. Tokens are a JSON object: `access`, `refresh`, `expires` (epoch seconds; 0: not
known), and what else a network needs.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic import SecretStr

from campaign.channels._reply import Reply
from campaign.channels._tokens import Keychain
from campaign.channels.base import Tools
from campaign.errors import ChannelDown, TryLater

if TYPE_CHECKING:
    from campaign.channels.http import Http


#: Seconds after the end of an access token at which a sign-in counts as unused, far below what refresh tokens live.
IDLE = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An application registered with a network. `basic`: it shows its secret in a header, not in the form."""

    authorize: str
    token: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ()
    pkce: bool = True
    basic: bool = False

    def authorize_url(self, redirect_uri: str, state: str, verifier: str) -> str:
        """Where a person signs in and agrees."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": " ".join(self.scopes),
        }
        if self.pkce:
            query |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        return f"{self.authorize}?{urlencode(query)}"

    def exchange(self, http: Http, code: str, redirect_uri: str, verifier: str, now: datetime) -> dict[str, Any]:
        """The tokens for a code; ChannelDown where the network does not take it."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        form |= {"code_verifier": verifier} if self.pkce else {}
        reply = self._ask(http, form)
        if not reply.ok:
            raise ChannelDown(f"The sign-in was not accepted: {said(reply)}", code=str(reply.status))
        return tokens(reply, now)

    def refresh(self, http: Http, old: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """New tokens for old ones. ChannelDown where a person must sign in again, TryLater where it may still work."""
        reply = self._ask(http, {"grant_type": "refresh_token", "refresh_token": str(old.get("refresh", ""))})
        if reply.status in (400, 401, 403):
            raise ChannelDown(f"The sign-in has run out: {said(reply)}", code=str(reply.status))
        if not reply.ok:
            raise TryLater("The sign-in could not be renewed just now.", after=max(30.0, reply.retry_after(now)))
        return {**old, **{name: value for name, value in tokens(reply, now).items() if value}}

    def _ask(self, http: Http, form: Mapping[str, str]) -> Reply:
        headers, body = {}, dict(form)
        if self.basic and self.client_secret:
            pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            headers["authorization"] = f"Basic {pair}"
        else:
            body |= {"client_id": self.client_id}
            body |= {"client_secret": self.client_secret} if self.client_secret else {}
        hidden = tuple(word for name, word in body.items() if name in ("code", "refresh_token", "client_secret"))
        return http.request("POST", self.token, data=body, headers=headers, secrets=hidden, repeatable=True)


def not_granted(wanted: tuple[str, ...], granted: tuple[str, ...]) -> str:
    """What of `wanted` was not granted, in words; "" where all was, or it is not known."""
    missing = [scope for scope in wanted if scope not in granted] if granted else []
    return f"not granted: {', '.join(missing)}" if missing else ""


def verifier() -> str:
    """A new PKCE code verifier (RFC 7636 section 4.1)."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def tokens(reply: Reply, now: datetime) -> dict[str, Any]:
    """The tokens of a token endpoint's answer (RFC 6749 section 5.1)."""
    return {
        "access": reply.need("access_token"),
        "refresh": reply.text_at("refresh_token"),
        "expires": _until(reply.dig("expires_in"), now),
        "refresh_expires": _until(reply.dig("refresh_token_expires_in"), now),
        "scope": reply.text_at("scope"),
    }


def _until(seconds: object, now: datetime) -> float:
    try:
        return now.timestamp() + float(seconds) if isinstance(seconds, int | float | str) and seconds else 0.0
    except ValueError:
        return 0.0


def said(reply: Reply) -> str:
    """The network's reason, short (RFC 6749 section 5.2, or Meta's own form)."""
    reason = reply.text_at("error_description") or reply.text_at("error", "message") or reply.text_at("error")
    return (reason or f"status {reply.status}")[:200]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The access token of a channel: the one in its options, else the stored one, renewed in time.

    It is renewed `ahead` seconds before its end.

    `renew` makes new tokens of old ones; without it a token that has run out means that a person signs in again.
    """

    tools: Tools
    given: SecretStr | None
    renew: Callable[[dict[str, Any]], Mapping[str, Any]] | None = None
    ahead: float = 300.0

    def access(self) -> str:
        """A token good for now. Raises ChannelDown or TryLater."""
        if self.given is not None:
            return self.given.get_secret_value()
        kept = Keychain(self.tools).read()
        if not kept.get("access"):
            raise ChannelDown(f"{self.tools.name} is not signed in: run `campaign channels connect {self.tools.name}`.")
        left = self.left(kept)
        if left is None or left > self.ahead:
            return str(kept["access"])
        if self.renew is not None:
            try:
                return str(Keychain(self.tools).renew(kept, self.renew)["access"])
            except TryLater:
                if left <= 0:
                    raise
                return str(kept["access"])
        if left <= 0:
            raise ChannelDown(
                f"The sign-in of {self.tools.name} has run out: run `campaign channels connect {self.tools.name}`."
            )
        return str(kept["access"])

    def stay(self) -> None:
        """Renew a sign-in that would run out unused; to be called from time to time. Raises ChannelDown or TryLater.

        A token that is renewed by itself is renewed `ahead` of its end. One with a refresh token only after `IDLE`
        without use: a refresh token works once, and each renewal is a chance to lose it.
        """
        kept = {} if self.given is not None or self.renew is None else Keychain(self.tools).read()
        left = self.left(kept)
        if self.renew is None or not kept.get("access") or left is None:
            return
        if left <= (-IDLE if kept.get("refresh") else self.ahead):
            Keychain(self.tools).renew(kept, self.renew)

    def stale(self) -> str:
        """A token in place of one that the network has just called stale; ChannelDown where there is none."""
        if self.given is None and self.renew is not None:
            kept = Keychain(self.tools).read()
            return str(Keychain(self.tools).renew(kept, self.renew)["access"])
        raise ChannelDown(f"{self.tools.name} is signed out: run `campaign channels connect {self.tools.name}`.")

    def left(self, kept: Mapping[str, Any]) -> float | None:
        """Seconds that the stored access token still lives; None where it is not known."""
        expires = float(kept.get("expires") or 0.0)
        return expires - self.tools.now().timestamp() if expires else None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the network granted when a person signed in; () where it did not say, or a token was given by hand."""
        kept = {} if self.given is not None else Keychain(self.tools).read()
        return tuple(re.split(r"[\s,]+", str(kept.get("scope") or "").strip())) if kept.get("scope") else ()

    @property
    def expires(self) -> datetime | None:
        """Until when the channel stays signed in without a person; None where it is not known, or without an end."""
        if self.given is not None:
            return None
        kept = Keychain(self.tools).read()
        until = float(kept.get("refresh_expires" if kept.get("refresh") else "expires") or 0.0)
        return datetime.fromtimestamp(until, UTC) if until else None
