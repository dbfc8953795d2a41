"""The words of an email before they are bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Composed:
    """An email's words; marks where slots are."""

    subject: str
    preheader: str
    text: str
    html: str
    links: tuple[str, ...]
