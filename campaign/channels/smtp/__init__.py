"""Email over SMTP relays: single messages, and a pipelined lane for bulk mail.

The channel is loaded when it is asked for (PEP 562): a process that only sends has its lanes alone (`outlet`).
"""

from typing import TYPE_CHECKING, Any

#: What a process loads that only opens lanes.
LANES = ("campaign.channels.smtp.outlet",)

if TYPE_CHECKING:
    from campaign.channels.smtp.channel import Smtp


def __getattr__(name: str) -> Any:
    """The channel."""
    if name != "Smtp":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from campaign.channels.smtp.channel import Smtp

    globals()[name] = Smtp
    return Smtp


__all__ = ["LANES", "Smtp"]
