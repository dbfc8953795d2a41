"""Passkeys over plain HTTP, with an authenticator in software that can lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from campaign.model import Role
from campaign.store.database import Database
from campaign.web.desk.names import origin, party
from campaign.web.parts import Site
from tests.web.authenticators import Authenticator
from tests.web.desks import PASSWORD, DeskStand

BASE = "https://testserver"
ORIGIN = {"Origin": BASE}


class Stand(DeskStand):
    """A desk over TLS, as far as browsers can tell."""

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url=BASE, follow_redirects=False)

    def sign_in(self, role: Role, name: str = "") -> Any:
        account = super().sign_in(role, name)
        token = self.client.cookies["desk"]
        self.client.cookies.clear()
        self.client.cookies.set("__Host-desk", token, domain="testserver.local")
        return account

    def post(self, path: str, page: str = "/desk/account", **fields: str) -> Response:
        answer: Response = self.client.post(path, data={"form": self.token(page), **fields}, headers=ORIGIN)
        return answer


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Stand]:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    database = Database(url)
    database.create()
    database.close()
    stand = Stand(url, tmp_path, base=BASE)
    yield stand
    stand.close()


def begin(desk: Stand, password: str = PASSWORD) -> dict[str, Any]:
    answer: dict[str, Any] = desk.post("/desk/account/passkeys/begin", **{"passkey-password": password}).json()
    return answer


def add(desk: Stand, device: Authenticator, name: str = "my phone") -> Response:
    begun = begin(desk)
    sent = {"challenge": begun["challenge"], "credential": device.make(begun["options"]), "passkey-name": name}
    answer: Response = desk.client.post("/desk/account/passkeys", data={"form": begun["form"], **sent}, headers=ORIGIN)
    return answer


def device(**lies: Any) -> Authenticator:
    made = Authenticator(BASE, "testserver")
    for name, value in lies.items():
        setattr(made, name, value)
    return made


def challenge(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/desk/sign-in/passkey/begin", data={"next": ""}, headers=ORIGIN).json()
    return answer


def arrive(client: TestClient, credential: str, token: str) -> int:
    sent = {"challenge": token, "credential": credential, "next": "/desk/account"}
    status: int = client.post("/desk/sign-in/passkey", data=sent, headers=ORIGIN).status_code
    return status


def test_a_passkey_is_added_and_signs_in_without_a_password(desk: Stand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    phone = device()
    assert add(desk, phone).headers["location"] == "/desk/account"
    assert "my phone" in desk.text("/desk/account")
    client = desk.browser()
    begun = challenge(client)
    assert begun["options"]["userVerification"] == "required"
    assert begun["options"]["allowCredentials"] == [], "nobody learns whose passkeys there are"
    assert arrive(client, phone.sign(begun["options"]), begun["challenge"]) == 303
    assert client.get("/desk/account").status_code == 200
    newest = desk.world.store.log.entries(act="sign in", limit=1)[0]
    assert (newest.who, "passkey" in newest.detail) == ("Ada", True)


def test_several_are_named_and_removed_one_by_one(desk: Stand) -> None:
    ada = desk.sign_in(Role.EDITOR, "Ada")
    phone, laptop = device(), device()
    add(desk, phone)
    add(desk, laptop, "laptop")
    begun = begin(desk)
    assert len(begun["options"]["excludeCredentials"]) == 2
    assert "kept already" in add(desk, phone, "again").text
    first, second = desk.world.store.passkeys.of(ada.person)
    assert (first.name, second.name) == ("my phone", "laptop")
    assert desk.post(f"/desk/account/passkeys/{first.id}/remove").status_code == 303
    client = desk.browser()
    begun = challenge(client)
    assert arrive(client, phone.sign(begun["options"]), begun["challenge"]) == 422
    begun = challenge(client)
    assert arrive(client, laptop.sign(begun["options"]), begun["challenge"]) == 303
    desk.sign_in(Role.EDITOR, "Bea")
    assert desk.post(f"/desk/account/passkeys/{second.id}/remove").status_code == 422


@pytest.mark.parametrize(
    "lie", [{"origin": "https://evil.example"}, {"party": "evil.example"}, {"verified": False}], ids=str
)
def test_a_passkey_for_somebody_elses_page_is_not_taken(desk: Stand, lie: dict[str, Any]) -> None:
    ada = desk.sign_in(Role.EDITOR, "Ada")
    assert add(desk, device(**lie)).status_code == 422
    assert desk.world.store.passkeys.of(ada.person) == []


def _elsewhere(phone: Authenticator) -> None:
    phone.origin = "https://evil.example"


def _other_party(phone: Authenticator) -> None:
    phone.party = "evil.example"


def _unknown_owner(phone: Authenticator) -> None:
    phone.verified = False


def _cloned(phone: Authenticator) -> None:
    phone.uses = 0


def _other_key(phone: Authenticator) -> None:
    phone.key = device().key


def _other_person(phone: Authenticator) -> None:
    phone.handle = bytes(16)


def _unknown(phone: Authenticator) -> None:
    phone.credential = bytes(16)


@pytest.mark.parametrize(
    "lie",
    [_elsewhere, _other_party, _unknown_owner, _cloned, _other_key, _other_person, _unknown],
    ids=lambda lie: lie.__name__,
)
def test_what_is_not_signed_as_it_must_be_signs_nobody_in(desk: Stand, lie: Callable[[Authenticator], None]) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    phone = device()
    add(desk, phone)
    phone.uses = 5
    client = desk.browser()
    begun = challenge(client)
    assert arrive(client, phone.sign(begun["options"]), begun["challenge"]) == 303
    lie(phone)
    begun = challenge(client)
    assert arrive(client, phone.sign(begun["options"]), begun["challenge"]) == 422
    assert desk.world.store.log.entries(act="sign in failed")


def test_a_challenge_is_answered_once_in_time_and_by_whom_it_was_for(desk: Stand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    phone = device()
    add(desk, phone)
    client = desk.browser()
    begun = challenge(client)
    signed = phone.sign(begun["options"])
    assert arrive(client, signed, begun["challenge"]) == 303
    assert arrive(desk.browser(), signed, begun["challenge"]) == 422
    assert arrive(client, phone.sign(begun["options"]), challenge(client)["challenge"]) == 422, "another's challenge"
    begun = challenge(client)
    desk.world.clock.advance(timedelta(minutes=6))
    assert arrive(client, phone.sign(begun["options"]), begun["challenge"]) == 422
    made = begin(desk)
    assert arrive(client, phone.sign(begun["options"]), made["challenge"]) == 422, "a challenge to add one"


@pytest.mark.parametrize("sent", ["", "{}", "null", "[]", '{"id": 1}', "x" * 5000, '{"id":"a","rawId":"b"}'])
def test_nonsense_is_an_error_and_no_fault(desk: Stand, sent: str) -> None:
    client = desk.browser()
    assert arrive(client, sent, challenge(client)["challenge"]) == 422
    desk.sign_in(Role.EDITOR, "Ada")
    begun = begin(desk)
    form = {"form": begun["form"], "challenge": begun["challenge"], "credential": sent}
    assert desk.client.post("/desk/account/passkeys", data=form, headers=ORIGIN).status_code == 422


def test_another_password_is_asked_for_before_one_is_added(desk: Stand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    assert begin(desk, "wrong")["error"] == "That is not your password"


def test_other_sites_cannot_begin(desk: Stand) -> None:
    for path in ("/desk/sign-in/passkey/begin", "/desk/sign-in/passkey"):
        answer = desk.client.post(path, data={"next": ""}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403


def test_what_passkeys_are_bound_to_comes_from_the_settings_alone() -> None:
    assert party(Site("https://week.example.org:8443/weeks")) == "week.example.org"
    assert origin(Site("https://Week.example.org:8443/weeks")) == "https://week.example.org:8443"
    assert party(Site("http://localhost:8080")) == "localhost"
    assert (
        party(Site("http://week.example.org")) == party(Site("https://192.0.2.7")) == party(Site("http://[::1]")) == ""
    )
