"""`site.yaml` of the home: how the public pages look, and what their statements say. Nothing in it is secret."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from campaign.errors import Problem, SettingsError
from campaign.settings.environment import Settings
from campaign.words import known_tag, languages

LARGEST_LOGO = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """What `site.yaml` says; every setting may be left out. `logo` is the content of the file it names."""

    name: str = ""
    language: str = "en-GB"
    logo: bytes = field(default=b"", repr=False)
    logo_alt: str = ""
    primary: str = ""
    primary_dark: str = ""
    frames: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    controller: str = ""
    controller_address: str = ""
    officer: str = ""
    officer_email: str = ""
    privacy_url: str = ""
    accessibility_contact: str = ""
    prepared_on: str = ""
    known_problems: tuple[str, ...] = ()


LISTS = frozenset({"frames", "hosts", "known_problems"})


def load_site(settings: Settings) -> SiteFile:
    """Read `site.yaml` where there is one; SettingsError with every problem."""
    path = settings.home / "site.yaml"
    problems: list[Problem] = []
    known = [one.name for one in fields(SiteFile)]
    values: dict[str, Any] = {}
    for key, value in _rows(path, problems).items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
            problems.append(Problem("S10", f"There is no setting {key}.", hint=hint, file=str(path), where=key))
        elif key in LISTS:
            values[key] = tuple(str(one) for one in (value if isinstance(value, list) else [value]))
        elif key == "logo":
            values[key] = _logo(path.parent / str(value), problems)
        elif key == "language" and not known_tag(str(value)):
            hint = f"There are words for: {', '.join(sorted(languages()))}."
            problems.append(Problem("S10", f"There are no words in {value}.", hint=hint, file=str(path), where=key))
        else:
            values[key] = str(value)
    if problems:
        raise SettingsError(*problems)
    return SiteFile(**values)


def _rows(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problems.append(Problem("S10", "This is not readable YAML.", file=str(path), line=line, column=column))
        return {}
    if not isinstance(content or {}, dict):
        problems.append(Problem("S10", "This file holds settings, one a line, such as name: ...", file=str(path)))
        return {}
    return {str(key): value for key, value in (content or {}).items() if value is not None}


def _logo(path: Path, problems: list[Problem]) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_LOGO + 1)
    except OSError as error:
        problems.append(Problem("S10", f"The logo {path} cannot be read ({error.strerror}).", where="logo"))
        return b""
    if len(data) > LARGEST_LOGO:
        problems.append(Problem("S10", f"The logo {path} is over 1 MB. Save a smaller one.", where="logo"))
    return data
