"""The registry: kinds by their entry points, options validated in words, broken packages set aside."""

from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest
from pydantic import Field, SecretStr, model_validator

from campaign.channels.base import Channel, Notes, Options, Receipt, Replay, ReplayKind, Tools
from campaign.channels.registry import GROUP, Registry, examples, variable
from campaign.errors import SettingsError
from campaign.model import Post


class PigeonOptions(Options):
    loft: str = Field(examples=["north tower"], description="The loft the pigeons live in.")
    token: SecretStr = Field(examples=["a-token"])
    size: int = Field(default=3, ge=1)
    pin: SecretStr | None = None

    @model_validator(mode="after")
    def _pin_suits(self) -> "PigeonOptions":
        if self.pin is not None and len(self.pin.get_secret_value()) < 4:
            raise ValueError(f"the pin {self.pin.get_secret_value()} is too short")
        return self


class Pigeon(Channel[Post]):
    kind: ClassVar[str] = "pigeon"
    title: ClassVar[str] = "Pigeon post"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(ReplayKind.NEVER, "Only the receiver knows.")
    Options = PigeonOptions

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        return Receipt()


class PigeonAgain(Pigeon):
    pass


class Nameless(Pigeon):
    kind: ClassVar[str] = "somebody-else"


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, f"{__name__}:{value}" if ":" not in value else value, GROUP)


@pytest.fixture
def registry() -> Registry:
    return Registry([entry("pigeon", "Pigeon")])


GOOD = {"loft": "east", "token": "hush-hush"}


def problem(registry: Registry, options: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        registry.make("birds-hscp", "pigeon", options, Tools(name="birds-hscp"))
    return str(caught.value)


def test_a_channel_is_made_from_plain_options(registry: Registry) -> None:
    channel = registry.make("birds", "pigeon", GOOD, Tools(name="birds"))
    assert isinstance(channel, Pigeon)
    assert channel.options.loft == "east"
    assert channel.tools.name == "birds"


def test_an_unknown_kind_names_the_nearest_word(registry: Registry) -> None:
    with pytest.raises(SettingsError, match=r"Channel birds: there is no kind 'pidgeon'\. Did you mean 'pigeon'\?"):
        registry.get("pidgeon", name="birds")


def test_an_unknown_kind_far_from_all_lists_them(registry: Registry) -> None:
    with pytest.raises(SettingsError, match="Known kinds: pigeon"):
        registry.get("semaphore")


def test_a_missing_option_says_what_to_write_and_where(registry: Registry) -> None:
    said = problem(registry, {"token": "hush-hush"})
    assert "Channel birds-hscp (kind pigeon): 'loft' is missing." in said
    assert "Write loft under birds-hscp in channels.yaml, such as 'north tower'." in said
    assert "the loft the pigeons live in" in said


def test_a_missing_secret_names_its_variable(registry: Registry) -> None:
    assert "Set CAMPAIGN_CHANNEL__BIRDS_HSCP__TOKEN (or" in problem(registry, {"loft": "east"})


def test_an_unknown_option_names_the_nearest(registry: Registry) -> None:
    assert "there is no option 'lofts'. Did you mean 'loft'?" in problem(registry, {**GOOD, "lofts": "x"})


def test_every_problem_is_told_at_once(registry: Registry) -> None:
    said = problem(registry, {"size": 0, "wings": 2})
    assert len(said.splitlines()) == 4
    assert "greater than or equal to 1" in said


@pytest.mark.parametrize("bad", [{"token": 918273}, {"token": ["918273"]}, {"pin": "918"}, {"pin": "918", "size": 0}])
def test_the_value_of_a_secret_is_never_told(registry: Registry, bad: dict[str, Any]) -> None:
    assert "918" not in problem(registry, {**GOOD, **bad})


def test_a_rule_over_several_options_is_told_without_the_secret(registry: Registry) -> None:
    assert "its options do not go together: the pin [hidden] is too short" in problem(registry, {**GOOD, "pin": "918"})


def test_measuring_options_fill_what_is_missing_with_examples(registry: Registry) -> None:
    options = registry.measure("birds", "pigeon", {"loft": "east"})
    assert isinstance(options, PigeonOptions)
    assert (options.loft, options.token.get_secret_value()) == ("east", "a-token")


def test_measuring_options_still_refuse_what_is_wrong(registry: Registry) -> None:
    with pytest.raises(SettingsError, match="size"):
        registry.measure("birds", "pigeon", {"size": "many"})


def test_examples_of_required_options_only() -> None:
    assert examples(PigeonOptions, required=True) == {"loft": "north tower", "token": "a-token"}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("gone", "no_such_package.channel:Thing", "ModuleNotFoundError while it was loaded"),
        ("missing", f"{__name__}:Absent", "AttributeError while it was loaded"),
        ("plain", f"{__name__}:GOOD", "it is not a class made from campaign.channels.base.Channel"),
        ("shape", "campaign.channels.base:Channel", "Channel has no send()"),
        ("pigeon-two", f"{__name__}:Nameless", "its class says kind = 'somebody-else'"),
    ],
)
def test_a_broken_package_is_listed_and_stops_nobody(name: str, value: str, error: str) -> None:
    registry = Registry([entry(name, value), entry("pigeon", "Pigeon")])
    assert [kind.name for kind in registry.kinds()] == ["pigeon"]
    [broken] = registry.broken()
    assert broken.name == name
    assert error in broken.error
    with pytest.raises(SettingsError, match=f"kind '{name}' cannot be used"):
        registry.get(name)


def test_a_kind_offered_twice_goes_to_the_first() -> None:
    registry = Registry([entry("pigeon", "PigeonAgain"), entry("pigeon", "Pigeon")])
    assert [kind.type for kind in registry.kinds()] == [Pigeon]
    assert [broken.error for broken in registry.broken()] == ["the kind is already taken by an unknown package"]


def test_nothing_is_loaded_that_is_not_asked_for() -> None:
    registry = Registry([entry("gone", "no_such_package:Thing"), entry("pigeon", "Pigeon")])
    assert registry.names == ["gone", "pigeon"]
    assert registry.get("pigeon") is Pigeon


def test_the_variable_of_a_secret() -> None:
    assert variable("x-hscp", "token") == "CAMPAIGN_CHANNEL__X_HSCP__TOKEN"
