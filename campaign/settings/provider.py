"""The settings of signing in elsewhere (OpenID Connect), read and judged together."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.errors import Problem, SettingsError
from campaign.model import Role
from campaign.settings.environment import Settings

#: What the button says unless CAMPAIGN_OIDC_NAME does: by a part of the issuer's host.
NAMES = {"login.microsoftonline.com": "Microsoft", "accounts.google.com": "Google"}


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the settings say of the provider."""

    issuer: str
    name: str
    tenants: tuple[str, ...]
    roles: tuple[tuple[str, str, Role], ...]


def provider_settings(settings: Settings) -> ProviderSettings | None:
    """None where no issuer is set; SettingsError with every problem."""
    issuer = settings.oidc_issuer.strip()
    if not issuer:
        return None
    problems: list[Problem] = []
    if not issuer.startswith("https://") and not (settings.allow_private and issuer.startswith("http://")):
        problems.append(_problem("CAMPAIGN_OIDC_ISSUER is no https address.", "Write it as your provider has it."))
    if not settings.oidc_client_id:
        hint = "Register the desk with your provider, and set what it calls the client or application id."
        problems.append(_problem("CAMPAIGN_OIDC_CLIENT_ID is not set.", hint))
    if not settings.base_url:
        problems.append(_problem("CAMPAIGN_BASE_URL is not set.", "The provider leads people back to it."))
    roles = [_role(part, problems) for part in settings.oidc_roles.split(",") if part.strip()]
    if problems:
        raise SettingsError(*problems)
    host = issuer.split("/")[2]
    return ProviderSettings(
        issuer=issuer,
        name=settings.oidc_name or NAMES.get(host, host),
        tenants=tuple(part.strip() for part in settings.oidc_tenants.split(",") if part.strip()),
        roles=tuple(role for role in roles if role),
    )


def _role(part: str, problems: list[Problem]) -> tuple[str, str, Role] | None:
    """`groups:Comms team=editor` -> ("groups", "Comms team", editor)."""
    told, _, role = part.strip().rpartition("=")
    claim, _, value = told.partition(":")
    if not claim.strip() or not value.strip() or role.strip() not in set(Role):
        known = ", ".join(Role)
        hint = f"Write CLAIM:VALUE=ROLE, with commas between; roles are {known}."
        problems.append(_problem("CAMPAIGN_OIDC_ROLES cannot be read.", hint))
        return None
    return claim.strip(), value.strip(), Role(role.strip())


def _problem(message: str, hint: str) -> Problem:
    return Problem("S11", message, hint=hint, file="environment")
