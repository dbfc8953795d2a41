"""A programme that states every key, as plain data: JSON is YAML, so it can be written and read back."""

from __future__ import annotations

import copy
import json
from typing import Any

from campaign.programme import Loaded, load_bytes

FULL: dict[str, Any] = {
    "schema": "1",
    "campaign": {
        "id": "demo-week",
        "kind": "week",
        "series": "demo",
        "edition": "2023",
        "title": "Demo Week 2023",
        "aliases": ["Demo Wk 2023"],
        "status": "ready",
        "starts": "9/10/2023",
        "ends": "13 October 2023",
        "timezone": "Europe/Dublin",
        "language": "cy",
        "summary": "A week of demos.",
        "text": "See [the launch](resource:launch).",
        "resources": ["talk"],
        "privacy_url": "https://example.org/privacy",
        "hashtags": ["DemoWeek2023"],
        "home_url": "https://example.org/week",
        "contact": {"name": "Demo team", "email": "team@example.org"},
        "help_line": "In danger, call 999.",
        "one_thing": {"text": "Read it", "link": "kit"},
        "defaults": {
            "unlock": "6am",
            "mailing": "7.30am",
            "post": "10:00",
            "late_ok": {"mailing": "3h", "post": "90m"},
            "stop_at": "6pm",
        },
        "holds": [
            {
                "from": "2024-05-25 00:00",
                "to": "2024-07-05 00:00",
                "reason": "election",
                "strength": "all",
                "pages": "true",
            }
        ],
        "overrides": [{"code": "AS5", "where": "posts.launch", "reason": "a quotation"}],
    },
    "organisations": {
        "DEMO": {
            "name": "Demo Partnership",
            "areas": ["NORTH"],
            "url": "https://example.org",
            "address": "1 High Street",
            "logo": {"file": "logo.png", "alt": "Demo"},
        }
    },
    "areas": {"NORTH": "The North", "SOUTH": "The South"},
    "area_groups": {"BOTH": ["NORTH", "SOUTH"]},
    "audiences": {"staff": {"name": "Staff", "reading_age_max": "14"}},
    "channels": {
        "x-demo": {"kind": "x", "organisation": "DEMO"},
        "masto-demo": {"kind": "mastodon"},
        "mail": {"kind": "smtp"},
    },
    "resources": {
        "kit": {
            "type": "toolkit",
            "title": "The kit",
            "link": "https://example.org/kit",
            "text": "A kit.",
            "organisations": ["DEMO"],
            "areas": ["BOTH"],
            "audiences": ["staff"],
            "approval": "approved",
            "approved_by": "The board",
            "approved_on": "2 October 2023",
            "if_pending": "name_only",
            "embargo_until": "10/10/2023 10am",
            "visible_from": "2023-10-10 07:00",
        },
        "launch": {
            "type": "event",
            "title": "The launch",
            "no_link": "none yet",
            "event": {
                "starts": "2023-10-10 10:00",
                "ends": "11am",
                "place": "online",
                "booking": "https://example.org/book",
                "state": "open",
                "speakers": ["The chair"],
                "recording": "https://example.org/recording",
            },
        },
        "talk": {
            "type": "video",
            "title": "A talk",
            "media": {
                "link": "https://example.org/talk",
                "captions": "true",
                "transcript": "https://example.org/words",
                "minutes": "4",
            },
        },
    },
    "days": [
        {
            "date": "Mon 9 October 2023",
            "weekday": "Monday",
            "unlock": "06:30",
            "before": "summary",
            "themes": [
                {
                    "id": "first",
                    "title": "The first theme",
                    "status": "tbc",
                    "areas": ["NORTH"],
                    "audiences": ["staff"],
                    "text": "Some **words**.",
                    "one_thing": {"text": "Come", "link": "https://example.org/come"},
                    "resources": ["kit"],
                }
            ],
        },
        {"dates": ["2023-10-10", "2023-10-11"]},
    ],
    "posts": {
        "launch": {
            "at": "2023-10-09 10:05",
            "channels": ["x-demo", "masto-demo"],
            "theme": "first",
            "areas": ["NORTH"],
            "audiences": ["staff"],
            "title": "A title",
            "text": "We launch it.",
            "text_for": {"x-demo": "Launch"},
            "link": "kit",
            "hashtags": ["DemoTag"],
            "images": [{"file": "kit.png", "alt": "A kit", "decorative": "true"}],
            "needs": ["launch"],
            "essential": "true",
            "late_ok": "1h",
            "stop_at": "17:00",
            "again": "true",
            "owner": "The team",
            "notes": "Ask first.",
            "template": "kit",
        },
        "morning": {"each_day": "true", "time": "unlock", "channels": ["x-demo"], "text": "Good morning"},
        "tue": {"day": "tue-wed", "time": "9.15am", "channels": ["x-demo"], "text": "Two days"},
    },
    "mailings": {
        "daily": {
            "each_day": "true",
            "time": "08:10",
            "channel": "mail",
            "lists": ["staff"],
            "exclude": {"lists": ["board"], "areas": ["BOTH"], "audiences": ["staff"]},
            "areas": ["BOTH"],
            "audiences": ["staff"],
            "theme": "first",
            "needs": ["kit"],
            "essential": "true",
            "late_ok": "30m",
            "stop_at": "18:00",
            "again": "true",
            "owner": "The team",
            "notes": "Ask first.",
            "subject": "{{ day.title }}",
            "preheader": "{{ day.first_sentence }}",
            "body": "daily.md",
            "template": "day",
            "skip_if_empty": "false",
            "in_doubt": "resend",
        },
        "once": {"at": "2023-10-11 08:00", "channel": "mail", "lists": ["staff"], "subject": "Once"},
        "wed": {"day": "tue-wed", "channel": "mail", "lists": ["staff"], "subject": "Wednesday"},
    },
}


def full() -> dict[str, Any]:
    """A copy of FULL to change."""
    return copy.deepcopy(FULL)


def load(data: dict[str, Any], files: dict[str, bytes] | None = None) -> Loaded:
    """Load plain data as a programme file."""
    return load_bytes(json.dumps(data, indent=1, ensure_ascii=False).encode(), name="demo.yaml", files=files)


def small(**campaign: Any) -> dict[str, Any]:
    """The least programme there is, with more keys of `campaign`."""
    return {"schema": "1", "campaign": {"id": "small", "title": "Small", **campaign}}
