"""Signatures: what dkimpy verifies, and refuses once anything that counts was changed."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.smtp.dkim import Key, Signer
from campaign.channels.smtp.places import KeyFile
from campaign.errors import SettingsError
from tests.smtpserver import CountingServer
from tests.smtpserver.mail import email, key_of, smtp

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = ed25519.Ed25519PrivateKey.generate()
SIGNER = Signer([Key("example.org", "r", RSA), Key("example.org", "e", ED)])
FROM = "news@example.org"


def now() -> datetime:
    return datetime(2023, 10, 9, 8, 0, tzinfo=UTC)


def dns(name: bytes, timeout: int = 5) -> bytes:
    der = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def verified(message: bytes) -> bool:
    """Whether the first signature (RSA) holds."""
    try:
        return bool(dkim.DKIM(message).verify(idx=0, dnsfunc=dns))
    except dkim.DKIMException:
        return False


def ed25519_verified(message: bytes) -> bool:
    """Whether the second holds. dkimpy canonicalises; it lacks the curve, which is checked here."""
    policy = dkim.CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    headers, body = dkim.rfc822_parse(message)
    header = headers.pop(1)
    tags = dkim.parse_tag_value(header[1])
    if tags[b"bh"] != base64.b64encode(hashlib.sha256(policy.canonicalize_body(body)).digest()):
        return False
    digest = hashlib.sha256()
    names = [name.lower() for name in tags[b"h"].replace(b"\r\n ", b"").split(b":")]
    dkim.hash_headers(digest, policy, policy.canonicalize_headers(headers), names, header, tags)
    try:
        ED.public_key().verify(base64.b64decode(tags[b"b"]), digest.digest())
    except InvalidSignature:
        return False
    return True


def test_both_algorithms_are_verified_by_another_implementation() -> None:
    signed = SIGNER.sign(email().raw, FROM, now)
    assert verified(signed)
    assert ed25519_verified(signed)
    assert signed.endswith(email().raw)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"Hello.", b"Hullo."),
        lambda raw: raw.replace(b"Subject: Monday", b"Subject: Tuesday"),
        lambda raw: raw.replace(b"/u/abc", b"/u/abd"),
        lambda raw: raw.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        lambda raw: b"From: evil@example.net\r\n" + raw,
    ],
)
def test_what_counts_cannot_be_changed(change: Callable[[bytes], bytes]) -> None:
    changed = change(SIGNER.sign(email().raw, FROM, now))
    assert not verified(changed)


HEADER = st.text(st.sampled_from("ab \t:=;é"), max_size=30).map(str.strip)
BODY = st.text(st.sampled_from("ab \t.=\r\n"), max_size=120).map(lambda text: re.sub(r"\r\n|\r|\n", "\r\n", text))


@given(subject=HEADER, fold=st.booleans(), body=BODY)
def test_any_message_is_signed_as_the_standard_says(subject: str, fold: bool, body: str) -> None:
    value = subject.replace(" ", "\r\n ", 1) if fold and " " in subject and not subject.isspace() else subject
    head = f"From: news@example.org\r\nSUBJECT:  {value} \r\nX-Other: 1\r\nTo: a@example.org\r\n\r\n"
    raw = (head + body + "\r\n").encode()
    assert verified(SIGNER.sign(raw, FROM, now))


def test_only_keys_for_the_from_domain_sign() -> None:
    raw = email().raw
    assert SIGNER.sign(raw, "news@other.org", now) == raw
    assert SIGNER.sign(raw, "news@notexample.org", now) == raw
    assert SIGNER.covers("news@mail.Example.org")


def with_key(folder: Path) -> dict[str, Any]:
    """The options of a channel that signs with the key of `verified`."""
    file = folder / "dkim.pem"
    file.write_bytes(
        RSA.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"dkim": [{"domain": "example.org", "selector": "r", "key_file": str(file)}]}


def test_keys_come_from_files_and_mail_leaves_signed(tmp_path: Path) -> None:
    with CountingServer() as relay:
        channel = smtp(relay.port, **with_key(tmp_path))
        channel.send(email(), key=key_of(1), notes={})
        channel.close()
        assert verified(relay.accepted[0].data)


def test_a_key_that_cannot_be_used_is_a_settings_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    missing = tmp_path / "missing.pem"
    keys = [KeyFile("example.org", "s", file) for file in (bad, missing)]
    with pytest.raises(SettingsError) as caught:
        Signer.from_keys(keys)
    assert [problem.file for problem in caught.value.problems] == [str(bad), str(missing)]
