"""The names of our own pages, as browsers bind things to them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from campaign.web.parts import Site


def party(site: Site) -> str:
    """The name that passkeys are bound to (the relying party's id); "" where the site has none that will do.

    A number is no name, and browsers offer passkeys over TLS alone, save on the machine itself.
    """
    name = urlsplit(site.base_url).hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name if site.secure or name == "localhost" else ""
    return ""


def origin(site: Site) -> str:
    """Where our pages are, as a browser names it."""
    return f"{urlsplit(site.base_url).scheme.lower()}://{site.host}"
