"""Pictures: the card that networks show beside a link, and the partners' logos."""

from __future__ import annotations

import io
import textwrap

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from campaign.errors import SettingsError
from campaign.web.cache import keep
from campaign.web.colours import on
from campaign.web.images import media_type
from campaign.web.public.pages import PublicPages

#: The size that networks ask for beside `summary_large_image`, in pixels.
WIDTH, HEIGHT = 1200, 630
MARGIN = 80
GROUND = "#0b5cad"


class Pictures:
    """Answers for pictures; a day's card exists only while its page does."""

    def __init__(self, pages: PublicPages) -> None:
        self.pages = pages

    def week_card(self, request: Request) -> Response:
        """The card of a week's home page."""
        week = self.pages.find(request).week()
        return self._card(request, week.title, week.dates)

    def day_card(self, request: Request) -> Response:
        """The card of an open day's page; 404 before."""
        week = self.pages.find(request).week()
        day = week.day(request.path_params["day"])
        if day is None or not day.open:
            raise HTTPException(404)
        return self._card(request, day.title or day.weekday, f"{week.title} · {day.weekday}")

    def _card(self, request: Request, title: str, foot: str) -> Response:
        if not request.url.query:
            keep(request.scope)
        theme = self.pages.parts.site.theme
        return Response(card(title, foot, theme.name, theme.primary or GROUND), 200, None, "image/png")

    def logo(self, request: Request) -> Response:
        """A partner's logo."""
        data = self.pages.find(request).logo(request.path_params["name"])
        try:
            kind = media_type(data or b"")
        except SettingsError:
            raise HTTPException(404) from None
        if not request.url.query:
            keep(request.scope)
        return Response(data, 200, None, kind)


def card(title: str, foot: str, name: str, ground: str) -> bytes:
    """A PNG of 1200 by 630 with the words on it, large enough to read on a phone."""
    from PIL import Image, ImageDraw, ImageFont  # six megabytes, which few installations ever need

    ink = on(ground)
    picture = Image.new("RGB", (WIDTH, HEIGHT), ground)
    draw = ImageDraw.Draw(picture)
    size, lines = _fitted(title)
    draw.multiline_text(
        (MARGIN, MARGIN), "\n".join(lines), fill=ink, font=ImageFont.load_default(size), spacing=size // 4
    )
    small = ImageFont.load_default(36)
    for number, words in enumerate(filter(None, (name, foot))):
        draw.text(
            (MARGIN, HEIGHT - MARGIN - 50 * (2 - number)),
            textwrap.shorten(words, 58, placeholder="…"),
            fill=ink,
            font=small,
        )
    file = io.BytesIO()
    picture.quantize(32).save(file, "PNG", optimize=True)
    return file.getvalue()


def _fitted(title: str) -> tuple[int, list[str]]:
    """The largest size in pixels at which the title fits the card, and its lines; a very long one is cut short."""
    for size in (84, 72, 60, 52, 44):
        lines = textwrap.wrap(title, int((WIDTH - 2 * MARGIN) / (size * 0.53))) or [""]
        if len(lines) * size * 1.25 <= HEIGHT - 2 * MARGIN - 120:
            return size, lines
    return 44, [*lines[:5], f"{lines[5]} …"] if len(lines) > 6 else lines
