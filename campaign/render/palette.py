"""The colours of emails, light and dark; words have a contrast of 4.5 or more on what they stand (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "page": "#F6F7F9",
        "surface": "#FFFFFF",
        "ink": "#16191D",
        "meta": "#4A525C",
        "link": "#0B5CAD",
        "line": "#D5D9E0",
        "band": "#0B3D6E",
        "on_band": "#FFFFFF",
        "callout": "#E4EEF9",
        "button": "#0B5CAD",
        "on_button": "#FFFFFF",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "page": "#121519",
        "surface": "#1B2026",
        "ink": "#F1F3F5",
        "meta": "#B4BCC6",
        "link": "#8AC2FF",
        "line": "#38404A",
        "band": "#16304A",
        "on_band": "#F1F3F5",
        "callout": "#16304A",
        "button": "#8AC2FF",
        "on_button": "#0A1A2B",
    }
)
#: (words, what they stand on): each must reach 4.5 in both palettes.
PAIRS = (
    ("ink", "page"),
    ("ink", "surface"),
    ("ink", "callout"),
    ("meta", "page"),
    ("meta", "surface"),
    ("meta", "callout"),
    ("link", "page"),
    ("link", "surface"),
    ("link", "callout"),
    ("on_band", "band"),
    ("on_button", "button"),
)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#RRGGBB` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def dark_styles() -> str:
    """The style sheet that turns the classes of an email's HTML dark, for clients that honour it."""
    rules = "".join(_rule(name, prefix="") for name in _CLASSES)
    outlook = "".join(_rule(name, prefix="[data-ogsc] ") for name in _CLASSES)
    return f"@media (prefers-color-scheme:dark){{{rules}}}{outlook}"


#: class -> (property, colour) pairs that change in the dark.
_CLASSES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "pg": (("background", "page"), ("color", "ink")),
        "sf": (("background", "surface"), ("color", "ink")),
        "mt": (("color", "meta"),),
        "lk": (("color", "link"),),
        "ln": (("border-color", "line"),),
        "bd": (("background", "band"), ("color", "on_band")),
        "on": (("color", "on_band"),),
        "co": (("background", "callout"), ("color", "ink")),
        "bt": (("background", "button"),),
        "bl": (("color", "on_button"),),
    }
)


def _rule(name: str, prefix: str) -> str:
    body = ";".join(f"{prop}:{DARK[colour]}!important" for prop, colour in _CLASSES[name])
    return f"{prefix}.{name}{{{body}}}"
