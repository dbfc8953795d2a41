"""Which kinds of channel there are, and how one is made from its options.

Kinds are found by the entry-point group `campaign.channels`: ours and a stranger's enter by the same door. A kind is
loaded when it is asked for, so that a broken package harms nobody who does not use it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from campaign.channels.base import Channel, ChannelType, Options, Replay, Tools
from campaign.errors import Problem, SettingsError
from campaign.model import Email, Post

GROUP = "campaign.channels"
OURS = "campaign-bot"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind that can be used, and the package that brought it."""

    name: str
    type: ChannelType
    package: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A kind that some package offers and that cannot be used. `error` is a sentence for a person."""

    name: str
    package: str
    error: str


class Registry:
    """The kinds of channel of this installation."""

    def __init__(self, entries: Iterable[EntryPoint] | None = None) -> None:
        found = entry_points(group=GROUP) if entries is None else entries
        self._entries: dict[str, EntryPoint] = {}
        self._loaded: dict[str, Kind | Broken] = {}
        self._doubles: list[Broken] = []
        for entry in sorted(found, key=lambda entry: (_package(entry) != OURS, _package(entry), entry.value)):
            first = self._entries.setdefault(entry.name, entry)
            if first.value != entry.value:
                message = f"the kind is already taken by {_package(first)}"
                self._doubles.append(Broken(entry.name, _package(entry), message))

    @property
    def names(self) -> list[str]:
        """The words that `kind` may be, sorted. Loads nothing, so some of them may turn out broken."""
        return sorted(self._entries)

    def kinds(self) -> list[Kind]:
        """Every kind that works, by name. Loads them all."""
        return [kind for kind in map(self._load, self.names) if isinstance(kind, Kind)]

    def broken(self) -> list[Broken]:
        """Every kind that some package offers and that cannot be used. Loads them all."""
        return [kind for kind in map(self._load, self.names) if isinstance(kind, Broken)] + self._doubles

    def get(self, kind: str, *, name: str = "") -> ChannelType:
        """The class of a kind. `name` is the channel that asks, for the error.

        Raises SettingsError where no package offers the kind, or the package that does is broken.
        """
        lead = f"Channel {name}: " if name else ""
        if kind not in self._entries:
            near = difflib.get_close_matches(kind, self.names, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known kinds: {', '.join(self.names) or 'none'}."
            raise SettingsError(Problem("channel-kind", f"{lead}there is no kind {kind!r}.", hint=hint, where=name))
        loaded = self._load(kind)
        if isinstance(loaded, Broken):
            message = f"{lead}kind {kind!r} cannot be used: {loaded.error}."
            hint = f"Mend, update or remove the package {loaded.package}."
            raise SettingsError(Problem("channel-broken", message, hint=hint, where=name))
        return loaded.type

    def options(self, name: str, kind: str, options: Mapping[str, Any]) -> Options:
        """The options of channel `name`, validated; SettingsError with every problem, never a value of a secret."""
        model = self.get(kind, name=name).Options
        try:
            return model.model_validate(dict(options))
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            raise SettingsError(*(_problem(name, kind, model, dict(each), options) for each in details)) from None

    def make(self, name: str, kind: str, options: Mapping[str, Any], tools: Tools) -> Channel[Any]:
        """The channel `name` of that kind, ready to send. Raises SettingsError."""
        return self.get(kind, name=name)(self.options(name, kind, options), tools)

    def measure(self, name: str, kind: str, options: Mapping[str, Any]) -> Options:
        """Options good enough to count and check with: what is missing is filled in from the kind's own examples.

        For a channel that is not live yet and may have no secrets. What is given must be right: SettingsError.
        """
        model = self.get(kind, name=name).Options
        try:
            return self.options(name, kind, {**examples(model, required=True), **options})
        except SettingsError:
            missing = {key: value for key, value in examples(model).items() if key not in options}
            return self.options(name, kind, {**missing, **options})

    def _load(self, name: str) -> Kind | Broken:
        if name not in self._loaded:
            entry = self._entries[name]
            self._loaded[name] = _load(entry)
        return self._loaded[name]


def examples(model: type[Options], *, required: bool = False) -> dict[str, Any]:
    """The example value of each option that states one (`Field(examples=[...])`); only of those `required`, if set."""
    fields = model.model_fields.items()
    return {
        name: field.examples[0] for name, field in fields if field.examples and (field.is_required() or not required)
    }


def secret_fields(model: type[Options]) -> list[str]:
    """The options of a kind that hold secrets, in their order."""
    return [name for name, field in model.model_fields.items() if is_secret(field)]


def is_secret(field: FieldInfo) -> bool:
    """Whether an option is a SecretStr, or may be one."""
    annotation = field.annotation
    return annotation is SecretStr or SecretStr in get_args(annotation)


def variable(name: str, field: str) -> str:
    """The environment variable that holds a channel's secret: `CAMPAIGN_CHANNEL__X_HSCP__TOKEN`."""
    return f"CAMPAIGN_CHANNEL__{name.upper().replace('-', '_')}__{field.upper()}"


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unknown package"


