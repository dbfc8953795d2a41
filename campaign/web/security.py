"""What guards every answer: the host asked for, the size of what comes in, and the headers of what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaign.web.parts import Site

#: Nothing but our own styles, pictures and forms. Scripts: our own files alone, and on public pages none is used.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
PUBLIC = {**POLICY, "script-src": "'none'", "connect-src": "'none'", "frame-src": "'none'"}

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def policy(parts: Mapping[str, str]) -> str:
    """A Content-Security-Policy as the header has it."""
    return "; ".join(f"{name} {value}" for name, value in parts.items())


class Guard:
    """Refuses other hosts and odd paths, and sets on each answer those security headers that it has not set itself."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app = app
        self.hosts = {site.host, *(host.lower() for host in site.hosts)}
        self.root = site.root
        self.headers = {**HEADERS, "Content-Security-Policy": policy(POLICY), "X-Frame-Options": "DENY"}
        if site.secure:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    def _host(self, scope: Scope) -> bool:
        """Whether the request names exactly one host, and ours. A port of ours may be left out (a proxy's habit)."""
        named = [value for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1:
            return False
        host = named[0].decode("latin-1").lower()
        return host in self.hosts or any(host == urlsplit(f"//{known}").hostname for known in self.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = self._with_headers(send)
        if not self._host(scope):
            await PlainTextResponse("This host is not served here.\n", 421)(scope, receive, send)
            return
        if self.root and scope["path"].startswith(self.root + "/"):
            scope = {**scope, "path": scope["path"].removeprefix(self.root), "raw_path": None}
        await self.app(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                framed = "frame-ancestors 'none'" not in headers.get(
                    "content-security-policy", "frame-ancestors 'none'"
                )
                for name, value in self.headers.items():
                    if not (framed and name == "X-Frame-Options"):
                        headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return sender


def is_form(headers: Headers) -> bool:
    """Whether a request says that it brings a form."""
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    return kind in {"application/x-www-form-urlencoded", "multipart/form-data"}
