"""Passwords: argon2id (RFC 9106, its second recommended choice), and what a password must be."""

from __future__ import annotations

from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 200

_HASHER = PasswordHasher()
#: Each hash takes 64 MiB; so many at a time.
_ROOM = Semaphore(2)
#: Compared with where nobody has that name, so that an answer takes as long.
_NOBODY = _HASHER.hash("nobody has this password")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _ROOM:
        return _HASHER.hash(password)


def matches(kept: str, password: str) -> bool:
    """Whether `password` is the one that `kept` was made of; "" is nobody's."""
    with _ROOM:
        try:
            _HASHER.verify(kept or _NOBODY, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return bool(kept)


def wrong(password: str, *about: str) -> str:
    """The catalogue's key for why a password will not do; "" where it will. `about`: words it may not be."""
    if len(password) < SHORTEST:
        return "sign.short"
    if len(password) > LONGEST:
        return "sign.long"
    if len(set(password)) < 5 or password.casefold() in {each.casefold() for each in about}:
        return "sign.plain"
    return ""
