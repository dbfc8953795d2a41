"""What went wrong at the desk, told within its frame to who is signed in: a pause stands on those pages too."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response

from campaign.web.desk.door import Ask, Door

log = logging.getLogger(__name__)


def page(door: Door, request: Request, status: int, kind: str) -> Response | None:
    """The page for an address of the desk; None for another one, for who is not signed in, and where it cannot be made.

    `kind` names its words in the catalogue, under `error`.
    """
    if not request.scope["path"].startswith("/desk"):
        return None
    try:
        now = door.parts.clock.now()
        session = door.session(request, now, used=False)
        if session is None:
            return None
        return Ask(door, request, session, now).page("desk/failed.html", status=status, kind=kind)
    except Exception as error:  # noqa: BLE001 - what broke the page may break its frame as well: the plain one is left
        log.error("the frame of a page failed as well: %s", type(error).__name__)
        return None
