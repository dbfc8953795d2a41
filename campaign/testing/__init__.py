"""For authors of channels: the contract suite, a fake network, a recording client, and messages to try them with.

    from campaign.testing import ChannelContract

`ChannelContract` needs pytest; nothing else here does, and nothing here is used when the product runs.
"""

from typing import TYPE_CHECKING, Any

from campaign.testing.clients import Recording, detour, recording
from campaign.testing.factories import NOON, a_key, a_post, an_about, an_email, an_image
from campaign.testing.imitation import Agreeable, BrokenContract, Imitation, json_answer, route
from campaign.testing.network import MISHAPS, FakeNetwork, Mishap, When

if TYPE_CHECKING:
    from campaign.testing.contract import ChannelContract, World


def __getattr__(name: str) -> Any:
    if name in ("ChannelContract", "World"):
        from campaign.testing import contract

        return getattr(contract, name)
    raise AttributeError(name)


__all__ = [
    "MISHAPS",
    "NOON",
    "Agreeable",
    "BrokenContract",
    "ChannelContract",
    "FakeNetwork",
    "Imitation",
    "Mishap",
    "Recording",
    "When",
    "World",
    "a_key",
    "a_post",
    "an_about",
    "an_email",
    "an_image",
    "detour",
    "json_answer",
    "recording",
    "route",
]