def _load(entry: EntryPoint) -> Kind | Broken:
    package = _package(entry)
    try:
        found = entry.load()
    except Exception as error:  # noqa: BLE001  a stranger's package may fail in any way; it is listed as broken
        return Broken(entry.name, package, f"{type(error).__name__} while it was loaded: {_first_line(error)}")
    wrong = _shape(entry.name, found)
    return Broken(entry.name, package, wrong) if wrong else Kind(entry.name, found, package)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]


def _shape(name: str, found: object) -> str:
    """What is wrong with the shape of a class offered as a channel; "" where nothing is."""
    if not (isinstance(found, type) and issubclass(found, Channel)):
        return "it is not a class made from campaign.channels.base.Channel"
    if isabstract(found):
        return f"{found.__name__} has no send()"
    if getattr(found, "kind", None) != name:
        return f"its entry point is named {name!r} and its class says kind = {getattr(found, 'kind', None)!r}"
    if getattr(found, "carries", None) not in (Post, Email):
        return "carries must be Post or Email"
    if not isinstance(getattr(found, "replay", None), Replay):
        return "replay must be a Replay"
    if not getattr(found, "title", ""):
        return "title, its name in words, is missing"
    options: object = found.Options
    if not (isinstance(options, type) and issubclass(options, Options)):
        return "Options must be made from campaign.channels.base.Options"
    return ""


def _problem(
    name: str, kind: str, model: type[Options], detail: Mapping[str, Any], given: Mapping[str, Any]
) -> Problem:
    """One of pydantic's complaints as a problem for a person, without the value of a secret."""
    loc: tuple[int | str, ...] = detail["loc"]
    field = str(loc[0]) if loc else ""
    lead = f"Channel {name} (kind {kind}):"
    path = ".".join(str(part) for part in loc)
    where = f"channels.{name}.{path}".rstrip(".")
    info = model.model_fields.get(field)
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, list(model.model_fields), n=1)
        known = ", ".join(model.model_fields) or "none"
        hint = f"Did you mean {near[0]!r}?" if near else f"Its options are: {known}."
        return Problem("channel-option", f"{lead} there is no option {path!r}.", hint=hint, where=where)
    if detail["type"] == "missing":
        message = f"{lead} {path!r} is missing."
        return Problem("channel-option", message, hint=_hint(name, field, info), where=where)
    shown = f"option {path!r} cannot be used" if path else "its options do not go together"
    message = f"{lead} {shown}: {_said(str(detail['msg']), model, given)}."
    return Problem("channel-option", message, hint=_hint(name, field, info), where=where)


def _said(words: str, model: type[Options], given: Mapping[str, Any]) -> str:
    """A validator's own words, with the value of any secret taken out."""
    said = words.removeprefix("Value error, ").rstrip(".")
    for field in secret_fields(model):
        value = given.get(field)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
        said = said.replace(text, "[hidden]") if text else said
    return said


def _hint(name: str, field: str, info: FieldInfo | None) -> str:
    if info is None:
        return ""
    about = f" It is {info.description[0].lower()}{info.description[1:].rstrip('.')}." if info.description else ""
    if is_secret(info):
        return f"Set {variable(name, field)} (or {variable(name, field)}_FILE to a file that holds it).{about}"
    example = f", such as {info.examples[0]!r}" if info.examples else ""
    return f"Write {field} under {name} in channels.yaml{example}.{about}"


__all__ = ["GROUP", "Broken", "Kind", "Registry", "examples", "is_secret", "secret_fields", "variable"]
