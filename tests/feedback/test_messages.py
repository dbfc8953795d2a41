"""What messages say, by examples: reports, complaints, wishes to leave, auto-replies, and what nobody should trust."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.base import Feedback, FeedbackKind
from campaign.delivery.feedback import read_message
from campaign.tokens import Key
from tests.store.people import NOW

KEY = Key(b"k" * 32)
STAMP = KEY.stamped("return-path-v1", 42)


def read(raw: bytes | str) -> list[Feedback]:
    return read_message(raw.encode() if isinstance(raw, str) else raw, received=NOW)


def report(action: str, status: str, diagnostic: str = "", *, to: str = "bounces@example.org", back: str = "") -> str:
    return (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <1@mx>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; ann@example.com\r\nAction: {action}\r\nStatus: {status}\r\n"
        + (f"Diagnostic-Code: smtp; {diagnostic}\r\n" if diagnostic else "")
        + f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{back}Subject: Hello\r\n\r\n--b--\r\n"
    )


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "kind"),
    [
        ("failed", "5.1.1", "550 5.1.1 User unknown", FeedbackKind.HARD),
        ("failed", "5.1.10", "", FeedbackKind.HARD),
        ("failed", "5.1.2", "", FeedbackKind.HARD),
        ("failed", "5.1.6", "", FeedbackKind.HARD),
        ("failed", "5.0.0", "550 5.1.1 no such user", FeedbackKind.HARD),
        ("failed", "5.0.0", "550 no such user here", FeedbackKind.HARD),
        ("failed", "5.2.2", "552 5.2.2 mailbox full", FeedbackKind.SOFT),
        ("failed", "5.2.1", "550 5.2.1 account disabled", FeedbackKind.HARD),
        ("failed", "4.4.7", "delivery time expired", FeedbackKind.SOFT),
        ("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied", FeedbackKind.SOFT),
        ("failed", "5.7.1", "550 5.7.1 rejected as spam", FeedbackKind.POLICY),
        ("failed", "5.7.515", "550 5.7.515 Access denied, sending domain", FeedbackKind.POLICY),
        ("failed", "5.0.0", "554 blocked, see our blocklist", FeedbackKind.POLICY),
        ("failed", "5.0.0", "", FeedbackKind.SOFT),
        ("delayed", "4.4.1", "connection timed out", FeedbackKind.AUTO_REPLY),
        ("delivered", "2.0.0", "", FeedbackKind.DELIVERED),
        ("relayed", "2.0.0", "", FeedbackKind.DELIVERED),
    ],
)
def test_a_delivery_report_by_its_action_and_code(
    action: str, status: str, diagnostic: str, kind: FeedbackKind
) -> None:
    found = read(report(action, status, diagnostic))
    assert [(each.kind, each.address) for each in found] == [(kind, "ann@example.com")]


@pytest.mark.parametrize("to", [f"bounces+{STAMP}@example.org", f"Bounces <BOUNCES+{STAMP.upper()}@example.org>"])
def test_our_token_is_found_where_the_report_went(to: str) -> None:
    assert read(report("failed", "5.1.1", to=to))[0].token == STAMP


def test_our_token_is_found_in_what_is_returned_of_our_message() -> None:
    back = f"Message-ID: <{KEY.stamped('message-v1', 7)}@example.org>\r\n"
    assert KEY.read_stamped("message-v1", read(report("failed", "5.1.1", back=back))[0].token) == 7


def test_the_same_report_has_the_same_id_however_it_came() -> None:
    once = report("failed", "5.1.1")
    again = "Received: from elsewhere\r\nDelivered-To: x@example.org\r\n" + once
    assert [each.id for each in read(once)] == [each.id for each in read(again)]
    assert read(once)[0].id != read(once.replace("<1@mx>", "<2@mx>"))[0].id
    nameless = once.replace("Message-ID: <1@mx>\r\n", "")
    assert read(nameless)[0].id == read("Received: from elsewhere\r\n" + nameless)[0].id


def test_no_reason_repeats_the_address() -> None:
    found = read(report("failed", "5.1.1", "550 5.1.1 <ann@example.com>: user unknown"))
    assert "ann" not in found[0].reason
    assert "user unknown" in found[0].reason


def complaint(kind: str, extra: str = "") -> str:
    return (
        "From: fbl@provider.example\r\nTo: bounces@example.org\r\nMessage-ID: <arf@provider>\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: P/1\r\nVersion: 1\r\n"
        f"{extra}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: <{KEY.stamped('message-v1', 9)}@example.org>\r\nTo: redacted\r\n\r\nHello\r\n--b--\r\n"
    )


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("abuse", FeedbackKind.COMPLAINT),
        ("fraud", FeedbackKind.COMPLAINT),
        ("opt-out", FeedbackKind.UNSUBSCRIBE),
        ("not-spam", FeedbackKind.UNKNOWN),
        ("auth-failure", FeedbackKind.UNKNOWN),
    ],
)
def test_a_complaint_is_matched_by_our_token_for_the_address_may_be_hidden(kind: str, what: FeedbackKind) -> None:
    found = read(complaint(kind))
    assert [each.kind for each in found] == [what]
    assert KEY.read_stamped("message-v1", found[0].token) == 9


def test_a_complaint_that_names_the_address() -> None:
    assert read(complaint("abuse", "Original-Rcpt-To: <ann@example.com>\r\n"))[0].address == "ann@example.com"


@pytest.mark.parametrize(
    ("subject", "token"),
    [
        ("unsubscribe", ""),
        ("Unsubscribe abcdefghijklmnopqrstuv.1z", "abcdefghijklmnopqrstuv.1z"),
        ("RE: unsubscribe abcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuv"),
        ("=?utf-8?q?unsubscribe?=", ""),
    ],
)
def test_a_wish_to_leave_by_email(subject: str, token: str) -> None:
    found = read(f"From: Ann <ann@example.com>\r\nTo: leave@example.org\r\nSubject: {subject}\r\n\r\n")
    assert [(each.kind, each.token, each.address) for each in found] == [
        (FeedbackKind.UNSUBSCRIBE, token, "ann@example.com")
    ]


def test_an_empty_subject_and_one_word_is_a_wish_to_leave() -> None:
    found = read(
        "From: ann@example.com\r\nTo: leave@example.org\r\nSubject:\r\n\r\n\r\nUnsubscribe\r\n\r\n--\r\nAnn\r\n"
    )
    assert [each.kind for each in found] == [FeedbackKind.UNSUBSCRIBE]


@pytest.mark.parametrize(
    "text",
    [
        "From: ann@example.com\r\nSubject: Please unsubscribe my neighbour\r\n\r\nx",
        "From: ann@example.com\r\nSubject: How do I unsubscribe?\r\n\r\nx",
    ],
)
def test_a_letter_about_leaving_is_left_for_a_person(text: str) -> None:
    assert [each.kind for each in read(text)] == [FeedbackKind.UNKNOWN]


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied\r\nSubject: Re: Tuesday\r\n",
        "Auto-Submitted: auto-generated; owner-email=x\r\nSubject: x\r\n",
        "X-Autoreply: yes\r\nSubject: x\r\n",
        "Subject: Automatic reply: Tuesday\r\n",
        "Subject: Out of office: user unknown, no such user\r\n",
        "Precedence: auto_reply\r\nSubject: x\r\n",
        "Subject: Ateb awtomatig: dydd Mawrth\r\n",
    ],
)
def test_out_of_office_is_never_a_bounce_even_where_it_reads_like_one(headers: str) -> None:
    body = "I have left. This mailbox is disabled.\r\n<ann@example.com>: user unknown\r\n"
    found = read(f"From: ann@example.com\r\nTo: bounces+{STAMP}@example.org\r\nReturn-Path: <>\r\n{headers}\r\n{body}")
    assert [each.kind for each in found] == [FeedbackKind.AUTO_REPLY]


def test_a_message_inside_a_message_does_not_leave_for_somebody() -> None:
    inner = EmailMessage()
    inner["From"] = "ann@example.com"
    inner["Subject"] = "unsubscribe"
    inner.set_content("x")
    outer = EmailMessage()
    outer["From"] = "bob@example.com"
    outer["Subject"] = "Look at this"
    outer.set_content("See attached.")
    outer.add_attachment(inner)
    assert [each.kind for each in read(outer.as_bytes())] == [FeedbackKind.UNKNOWN]


@given(st.binary(max_size=400))
def test_any_bytes_at_all_give_an_answer(raw: bytes) -> None:
    assert read(raw)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_any_report_at_all_gives_an_answer(action: str, status: str, diagnostic: str) -> None:
    found = read(report(action, status, diagnostic))
    assert all(len(each.reason) <= 200 for each in found)
    assert found


def test_a_huge_message_is_read_at_its_beginning_alone() -> None:
    found = read(report("failed", "5.1.1").encode() + b"x" * 5_000_000)
    assert found[0].kind is FeedbackKind.HARD
