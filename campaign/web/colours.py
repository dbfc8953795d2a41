"""Contrast of colours by the formula of WCAG 2.2, and the styles of an organisation's own colours. Pure."""

from __future__ import annotations

import re

from campaign.errors import Problem, SettingsError
from campaign.web.parts import Theme

#: Page, surface and sunken of the light and the dark palette (css/tokens.css; the tests keep them equal).
LIGHT = ("#f6f7f9", "#ffffff", "#eceef2")
DARK = ("#121519", "#1b2026", "#0d1013")
TEXT = 4.5

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2, definition of relative luminance)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with that share (0 to 1) of `other` mixed in."""
    pairs = ((int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def on(colour: str) -> str:
    """Black or white, whichever reads better on the colour."""
    return max(("#ffffff", "#000000"), key=lambda ink: contrast(ink, colour))


def _wrong(name: str, colour: str, grounds: tuple[str, ...]) -> list[Problem]:
    if not _COLOUR.fullmatch(colour):
        hint = "Write six hexadecimal digits after #, such as #0b5cad."
        return [Problem("theme-colour", f"{name} is {colour!r}, which is no colour.", where=name, hint=hint)]
    worst = min(contrast(colour, ground) for ground in grounds)
    if worst >= TEXT:
        return []
    better = next(
        (
            try_
            for step in range(1, 21)
            if min(contrast(try_ := mixed(colour, on(grounds[0]), step / 20), g) for g in grounds) >= TEXT
        ),
        "",
    )
    message = f"{name} {colour} has a contrast of {worst:.2f} with the page; links and buttons need {TEXT}."
    return [
        Problem("theme-contrast", message, where=name, hint=f"The nearest that does is {better}." if better else "")
    ]


def problems(theme: Theme) -> tuple[Problem, ...]:
    """What is wrong with a theme's colours; nothing where none are stated."""
    found = _wrong("theme.primary", theme.primary, LIGHT) if theme.primary else []
    found += _wrong("theme.primary_dark", theme.primary_dark, DARK) if theme.primary_dark else []
    return tuple(found)


def _lightened(colour: str) -> str:
    """The colour, made light enough for the dark page."""
    steps = (mixed(colour, "#ffffff", step / 20) for step in range(21))
    return next(one for one in steps if min(contrast(one, ground) for ground in DARK) >= TEXT)


def styles(theme: Theme) -> str:
    """Styles that put the theme's colours in place; "" where it has none. SettingsError where they cannot be read."""
    if found := problems(theme):
        raise SettingsError(*found)
    if not theme.primary and not theme.primary_dark:
        return ""
    rules = []
    if theme.primary:
        rules.append(f":root{{{_palette(theme.primary, '#000000')}}}")
    dark = theme.primary_dark or _lightened(theme.primary)
    rules.append(
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{_palette(dark, '#ffffff')}}}}}"
        f":root[data-theme=dark]{{{_palette(dark, '#ffffff')}}}"
    )
    return "\n".join(rules) + "\n"


def _palette(colour: str, towards: str) -> str:
    hover = mixed(colour, towards, 0.25)
    return f"--primary:{colour};--primary-hover:{hover};--on-primary:{on(colour)}"
