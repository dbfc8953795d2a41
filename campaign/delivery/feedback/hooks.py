"""The callbacks of providers as the pages serve them: a body and headers in, an HTTP status out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from campaign.delivery.feedback.callbacks import Called, read_notify, read_postmark, read_sns
from campaign.delivery.feedback.policy import Policy
from campaign.delivery.forms import Hook
from campaign.errors import ChannelError, Refused

#: Gives the body of an https address: a signing certificate, or a confirmation.
Fetch = Callable[[str], bytes]


def hooks(policy: Policy, *, topics: frozenset[str], postmark: str, notify: str, fetch: Fetch) -> dict[str, Hook]:
    """The callbacks that are set up, by name: `sns` (SES), `postmark`, `notify`.

    `postmark` is `user:password`, `notify` its bearer token, `topics` the ARNs of our own SNS topics; empty: not there.
    """
    kept = ("", b"")

    def certificate(url: str) -> bytes:
        nonlocal kept
        of, found = kept
        if of != url:
            found = fetch(url)
            kept = (url, found)
        return found

    def sns(body: bytes, headers: Mapping[str, str], now: datetime) -> Called:
        called = read_sns(body, topics=topics, certificate=certificate, now=now)
        if called.confirm_url:
            fetch(called.confirm_url)
        return called

    def of_postmark(body: bytes, headers: Mapping[str, str], now: datetime) -> Called:
        user, _, password = postmark.partition(":")
        return read_postmark(body, headers, user=user, password=password, now=now)

    def of_notify(body: bytes, headers: Mapping[str, str], now: datetime) -> Called:
        return read_notify(body, headers, bearer=notify, now=now)

    readers = {
        "sns": (sns, bool(topics)),
        "postmark": (of_postmark, bool(postmark)),
        "notify": (of_notify, bool(notify)),
    }
    return {name: _answer(name, reader, policy) for name, (reader, is_set) in readers.items() if is_set}


def _answer(name: str, reader: Callable[[bytes, Mapping[str, str], datetime], Called], policy: Policy) -> Hook:
    def answer(body: bytes, headers: Mapping[str, str], now: datetime) -> tuple[int, str]:
        try:
            called = reader(body, headers, now)
        except Refused as error:
            return int(error.code or 400), "refused"
        except ChannelError:
            return 503, "try again later"
        policy.apply(called.feedback, source=name, trusted=True, now=now)
        return 200, "kept"

    return answer
