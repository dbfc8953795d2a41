"""OpenID Connect, as far as the desk needs it: the authorisation code flow with PKCE, and the check of the ID token.

Sources: OpenID Connect Core 1.0 (sections 3.1 and 3.1.3.7), Discovery 1.0 (section 4), RFC 7636 (PKCE), RFC 8725
(which signatures to take), RFC 9207 (`iss` in the answer), RFC 9700 (best current practice). The provider's addresses
come from the document at the issuer that the settings name, and from nowhere else. What a provider says of a failure is
not shown.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwk, jws
from joserfc.errors import JoseError

from campaign.errors import CampaignError, RefusedError
from campaign.web.parts import Provider

#: Signatures that are taken: public-key ones. Never `none`, and no HMAC, for which a public key could be the secret.
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "RS384", "RS512", "EdDSA", "Ed25519")
#: How far the provider's clock may be off, in seconds.
LEEWAY = 60
#: How long what a provider publishes is used; and how soon it is asked again for a key that is not known.
FRESH, AGAIN = timedelta(hours=1), timedelta(minutes=1)
#: How long a provider that did not answer is left alone, so that who asks for it again and again holds up nothing.
REST = timedelta(seconds=10)
#: What Microsoft Entra writes for the tenant in the issuer of an address for several tenants.
TENANT = "{tenantid}"


class NotSignedIn(RefusedError):
    """The provider's answer signs nobody in. The message is for the log: it holds nothing that the provider wrote."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is kept, on the server, while somebody is at the provider."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who the provider says it is. `email` is "" unless the provider says that it is verified."""

    issuer: str
    subject: str
    email: str
    claims: Mapping[str, Any] = field(repr=False)


