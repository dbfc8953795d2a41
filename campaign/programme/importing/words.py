"""What a title's words say about the thing: toolkit, guidance, event and so on."""

from __future__ import annotations

import re

TYPES: tuple[tuple[str, str], ...] = (
    ("toolkit", r"tool\s?kits?\b|\btools\b"),
    ("interview", r"\binterview\b"),
    ("event", r"\blaunch event\b|\bvirtual launch\b|\bwebinar\b"
              r"|\bworkshop\b|\bseminar\b|\bconference\b|\blunch and learn\b"),
    ("training", r"\btraining\b|\be-?learning\b|\bcourse\b"),
    ("video", r"\bvideo\b|\brecording\b|\bfilm\b"),
    ("poster", r"\bposter\b|\bleaflet\b|\bflyer\b"),
    ("quiz", r"\bquiz\b"),
    ("message", r"\bmessages? from\b"),
    ("guidance", r"\bguid(?:e|es|ance)\b|\bpathway\b|\bpolicy\b|\bprotocol\b|\bthresholds?\b"
                 r"|\broles and responsibilities\b"
                 r"|\bworking together\b|\bmeetings\b|\badvice\b"),
    ("document", r"\btemplate\b|\breport\b|\bpack\b|\bchart\b|\breview\b|\bbriefing\b|\bfact\s?sheet\b|\bresource\b"),
)  # fmt: skip


def type_of(title: str) -> str:
    """The type that a title's words name; `link` where they name none."""
    for kind, pattern in TYPES:
        if re.search(pattern, title, re.IGNORECASE):
            return kind
    return "link"
