"""Codes from an authenticator app (TOTP, RFC 6238), and the picture by which the app learns its secret."""

from __future__ import annotations

import hmac
import io
from datetime import datetime

import pyotp

STEP, DIGITS = 30, 6


def new_secret() -> str:
    """A secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is: the present one or its neighbours; None where it is none of them."""
    totp, given = pyotp.TOTP(secret), "".join(code.split())
    present = int(now.timestamp()) // STEP
    for step in range(present - 1, present + 2):
        if hmac.compare_digest(totp.at(step * STEP).encode(), given.encode()):
            return step
    return None


def address(secret: str, *, name: str, issuer: str) -> str:
    """The `otpauth:` address that apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def picture(text: str) -> bytes:
    """A QR code (ISO/IEC 18004) of `text` as SVG, dark on light with the quiet zone around it, without any style."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=False
    )
    return out.getvalue()


def spaced(secret: str) -> str:
    """The secret in groups of four, as one types it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
