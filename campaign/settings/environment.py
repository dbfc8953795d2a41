"""Settings from the environment and `.env`: each has its heading in docs/settings.md."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaign.errors import Problem, SettingsError

PREFIX = "CAMPAIGN_"
CHANNEL_PREFIX = "CAMPAIGN_CHANNEL__"


class Approving(StrEnum):
    """Who must say yes before a message goes. `auto`: off until a channel is live, then required."""

    AUTO = "auto"
    REQUIRED = "required"
    REQUIRED_OTHER = "required-other"
    OFF = "off"


class Division(StrEnum):
    """Whose bank holidays are kept (gov.uk/bank-holidays)."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


class Settings(BaseSettings):
    """The installation's settings. Every name is `CAMPAIGN_` plus the field's name in upper case."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    home: Path = Path("var")
    key_file: Path = Path.home() / ".config" / "campaign" / "key"
    database_url: SecretStr = SecretStr("")
    base_url: str = ""
    media_url: str = ""
    proxy: SecretStr = SecretStr("")
    ca_file: str = ""
    allow_private: bool = False
    trusted_proxies: str = ""
    approvals: Approving = Approving.AUTO
    guest_list: str = ""
    bank_holidays: Division = Division.ENGLAND_AND_WALES
    closures: str = ""
    alerts_email: str = ""
    alerts_webhook: SecretStr = SecretStr("")
    alerts_channel: str = ""
    letters_channel: str = ""
    feedback_mailbox: str = ""
    feedback_password: SecretStr = SecretStr("")
    sns_topics: str = ""
    postmark_hook: SecretStr = SecretStr("")
    notify_hook: SecretStr = SecretStr("")
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = ""
    oidc_tenants: str = ""
    oidc_roles: str = ""
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=8484, ge=0, le=65535)
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    log_level: str = "INFO"
    lock_seconds: float = Field(default=30.0, gt=0, le=600)
    mail_processes: int = Field(default=0, ge=0, le=64)
    keep_months: int = Field(default=12, ge=1)
    keep_backups: int = Field(default=35, ge=1, le=3650)
    backups: Path | None = None
    user: str = ""

    @field_validator("base_url", "media_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("is not a web address; write https://...")
        return value.rstrip("/")

    @field_validator("closures")
    @classmethod
    def _dated(cls, value: str) -> str:
        _closed(value)
        return value

    @property
    def closed_days(self) -> Mapping[date, str]:
        """Days without work besides the bank holidays, with their names."""
        return _closed(self.closures)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the ledger: `campaign.db` in the home unless set otherwise."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home / 'campaign.db'}"

    @property
    def backup_folder(self) -> Path:
        """Where backups go that are given no name, and where old ones are looked for."""
        return self.backups or self.home / "backups"

    @property
    def guests(self) -> frozenset[str]:
        """The addresses mail may reach, casefolded; empty means all."""
        return frozenset(part.strip().casefold() for part in self.guest_list.split(",") if part.strip())


def _closed(text: str) -> dict[date, str]:
    found: dict[date, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        day, _, name = part.partition(" ")
        try:
            found[date.fromisoformat(day)] = name.strip() or "closed"
        except ValueError:
            raise ValueError("is not a list of days; write 2022-09-19 State funeral, 2023-05-08 Coronation") from None
    return found


def load_settings(**overrides: Any) -> Settings:
    """The settings in force; SettingsError names each variable that is wrong, and never its value."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(*(_problem(found) for found in error.errors())) from None


def _problem(found: Any) -> Problem:
    name = PREFIX + "_".join(str(part) for part in found["loc"]).upper()
    return Problem(code="S1", message=f"{name}: {found['msg']}.", hint="See docs/settings.md.", file="environment")


def channel_secrets(environment: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """Secrets by channel and field, as spelled in the environment (upper case, `-` as `_`).

    `CAMPAIGN_CHANNEL__X_HSCP__TOKEN=...`, or `CAMPAIGN_CHANNEL__X_HSCP__TOKEN_FILE=/path`; the file's last newline is
    dropped. SettingsError names a file that cannot be read.
    """
    found: dict[str, dict[str, str]] = {}
    for name, value in (os.environ if environment is None else environment).items():
        if name.startswith(CHANNEL_PREFIX):
            channel, _, field = name.removeprefix(CHANNEL_PREFIX).partition("__")
            if field.endswith("_FILE"):
                field, value = field.removesuffix("_FILE"), _secret_file(name, value)
            found.setdefault(channel, {})[field.lower()] = value
    return found


def others() -> dict[str, str]:
    """The environment without what is ours: for a program that is to know none of our secrets."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}


def _secret_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            Problem(
                code="S2", message=f"{name} names a file that cannot be read: {path} ({reason}).", file="environment"
            )
        ) from None


def system_user() -> str:
    """The operating system's name for whoever runs this, for the log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
