"""What a provider of OpenID Connect can do wrong, one thing at a time: none of it may sign anybody in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from joserfc import jwk

from tests.web.providers import CLIENT, FakeProvider, rsa_key, unsigned


def _claims(**claims: Any) -> Callable[[FakeProvider], None]:
    def lie(provider: FakeProvider) -> None:
        provider.claims |= claims

    return lie


def _answer(**answer: str) -> Callable[[FakeProvider], None]:
    def lie(provider: FakeProvider) -> None:
        provider.answer |= answer

    return lie


def _reply(path: str, status: int, body: bytes) -> Callable[[FakeProvider], None]:
    def lie(provider: FakeProvider) -> None:
        provider.replies[path] = (status, body)

    return lie


def _nobody_signed(provider: FakeProvider) -> None:
    provider.token = unsigned


def _public_key_as_secret(provider: FakeProvider) -> None:
    pem = provider.key.as_pem(private=False)
    shared = jwk.OctKey.import_key(pem.replace(b"-----", b"") + b"x", parameters={"kid": "one"})
    provider.token = lambda claims: provider.signed(claims, shared, "HS256")


def _other_key(provider: FakeProvider) -> None:
    provider.token = lambda claims: provider.signed(claims, provider.other)


def unpublished_key(provider: FakeProvider) -> None:
    """Sign with a key that is nowhere."""
    strange = rsa_key("strange")
    provider.token = lambda claims: provider.signed(claims, strange)


def _changed_afterwards(provider: FakeProvider) -> None:
    def change(claims: dict[str, Any]) -> str:
        head, _, signature = provider.signed(claims).split(".")
        return f"{head}.{unsigned(claims | {'sub': 'root'}).split('.')[1]}.{signature}"

    provider.token = change


def _no_token(provider: FakeProvider) -> None:
    provider.token = lambda claims: ""


#: What a provider can do wrong, by name.
LIES: dict[str, Callable[[FakeProvider], None]] = {
    "wrong nonce": _claims(nonce="another"),
    "no nonce": _claims(nonce=None),
    "other audience": _claims(aud="another-client"),
    "two audiences, made for the other": _claims(aud=[CLIENT, "another"], azp="another"),
    "two audiences, made for nobody": _claims(aud=[CLIENT, "another"]),
    "no audience": _claims(aud=None),
    "expired": _claims(exp=1),
    "no end": _claims(exp=None),
    "end in words": _claims(exp="tomorrow"),
    "of the future": _claims(iat=4_000_000_000),
    "not before the future": _claims(nbf=4_000_000_000),
    "other issuer": _claims(iss="https://evil.example"),
    "no issuer": _claims(iss=None),
    "no subject": _claims(sub=None),
    "subject too long": _claims(sub="x" * 256),
    "subject a number": _claims(sub=7),
    "alg none": _nobody_signed,
    "hmac by the public key": _public_key_as_secret,
    "another key of the same name": _other_key,
    "unpublished key": unpublished_key,
    "changed after signing": _changed_afterwards,
    "no token": _no_token,
    "nonsense for a token": _reply("/token", 200, b'{"id_token": "a.b.c"}'),
    "token not text": _reply("/token", 200, b'{"id_token": {"a": 1}}'),
    "token answer no object": _reply("/token", 200, b"[]"),
    "token answer not JSON": _reply("/token", 200, b"<html>"),
    "token answer endless": _reply("/token", 200, b'"' + b"x" * 1_100_000 + b'"'),
    "token refused": _reply("/token", 400, b'{"error": "invalid_grant"}'),
    "token led elsewhere": _reply("/token", 307, b"http://127.0.0.1:1/token"),
    "keys gone": _reply("/keys", 500, b""),
    "keys no list": _reply("/keys", 200, b'{"keys": {"a": 1}}'),
    "state of another": _answer(state="another"),
    "state missing": _answer(state=""),
    "mixed up": _answer(iss="https://evil.example"),
    "refused there": _answer(code="", error="access_denied"),
    "code of another": _answer(code="code-9"),
}
