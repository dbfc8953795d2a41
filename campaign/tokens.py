"""Wire tokens: unforgeable, and the same for every attempt at the same delivery."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

KEY_BYTES = 32
#: Base 32 (RFC 4648 section 6, lower case), ten bits at a time: four of these are a number below 2**40.
_BASE32 = [a + b for a in "abcdefghijklmnopqrstuvwxyz234567" for b in "abcdefghijklmnopqrstuvwxyz234567"]


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
        return _mac(self.secret, "\x1f".join((label, *parts)))[:32]

    def hash(self, label: str, text: str) -> str:
        """64 hex digits: a keyed hash that only this installation can make."""
        return _mac(self.secret, f"{label}\x1f{text}")

    def stamped(self, label: str, number: int) -> str:
        """A token that carries `number` readably: `<number in base 32>-<32 hex digits>`."""
        return self.stamps(label)(number)[0]

    def stamps(self, *labels: str) -> Callable[[int], list[str]]:
        """What makes the tokens of a number, one for each label: see `stamped`."""
        pads = [_labelled(self.secret, label) for label in labels]

        def stamp(number: int) -> list[str]:
            readable = (
                f"{_BASE32[number >> 30]}{_BASE32[number >> 20 & 1023]}"
                f"{_BASE32[number >> 10 & 1023]}{_BASE32[number & 1023]}-"
            )
            digits, made = b"%d" % number, []
            for inner, outer in pads:
                inside, outside = inner.copy(), outer.copy()
                inside.update(digits)
                outside.update(inside.digest())
                made.append(readable + outside.hexdigest()[:32])
            return made

        return stamp

    def read_stamped(self, label: str, token: str) -> int | None:
        """The number in a token made by `stamped`, or None when it was not made by this key for this label."""
        if not token.isascii():
            return None
        digits, _, mac = token.lower().partition("-")
        try:
            number = int.from_bytes(base64.b32decode(digits.upper() + "=" * (-len(digits) % 8)), "big")
        except ValueError:
            return None
        return number if hmac.compare_digest(mac, self.token(label, str(number))) else None


def _mac(secret: bytes, text: str) -> str:
    inner, outer = _pads(secret)
    inside, outside = inner.copy(), outer.copy()
    inside.update(text.encode())
    outside.update(inside.digest())
    return outside.hexdigest()


@cache
def _pads(secret: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """HMAC (RFC 2104) with the key's two pads already hashed: three tokens a message are half as dear."""
    block = (hashlib.sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


@cache
def _labelled(secret: bytes, label: str) -> tuple[hashlib._Hash, hashlib._Hash]:
    """As `_pads`, with the label and what parts it from the rest hashed too."""
    inner, outer = _pads(secret)
    inside = inner.copy()
    inside.update(f"{label}\x1f".encode())
    return inside, outer


def new_key() -> Key:
    """A fresh random key of 256 bits."""
    return Key(secrets.token_bytes(KEY_BYTES))


def random_token() -> str:
    """A random secret of 128 bits, URL-safe, 22 characters."""
    return secrets.token_urlsafe(16)
