"""Images for networks that fetch them themselves. Their names cannot be guessed, and nothing lists them."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

NAME = re.compile(r"[0-9a-f]{32}\.(jpg|png|gif|webp)")
TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}
KEPT = {"Cache-Control": "public, max-age=604800, immutable", "X-Robots-Tag": "noindex"}


class Media:
    """The published images of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serve(self, request: Request) -> Response:
        """The image; 404 for any name that is not one of ours."""
        found = NAME.fullmatch(request.path_params["name"])
        path = self._folder / found[0] if found else None
        if found is None or path is None or not path.is_file():
            return Response("Not found\n", 404, {"Cache-Control": "no-store"}, "text/plain")
        return Response(path.read_bytes(), 200, KEPT, TYPES[found[1]])

    def route(self) -> Route:
        """Where they are served: `CAMPAIGN_MEDIA_URL` is the public address of this path."""
        return Route("/media/{name}", self.serve, methods=["GET"])
