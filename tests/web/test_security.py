"""Each door that should be closed, tried."""

from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from campaign.clock import SettableClock
from campaign.delivery.forms import Published
from campaign.errors import SettingsError
from campaign.web.app import create_app
from campaign.web.client import Limiter, client_address, network_of
from campaign.web.parts import Site
from tests.web.weeks import MemoryWeeks, Stand, at, programme

PATHS = ["/", "/week-2023", "/week-2023/fri", "/nothing", "/healthz", "/week-2023/programme.ics"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers(path: str) -> None:
    headers = Stand("10 08:00").client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "cache-control" in headers
    assert "server" not in headers


def test_only_the_widget_may_be_framed() -> None:
    headers = Stand("10 08:00").client.get("/week-2023/widget").headers
    assert "frame-ancestors *" in headers["content-security-policy"]
    assert "x-frame-options" not in headers
    named = Stand("10 08:00", frames=("https://partner.example.org",)).client.get("/week-2023/widget").headers
    assert "frame-ancestors https://partner.example.org" in named["content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "evil.example:80", ""])
def test_another_host_is_refused_and_poisons_nothing(host: str) -> None:
    stand = Stand("10 08:00")
    answer = stand.client.get("/week-2023", headers={"Host": host})
    assert answer.status_code == 421
    assert "evil" not in answer.text
    assert "evil" not in stand.text("/week-2023")


@pytest.mark.parametrize(
    "name", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Proto"]
)
def test_no_header_changes_a_kept_page(name: str) -> None:
    plain = Stand("10 08:00").text("/week-2023")
    stand = Stand("10 08:00")
    stand.client.get("/week-2023", headers={name: "evil.example"})
    assert stand.text("/week-2023") == plain


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/x/..%2f..%2fapp.py",
        "/static/0/public.css",
        "/week-2023/images/%2e%2e%2fapp.py",
        "/week-2023/images/app.py",
    ],
)
def test_no_path_leads_out(path: str) -> None:
    answer = Stand("10 08:00").client.get(path)
    assert answer.status_code == 404
    assert "create_app" not in answer.text


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/week-2023//evil.example/", "/\\evil.example/", "/%2f%2fevil.example/x/"]
)
def test_no_redirect_leads_away(path: str) -> None:
    answer = Stand("10 08:00").client.get(path)
    location = answer.headers.get("location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_public_pages_only_answer(method: str) -> None:
    assert Stand("10 08:00").client.request(method, "/week-2023/tue").status_code == 405


def test_styles_and_icons_are_kept_for_ever_under_their_digest() -> None:
    stand = Stand("10 08:00")
    sheet = stand.text("/week-2023").split('<link rel="stylesheet" href="')[1].split('"')[0]
    answer = stand.client.get(sheet)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")


def test_https_is_insisted_on_where_the_site_has_it() -> None:
    assert "strict-transport-security" in Stand("10 08:00", base="https://testserver").client.get("/").headers
    assert "strict-transport-security" not in Stand("10 08:00").client.get("/").headers


def _asked_from(direct: str, *chain: str, proxies: tuple[str, ...] = ()) -> str:
    headers = [(b"x-forwarded-for", line.encode()) for line in chain]
    return client_address(
        HTTPConnection({"type": "http", "client": (direct, 1), "headers": headers}),
        Site("http://testserver", proxies=proxies),
    )


def test_only_a_trusted_proxy_is_believed() -> None:
    assert _asked_from("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert _asked_from("10.0.0.2", "198.51.100.1", proxies=("10.0.0.0/8",)) == "198.51.100.1"
    assert _asked_from("10.0.0.2", "1.2.3.4, 198.51.100.1, 10.0.0.3", proxies=("10.0.0.0/8",)) == "198.51.100.1"
    assert _asked_from("10.0.0.2", "1.2.3.4", "198.51.100.1", proxies=("10.0.0.0/8",)) == "198.51.100.1"
    assert _asked_from("10.0.0.2", "not an address", proxies=("10.0.0.0/8",)) == "10.0.0.2"


def test_a_proxy_that_is_no_network_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match="is no network"):
        Stand("10 08:00", proxies=("10.0.0",))


def test_neighbours_count_as_one() -> None:
    assert network_of("198.51.100.7") == "198.51.100.0/24"
    assert network_of("2001:db8:1:2::5") == "2001:db8:1::/48"
    assert network_of("::ffff:198.51.100.7") == "198.51.100.0/24"
    assert network_of("") == ""


def test_a_limit_lets_go_when_its_window_passes() -> None:
    clock = SettableClock(at("10 08:00"))
    limiter = Limiter(clock, acts=2, seconds=60, names=2)
    assert [limiter.allows("one") for _ in range(3)] == [True, True, False]
    assert limiter.allows("two")
    clock.advance(timedelta(seconds=60))
    assert limiter.allows("one")


class Broken(MemoryWeeks):
    """Weeks whose ledger can be made to fail."""

    fails = False

    def count(self) -> int:
        """As ever, or an error with words that no reader should see."""
        if self.fails:
            raise OSError("zzsecret path")
        return super().count()


def broken() -> tuple[Broken, Stand, TestClient]:
    stand = Stand("10 08:00")
    weeks = Broken(Published(programme()))
    app = create_app(replace(stand.parts, weeks=weeks))
    return weeks, stand, TestClient(app, base_url="http://testserver", raise_server_exceptions=False)


def test_a_fault_shows_a_page_and_no_cause() -> None:
    weeks, _, client = broken()
    weeks.fails = True
    answer = client.get("/week-2023")
    assert answer.status_code == 500
    assert "Sorry, this page did not work" in answer.text
    assert "zzsecret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"


def test_pages_stay_while_the_ledger_cannot_be_read_and_unlock_all_the_same() -> None:
    weeks, stand, client = broken()
    assert client.get("/week-2023/wed").status_code == 404
    weeks.fails = True
    assert client.get("/week-2023/tue").status_code == 200
    stand.clock.set(at("11 07:00"))
    assert client.get("/week-2023/wed").status_code == 200
    weeks.fails = False
    weeks.put(Published(programme(title="Renamed")))
    assert "Renamed" in client.get("/week-2023").text


def test_strange_queries_fill_no_memory() -> None:
    stand = Stand("10 08:00")
    for number in range(20):
        assert "etag" not in stand.client.get(f"/week-2023/tue?x={number}").headers
    assert "etag" in stand.client.get("/week-2023/tue").headers
