"""Images made fit for a network: within its bytes and pixels, upright, without EXIF or any other hidden data."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from campaign.model import Image

MOST_PIXELS = 50_000_000
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_QUALITIES = (88, 80, 70, 60)


class UnfitImage(ValueError):
    """An image that no network can be given. The text is a sentence that says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a network takes. `bytes` and `side` (the longer one, in pixels) at most; `ratio` least and greatest width
    over height; `types` as media types, the first being what others are turned into."""

    bytes: int
    side: int = 4096
    ratio: tuple[float, float] | None = None
    types: tuple[str, ...] = ("image/jpeg", "image/png")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """An image as it is uploaded. `width` and `height` in pixels."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        """The file name's ending."""
        return ".png" if self.media_type == "image/png" else ".jpg"


def trouble(image: Image, frame: Frame) -> str:
    """Why `image` cannot be used within `frame`: a sentence; "" where it can. Decodes it once for each file."""
    try:
        _inspect(_Key(image.sha256, image.data), frame.ratio)
    except UnfitImage as error:
        return str(error)
    return ""


def fit(image: Image, frame: Frame) -> Fitted:
    """`image` within `frame`: turned upright, all metadata gone, made smaller where it must be; or UnfitImage."""
    with _damage_named():
        picture = _open(image.data)
        _check(picture, frame.ratio)
        icc = picture.info.get("icc_profile")
        drawing = picture.format == "PNG" or picture.mode in ("1", "P", "RGBA")
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((frame.side, frame.side), Pillow.Resampling.LANCZOS)
    for _ in range(6):
        for data, media_type in _encodings(upright, icc, png=drawing and "image/png" in frame.types):
            if len(data) <= frame.bytes:
                return Fitted(data=data, media_type=media_type, width=upright.width, height=upright.height)
        side = max(1, int(max(upright.size) * 0.7))
        upright.thumbnail((side, side), Pillow.Resampling.LANCZOS)
    raise UnfitImage(f"the image cannot be made smaller than {frame.bytes:,} bytes")


@dataclass(frozen=True)
class _Key:
    """An image file, known by its hash."""

    sha256: str
    data: bytes = field(compare=False, repr=False)


@lru_cache(maxsize=512)
def _inspect(key: _Key, ratio: tuple[float, float] | None) -> None:
    with _damage_named():
        picture = _open(key.data)
        _check(picture, ratio)
        picture.draft("RGB", (256, 256))
        picture.load()


@contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except UnfitImage:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnfitImage("the image file is damaged: it ends too early or cannot be decoded") from error


def _open(data: bytes) -> Pillow.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            return Pillow.open(io.BytesIO(data), formats=_FORMATS)
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
        raise UnfitImage(_too_many_pixels()) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnfitImage("the file is not a JPEG, PNG, GIF or WebP image") from error


def _check(picture: Pillow.Image, ratio: tuple[float, float] | None) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnfitImage(_too_many_pixels())
    if getattr(picture, "is_animated", False):
        raise UnfitImage("the image moves: use a still one, for moving images cannot be paused by readers")
    if picture.getexif().get(0x0112) in (5, 6, 7, 8):
        width, height = height, width
    if ratio and not ratio[0] <= width / height <= ratio[1]:
        raise UnfitImage(
            f"the image is {width} by {height} pixels; its width must be {ratio[0]:g} to {ratio[1]:g} times its height"
        )


def _too_many_pixels() -> str:
    return f"the image has more than {MOST_PIXELS // 1_000_000} million pixels: make it smaller"


def _encodings(picture: Pillow.Image, icc: bytes | None, *, png: bool) -> Iterator[tuple[bytes, str]]:
    """Ways to write `picture`, best first: PNG keeps drawings sharp, JPEG is small."""
    flat = _flat(picture)
    if png:
        yield _written(picture if picture.mode in ("1", "L", "P", "RGB", "RGBA") else flat, "PNG", icc), "image/png"
    for quality in _QUALITIES:
        yield _written(flat, "JPEG", icc, quality=quality, optimize=True, progressive=True), "image/jpeg"


def _flat(picture: Pillow.Image) -> Pillow.Image:
    """`picture` in RGB, what was transparent white."""
    if "A" in picture.getbands() or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Pillow.new("RGBA", layered.size, "white")
        return Pillow.alpha_composite(white, layered).convert("RGB")
    return picture.convert("RGB")


def _written(picture: Pillow.Image, form: str, icc: bytes | None, **how: int | bool) -> bytes:
    clean = Pillow.new(picture.mode, picture.size)
    if picture.mode == "P":
        clean.putpalette(picture.getpalette() or [])
        if "transparency" in picture.info:
            how["transparency"] = picture.info["transparency"]
    clean.paste(picture)
    out = io.BytesIO()
    clean.save(out, form, icc_profile=icc if picture.mode in ("RGB", "RGBA") else None, **how)
    return out.getvalue()
