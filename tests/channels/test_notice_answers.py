"""Telegram, Slack, Teams, Discord and WordPress: what each answer of the network means."""

import pytest

from campaign.channels.base import ChannelType
from campaign.channels.discord import Discord
from campaign.channels.http import Answer, Sent
from campaign.channels.slack import Slack
from campaign.channels.teams import Teams
from campaign.channels.telegram import Telegram
from campaign.channels.wordpress import WordPress
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from campaign.testing import a_post, json_answer
from tests.channels.rooms import Room

RATE = {"retry-after": "9"}
ANSWERS: list[tuple[ChannelType, Answer, type[ChannelError], str]] = [
    (Telegram, json_answer({"ok": False, "description": "Unauthorized"}, 401), ChannelDown, "Unauthorized"),
    (Telegram, json_answer({"ok": False, "description": "Forbidden: bot was kicked"}, 403), ChannelDown, "kicked"),
    (Telegram, json_answer({"ok": False, "description": "Not Found"}, 404), ChannelDown, "Not Found"),
    (Telegram, json_answer({"ok": False, "description": "Bad Request: chat not found"}, 400), ChannelDown, "chat not"),
    (
        Telegram,
        json_answer({"ok": False, "description": "Bad Request: not enough rights to send"}, 400),
        ChannelDown,
        "not enough rights",
    ),
    (
        Telegram,
        json_answer(
            {
                "ok": False,
                "description": "Bad Request: group chat was upgraded to a supergroup chat",
                "parameters": {"migrate_to_chat_id": -100},
            },
            400,
        ),
        ChannelDown,
        "upgraded",
    ),
    (Telegram, json_answer({"ok": False, "description": "Bad Request: message is too long"}, 400), Refused, "too long"),
    (
        Telegram,
        json_answer({"ok": False, "description": "Too Many", "parameters": {"retry_after": 9}}, 429),
        TryLater,
        "",
    ),
    (Telegram, json_answer({"ok": False}, 500), Uncertain, ""),
    (Telegram, json_answer({"ok": False}, 200), Uncertain, ""),
    (Slack, Answer(403, {}, b"invalid_token"), ChannelDown, "invalid_token"),
    (Slack, Answer(403, {}, b"action_prohibited"), ChannelDown, "action_prohibited"),
    (Slack, Answer(404, {}, b"no_service"), ChannelDown, "no_service"),
    (Slack, Answer(410, {}, b"channel_is_archived"), ChannelDown, "channel_is_archived"),
    (Slack, Answer(400, {}, b"invalid_blocks"), Refused, "invalid_blocks"),
    (Slack, Answer(429, RATE, b"rate_limited"), TryLater, ""),
    (Slack, Answer(500, {}, b"rollup_error"), Uncertain, "rollup_error"),
    (Slack, Answer(200, {}, b"okay"), Uncertain, "without saying ok"),
    (Teams, json_answer({"error": {"code": "DirectApiAuthorizationRequired"}}, 401), ChannelDown, "DirectApi"),
    (Teams, json_answer({"error": {"code": "WorkflowTriggerNotFound"}}, 404), ChannelDown, "WorkflowTrigger"),
    (Teams, json_answer({"error": {"code": "TriggerInputSchemaMismatch"}}, 400), Refused, "Mismatch"),
    (Teams, Answer(413), Refused, ""),
    (Teams, Answer(429, RATE), TryLater, ""),
    (Teams, Answer(502), Uncertain, ""),
    (Teams, Answer(200, {}, b"1"), Uncertain, "not 202"),
    (Discord, json_answer({"message": "Unknown Webhook", "code": 10015}, 404), ChannelDown, "Unknown Webhook"),
    (Discord, json_answer({"message": "Invalid Webhook Token", "code": 50027}, 401), ChannelDown, "Invalid"),
    (Discord, json_answer({"message": "Invalid Form Body", "code": 50035}, 400), Refused, "Invalid Form Body"),
    (Discord, json_answer({"message": "You are being rate limited.", "retry_after": 9.0}, 429), TryLater, ""),
    (Discord, Answer(500), Uncertain, ""),
    (Discord, Answer(204), Uncertain, "without the message"),
]


@pytest.mark.parametrize(
    ("kind", "answer", "error", "words"),
    ANSWERS,
    ids=[f"{kind.kind}-{answer.status}-{words}" for kind, answer, _, words in ANSWERS],
)
def test_what_an_answer_means(kind: ChannelType, answer: Answer, error: type[ChannelError], words: str) -> None:
    came = Room(kind, answer).send(a_post())
    assert type(came) is error, came
    assert words in str(came)
    if isinstance(came, TryLater):
        assert came.after == 9
        assert came.slow_all


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("rest_cannot_create", 401, ChannelDown),
        ("rest_forbidden", 403, ChannelDown),
        ("rest_no_route", 404, ChannelDown),
        ("rest_invalid_param", 400, Refused),
        ("internal_server_error", 500, Uncertain),
    ],
)
def test_what_wordpress_s_answer_to_the_post_means(code: str, status: int, error: type[ChannelError]) -> None:
    def answer(sent: Sent) -> Answer:
        return json_answer([]) if sent.method == "GET" else json_answer({"code": code}, status)

    came = Room(WordPress, answer).send(a_post())
    assert type(came) is error
    assert code in str(came)


def test_wordpress_failing_to_say_what_is_there_leaves_nothing_in_doubt() -> None:
    assert isinstance(Room(WordPress, Answer(500)).send(a_post()), TryLater)
    assert isinstance(Room(WordPress, json_answer({"not": "a list"})).send(a_post()), TryLater)
