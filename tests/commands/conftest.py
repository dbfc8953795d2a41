"""An installation made by `campaign init`, and its commands run as a person runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main

SENDERS = """
hscp:
  from_name: Hampshire SCP
  from_address: news@example.org
  return_path: bounces@example.org
  unsubscribe_mailbox: leave@example.org
  domain: example.org
  organisation: HSCP
  postal_address: 1 Example Street, Winchester
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command line in a fresh installation with one sender and a person called Jo."""
    env = {
        "CAMPAIGN_HOME": str(tmp_path / "home"),
        "CAMPAIGN_KEY_FILE": str(tmp_path / "keys" / "key"),
        "CAMPAIGN_USER": "",
    }

    def call(*words: str, code: int = 0) -> Result:
        shown = CliRunner().invoke(main, list(words), env=env)
        assert shown.exit_code == code, shown.output
        return shown

    call("init")
    (tmp_path / "home" / "senders.yaml").write_text(SENDERS, encoding="utf-8")
    call("people", "add", "Jo", "--role", "editor")
    return call
