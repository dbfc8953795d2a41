"""DKIM signatures (RFC 6376; ed25519: RFC 8463), relaxed/relaxed, made as a message leaves.

From is listed once more than it occurs, so that nobody can add a second one; List-Unsubscribe and List-Unsubscribe-Post
are covered, as RFC 8058 section 4 demands.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from campaign.channels.smtp.places import KeyFile
from campaign.errors import Problem, SettingsError

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
LEAST_RSA_BITS = 1024  # RFC 8301 3.2; 2048 is what to use

#: Signed where present, oldest use first; From stands twice (see above).
SIGNED = (
    "from", "from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
    "content-transfer-encoding", "list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "auto-submitted",
    "feedback-id",
)  # fmt: skip

_NAMES = frozenset(name.encode() for name in SIGNED)
_BLANKS = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_PADDING = padding.PKCS1v15()
_SHA256 = hashes.SHA256()


@dataclass(frozen=True, slots=True)
class Key:
    """One loaded key."""

    domain: str
    selector: str
    private: PrivateKey

    @property
    def algorithm(self) -> str:
        """The value of the signature's `a` tag."""
        return "rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519-sha256"

    def signature(self, data: bytes) -> bytes:
        """The raw signature over the canonical headers; ed25519 signs their SHA-256 (RFC 8463 3)."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, _PADDING, _SHA256)
        return self.private.sign(hashlib.sha256(data).digest())


class Signer:
    """Signs with every key that is for the From domain or for one above it."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = tuple(keys)
        self._by_address: dict[str, tuple[Key, ...]] = {}

    @classmethod
    def from_keys(cls, keys: Iterable[KeyFile]) -> Signer:
        """Load every key file. Raises SettingsError naming each that cannot be used."""
        loaded: list[Key] = []
        problems: list[Problem] = []
        for key in keys:
            try:
                loaded.append(Key(key.domain.lower(), key.selector, _load(key.key_file)))
            except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
                words = getattr(error, "strerror", None) or str(error) or type(error).__name__
                hint = "Give a PEM file with an unencrypted RSA or Ed25519 private key."
                problems.append(Problem("smtp-dkim-key", words, file=str(key.key_file), hint=hint))
        if problems:
            raise SettingsError(*problems)
        return cls(loaded)

    def covers(self, from_address: str) -> bool:
        """Whether mail from that address gets a signature."""
        return bool(self._fit(from_address))

    def sign(
        self,
        raw: bytes,
        from_address: str,
        now: Callable[[], datetime],
        *,
        relaxed: Callable[[], bytes] | None = None,
    ) -> bytes:
        """`raw` (CRLF lines) with one DKIM-Signature header on top for each key that fits.

        `relaxed`: see `Email.relaxed_body`.
        """
        keys = self._fit(from_address) if self.keys else ()
        if not keys:
            return raw
        head, _, body = raw.partition(b"\r\n\r\n")
        canonical = _end(relaxed()) if relaxed is not None else relaxed_body(body)
        digest = base64.b64encode(hashlib.sha256(canonical).digest())
        names, lines = _headers(head)
        stamp = int(now().timestamp())
        return b"".join([*(_field(key, digest, names, lines, stamp) for key in keys), raw])

    def _fit(self, address: str) -> tuple[Key, ...]:
        found = self._by_address.get(address)
        if found is None:
            domain = "." + address.rpartition("@")[2].lower()
            found = tuple(key for key in self.keys if domain.endswith("." + key.domain))
            self._by_address[address] = found
        return found


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4: blanks at line ends go, runs of blanks become one space, empty lines at the end go."""
    if b"\t" in body:
        body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    if b" \r\n" in body:
        body = body.replace(b" \r\n", b"\r\n")
    return _end(body)


def _end(body: bytes) -> bytes:
    body = body.rstrip(b" \r\n")
    return body + b"\r\n" if body else b""


def relaxed_header(field: bytes) -> tuple[bytes, bytes]:
    """RFC 6376 3.4.2: lower-case name, and the unfolded line with runs of blanks as one space, without CRLF."""
    name, _, value = field.partition(b":")
    name = name.strip().lower()
    if b"\r\n" in value:
        value = value.replace(b"\r\n", b"")
    if b"  " in value or b"\t" in value:
        value = _BLANKS.sub(b" ", value)
    return name, name + b":" + value.strip()


@lru_cache(maxsize=256)
def _signed(field: bytes) -> tuple[bytes, bytes] | None:
    """A header as `relaxed_header` gives it; None where it is not signed. Most are the same in every email."""
    return relaxed_header(field) if field.partition(b":")[0].strip().lower() in _NAMES else None


def _headers(head: bytes) -> tuple[bytes, bytes]:
    """The `h=` value and the canonical lines it names: for repeated headers the lowest first (RFC 6376 5.4.2)."""
    if b"\r\n " in head or b"\r\n\t" in head:
        head = _FOLD.sub(b"", head)
    found: dict[bytes, list[bytes]] = {}
    for field in head.split(b"\r\n"):
        signed = _signed(field)
        if signed is not None:
            found.setdefault(signed[0], []).append(signed[1])
    names: list[bytes] = []
    lines: list[bytes] = []
    for title in SIGNED:
        name = title.encode()
        if stack := found.get(name):
            lines.append(stack.pop())
            names.append(name)
        elif name == b"from":
            names.append(name)
    return b":".join(names), b"".join(line + b"\r\n" for line in lines)


def _field(key: Key, digest: bytes, names: bytes, lines: bytes, stamp: int) -> bytes:
    tags = f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain}; s={key.selector}; t={stamp};"
    names = names.replace(b":list-id", b": list-id", 1)  # where the line is folded
    first = b"dkim-signature:" + tags.encode() + b" h=" + names + b"; bh=" + digest + b"; b="
    signature = base64.b64encode(key.signature(lines + first))
    folded = b"\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
    value = tags.encode() + b"\r\n h=" + names.replace(b": ", b":\r\n ", 1)
    return b"DKIM-Signature: " + value + b";\r\n bh=" + digest + b";\r\n b=" + folded + b"\r\n"


def _load(path: Path) -> PrivateKey:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= LEAST_RSA_BITS:
        return private
    raise ValueError("neither an Ed25519 key nor an RSA key of 1024 bits or more")
