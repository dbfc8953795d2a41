"""A post as it was frozen at opening: JSON in the ledger, its images by their hash among the revision's files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from campaign.model import About, Image, Link, PlannedMailing, Post
from campaign.plan import Planned


def freeze(post: Post) -> str:
    """The post as JSON, without the bytes of its images."""
    return json.dumps(
        {
            "version": 1,
            "about": {
                "campaign": post.about.campaign,
                "message": post.about.message,
                "day": post.about.day,
                "channel": post.about.channel,
                "planned_at": post.about.planned_at.isoformat(),
                "title": post.about.title,
            },
            "text": post.text,
            "title": post.title,
            "link": {"url": post.link.url, "title": post.link.title, "description": post.link.description}
            if post.link
            else None,
            "hashtags": list(post.hashtags),
            "images": [
                {
                    "name": image.name,
                    "media_type": image.media_type,
                    "sha256": image.sha256,
                    "alt": image.alt,
                    "decorative": image.decorative,
                }
                for image in post.images
            ],
            "language": post.language,
        },
        sort_keys=True,
        ensure_ascii=False,
    )


def thaw(text: str, files: Mapping[str, bytes]) -> Post:
    """The post again; `files` are those of the revision it was frozen with."""
    kept = json.loads(text)
    by_hash = {hashlib.sha256(data).hexdigest(): data for data in files.values()} if kept["images"] else {}
    about = kept["about"]
    return Post(
        about=About(**{**about, "planned_at": datetime.fromisoformat(about["planned_at"])}),
        text=kept["text"],
        title=kept["title"],
        link=Link(**kept["link"]) if kept["link"] else None,
        hashtags=tuple(kept["hashtags"]),
        images=tuple(Image(**image, data=by_hash[image["sha256"]]) for image in kept["images"]),
        language=kept["language"],
    )


#: What does not count as content when two mailings are compared: their names, their times and how they are handled.
HANDLING = frozenset({"id", "when", "again", "owner", "notes", "late_ok", "stop_at", "essential", "in_doubt"})


def post_digest(post: Post) -> str:
    """A hash of what readers would see on that channel, whatever the message's id and time."""
    content = json.loads(freeze(post))
    about = content.pop("about")
    return _digest({**content, "channel": about["channel"]})


def mailing_digest(planned: Planned) -> str:
    """A hash of what a mailing says on that day, whatever its id and time."""
    if not isinstance(planned.message, PlannedMailing):
        raise TypeError(f"{planned.key} is a post")
    content = {name: value for name, value in asdict(planned.message).items() if name not in HANDLING}
    return _digest({**content, "channel": planned.key.channel, "day": planned.day.id if planned.day else ""})


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
