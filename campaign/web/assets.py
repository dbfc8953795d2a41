"""Styles, icons and the desk's one script: read once, served under addresses that change with their content."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaign.web.parts import Site

FOREVER = "public, max-age=31536000, immutable"
STYLES = "text/css; charset=utf-8"

#: The sheets of the desk, in order; a component file of its own for each larger part.
DESK = ("tokens", "base", "parts", "desk", "editing", "previews")

#: Name as pages say it -> media type and the files it is made of, in order.
BUNDLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "public.css": (STYLES, ("css/tokens.css", "css/base.css", "css/parts.css", "css/public.css")),
    "desk.css": (
        STYLES,
        tuple(f"css/{name}.css" for name in DESK),
    ),
    "icons.svg": ("image/svg+xml", ("vendor/lucide/icons.svg",)),
    "passkeys.js": ("text/javascript; charset=utf-8", ("js/passkeys.js",)),
    "desk.js": ("text/javascript; charset=utf-8", ("js/desk.js",)),
    "htmx.js": ("text/javascript; charset=utf-8", ("vendor/htmx/htmx.min.js",)),
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    media_type: str
    data: bytes
    packed: bytes
    digest: str


def asset(media_type: str, data: bytes) -> Asset:
    """Ready to serve: hashed, and packed once."""
    return Asset(media_type, data, gzip.compress(data, mtime=0), hashlib.sha256(data).hexdigest()[:16])


class Assets:
    """The files of `static/`, and any more that are given by name (`theme.css`, `logo.png`)."""

    def __init__(self, site: Site, more: Mapping[str, Asset] | None = None) -> None:
        folder = files("campaign.web") / "static"
        self._root = site.root
        self._assets = {
            name: asset(media_type, b"".join((folder / part).read_bytes() for part in parts))
            for name, (media_type, parts) in BUNDLES.items()
        }
        self._assets.update(more or {})

    def __contains__(self, name: str) -> bool:
        return name in self._assets

    def items(self) -> list[tuple[str, bytes]]:
        """Path below the root and content of each: for a site of files."""
        return [(self._path(name), one.data) for name, one in sorted(self._assets.items())]

    def _path(self, name: str) -> str:
        return f"/static/{self._assets[name].digest}/{name}"

    def url(self, name: str) -> str:
        """The address of a file; KeyError where there is none."""
        return self._root + self._path(name)

    def serve(self, request: Request) -> Response:
        """The file, to be kept for ever; 404 where the name or the digest is another."""
        found = self._assets.get(request.path_params["name"])
        if found is None or found.digest != request.path_params["digest"]:
            return Response("Not found\n", 404, {"Cache-Control": "no-store"}, "text/plain")
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding", "Cross-Origin-Resource-Policy": "same-origin"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.packed, 200, {**headers, "Content-Encoding": "gzip"}, found.media_type)
        return Response(found.data, 200, headers, found.media_type)

    def route(self) -> Route:
        """Where they are served."""
        return Route("/static/{digest}/{name}", self.serve, methods=["GET"])
