"""The names of our own pages, as browsers bind things to them, and those of networks."""

from __future__ import annotations

import ipaddress
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

from campaign.delivery.parts import Parts as Work
from campaign.errors import SettingsError
from campaign.model import Programme
from campaign.web.parts import Site


def networks_of(work: Work, programme: Programme) -> dict[str, str]:
    """The networks' names of a programme's channels, by channel; those that two share are left out."""
    titles = {}
    for name, ref in programme.channels.items():
        with suppress(SettingsError):
            titles[name] = work.ways.channel(ref).title
    shared = Counter(titles.values())
    return {name: each for name, each in titles.items() if shared[each] == 1}


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
