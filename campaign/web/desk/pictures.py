"""Pictures of posts: taken from a form, told by their content, kept while the form goes back and forth, and shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import Response

from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError, SettingsError
from campaign.model import Image, PlannedImage, PlannedMailing, PlannedPost
from campaign.web.desk.door import Ask
from campaign.web.images import media_type

#: The largest picture, in bytes.
LARGEST = 5 * 1024 * 1024
#: What networks take -> how its file is named.
ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif"}
HEADERS = {
    "Cache-Control": "private, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def taken(ask: Ask, values: dict[str, str], errors: dict[str, str], force: InForce) -> dict[str, bytes]:
    """The picture that the form brings, or brought before, by its name in the programme; what is wrong in `errors`."""
    words = ask.door.templates.words()
    uploads = ask.files("new-image")
    if uploads:
        data = uploads[0].file.read(LARGEST + 1)
        if len(data) > LARGEST:
            errors["new-image"] = words("edit.image_large", size=LARGEST // (1024 * 1024))
            return {}
        kind = _kind(data)
        if kind not in ENDINGS:
            errors["new-image"] = words("edit.image_kind")
            return {}
        name = _name(uploads[0].filename or "", ENDINGS[kind], data, force.files)
        values["kept"] = ask.work.store.forms.keep(
            author=ask.who, name=name, slug=force.slug, base=force.number, data=data, now=ask.now
        )
        return {f"images/{name}": data}
    return brought(ask, values, errors, force)


def brought(ask: Ask, values: dict[str, str], errors: dict[str, str], force: InForce) -> dict[str, bytes]:
    """The picture that the form brought before."""
    if values.get("kept"):
        try:
            kept = ask.work.store.forms.upload(values["kept"])
        except RefusedError:
            errors["new-image"] = ask.door.templates.words()("edit.image_gone")
            return {}
        if kept.author == ask.who and kept.slug == force.slug:
            return {f"images/{kept.name}": kept.data}
    values.pop("kept", None)
    return {}


def _kind(data: bytes) -> str:
    try:
        return media_type(data)
    except SettingsError:
        return ""


def _name(given: str, ending: str, data: bytes, files: Mapping[str, bytes]) -> str:
    """A plain name after the one it was uploaded by, and not that of another picture."""
    stem = re.sub(r"[^a-z0-9]+", "-", PurePosixPath(given.replace("\\", "/")).stem.lower()).strip("-")[:60] or "image"
    name, number = f"{stem}{ending}", 1
    while files.get(f"images/{name}", data) != data:
        number += 1
        name = f"{stem}-{number}{ending}"
    return name


def added(
    message: PlannedPost | PlannedMailing, values: Mapping[str, str], files: Mapping[str, bytes]
) -> PlannedPost | PlannedMailing:
    """The post with the picture that was taken, and its description."""
    if isinstance(message, PlannedMailing) or not files:
        return message
    file = next(iter(files)).removeprefix("images/")
    new = PlannedImage(file=file, alt=values.get("new-alt", ""), decorative=values.get("new-decorative") == "yes")
    return replace(message, images=(*message.images, new))


def of(slug: str, number: int, kept: str = "", known: Mapping[str, bytes] | None = None) -> Callable[[Image], str]:
    """Where an image of that revision is to be seen; one that is not among `known` is the one that was `kept`."""

    def address(image: Image) -> str:
        name = image.name.removeprefix("images/")
        if kept and known is not None and known.get(f"images/{name}") != image.data:
            return f"/desk/image/kept/{kept}"
        return f"/desk/image/{slug}/{number}/{name}"

    return address


def drop(ask: Ask, values: Mapping[str, str]) -> None:
    """Forget a picture that is part of the programme now."""
    if values.get("kept"):
        ask.work.store.forms.drop_upload(values["kept"])


def image(ask: Ask) -> Response:
    """A picture of a revision."""
    slug, number, name = ask.path("campaign"), int(ask.path("id")), ask.path("name")
    data = ask.door.shelf.as_of(slug, number, ask.now).files.get(f"images/{name}")
    return _shown(data)


def kept_image(ask: Ask) -> Response:
    """A picture that was sent and is not saved yet, for whoever sent it."""
    kept = ask.work.store.forms.upload(ask.path("token"))
    return _shown(kept.data if kept.author == ask.who else None)


def _shown(data: bytes | None) -> Response:
    kind = _kind(data) if data is not None else ""
    if data is None or not kind:
        raise HTTPException(404)
    return Response(data, 200, HEADERS, kind)
