"""Passkeys (W3C Web Authentication, level 2): kept under one's account, and signed in with, without a password.

A challenge is kept on the server and answered once. The answer has to come from our own origin, for our own name, and
from an authenticator that knew its owner (user verification), so a passkey is two factors by itself. Attestation is not
asked for: any authenticator will do. The library is loaded when it is first needed: an idle service does without it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from campaign.errors import RefusedError
from campaign.web.desk.account import show, wrong_password
from campaign.web.desk.door import Ask, Door, own_form, own_page
from campaign.web.desk.names import origin, party
from campaign.web.desk.signing import Signing, text_of

NEW, IN = "passkey-new", "passkey-in"
#: How long a challenge waits for its answer.
WAITS = timedelta(minutes=5)
#: What a script reads: never kept.
PLAIN = {"Cache-Control": "no-store"}


def _handle(door: Door, person: int) -> bytes:
    """What an authenticator keeps of whose passkey it is: nothing that anybody else could read."""
    return bytes.fromhex(door.desk.work.key.token("passkey-user-v1", str(person)))


# --- one's own


def begin(ask: Ask) -> Response:
    """A challenge for a new passkey, for the page's script."""
    import webauthn
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers import structs as kinds

    name = party(ask.door.parts.site)
    if not name:
        raise HTTPException(404)
    if ask.account.password and (errors := wrong_password(ask, "passkey-password")):
        return JSONResponse({"error": errors["passkey-password"], "form": ask.door.token(ask)}, 422, PLAIN)
    options = webauthn.generate_registration_options(
        rp_id=name,
        rp_name=ask.door.parts.site.theme.name or ask.door.templates.words()("site.name"),
        user_id=_handle(ask.door, ask.account.person),
        user_name=ask.account.login or ask.who,
        user_display_name=ask.who,
        authenticator_selection=kinds.AuthenticatorSelectionCriteria(
            resident_key=kinds.ResidentKeyRequirement.REQUIRED,
            user_verification=kinds.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            kinds.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(each.credential))
            for each in ask.work.store.passkeys.of(ask.account.person)
        ],
    )
    challenge = ask.work.store.challenges.begin(
        NEW, {"challenge": options.challenge.hex()}, person=ask.account.person, lasts=WAITS, now=ask.now
    )
    content = {"options": options_to_json_dict(options), "challenge": challenge, "form": ask.door.token(ask)}
    return JSONResponse(content, headers=PLAIN)


def add(ask: Ask) -> Response:
    """Keep the passkey that was made."""
    import webauthn
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    site, words = ask.door.parts.site, ask.door.templates.words()
    begun = ask.work.store.challenges.take(NEW, ask.text("challenge"), person=ask.account.person, now=ask.now)
    if begun is None:
        return show(ask, {"passkey-name": words("account.passkey_old")})
    try:
        made = webauthn.verify_registration_response(
            credential=ask.text("credential"),
            expected_challenge=bytes.fromhex(begun["challenge"]),
            expected_rp_id=party(site),
            expected_origin=origin(site),
            require_user_verification=True,
        )
    except WebAuthnException:
        return show(ask, {"passkey-name": words("account.passkey_wrong")})
    ask.work.store.passkeys.add(
        ask.account.person,
        bytes_to_base64url(made.credential_id),
        made.credential_public_key,
        uses=made.sign_count,
        name=ask.text("passkey-name") or words("account.passkey"),
        now=ask.now,
    )
    return ask.back("/desk/account", "account.passkey_added")


def remove(ask: Ask) -> Response:
    """Take a passkey of one's own away."""
    ask.work.store.passkeys.remove(ask.account.person, int(ask.path("id")), now=ask.now)
    return ask.back("/desk/account", "account.passkey_removed")


# --- signing in


class Arriving:
    """Signing in by a passkey."""

    def __init__(self, signing: Signing) -> None:
        self.signing = signing
        self.door = signing.door
        self.store = signing.door.desk.work.store

    def routes(self) -> list[BaseRoute]:
        """Their addresses; none where the site has no name that passkeys could be bound to."""
        if not party(self.door.parts.site):
            return []
        return [
            self.signing.route("/desk/sign-in/passkey/begin", self.begin, "POST"),
            self.signing.route("/desk/sign-in/passkey", self.arrive, "POST"),
        ]

    async def begin(self, request: Request) -> Response:
        """A challenge, for the page's script."""
        own_form(request, self.door.parts.site)
        return await run_in_threadpool(self._begin, request)

    def _begin(self, request: Request) -> Response:
        import webauthn
        from webauthn.helpers import options_to_json_dict
        from webauthn.helpers.structs import UserVerificationRequirement

        now = self.door.parts.clock.now()
        if not self.door.guessing.take({"passkey": self.signing.network(request)}, now).open:
            return JSONResponse({"error": self.door.templates.words()("sign.often_text")}, 429, PLAIN)
        options = webauthn.generate_authentication_options(
            rp_id=party(self.door.parts.site), user_verification=UserVerificationRequirement.REQUIRED
        )
        kept = {"challenge": options.challenge.hex()}
        challenge = self.store.challenges.begin(IN, kept, lasts=WAITS, now=now)
        return JSONResponse({"options": options_to_json_dict(options), "challenge": challenge}, headers=PLAIN)

    async def arrive(self, request: Request) -> Response:
        """Sign in by what the browser signed."""
        own_form(request, self.door.parts.site)
        return await run_in_threadpool(self._arrive, request, await request.form())

    def _arrive(self, request: Request, sent: FormData) -> Response:
        from webauthn.helpers.exceptions import WebAuthnException

        now, wanted = self.door.parts.clock.now(), own_page(text_of(sent, "next"))
        begun = self.store.challenges.take(IN, text_of(sent, "challenge"), now=now)
        try:
            found = self._verified(text_of(sent, "credential"), begun or {})
        except (WebAuthnException, RefusedError):
            self.door.guessing.failed("", self.signing.network(request), None, now)
            words = self.door.templates.words()
            return self.signing.sign_in_page({"passkey": words("sign.passkey_wrong")}, "", wanted)
        return self.door.start(request, found, wanted, "passkey")

    def _verified(self, sent: str, begun: dict[str, str]) -> Any:
        """Whose passkey it is. RefusedError or WebAuthnException where it is nobody's, or not signed as it must be."""
        import webauthn
        from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json

        credential, site = parse_authentication_credential_json(sent), self.door.parts.site
        found = self.store.passkeys.find(bytes_to_base64url(credential.raw_id))
        if found is None or not begun:
            raise RefusedError("This passkey is not known here.")
        passkey, account = found
        done = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=bytes.fromhex(begun["challenge"]),
            expected_rp_id=party(site),
            expected_origin=origin(site),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.uses,
            require_user_verification=True,
        )
        if credential.response.user_handle != _handle(self.door, account.person):
            raise RefusedError("This passkey is another person's.")
        if not self.store.passkeys.used(passkey, uses=done.new_sign_count, now=self.door.parts.clock.now()):
            raise RefusedError("This passkey was used elsewhere at the same moment.")
        return account
