"""Images for networks that fetch them: there by their whole name, and by nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from campaign.testing import an_image
from campaign.web.app import create_app
from tests.web.weeks import BASE, Stand

NAME = "0123456789abcdef" * 2


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """A client of an app that has one image."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / f"{NAME}.png").write_bytes(an_image().data)
    (tmp_path / "secret.png").write_bytes(b"not to be seen")
    return TestClient(create_app(replace(Stand().parts, media=tmp_path / "media")), base_url=BASE.rsplit("/", 1)[0])


def test_an_image_is_there(client: TestClient) -> None:
    answer = client.get(f"{BASE}/media/{NAME}.png")
    assert answer.status_code == 200
    assert answer.content == an_image().data
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "name",
    ["", "index.html", f"{NAME}.jpg", f"{NAME}.svg", f"{NAME[:-1]}.png", "..%2Fsecret.png", f"%2e%2e/{NAME}.png"],
)
def test_nothing_else_is(client: TestClient, name: str) -> None:
    answer = client.get(f"{BASE}/media/{name}")
    assert answer.status_code in (400, 404)
    assert b"not to be seen" not in answer.content


def test_without_a_folder_there_are_no_images() -> None:
    assert Stand().client.get(f"{BASE}/media/{NAME}.png").status_code == 404
