"""What a request of the desk says of itself before anything is done, and the answer that says nothing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

#: Up to so many times what is allowed is read to its end before it is refused: a browser hears no answer before.
READ_OUT = 4


async def too_large(largest: int, request: Request) -> bool:
    """Whether a form is larger than `largest` (bytes), or does not say how large it is (RFC 9110, section 8.6)."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) <= largest:
        return False
    async for _ in request.stream():
        continue
    return True


def address_of(request: Request) -> tuple[str, str]:
    """The address that an open page asks for news, and the mark of what it has."""
    whole = f"{request.scope['path']}?{request.scope['query_string'].decode('latin-1')}"
    address, _, seen = whole.rpartition("seen=")
    return (address or whole).rstrip("?&"), seen


def nothing_new() -> Response:
    """The answer where nothing is new; the page stays as it is."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
