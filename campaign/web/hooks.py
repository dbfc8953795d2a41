"""Providers' callbacks: the whole body and its headers go to whoever can check and read them; nothing is read here."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from campaign.delivery.forms import Hook
from campaign.web.parts import Parts

#: Amazon SNS sends at most 256 KiB; the app's own limit is lifted to that for these addresses.
LARGEST = 512 * 1024


class Hooks:
    """Answers for providers."""

    def __init__(self, parts: Parts) -> None:
        self.hooks: Mapping[str, Hook] = parts.hooks
        self.clock = parts.clock

    async def call(self, request: Request) -> Response:
        """Hand a callback on; 404 where the provider is not known, 413 where it is too long."""
        hook = self.hooks.get(request.path_params["provider"])
        if hook is None:
            raise HTTPException(404)
        parts, length = [], 0
        async for part in request.stream():
            length += len(part)
            if length > LARGEST:
                raise HTTPException(413)
            parts.append(part)
        headers = {name.lower(): value for name, value in request.headers.items()}
        status, words = await run_in_threadpool(hook, b"".join(parts), headers, self.clock.now())
        return PlainTextResponse(f"{words}\n", status, {"Cache-Control": "no-store"})

    def route(self) -> Route:
        """Where providers call."""
        return Route("/hooks/{provider}", self.call, methods=["POST"])