class OpenId:
    """One provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._lock = Lock()
        self._document: tuple[datetime, dict[str, Any]] | None = None
        self._failed: datetime | None = None
        self._keys: tuple[datetime, list[jwk.Key]] | None = None

    def begin(self, redirect_uri: str, now: datetime) -> tuple[str, Begun]:
        """Where to send the browser, and what to keep until it is back."""
        begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        address: str = prepare_grant_uri(
            self._metadata(now)["authorization_endpoint"],
            self.provider.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope="openid email profile",
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
        )
        return address, begun

    def finish(self, answer: Mapping[str, str], begun: Begun, redirect_uri: str, now: datetime) -> Subject:
        """Who came back, by the query of the redirect. NotSignedIn says why nobody did."""
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise NotSignedIn("the state is another")
        metadata = self._metadata(now)
        if answer.get("iss", metadata["issuer"]) != metadata["issuer"] and not self._is_tenant(answer["iss"]):
            raise NotSignedIn("the answer is of another issuer")
        if metadata.get("authorization_response_iss_parameter_supported") is True and "iss" not in answer:
            raise NotSignedIn("the answer does not name its issuer")
        if "error" in answer or not answer.get("code"):
            raise NotSignedIn("the provider signed nobody in")
        token = self._redeem(answer["code"], begun, redirect_uri, metadata)
        return self._subject(self._checked(token, now), begun, now)

    # --- what the provider publishes

    def _metadata(self, now: datetime) -> dict[str, Any]:
        with self._lock:
            if self._document is None or now - self._document[0] >= FRESH:
                if self._failed is not None and timedelta() <= now - self._failed < REST:
                    raise NotSignedIn("the provider could not be asked a moment ago")
                self._failed = now
                self._document = now, self._discover()
                self._failed = None
            return self._document[1]

    def _discover(self) -> dict[str, Any]:
        issuer = self.provider.issuer
        found = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        named = found.get("issuer")
        if not isinstance(named, str) or (named != issuer and not self._is_template(named)):
            raise NotSignedIn("the provider's document is of another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = urlsplit(str(found.get(name, "")))
            if not address.netloc or address.scheme not in {"https", urlsplit(issuer).scheme}:
                raise NotSignedIn(f"the provider's {name} is no https address")
        return found

    def _is_template(self, named: str) -> bool:
        """Whether it is the issuer of Entra's address for several tenants, and the settings say which of them."""
        ours, theirs = urlsplit(self.provider.issuer), urlsplit(named)
        return bool(self.provider.tenants) and TENANT in named and ours.netloc == theirs.netloc

    def _is_tenant(self, issuer: str) -> bool:
        """Whether it is the issuer of one of the tenants that the settings name."""
        template = str(self._document[1]["issuer"]) if self._document else ""
        return TENANT in template and issuer in {template.replace(TENANT, each) for each in self.provider.tenants}

    def _get(self, address: str) -> dict[str, Any]:
        return self._json("GET", address, {}, {}, ())

    def _json(
        self, method: str, address: str, data: Mapping[str, str], headers: Mapping[str, str], kept: tuple[str, ...]
    ) -> dict[str, Any]:
        try:
            status, body = self.provider.call(method, address, data, {"accept": "application/json", **headers}, kept)
            found = json.loads(body) if status == 200 else None
        except (CampaignError, ValueError, RecursionError) as error:
            raise NotSignedIn(f"the provider could not be asked ({type(error).__name__})") from None
        if not isinstance(found, dict):
            raise NotSignedIn("the provider answered something else")
        return found

    def _signing_keys(self, now: datetime, *, anew: bool) -> list[jwk.Key]:
        """The public keys that the provider signs with; asked for again where `anew`, but not at every try."""
        metadata = self._metadata(now)
        with self._lock:
            if self._keys is None or now - self._keys[0] >= (AGAIN if anew else FRESH):
                self._keys = now, _public(self._get(str(metadata["jwks_uri"])))
            return self._keys[1]

    # --- the code, and the token it is worth

    def _redeem(self, code: str, begun: Begun, redirect_uri: str, metadata: Mapping[str, Any]) -> str:
        client, secret = self.provider.client_id, self.provider.client_secret
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": client,
            "code_verifier": begun.verifier,
        }
        headers = {}
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret and "client_secret_post" in ways:
            data["client_secret"] = secret
        elif secret:
            headers["authorization"] = _basic(client, secret)
        kept = tuple(each for each in (secret, code, begun.verifier) if each)
        found = self._json("POST", str(metadata["token_endpoint"]), data, headers, kept).get("id_token")
        if not isinstance(found, str):
            raise NotSignedIn("the provider gave no ID token")
        return found

    def _checked(self, token: str, now: datetime) -> dict[str, Any]:
        """The claims of a token whose signature is the provider's."""
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError) as error:
            raise NotSignedIn("the ID token cannot be read") from error
        algorithm, name = str(header.get("alg")), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise NotSignedIn("the ID token is not signed as it must be")
        keys = _fitting(self._signing_keys(now, anew=False), name)
        for key in keys or _fitting(self._signing_keys(now, anew=True), name):
            try:
                claims = json.loads(jws.deserialize_compact(token, key, algorithms=[algorithm]).payload)
            except (JoseError, ValueError):
                continue
            if isinstance(claims, dict):
                return claims
        raise NotSignedIn("the signature of the ID token is not the provider's")

    def _subject(self, claims: dict[str, Any], begun: Begun, now: datetime) -> Subject:
        """OpenID Connect Core 1.0, section 3.1.3.7."""
        issuer, subject = claims.get("iss"), claims.get("sub")
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
        seconds = now.timestamp()
        if not isinstance(issuer, str) or not self._is_issuer(issuer, claims):
            raise NotSignedIn("the ID token is of another issuer")
        if self.provider.client_id not in audiences:
            raise NotSignedIn("the ID token is for another audience")
        if claims.get("azp", self.provider.client_id) != self.provider.client_id or (
            len(audiences) > 1 and "azp" not in claims
        ):
            raise NotSignedIn("the ID token was made for another party")
        if not _number(claims.get("exp")) or seconds >= claims["exp"] + LEEWAY:
            raise NotSignedIn("the ID token is too old")
        if any(_number(claims.get(name)) and claims[name] > seconds + LEEWAY for name in ("iat", "nbf")):
            raise NotSignedIn("the ID token is of the future")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), begun.nonce.encode()):
            raise NotSignedIn("the nonce is another")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise NotSignedIn("the ID token names no subject")
        return Subject(issuer, subject, _verified_email(claims), claims)

    def _is_issuer(self, issuer: str, claims: Mapping[str, Any]) -> bool:
        """Ours; or, of Entra's address for several tenants, that of a tenant which the settings name."""
        named = str(self._document[1]["issuer"]) if self._document else ""
        if TENANT not in named:
            return issuer == named
        tenant = str(claims.get("tid", ""))
        return tenant in self.provider.tenants and issuer == named.replace(TENANT, tenant)


def _public(found: Mapping[str, Any]) -> list[jwk.Key]:
    """The public keys for signatures in a key set; what is something else is passed over (RFC 7517, section 5)."""
    keys: list[jwk.Key] = []
    listed = found.get("keys")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("kty") in {"RSA", "EC", "OKP"} and each.get("use", "sig") == "sig":
            try:
                keys.append(jwk.import_key(each))
            except (JoseError, ValueError, TypeError):
                continue
    return keys


def _fitting(keys: list[jwk.Key], name: object) -> list[jwk.Key]:
    return [key for key in keys if name is None or key.kid == name]


def _basic(client: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: both parts as in a form, then Basic."""
    return "Basic " + b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _verified_email(claims: Mapping[str, Any]) -> str:
    """The address, where the provider vouches for it: `email_verified`, or Entra's `xms_edov`."""
    email = claims.get("email")
    vouched = any(claims.get(name) in (True, "true", 1, "1") for name in ("email_verified", "xms_edov"))
    return email if vouched and isinstance(email, str) else ""


def values_of(claims: Mapping[str, Any], name: str) -> set[str]:
    """The values of a claim: a text or a list of texts. `a.b` is `b` within `a`, where no claim is called `a.b`."""
    found: Any = claims.get(name)
    if found is None and "." in name:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    return {each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str)}
