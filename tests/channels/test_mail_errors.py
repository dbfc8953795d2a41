"""What the HTTP mail services' own error tables mean."""

from __future__ import annotations

from typing import Any

import pytest

from campaign.channels.base import Tools
from campaign.channels.notify import Notify
from campaign.channels.postmark import Postmark
from campaign.channels.registry import examples
from campaign.channels.ses import Ses
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from campaign.testing import NOON, a_key, an_email, json_answer, recording


def outcome(kind: type[Any], status: int, body: object, headers: dict[str, str] | None = None) -> ChannelError:
    options = kind.Options.model_validate(examples(kind.Options))
    http = recording(json_answer(body, status, headers)).http
    with pytest.raises(ChannelError) as caught:
        kind(options, Tools(name="mail", now=lambda: NOON, http=http)).send(an_email(), key=a_key(), notes={})
    return caught.value


def notify(kind: str) -> object:
    return {"status_code": 0, "errors": [{"error": kind, "message": "words may change"}]}


@pytest.mark.parametrize(
    ("kind", "status", "body", "expected"),
    [
        (Notify, 400, notify("ValidationError"), Refused),
        (Notify, 400, notify("BadRequestError"), Refused),
        (Notify, 403, notify("AuthError"), ChannelDown),
        (Notify, 429, notify("RateLimitError"), TryLater),
        (Notify, 429, notify("TooManyRequestsError"), TryLater),
        (Notify, 500, notify("Exception"), Uncertain),
        (Postmark, 401, {"ErrorCode": 10}, ChannelDown),
        (Postmark, 422, {"ErrorCode": 300}, Refused),
        (Postmark, 422, {"ErrorCode": 405}, ChannelDown),
        (Postmark, 422, {"ErrorCode": 406}, Refused),
        (Postmark, 429, {"ErrorCode": 0}, TryLater),
        (Postmark, 503, {}, Uncertain),
        (Postmark, 503, {"ErrorCode": 100, "Message": "Maintenance"}, TryLater),
        (Ses, 400, {"__type": "com.amazonaws.sesv2#AccountSuspendedException"}, ChannelDown),
        (Ses, 400, {"__type": "MailFromDomainNotVerifiedException"}, ChannelDown),
        (Ses, 400, {"__type": "MessageRejected"}, Refused),
        (Ses, 400, {"__type": "BadRequestException"}, Refused),
        (Ses, 429, {"__type": "TooManyRequestsException"}, TryLater),
        (Ses, 400, {"__type": "ThrottlingException", "message": "Maximum sending rate exceeded"}, TryLater),
        (Ses, 403, {"message": "no"}, ChannelDown),
        (Ses, 500, {}, Uncertain),
    ],
)
def test_the_table(kind: type[Any], status: int, body: object, expected: type[ChannelError]) -> None:
    assert type(outcome(kind, status, body)) is expected


def test_the_day_s_limit_of_notify_waits_until_midnight() -> None:
    error = outcome(Notify, 429, notify("TooManyRequestsError"))
    assert isinstance(error, TryLater)
    assert error.after == 12 * 3600
    assert error.slow_all


def test_the_day_s_quota_of_ses_waits_for_ten_minutes() -> None:
    over = {"__type": "ThrottlingException", "message": "Daily message quota exceeded"}
    quick = {"__type": "ThrottlingException", "message": "Maximum sending rate exceeded."}
    errors = [outcome(Ses, 400, body) for body in (over, quick)]
    assert [(error.after, error.slow_all) for error in errors if isinstance(error, TryLater)] == [
        (600, True),
        (5, True),
    ]


def test_only_a_refused_message_of_ours_counts_as_policy() -> None:
    team_only = outcome(Notify, 400, notify("BadRequestError"))
    bad_address = outcome(Notify, 400, notify("ValidationError"))
    assert isinstance(team_only, Refused)
    assert isinstance(bad_address, Refused)
    assert (team_only.policy, bad_address.policy) == (True, False)


def test_an_inactive_address_is_suppressed() -> None:
    error = outcome(Postmark, 422, {"ErrorCode": 406, "Message": "inactive"})
    assert isinstance(error, Refused)
    assert error.suppress == "hard bounce"


def test_ses_names_its_error_in_a_header_too() -> None:
    error = outcome(Ses, 400, {}, {"x-amzn-errortype": "SendingPausedException:http://internal.example"})
    assert isinstance(error, ChannelDown)
    assert error.code == "SendingPausedException"
