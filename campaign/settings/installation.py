"""The installation's own files: its home, `channels.yaml` and `senders.yaml`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from campaign.errors import Problem, RefusedError, SettingsError
from campaign.model import Sender
from campaign.settings.environment import Settings, channel_secrets
from campaign.settings.key_file import make_key
from campaign.tokens import Key

CHANNELS_FILE = """\
# The channels of this installation. Nothing here is secret: secrets come from the environment or
# `campaign channels connect`. A channel sends to the outbox until `campaign channels live NAME`.
#
# mail:
#   kind: smtp
#   host: relay.example.org
{}
"""

SENDERS_FILE = """\
# Who mailings come from. Lists name one of these.
#
# hscp:
#   from_name: Hampshire Safeguarding Children Partnership
#   from_address: news@example.org
#   return_path: bounces@example.org
#   postal_address: 1 Example Street, Winchester
{}
"""


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """One channel of `channels.yaml`: its kind, and its options with secrets filled in (never shown)."""

    name: str
    kind: str
    options: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Installation:
    """What the installation's files say."""

    channels: Mapping[str, ChannelEntry]
    senders: Mapping[str, Sender]


def make_home(settings: Settings) -> Key:
    """Make the home's folders and files, and the installation's key; what exists is kept.

    Only `init` and a rehearsal call this. Raises SettingsError where a folder cannot be written.
    """
    try:
        for folder in (settings.home, settings.home / "outbox", settings.home / "media"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in (("channels.yaml", CHANNELS_FILE), ("senders.yaml", SENDERS_FILE)):
            if not (settings.home / name).exists():
                (settings.home / name).write_text(text, encoding="utf-8")
        return make_key(settings.key_file)
    except OSError as error:
        raise SettingsError(
            Problem(
                code="S3", message=f"{error.filename} cannot be written ({error.strerror}).", hint="Set CAMPAIGN_HOME."
            )
        ) from None


def need_home(settings: Settings) -> None:
    """RefusedError naming the path where there is no home."""
    if not (settings.home / "channels.yaml").exists():
        raise RefusedError(
            f"There is no installation at {settings.home.resolve()}. Run `campaign init` first, or set CAMPAIGN_HOME."
        )


def load_installation(settings: Settings, environment: Mapping[str, str] | None = None) -> Installation:
    """Read `channels.yaml` and `senders.yaml`, with secrets from the environment; SettingsError with every problem."""
    problems: list[Problem] = []
    channels = _channels(settings.home / "channels.yaml", channel_secrets(environment), problems)
    senders = _senders(settings.home / "senders.yaml", problems)
    if problems:
        raise SettingsError(*problems)
    return Installation(channels=channels, senders=senders)


def _table(path: Path, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problems.append(Problem("S5", "This is not readable YAML.", file=str(path), line=line, column=column))
        return {}
    if not isinstance(content or {}, dict):
        problems.append(Problem("S5", "This file holds names and their settings, one block each.", file=str(path)))
        return {}
    rows = {str(name): value for name, value in (content or {}).items()}
    for name in [name for name, value in rows.items() if not isinstance(value, dict)]:
        problems.append(Problem("S5", f"{name} has no settings below it.", file=str(path), where=name))
        del rows[name]
    return rows


def _channels(path: Path, secrets: dict[str, dict[str, str]], problems: list[Problem]) -> dict[str, ChannelEntry]:
    rows = _table(path, problems)
    spelled: dict[str, str] = {}
    for name in rows:
        other = spelled.setdefault(spelling(name), name)
        if other != name:
            problems.append(
                Problem("S6", f"{name} and {other} have the same name in the environment; rename one.", file=str(path))
            )
    found = {}
    for name, row in rows.items():
        kind = str(row.pop("kind", ""))
        if not kind:
            problems.append(
                Problem("S7", f"{name} has no kind.", hint="Write kind: smtp, say.", file=str(path), where=name)
            )
        found[name] = ChannelEntry(name, kind, {**row, **secrets.get(spelling(name), {})})
    return found


def spelling(name: str) -> str:
    """How a channel's name is spelled in the environment: upper case, `-` as `_`."""
    return name.upper().replace("-", "_")


def _senders(path: Path, problems: list[Problem]) -> dict[str, Sender]:
    known = {one.name for one in fields(Sender)} - {"id"}
    found = {}
    for name, row in _table(path, problems).items():
        for key in sorted(set(row) - known):
            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known))}."
            problems.append(Problem("S8", f"{name} has no setting {key}.", hint=hint, file=str(path), where=name))
        values = {key: str(value) for key, value in row.items() if key in known}
        if "@" not in values.get("from_address", ""):
            problems.append(Problem("S9", f"{name} needs a from_address.", file=str(path), where=name))
            continue
        values.setdefault("from_name", name)
        values.setdefault("domain", values["from_address"].rpartition("@")[2])
        values.setdefault("return_path", values["from_address"])
        found[name] = Sender(id=name, **values)
    return found


def write_senders(settings: Settings, senders: Iterable[Sender]) -> None:
    """Write `senders.yaml` anew, as a rehearsal needs it."""
    rows = {
        sender.id: {one.name: getattr(sender, one.name) for one in fields(Sender) if one.name != "id"}
        for sender in senders
    }
    (settings.home / "senders.yaml").write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
