"""Posts as plain words, for networks that hold no description beside an image: there it goes into the text."""

from __future__ import annotations

from campaign.channels._images import Fitted
from campaign.model import Image, Post


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 code units: most characters count one, an emoji two or more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def image_lines(post: Post) -> str:
    """What the images show, a line each: `Image: ...`, or `Image 1: ...` where there are several. Decorative ones
    and those without a description have no line."""
    many = len(post.images) > 1
    return "\n".join(
        f"Image{f' {number}' if many else ''}: {image.alt.strip()}"
        for number, image in enumerate(post.images, 1)
        if image.alt.strip() and not image.decorative
    )


def with_images(post: Post) -> str:
    """Text, link, hashtags and what the images show, parts apart by an empty line."""
    return "\n\n".join(part for part in (post.whole, image_lines(post)) if part)


def spoken(image: Image) -> str:
    """The alternative text as a network's own field is given it: empty for what is decorative."""
    return "" if image.decorative else image.alt.strip()


def file_name(number: int, fitted: Fitted) -> str:
    """A file name that says nothing of where the image came from."""
    return f"image-{number}{fitted.suffix}"
