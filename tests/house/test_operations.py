"""The unit and compose files fit the program and its image."""

import configparser
import re

import yaml

from campaign.settings import Settings
from tests.house.files import ROOT

FOLDER = ROOT / "docs" / "operations"
KNOWN = {f"CAMPAIGN_{name.upper()}" for name in Settings.model_fields}


def unit() -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(FOLDER / "campaign.service")
    return found


def compose() -> dict[str, object]:
    service: dict[str, object] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))["services"]["campaign"]
    return service


def dockerfile(word: str) -> str:
    (found,) = re.findall(rf"^{word} (.+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.M)
    return str(found)


def test_the_unit_runs_the_service_and_leaves_it_time_to_stop() -> None:
    service = unit()["Service"]
    assert service["ExecStart"].endswith("/campaign run")
    assert int(service["TimeoutStopSec"]) > 10
    assert service["User"] != "root"
    assert service["Restart"] == "always"
    assert "RestartPreventExitStatus" not in service, "a full disk or a locked ledger at the start would end the week"
    assert int(service["RestartSec"]) >= 5, "systemd gives up after 5 starts in 10 seconds"


def test_the_unit_may_write_its_home_and_not_its_key() -> None:
    text = (FOLDER / "campaign.service").read_text("utf-8")
    settings = dict(re.findall(r"^Environment=(\w+)=(\S+)$", text, re.M))
    assert settings.keys() == {"CAMPAIGN_HOME", "CAMPAIGN_KEY_FILE"}
    service = unit()["Service"]
    assert settings["CAMPAIGN_HOME"].startswith(service["ReadWritePaths"])
    assert settings["CAMPAIGN_KEY_FILE"].startswith(service["ReadOnlyPaths"])


def test_every_setting_that_the_files_name_is_one() -> None:
    for path in FOLDER.iterdir():
        named = set(re.findall(r"\bCAMPAIGN_[A-Z_]+\b", path.read_text("utf-8")))
        assert {name for name in named if not name.startswith("CAMPAIGN_CHANNEL__")} <= KNOWN, path.name


def test_the_container_keeps_data_and_key_in_volumes_of_their_own() -> None:
    mounted = {str(each).partition(":")[2] for each in compose()["volumes"]}  # type: ignore[attr-defined]
    assert mounted == set(yaml.safe_load(dockerfile("VOLUME")))
    assert compose()["command"] == ["run"]
    assert compose()["init"] is True, "a killed sending process would stay as a zombie"
    assert all(str(port).startswith("127.0.0.1:") for port in compose()["ports"])  # type: ignore[attr-defined]
