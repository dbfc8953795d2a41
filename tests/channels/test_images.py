"""Images: what is refused, what is made fit, and that nothing hidden is left in them."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from campaign.channels._images import Frame, UnfitImage, fit, trouble
from campaign.model import Image

FRAME = Frame(bytes=200_000, side=2000)


def image(data: bytes, name: str = "picture.png") -> Image:
    return Image(
        name=name, media_type="image/png", sha256=hashlib.sha256(data).hexdigest(), data=data, alt="Two adults talking"
    )


def encoded(picture: Pillow.Image, form: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


def noise(width: int, height: int) -> Pillow.Image:
    return Pillow.effect_noise((width, height), 80).convert("RGB")


def huge_png(width: int, height: int) -> bytes:
    """A PNG of any size that is a few hundred bytes: all zeroes, and only its header is ever read."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (huge_png(10_000, 10_000), "50 million pixels"),
        (huge_png(8_000, 8_000), "50 million pixels"),
        (huge_png(60_000, 60_000), "50 million pixels"),
        (
            encoded(noise(20, 20).convert("P"), "GIF", save_all=True, append_images=[noise(20, 20).convert("P")]),
            "moves",
        ),
        (encoded(noise(400, 400), "JPEG")[:5000], "damaged"),
        (encoded(noise(400, 400))[:5000], "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG"),
        (b"", "not a JPEG"),
        (encoded(noise(300, 100)), "300 by 100 pixels"),
    ],
    ids=["100-megapixel", "64-megapixel", "3600-megapixel", "animated", "cut-jpeg", "cut-png", "svg", "empty", "wide"],
)
def test_an_image_that_cannot_be_used_is_named_and_refused(data: bytes, says: str) -> None:
    frame = Frame(bytes=200_000, ratio=(0.8, 1.91))
    assert says in trouble(image(data), frame)
    with pytest.raises(UnfitImage, match=says):
        fit(image(data), frame)


def test_exif_goes_and_the_picture_stands_upright() -> None:
    picture = noise(300, 200)
    exif = picture.getexif()
    exif[0x0112] = 6
    exif[0x010E] = "home address"
    exif.get_ifd(0x8825)[2] = (51.0, 3.0, 0.0)
    fitted = fit(image(encoded(picture, "JPEG", exif=exif, comment=b"secret note")), FRAME)
    again = Pillow.open(io.BytesIO(fitted.data))
    assert (fitted.width, fitted.height) == again.size == (200, 300)
    assert not again.getexif()
    assert b"home address" not in fitted.data
    assert b"secret note" not in fitted.data
    assert trouble(image(encoded(picture, "JPEG", exif=exif)), Frame(bytes=1, ratio=(0.5, 0.7))) == ""


def test_a_big_image_is_made_to_fit() -> None:
    fitted = fit(image(encoded(noise(3000, 1500), "JPEG", quality=95)), Frame(bytes=150_000, side=2000))
    assert len(fitted.data) <= 150_000
    assert fitted.width == pytest.approx(2 * fitted.height, abs=2)
    assert fitted.media_type == "image/jpeg"


def test_a_drawing_stays_a_png_where_that_is_taken_and_loses_its_text_chunks() -> None:
    drawing = Pillow.new("RGBA", (64, 32), (255, 0, 0, 0))
    hidden = PngInfo()
    hidden.add_text("Comment", "a hidden word")
    data = encoded(drawing, pnginfo=hidden)
    fitted = fit(image(data), FRAME)
    assert (fitted.media_type, fitted.suffix) == ("image/png", ".png")
    assert b"a hidden word" not in fitted.data
    jpeg = fit(image(data), Frame(bytes=200_000, types=("image/jpeg",)))
    assert jpeg.media_type == "image/jpeg"
    assert Pillow.open(io.BytesIO(jpeg.data)).getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK"])
def test_every_mode_of_picture_can_be_sent(mode: str) -> None:
    picture = noise(40, 30).convert(mode)
    data = encoded(picture, "JPEG" if mode == "CMYK" else "PNG")
    assert fit(image(data), FRAME).width == 40


def test_an_image_that_cannot_get_small_enough_is_refused() -> None:
    with pytest.raises(UnfitImage, match="smaller than 10 bytes"):
        fit(image(encoded(noise(50, 50))), Frame(bytes=10))
