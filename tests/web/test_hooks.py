"""Providers' callbacks reach whoever reads them whole, and nobody else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from starlette.testclient import TestClient

from campaign.web.app import create_app
from tests.web.weeks import BASE, Stand, at

CALLS: list[tuple[bytes, Mapping[str, str], datetime]] = []


def hook(body: bytes, headers: Mapping[str, str], now: datetime) -> tuple[int, str]:
    """Keep what was said; refuse what is not signed."""
    if headers.get("x-signature") != "ours":
        return 401, "refused"
    CALLS.append((body, headers, now))
    return 200, "kept"


def client() -> TestClient:
    CALLS.clear()
    stand = Stand("10 08:00")
    return TestClient(create_app(replace(stand.parts, hooks={"postmark": hook})), base_url=BASE)


def test_the_body_arrives_as_it_was_sent() -> None:
    body = b'{"a": "\xc3\xa9"}\r\n'
    answer = client().post("/hooks/postmark", content=body, headers={"X-Signature": "ours", "Authorization": "Basic x"})
    assert (answer.status_code, answer.text) == (200, "kept\n")
    ((said, headers, now),) = CALLS
    assert said == body
    assert headers["authorization"] == "Basic x"
    assert now == at("10 08:00")


def test_what_is_refused_is_told_so() -> None:
    assert client().post("/hooks/postmark", content=b"{}").status_code == 401


def test_unknown_providers_and_other_methods_are_not_there() -> None:
    assert client().post("/hooks/nobody", content=b"{}").status_code == 404
    assert client().get("/hooks/postmark").status_code in {404, 405}
    assert Stand("10 08:00").client.post("/hooks/postmark", content=b"{}").status_code in {404, 405}


def test_a_callback_that_is_too_long_is_not_read() -> None:
    answer = client().post("/hooks/postmark", content=b"x" * (600 * 1024), headers={"X-Signature": "ours"})
    assert answer.status_code == 413
    assert CALLS == []
