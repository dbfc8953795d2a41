"""Requests checked strictly against a schema: an unknown field, a missing one or a wrong type is a broken contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from campaign.testing import BrokenContract

HERE = Path(__file__).parent
TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
YES_NO = {"type": "boolean"}


def closed(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object with these fields and no others."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def exactly(value: Any) -> dict[str, Any]:
    """The schema of one value."""
    return {"const": value}


def text(most: int, least: int = 0) -> dict[str, Any]:
    """The schema of a text of so many characters."""
    return {"type": "string", "minLength": least, "maxLength": most}


def lawful(schema: Mapping[str, Any], value: Any) -> None:
    """Raise BrokenContract where `value` does not fit `schema`."""
    wrong = sorted(Draft202012Validator(schema).iter_errors(value), key=lambda error: list(error.path))
    if wrong:
        raise BrokenContract("; ".join(f"{error.json_path}: {error.message[:200]}" for error in wrong))


@cache
def _discord() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / "discord" / "webhook.json").read_text("utf-8"))
    return loaded


def discord_webhook() -> dict[str, Any]:
    """The schema of what a Discord webhook is given, from Discord's own OpenAPI document."""
    return {**_discord(), "$ref": "#/components/schemas/IncomingWebhookRequestPartial"}


# Telegram Bot API 10.1 (11 June 2026), https://core.telegram.org/bots/api, read 22 November 2026: the fields we use,
# with the types and lengths of that page. Every other documented field is left out on purpose: we do not send it.
CHAT = {"anyOf": [WHOLE, {"type": "string", "pattern": "^(@.+|-?[0-9]+)$"}]}
TELEGRAM = {
    "sendMessage": closed(
        {"chat_id": CHAT, "text": text(4096, 1)},
        {
            "disable_notification": YES_NO,
            "link_preview_options": closed({}, {"is_disabled": YES_NO, "url": TEXT}),
        },
    ),
    "sendPhoto": closed(
        {"chat_id": CHAT, "photo": exactly("file")}, {"caption": text(1024), "disable_notification": TEXT}
    ),
    "sendMediaGroup": closed({"chat_id": CHAT, "media": TEXT}, {"disable_notification": TEXT}),
    "media": {
        "type": "array",
        "minItems": 2,
        "maxItems": 10,
        "items": closed(
            {"type": exactly("photo"), "media": {"pattern": "^attach://image[0-9]+$"}}, {"caption": text(1024)}
        ),
    },
    "deleteMessage": closed({"chat_id": CHAT, "message_id": WHOLE}),
    "getChatMember": closed({"chat_id": CHAT, "user_id": WHOLE}),
    "getMe": closed({}),
}

# Slack, incoming webhooks and Block Kit, https://docs.slack.dev/reference/block-kit/blocks, read 22 November 2026.
RICH = [
    closed({"type": exactly("text"), "text": text(3000, 1)}),
    closed({"type": exactly("link"), "url": {"type": "string", "pattern": "^https?://", "maxLength": 3000}}),
]
SLACK = closed(
    {
        "text": text(40_000, 1),
        "mrkdwn": exactly(False),
        "blocks": {
            "type": "array",
            "minItems": 1,
            "maxItems": 50,
            "items": {
                "oneOf": [
                    closed(
                        {
                            "type": exactly("rich_text"),
                            "elements": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 1,
                                "items": closed(
                                    {
                                        "type": exactly("rich_text_section"),
                                        "elements": {"type": "array", "minItems": 1, "items": {"oneOf": RICH}},
                                    }
                                ),
                            },
                        }
                    ),
                    closed({"type": exactly("image"), "image_url": text(3000, 1), "alt_text": text(2000, 1)}),
                ]
            },
        },
    }
)

# Adaptive Cards 1.4, https://adaptivecards.io/explorer, as Teams takes them from a workflow
# (learn.microsoft.com, connectors-using), read 22 November 2026.
OPEN = closed({"type": exactly("Action.OpenUrl"), "url": {"pattern": "^https?://"}}, {"title": text(200, 1)})
RUN = closed({"type": exactly("TextRun"), "text": text(28_000, 1)}, {"weight": exactly("bolder"), "selectAction": OPEN})
BLOCK = closed(
    {"type": exactly("RichTextBlock"), "inlines": {"type": "array", "minItems": 1, "items": RUN}},
    {"spacing": {"enum": ["none", "small", "default", "medium", "large"]}},
)
PICTURE = closed(
    {"type": exactly("Image"), "url": {"pattern": "^https://"}, "altText": TEXT}, {"size": exactly("stretch")}
)
CARD = closed(
    {
        "$schema": TEXT,
        "type": exactly("AdaptiveCard"),
        "version": exactly("1.4"),
        "body": {"type": "array", "minItems": 1, "items": {"oneOf": [BLOCK, PICTURE]}},
    },
    {
        "lang": TEXT,
        "fallbackText": TEXT,
        "actions": {"type": "array", "maxItems": 6, "items": OPEN},
        "msteams": closed({"width": exactly("Full")}),
    },
)
TEAMS = closed(
    {
        "type": exactly("message"),
        "attachments": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": closed({"contentType": exactly("application/vnd.microsoft.card.adaptive"), "content": CARD}),
        },
    }
)

# WordPress REST API, https://developer.wordpress.org/rest-api/reference/posts/ and /media/, read 22 November 2026.
WORDPRESS_POST = closed(
    {
        "title": text(1000, 1),
        "content": TEXT,
        "status": {"enum": ["publish", "future", "draft", "pending", "private"]},
        "slug": {"type": "string", "pattern": "^[a-z0-9-]{1,200}$"},
    },
    {"categories": {"type": "array", "items": WHOLE}, "featured_media": WHOLE},
)
WORDPRESS_MEDIA = closed({"alt_text": TEXT})
