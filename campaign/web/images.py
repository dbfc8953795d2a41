"""What a picture is, told by its first bytes; never by its name."""

from __future__ import annotations

from campaign.errors import Problem, SettingsError

_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def media_type(data: bytes) -> str:
    """The media type of a PNG, JPEG, GIF or WebP file. SettingsError for anything else (SVG can carry scripts)."""
    for sign, kind in _SIGNS:
        if data.startswith(sign):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    hint = "Save it as a PNG, JPEG, GIF or WebP file."
    raise SettingsError(Problem("image-kind", "This picture is of a kind that is not shown.", hint=hint))
