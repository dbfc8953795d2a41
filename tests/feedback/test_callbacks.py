"""Providers' callbacks: what is proven is read, what is forged is refused, what is new is kept."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.base import FeedbackKind
from campaign.delivery.feedback.callbacks import Called, read_notify, read_postmark, read_sns
from campaign.errors import Refused

NOW = datetime(2026, 10, 12, 9, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-2:123456789012:bounces"
CERT_URL = "https://sns.eu-west-2.amazonaws.com/SimpleNotificationService-1.pem"
ANN = [{"emailAddress": "ann@example.org"}]
SECRET = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(begin: datetime = NOW - timedelta(days=1), end: datetime = NOW + timedelta(days=1)) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(SECRET.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(end)
        .sign(SECRET, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


PEM = certificate()


def signed(event: Any, *, version: str = "2", kind: str = "Notification", **changed: str) -> dict[str, str]:
    """A message signed as Amazon's documentation says: the fields' names and values, sorted, each on its own line."""
    message = {
        "Type": kind,
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": json.dumps(event),
        "Timestamp": "2026-10-12T08:59:00.000Z",
    }
    if kind != "Notification":
        message |= {"SubscribeURL": "https://sns.eu-west-2.amazonaws.com/?Action=ConfirmSubscription", "Token": "t"}
    message |= changed
    text = "".join(f"{name}\n{message[name]}\n" for name in sorted(message))
    digest: hashes.HashAlgorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = SECRET.sign(text.encode(), padding.PKCS1v15(), digest)
    return {
        **message,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": CERT_URL,
    }


def call(message: Any, *, pem: bytes = PEM, asked: list[str] | None = None) -> Called:
    def fetch(url: str) -> bytes:
        if asked is not None:
            asked.append(url)
        return pem

    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return read_sns(body, topics=frozenset({TOPIC}), certificate=fetch, now=NOW)


def bounce(kind: str = "Permanent", sub: str = "General", status: str = "5.1.1") -> dict[str, Any]:
    people = [{"emailAddress": "ann@example.org", "status": status, "diagnosticCode": "smtp; 550 to ann@example.org"}]
    return {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": sub,
            "bouncedRecipients": people,
            "timestamp": "2026-10-12T08:00:00Z",
        },
        "mail": {"tags": {"delivery": ["f" * 32]}},
    }


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (bounce(), FeedbackKind.HARD),
        (bounce(sub="NoEmail", status=""), FeedbackKind.HARD),
        (bounce(sub="OnAccountSuppressionList", status=""), FeedbackKind.HARD),
        (bounce("Transient", "MailboxFull", "4.2.2"), FeedbackKind.SOFT),
        (bounce("Permanent", "General", "5.7.1"), FeedbackKind.POLICY),
        ({"eventType": "Complaint", "complaint": {"complainedRecipients": ANN}}, FeedbackKind.COMPLAINT),
        ({"notificationType": "Delivery", "delivery": {"recipients": ["ann@example.org"]}}, FeedbackKind.DELIVERED),
    ],
)  # fmt: skip
def test_ses_through_sns(event: dict[str, Any], kind: FeedbackKind, version: str) -> None:
    found = call(signed(event, version=version)).feedback
    assert [(each.kind, each.address) for each in found] == [(kind, "ann@example.org")]
    assert "ann" not in found[0].reason
    assert found == call(signed(event, version=version)).feedback


def test_ses_names_our_token_and_its_own_time() -> None:
    found = call(signed(bounce())).feedback[0]
    assert found.token == "f" * 32
    assert found.at == datetime(2026, 10, 12, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "event", [{}, {"eventType": "Rendering Failure"}, "words", {"eventType": "Bounce", "bounce": 7}]
)
def test_what_ses_says_anew_is_unknown_and_kept(event: Any) -> None:
    assert [each.kind for each in call(signed(event)).feedback] == [FeedbackKind.UNKNOWN]


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "{}"},
        {"TopicArn": "arn:aws:sns:eu-west-2:999999999999:theirs"},
        {"SigningCertURL": "https://sns.eu-west-2.amazonaws.com.attacker.example/x.pem"},
        {"SigningCertURL": "http://sns.eu-west-2.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://user@sns.eu-west-2.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-2.amazonaws.com:8443/x.pem"},
        {"SigningCertURL": "https://bucket.s3.amazonaws.com/x.pem"},
        {"SignatureVersion": "3"},
        {"Signature": "not base64!"},
        {"Signature": base64.b64encode(b"x" * 256).decode()},
        {"Type": "Notice"},
    ],
)
def test_a_forged_callback_is_refused_and_no_strangers_address_is_fetched(changed: dict[str, str]) -> None:
    asked: list[str] = []
    with pytest.raises(Refused):
        call({**signed(bounce()), **changed}, asked=asked)
    assert set(asked) <= {CERT_URL}


def test_what_amazon_signed_for_somebody_elses_topic_is_refused() -> None:
    theirs = signed(bounce(), TopicArn="arn:aws:sns:eu-west-2:999999999999:theirs")
    with pytest.raises(Refused, match="not one of ours"):
        call(theirs)


def test_another_key_and_an_old_certificate_are_refused() -> None:
    old = certificate(NOW - timedelta(days=9), NOW - timedelta(days=2))
    for pem in (old, b"no certificate", b""):
        with pytest.raises(Refused):
            call(signed(bounce()), pem=pem)


def test_a_subscription_is_agreed_to_at_amazons_address_alone() -> None:
    assert call(signed({}, kind="SubscriptionConfirmation")).confirm_url.startswith(
        "https://sns.eu-west-2.amazonaws.com/"
    )
    elsewhere = signed({}, kind="SubscriptionConfirmation", SubscribeURL="https://attacker.example/")
    assert call(elsewhere).confirm_url == ""
    assert call(signed({}, kind="UnsubscribeConfirmation")).confirm_url == ""


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"RecordType": "Bounce", "Type": "HardBounce"}, FeedbackKind.HARD),
        ({"RecordType": "Bounce", "Type": "SoftBounce"}, FeedbackKind.SOFT),
        ({"RecordType": "Bounce", "Type": "SpamNotification"}, FeedbackKind.POLICY),
        ({"RecordType": "Bounce", "Type": "AutoResponder"}, FeedbackKind.AUTO_REPLY),
        ({"RecordType": "Bounce", "Type": "Something new"}, FeedbackKind.UNKNOWN),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, FeedbackKind.COMPLAINT),
        ({"RecordType": "SubscriptionChange", "SuppressSending": True}, FeedbackKind.UNSUBSCRIBE),
        ({"RecordType": "SubscriptionChange", "SuppressSending": False}, FeedbackKind.UNKNOWN),
        ({"RecordType": "Delivery"}, FeedbackKind.DELIVERED),
        ({}, FeedbackKind.UNKNOWN),
    ],
)
def test_postmark(event: dict[str, Any], kind: FeedbackKind) -> None:
    body = json.dumps({"ID": 7, "Email": "ann@example.org", "Metadata": {"delivery": "t"}, **event}).encode()
    found = read_postmark(body, basic("hook", "secret"), user="hook", password="secret", now=NOW).feedback
    assert [(each.kind, each.address, each.token) for each in found] == [(kind, "ann@example.org", "t")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("delivered", FeedbackKind.DELIVERED),
        ("permanent-failure", FeedbackKind.HARD),
        ("temporary-failure", FeedbackKind.SOFT),
        ("technical-failure", FeedbackKind.POLICY),
        ("something-new", FeedbackKind.UNKNOWN),
    ],
)
def test_notify(status: str, kind: FeedbackKind) -> None:
    event = {
        "id": "n-1",
        "reference": "t",
        "to": "ann@example.org",
        "status": status,
        "completed_at": "2026-10-12T08:00:00Z",
    }
    found = read_notify(json.dumps(event).encode(), {"authorization": "Bearer s"}, bearer="s", now=NOW).feedback
    assert [(each.kind, each.address, each.token) for each in found] == [(kind, "ann@example.org", "t")]


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer other"}, {"authorization": "Bearer "}, basic("", "")]
)
def test_a_callback_without_our_secret_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Refused):
        read_notify(b"{}", headers, bearer="s", now=NOW)
    with pytest.raises(Refused):
        read_postmark(b"{}", headers, user="hook", password="secret", now=NOW)
    for unset in ("",):
        with pytest.raises(Refused):
            read_notify(b"{}", headers, bearer=unset, now=NOW)
        with pytest.raises(Refused):
            read_postmark(b"{}", headers, user=unset, password=unset, now=NOW)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["Type", "TopicArn", "Message", "status", "RecordType", "x"]), inner, max_size=4
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        assert call(body).feedback
    with suppress(Refused):
        assert read_postmark(body, basic("u", "p"), user="u", password="p", now=NOW).feedback
    with suppress(Refused):
        assert read_notify(body, {"authorization": "Bearer s"}, bearer="s", now=NOW).feedback


def test_a_very_long_body_is_refused() -> None:
    with pytest.raises(Refused):
        call(b"[" * 300_000)
