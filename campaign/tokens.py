"""Wire tokens: unforgeable, and the same for every attempt at the same delivery."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """The installation's key. `id` tells keys apart without telling them (it is a hash of the secret)."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Eight hex digits that name this key."""
        return hmac.new(self.secret, b"key-id-v1", hashlib.sha256).hexdigest()[:8]

    def token(self, label: str, *parts: str) -> str:
        """32 hex digits (128 bits): HMAC-SHA256 of `parts` under this key, one namespace a `label`."""
        text = "\x1f".join((label, *parts)).encode()
        return hmac.new(self.secret, text, hashlib.sha256).hexdigest()[:32]

    def hash(self, label: str, text: str) -> str:
        """64 hex digits: a keyed hash that only this installation can make."""
        return hmac.new(self.secret, f"{label}\x1f{text}".encode(), hashlib.sha256).hexdigest()

    def stamped(self, label: str, number: int) -> str:
        """A token that carries `number` readably: `<number in base 32>-<32 hex digits>`."""
        digits = base64.b32encode(number.to_bytes(5, "big")).decode().lower().rstrip("=")
        return f"{digits}-{self.token(label, str(number))}"

    def read_stamped(self, label: str, token: str) -> int | None:
        """The number in a token made by `stamped`, or None when it was not made by this key for this label."""
        digits, _, mac = token.lower().partition("-")
        try:
            number = int.from_bytes(base64.b32decode(digits.upper() + "=" * (-len(digits) % 8)), "big")
        except ValueError:
            return None
        return number if hmac.compare_digest(mac, self.token(label, str(number))) else None


def new_key() -> Key:
    """A fresh random key of 256 bits."""
    return Key(secrets.token_bytes(KEY_BYTES))


def random_token() -> str:
    """A random secret of 128 bits, URL-safe, 22 characters."""
    return secrets.token_urlsafe(16)
