"""Images as files: that they are images, of a size that a machine can open and networks take."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

from campaign.errors import Problem
from campaign.programme.checks.sheet import Sheet

KINDS = frozenset({"PNG", "JPEG", "GIF"})
MOST_PIXELS = 50_000_000
MOST_SIDE = 20_000


def rules(sheet: Sheet) -> Iterator[Problem]:
    """Each image in use, once for each place that uses it. Only its head is read: no pixel is decoded."""
    for where, name in _used(sheet):
        data = sheet.files.get(name)
        if data is not None:
            yield from _image(sheet, where, name, data)


def _used(sheet: Sheet) -> Iterator[tuple[str, str]]:
    for name, body in sheet.programme.organisations.items():
        if body.logo:
            yield f"organisations.{name}.logo", f"images/{body.logo.file}"
    for name, post in sheet.programme.posts.items():
        for index, image in enumerate(post.images):
            yield f"posts.{name}.images.{index}", f"images/{image.file}"


def _image(sheet: Sheet, where: str, name: str, data: bytes) -> Iterator[Problem]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                kind, (width, height) = image.format or "", image.size
                clear = image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info
    except Image.DecompressionBombError:
        yield sheet.error("M6", f"{name} has too many pixels", where, f"{MOST_PIXELS:,} are enough.")
        return
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        hint = "Save it as PNG or JPEG."
        yield sheet.error("M6", f"{name} is not an image: {str(error).splitlines()[0][:80]}", where, hint)
        return
    if kind not in KINDS:
        yield sheet.error("M6", f"{name} is a {kind} image", where, "Save it as PNG or JPEG.")
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        message = f"{name} has {width:,} by {height:,} pixels, {width * height // 1_000_000} million"
        yield sheet.error("M6", message, where, f"Make it smaller: {MOST_PIXELS // 1_000_000} million are enough.")
    if clear and where.endswith(".logo"):
        hint = "Save it on a ground of its own, such as white."
        yield sheet.warning("H4", f"{name} is transparent: on a dark page it may not be seen", where, hint)
