"""Signing a channel in: by OAuth on a loopback address or with a pasted answer, or by secrets typed in.

What is typed or granted goes to the channel's notes, encrypted, and nowhere else.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Protocol, runtime_checkable
from urllib.parse import parse_qs, urlsplit

from campaign.channels._oauth import App, verifier
from campaign.channels._tokens import Keychain
from campaign.channels.base import NoteStore, Tools
from campaign.errors import ChannelDown, RefusedError

PORT = 8765
PREFIX = "option."
_DONE = b"<!doctype html><html lang=en-GB><title>Signed in</title><p>You are signed in. You can close this page."
_FAILED = b"<!doctype html><html lang=en-GB><title>Not signed in</title><p>You are not signed in. See the terminal."


@runtime_checkable
class SignsIn(Protocol):
    """A channel whose network has OAuth."""

    tools: Tools

    def sign_in_app(self, redirect_uri: str) -> App | None:
        """The application to sign in with; None where the options say that it goes by tokens. May ask the network."""
        ...

    def settle_tokens(self, tokens: dict[str, Any]) -> Mapping[str, Any]:
        """What to keep of freshly granted tokens (a longer-lived one, for instance)."""
        ...


def sign_in(channel: SignsIn, redirect_uri: str, visit: Callable[[str], str]) -> bool:
    """Sign `channel` in and store its tokens; False where it has no OAuth.

    `visit(url)` lets a person open `url` and gives back the address that they were sent to, or the code alone. Raises
    RefusedError where the answer is not to our question, and ChannelDown where the network does not take it.
    """
    app = channel.sign_in_app(redirect_uri)
    if app is None:
        return False
    state, proof = randomness.token_urlsafe(24), verifier()
    code = read_answer(visit(app.authorize_url(redirect_uri, state, proof)), state)
    if channel.tools.http is None:
        raise ChannelDown("There is no way to the network.")
    tokens = app.exchange(channel.tools.http, code, redirect_uri, proof, channel.tools.now())
    Keychain(channel.tools).store(channel.settle_tokens(tokens))
    return True


def read_answer(answer: str, state: str) -> str:
    """The code in the address that a person was sent to, or in what they pasted; RefusedError where it is not ours."""
    answer = answer.strip()
    if "?" not in answer and "=" not in answer:
        if not answer or " " in answer:
            raise RefusedError("That is neither an address nor a code. Start again, and paste what you were sent to.")
        return answer
    fields = parse_qs(urlsplit(answer).query or answer)
    if "error" in fields:
        reason = fields.get("error_description", fields["error"])[0][:200]
        raise RefusedError(f"The network did not sign you in: {reason}")
    if not randomness.compare_digest(fields.get("state", [""])[0].encode(), state.encode()):
        raise RefusedError("That answer belongs to another sign-in. Start again, and use the newest page.")
    if "code" not in fields:
        raise RefusedError("There is no code in that address. Start again, and paste the whole of it.")
    return fields["code"][0]


def state_of(answer: str) -> str:
    """The `state` that an answer carries; "" where it carries none. It may be anybody's: see `read_answer`."""
    return parse_qs(urlsplit(answer).query or answer).get("state", [""])[0]


class Loopback:
    """A server on 127.0.0.1 that waits for one answer (RFC 8252 section 7.3), at `redirect_uri`."""

    def __init__(self, port: int = PORT) -> None:
        self._answer = ""
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                ours = self.path.startswith("/callback?")
                if ours:
                    loopback._answer = self.path
                self.send_response(200 if ours else 404)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(_DONE if ours and "error=" not in self.path else _FAILED)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is logged: the path holds the code."""

        self._server = HTTPServer(("127.0.0.1", port), Handler)
        self._server.timeout = 1.0

    @property
    def redirect_uri(self) -> str:
        """The address to register with the network."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/callback"

    def wait(self, turns: int = 300) -> str:
        """The path that came, within about `turns` seconds; RefusedError where none did."""
        for _ in range(turns):
            self._server.handle_request()
            if self._answer:
                return self._answer
        raise RefusedError("Nobody signed in within five minutes. Start again, or add --paste on a server.")

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()


def keep_secret(notes: NoteStore, field: str, value: str) -> None:
    """Keep a secret option of a channel in its notes, encrypted."""
    name = PREFIX + field
    while not notes.swap(name, old=notes.get(name), new=value, secret=True):
        continue


def kept_secrets(notes: NoteStore, fields: Iterable[str]) -> dict[str, str]:
    """The secret options that were typed in, by name."""
    found = {field: notes.get(PREFIX + field) for field in fields}
    return {field: value for field, value in found.items() if value}


def forget(notes: NoteStore, fields: Iterable[str]) -> None:
    """Remove everything that signing in stored."""
    for name in ("token", "session", "app", *(PREFIX + field for field in fields)):
        notes.swap(name, old=notes.get(name), new=None, secret=True)


__all__ = ["PORT", "Loopback", "SignsIn", "forget", "keep_secret", "kept_secrets", "read_answer", "sign_in", "state_of"]
