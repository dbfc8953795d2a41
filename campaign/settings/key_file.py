"""The key file: the installation's own key on its first line, then the keys of the sign-ins, newest first.

    9f3c...                 the installation's key: hashes and tokens are made with it, and it never changes
    secrets 51d0...         the key that encrypts sign-ins; written by the first change of it
    secrets 07aa...         the one before: only while a change is unfinished

Without a `secrets` line the key for sign-ins is derived from the installation's own.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from campaign.errors import Problem, SettingsError
from campaign.tokens import KEY_BYTES, Key, new_key

_WORD = "secrets "


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What the key file holds. `secrets`: the keys that sign-ins may be kept under, 32 bytes each, newest first."""

    key: Key
    secrets: tuple[bytes, ...] = field(repr=False)


def make_key(path: Path) -> Key:
    """The installation's key, made where there is none. Raises OSError where the file cannot be written."""
    if path.exists():
        return load_key(path)
    key = new_key()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key.secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def load_key(path: Path) -> Key:
    """The installation's key. SettingsError where it is missing, unreadable, or open to other users."""
    return load_key_file(path).key


def load_key_file(path: Path) -> KeyFile:
    """The installation's key and those of its secrets. SettingsError where it is missing, damaged or open to others."""
    try:
        first, *others = path.read_text(encoding="ascii").strip().splitlines() or [""]
        if path.stat().st_mode & 0o077:
            raise _no_key(path, "can be read by other users", f"Run: chmod 600 {path}")
        key, kept = bytes.fromhex(first), tuple(_secret(line) for line in others)
    except FileNotFoundError:
        raise _no_key(
            path,
            "is missing",
            "Put the key back: a new one would let erased people be imported again. See docs/operations.",
        ) from None
    except (OSError, ValueError):
        raise _no_key(path, "is not a key", "Restore the file that `campaign init` made.") from None
    if any(len(each) != KEY_BYTES for each in (key, *kept)):
        raise _no_key(path, "is not a key", "Restore the file that `campaign init` made.")
    return KeyFile(Key(key), kept or (derived(Key(key)),))


def _secret(line: str) -> bytes:
    if not line.startswith(_WORD):
        raise ValueError("not a line of secrets")
    return bytes.fromhex(line.removeprefix(_WORD))


def derived(key: Key) -> bytes:
    """The key that sign-ins are kept under before it was ever changed."""
    return bytes.fromhex(key.hash("notes-v1", ""))


def fresh() -> bytes:
    """A new random key for sign-ins, 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def write_key_file(path: Path, content: KeyFile) -> None:
    """Write the key file anew, whole or not at all; on disk when this returns.

    Its owner and rights stay. SettingsError where it cannot be written, and then it is as it was.
    """
    path = path.resolve()
    part = path.with_name(f"{path.name}.new")
    lines = [content.key.secret.hex(), *(f"{_WORD}{each.hex()}" for each in content.secrets)]
    try:
        _write(part, "\n".join([*lines, ""]), like=path.stat())
        os.replace(part, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        hint = "Mount its folder, not the file alone, so that it can be written; run this as the key's owner."
        raise _no_key(path, f"cannot be written ({error.strerror})", hint) from None


def _write(part: Path, text: str, *, like: os.stat_result) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _no_key(path: Path, what: str, hint: str) -> SettingsError:
    return SettingsError(Problem(code="S4", message=f"The installation's key {path} {what}.", hint=hint))
