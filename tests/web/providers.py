"""A provider of OpenID Connect on this machine, strict where the standard is, that can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwk, jwt

CLIENT, SECRET = "the-desk", "s3cret of the desk"


def _part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@cache
def rsa_key(name: str, number: int = 1) -> jwk.RSAKey:
    """The key of that name and number: made once, for that takes time."""
    return jwk.RSAKey.generate_key(2048, parameters={"kid": name, "use": "sig", "alg": "RS256"})


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says of itself that nobody signed it."""
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


class FakeProvider:
    """One provider. `claims` and `answer` change what it says; `token` makes the whole ID token of its claims."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.key = rsa_key("one", 1)
        self.other = rsa_key("one", 2)
        self.published = [self.key]
        self.claims: dict[str, Any] = {"sub": "ada-at-provider", "email": "ada@example.org", "email_verified": True}
        self.answer: dict[str, str] = {}
        self.metadata: dict[str, Any] = {}
        self.replies: dict[str, tuple[int, bytes]] = {}
        self.token: Callable[[dict[str, Any]], str] = self.signed
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.issuer = ""

    def signed(self, claims: dict[str, Any], key: jwk.Key | None = None, algorithm: str = "RS256") -> str:
        """The ID token as it should be."""
        used = key or self.key
        return jwt.encode({"alg": algorithm, "kid": used.kid}, claims, used, algorithms=[algorithm])

    def authorise(self, address: str) -> str:
        """What a browser is led back to after signing in at `address`: the redirect of the provider."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer, **self.answer}
        return f"{asked['redirect_uri']}?{urlencode({name: value for name, value in answer.items() if value})}"

    def document(self) -> dict[str, Any]:
        """What is published at the issuer."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorise",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            **self.metadata,
        }

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token for a code, once, for who asked for it and has its verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = _part(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        known = form.get("client_secret") == SECRET or authorization == f"Basic {basic}"
        right = (
            asked and known and challenge == asked["code_challenge"] and form["redirect_uri"] == asked["redirect_uri"]
        )
        if not asked or not right:
            self.refused.append(form.get("code", ""))
            return 400, {"error": "invalid_grant"}
        now = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        told = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.token(told)}


@contextmanager
def served(provider: FakeProvider) -> Iterator[FakeProvider]:
    """The provider behind a real server; its issuer is that server's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found: dict[str, Any] = {
                "/.well-known/openid-configuration": provider.document(),
                "/keys": {"keys": [key.as_dict(private=False) for key in provider.published]},
            }.get(self.path, {})
            self._say(200 if found else 404, found)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*provider.redeem(form, self.headers.get("Authorization", "")))

        def _say(self, status: int, found: dict[str, Any]) -> None:
            provider.asked.append(self.path)
            status, body = provider.replies.get(self.path, (status, json.dumps(found).encode()))
            self.send_response(status)
            if status in {301, 302, 303, 307, 308}:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
