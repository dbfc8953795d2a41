"""The names people write for areas, audiences, bodies and channels, and the ids that the programme knows them by."""

from __future__ import annotations

import re
from typing import Any

from campaign.programme.importing.draft import Draft, Place, slug

EVERYONE = frozenset(
    {
        "all",
        "everyone",
        "everybody",
        "everywhere",
        "all areas",
        "all audiences",
        "any",
        "both",
        "n/a",
        "na",
        "-",
        "public",
    }
)
NETWORKS: dict[str, tuple[str, ...]] = {
    "x": ("x", "twitter", "x/twitter", "x (twitter)", "x (formerly twitter)", "twitter/x", "twitter (x)", "tweet"),
    "facebook": ("facebook", "fb", "facebook page", "meta"),
    "instagram": ("instagram", "insta", "ig"),
    "linkedin": ("linkedin", "linked in", "linked-in"),
    "threads": ("threads",),
    "mastodon": ("mastodon",),
    "bluesky": ("bluesky", "blue sky", "bsky"),
    "telegram": ("telegram",),
    "discord": ("discord",),
    "slack": ("slack",),
    "teams": ("teams", "ms teams", "microsoft teams"),
    "wordpress": ("wordpress", "blog", "news page"),
    "smtp": ("email", "e-mail", "mail", "newsletter", "e-newsletter", "bulletin", "e-bulletin", "mailing", "mailshot"),
}
WEBSITE = frozenset({"website", "web", "web page", "webpage", "web site", "page", "site"})
ALL_SOCIAL = frozenset(
    {"all", "all channels", "all social", "all social media", "social media", "social", "all platforms"}
)
SHORT = frozenset({"x", "bluesky", "threads"})
_KIND_OF = {word: kind for kind, words in NETWORKS.items() for word in words}
_SPLIT = re.compile(r"[,;\n|]|(?<!\bx)/(?!\s*twitter)", re.IGNORECASE)


def pieces(text: str) -> list[str]:
    """A cell's several names, split at commas, semicolons, line breaks and slashes."""
    return [piece.strip() for piece in _SPLIT.split(text) if piece.strip()]


class Names:
    """Finds the id for a name, in the draft's own sections; a name that is new is given one, and asked about."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def several(self, section: str, text: str, place: Place) -> list[str]:
        """The ids of every name in a cell; none for `all`, `everyone` and the like."""
        if text.strip().casefold() in EVERYONE:
            return []
        whole = self.known(section, text)
        if whole:
            return [whole]
        found: list[str] = []
        for piece in pieces(text):
            halves = [self.known(section, half) for half in re.split(r"\s+(?:and|&)\s+", piece)]
            if not self.known(section, piece) and len(halves) > 1 and all(halves):
                found.extend(half for half in halves if half)
            elif piece.casefold() not in EVERYONE:
                found.append(self.known(section, piece) or self._new(section, piece, place))
        return list(dict.fromkeys(found))

    def known(self, section: str, text: str) -> str:
        """The id of a name that the draft already has, whatever its case; empty where it has none."""
        wanted = text.strip().casefold()
        sections = (section, "area_groups") if section == "areas" else (section,)
        for each in sections:
            for ident, held in self.draft.tree.get(each, {}).items():
                title = held if isinstance(held, str) else held.get("name", "") if isinstance(held, dict) else ""
                if wanted in {ident.casefold(), title.casefold()}:
                    return str(ident)
        return ""

    def _new(self, section: str, text: str, place: Place) -> str:
        capitals = re.fullmatch(r"[A-Z][A-Za-z]{1,7}", text) and sum(letter.isupper() for letter in text) > 1
        ident = text if capitals else slug(text) or "unnamed"
        held = self.draft.section(section)
        held.setdefault(ident, text if section == "areas" else {"name": text})
        what = {"areas": "area", "audiences": "audience", "organisations": "organisation"}[section]
        self.draft.ask(f"'{text}' was taken as a new {what}: is that its full name?", f"{section}.{ident}", place)
        return ident

    def channels(self, text: str, place: Place) -> tuple[list[str], list[str]]:
        """The ids of a cell's channels, and the words in it that name none. The website is no channel: `website`."""
        if text.strip().casefold() in ALL_SOCIAL:
            social = [ident for ident, held in self._channels() if held.get("kind") != "smtp"]
            return (social, []) if social else ([], [text])
        found: list[str] = []
        unknown: list[str] = []
        for piece in [text] if self._channel(text, place) else pieces(text):
            ident = self._channel(piece, place)
            if ident:
                found.append(ident)
            else:
                unknown.append(piece)
        return list(dict.fromkeys(found)), unknown

    def _channels(self) -> list[tuple[str, dict[str, Any]]]:
        return list(self.draft.tree.get("channels", {}).items())

    def _channel(self, text: str, place: Place) -> str:
        wanted = " ".join(text.split()).casefold()
        if wanted in WEBSITE:
            return "website"
        held = self._channels()
        exact = [ident for ident, _ in held if ident.casefold() == wanted]
        if exact:
            return exact[0]
        kind = _KIND_OF.get(wanted, "")
        same = [ident for ident, channel in held if kind and channel.get("kind") == kind]
        if len(same) == 1:
            return same[0]
        if len(same) > 1:
            first = same[0]
            self.draft.ask(f"'{text}' may be {' or '.join(same)}; {first} was taken. Is that right?", "channels", place)
            return first
        if not kind:
            return ""
        ident = "mail" if kind == "smtp" else kind
        self.draft.section("channels")[ident] = {"kind": kind}
        self.draft.ask(
            f"'{text}' became the channel '{ident}'. What does the installation call it?", f"channels.{ident}", place
        )
        return ident
