"""Templates become posts and emails."""

from campaign.render.fingerprint import content_hash
from campaign.render.mailing import Compiled, Variant, compile_mailing
from campaign.render.pages import Pages, Urls
from campaign.render.post import post
from campaign.render.uses import gated_addresses, links_to_page, needed_blocks, resources_used

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
