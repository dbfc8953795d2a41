"""OAuth 1.0a signatures (RFC 5849, HMAC-SHA1): a sign-in without an end, for one account."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The application's two keys and the account's two."""

    api_key: str
    api_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_secret: str = field(repr=False)

    def header(self, method: str, url: str, *, params: Mapping[str, str], nonce: str, timestamp: int) -> str:
        """The Authorization header of a request whose body is not a form (section 3.4.1.3.1). `url` has no query."""
        own = {
            "oauth_consumer_key": self.api_key,
            "oauth_nonce": nonce,
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(timestamp),
            "oauth_token": self.access_token,
            "oauth_version": "1.0",
        }
        own["oauth_signature"] = self._sign(method, url, {**params, **own})
        return "OAuth " + ", ".join(f'{_encode(name)}="{_encode(value)}"' for name, value in sorted(own.items()))

    def _sign(self, method: str, url: str, params: Mapping[str, str]) -> str:
        pairs = sorted((_encode(name), _encode(value)) for name, value in params.items())
        base = "&".join([method.upper(), _encode(url), _encode("&".join(f"{n}={v}" for n, v in pairs))])
        key = f"{_encode(self.api_secret)}&{_encode(self.access_secret)}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _encode(text: str) -> str:
    """Percent-encoding by section 3.6."""
    return quote(text, safe="-._~")
