"""Templates become posts and emails.

What renders is loaded when it is first asked for: whoever only fills what was compiled (`filling`) need not have it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from campaign.render.pages import Pages, Urls

if TYPE_CHECKING:
    from campaign.render.fingerprint import content_hash
    from campaign.render.mailing import Compiled, Variant, compile_mailing
    from campaign.render.posts import post
    from campaign.render.uses import gated_addresses, links_to_page, needed_blocks, resources_used

_HOMES = {
    "Compiled": "mailing",
    "Variant": "mailing",
    "compile_mailing": "mailing",
    "content_hash": "fingerprint",
    "gated_addresses": "uses",
    "links_to_page": "uses",
    "needed_blocks": "uses",
    "post": "posts",
    "resources_used": "uses",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


__all__ = [
    "Compiled",
    "Pages",
    "Urls",
    "Variant",
    "compile_mailing",
    "content_hash",
    "gated_addresses",
    "links_to_page",
    "needed_blocks",
    "post",
    "resources_used",
]
