"""Signing in at a provider: whose account its subject is, and every lie that must sign nobody in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk
from starlette.testclient import TestClient

from campaign.channels.http import Http
from campaign.clock import SystemClock
from campaign.errors import SettingsError
from campaign.model import Role
from campaign.settings import load_settings
from campaign.settings.provider import provider_settings
from campaign.store.database import Database
from campaign.web.desk.openid import values_of
from campaign.web.parts import Provider
from tests.web.desks import BASE, PASSWORD, DeskStand
from tests.web.lies import LIES, unpublished_key
from tests.web.providers import CLIENT, SECRET, FakeProvider, rsa_key, served

ORIGIN = {"Origin": BASE}


class Stand(DeskStand):
    """A desk with a provider."""

    provider: FakeProvider

    def with_provider(self, provider: FakeProvider, **more: Any) -> None:
        """Sign in there from now on."""
        http = Http(monotonic=SystemClock().monotonic, allow_private=True)

        def call(
            method: str, url: str, data: Mapping[str, str], headers: Mapping[str, str], kept: tuple[str, ...]
        ) -> tuple[int, bytes]:
            reply = http.request(method, url, data=data or None, headers=headers, secrets=kept)
            return reply.status, reply.body

        self.provider = provider
        known: dict[str, Any] = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET} | more
        assert self.parts.desk
        settings = Provider(name="Example ID", call=call, **known)
        self.rebuild(replace(self.parts, desk=replace(self.parts.desk, provider=settings)))

    def invited(self, name: str, login: str, role: Role = Role.EDITOR) -> str:
        """The link of an invitation."""
        return self.links.invite(name=name, login=login, role=role, who="test", now=self.world.now)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Stand]:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    database = Database(url)
    database.create()
    database.close()
    stand = Stand(url, tmp_path)
    with served(FakeProvider(lambda: stand.world.now)) as provider:
        stand.with_provider(provider)
        yield stand
    stand.close()


def come(desk: Stand, client: TestClient | None = None, query: str = "") -> Any:
    """Go to the provider and come back: the answer to coming back."""
    client = client or desk.browser()
    left = client.get(f"/desk/sign-in/with{query}")
    assert left.status_code == 303, left.text
    assert left.headers["referrer-policy"] == "no-referrer"
    return client.get(desk.provider.authorise(left.headers["location"]))


def nobody(answer: Any) -> bool:
    return bool(answer.status_code == 422 and "You were not signed in with Example ID" in answer.text)


def test_who_was_invited_by_that_address_gets_in_and_is_known_from_then_on(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    client = desk.browser()
    assert come(desk, client, "?next=/desk/account").headers["location"] == "/desk/account"
    assert client.get("/desk/account").status_code == 200
    desk.provider.claims |= {"email": "ada.new@example.org"}
    assert come(desk).status_code == 303, "issuer and subject count, not the address"
    assert desk.world.store.log.entries(act="sign in", limit=1)[0].detail.find("Example ID") > 0


def test_a_stranger_gets_no_account(desk: Stand) -> None:
    assert nobody(come(desk))
    desk.person(Role.EDITOR, "Ada")
    assert nobody(come(desk)), "an account that has a password is not taken over by an address"
    desk.invited("Bea", "bea@example.org")
    for unverified in ({"email_verified": False}, {"email_verified": None}, {"email_verified": "no"}, {"email": ["x"]}):
        desk.provider.claims |= {"sub": "bea", "email": "bea@example.org"} | unverified
        assert nobody(come(desk))
    desk.provider.claims |= {"email": "bea@example.org", "email_verified": None, "xms_edov": True}
    assert come(desk).status_code == 303
    assert len(desk.accounts.all()) == 2


def test_the_link_of_an_invitation_needs_no_address(desk: Stand) -> None:
    token = desk.invited("Cy", "cy@example.org")
    desk.provider.claims = {"sub": "cy"}
    page = desk.text(f"/desk/enter/{token}")
    assert f"/desk/sign-in/with?link={token}" in page
    assert come(desk, query=f"?link={token}").status_code == 303
    assert desk.browser().get(f"/desk/enter/{token}").status_code == 404, "the link is used up"
    desk.provider.claims = {"sub": "thief"}
    assert nobody(come(desk, query=f"?link={token}"))


def test_a_link_to_another_password_lets_no_provider_in(desk: Stand) -> None:
    ada = desk.person(Role.EDITOR, "Ada")
    token = desk.links.reset(ada.person, who="test", now=desk.world.now)
    assert "Example ID" not in desk.text(f"/desk/enter/{token}")
    desk.provider.claims = {"sub": "thief"}
    assert nobody(come(desk, query=f"?link={token}"))


def test_who_is_signed_in_connects_the_provider(desk: Stand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    assert desk.post("/desk/account/provider", **{"provider-password": "wrong"}).status_code == 422
    page = desk.post("/desk/account/provider", **{"provider-password": PASSWORD})
    address = re.search(r'href="(http://127[^"]+)"', page.text)
    assert address
    back = desk.provider.authorise(address[1].replace("&amp;", "&"))
    assert desk.browser().get(back).status_code == 422, "only in the browser where it was begun"
    assert desk.client.get(back).headers["location"] == "/desk/account"
    assert "You can sign in with Example ID." in desk.text("/desk/account")
    assert come(desk).status_code == 303


def test_nobody_connects_their_provider_to_anothers_account(desk: Stand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    page = desk.post("/desk/account/provider", **{"provider-password": PASSWORD})
    address = re.search(r'href="(http://127[^"]+)"', page.text)
    assert address
    desk.sign_in(Role.EDITOR, "Bea")
    desk.client.cookies.set("desk-way", page.cookies["desk-way"], domain="testserver.local", path="/desk/sign-in")
    assert desk.client.get(desk.provider.authorise(address[1].replace("&amp;", "&"))).status_code == 422
    assert desk.accounts.known_as(desk.provider.issuer, "ada-at-provider") is None


def test_one_subject_has_one_account(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    assert come(desk).status_code == 303
    bea = desk.person(Role.EDITOR, "Bea")
    with pytest.raises(Exception, match="another account"):
        desk.accounts.recognise(bea.person, desk.provider.issuer, "ada-at-provider", now=desk.world.now)


def test_who_was_removed_is_nobody(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    come(desk)
    ada = next(each for each in desk.accounts.all() if each.name == "Ada")
    desk.accounts.remove(ada.person, who="test", now=desk.world.now)
    assert nobody(come(desk))


@pytest.mark.parametrize("lie", sorted(LIES))
def test_a_lie_signs_nobody_in(desk: Stand, lie: str) -> None:
    desk.invited("Ada", "ada@example.org")
    LIES[lie](desk.provider)
    assert nobody(come(desk)), lie
    assert desk.accounts.known_as(desk.provider.issuer, "ada-at-provider") is None
    assert desk.world.store.log.entries(act="sign in failed")


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": ""},
    ],
    ids=str,
)
def test_a_document_of_somebody_else_leads_nowhere(desk: Stand, published: dict[str, Any]) -> None:
    desk.provider.metadata = published
    answer = desk.browser().get("/desk/sign-in/with")
    assert nobody(answer)


def test_a_provider_that_does_not_answer_is_left_alone_for_a_moment(desk: Stand) -> None:
    document = "/.well-known/openid-configuration"
    desk.provider.replies[document] = (500, b"")
    for _ in range(5):
        assert nobody(desk.browser().get("/desk/sign-in/with"))
    assert desk.provider.asked.count(document) == 1
    desk.provider.replies.clear()
    desk.world.clock.advance(timedelta(seconds=10))
    assert desk.browser().get("/desk/sign-in/with").status_code == 303


def test_the_provider_must_name_itself_where_it_says_that_it_does(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    desk.provider.metadata = {"authorization_response_iss_parameter_supported": True}
    desk.provider.answer = {"iss": ""}
    assert nobody(come(desk))
    desk.provider.answer = {}
    assert come(desk).status_code == 303


def test_an_answer_counts_once_in_its_own_browser_and_in_time(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    client = desk.browser()
    back = desk.provider.authorise(client.get("/desk/sign-in/with").headers["location"])
    assert nobody(desk.browser().get(back)), "another browser"
    assert client.get(back).status_code == 303
    assert nobody(client.get(back)), "a second time"
    back = desk.provider.authorise(client.get("/desk/sign-in/with").headers["location"])
    desk.world.clock.advance(timedelta(minutes=16))
    assert nobody(client.get(back)), "too late"


def test_keys_may_be_changed_and_are_not_asked_for_at_every_try(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    assert come(desk).status_code == 303
    assert come(desk).status_code == 303
    assert desk.provider.asked.count("/keys") == 1
    desk.provider.key = rsa_key("two")
    desk.provider.published = [desk.provider.key]
    assert nobody(come(desk)), "asked for a moment ago"
    desk.world.clock.advance(timedelta(minutes=2))
    assert come(desk).status_code == 303
    assert desk.provider.asked.count("/keys") == 2
    unpublished_key(desk.provider)
    for _ in range(5):
        assert nobody(come(desk))
    assert desk.provider.asked.count("/keys") <= 3


@pytest.mark.parametrize("kind", ["EC", "OKP"])
def test_other_kinds_of_key_sign_as_well(desk: Stand, kind: str) -> None:
    desk.invited("Ada", "ada@example.org")
    made = (
        (jwk.ECKey.generate_key("P-256"), "ES256") if kind == "EC" else (jwk.OKPKey.generate_key("Ed25519"), "Ed25519")
    )
    made[0].ensure_kid()
    desk.provider.published = [desk.provider.key, made[0]]  # type: ignore[list-item]
    desk.provider.token = lambda claims: desk.provider.signed(claims, *made)
    assert come(desk).status_code == 303


def test_the_secret_may_go_in_the_header(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    desk.provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}
    assert come(desk).status_code == 303
    assert desk.provider.refused == []


def test_of_an_issuer_for_several_tenants_only_those_that_are_named_get_in(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    host = desk.provider.issuer
    desk.provider.metadata = {"issuer": f"{host}/{{tenantid}}/v2.0"}
    desk.provider.answer = {"iss": ""}
    desk.provider.claims |= {"tid": "ours", "iss": f"{host}/ours/v2.0"}
    assert nobody(desk.browser().get("/desk/sign-in/with")), "no tenant is named"
    desk.with_provider(desk.provider, tenants=("ours",))
    assert come(desk).status_code == 303
    assert desk.accounts.known_as(f"{host}/ours/v2.0", "ada-at-provider")
    for tenant, issuer in (("theirs", "theirs"), ("ours", "theirs"), ("theirs", "ours"), ("{tenantid}", "{tenantid}")):
        desk.provider.claims |= {"tid": tenant, "iss": f"{host}/{issuer}/v2.0"}
        assert nobody(come(desk)), (tenant, issuer)


def test_roles_follow_the_claims_where_the_settings_say_so(desk: Stand) -> None:
    desk.person(Role.ADMINISTRATOR, "Chief")
    desk.invited("Ada", "ada@example.org", Role.VIEWER)
    roles = (("groups", "Comms", Role.EDITOR), ("realm_access.roles", "heads", Role.APPROVER))
    desk.with_provider(desk.provider, roles=roles)
    desk.provider.claims |= {"groups": ["Comms", "All"], "realm_access": {"roles": ["heads"]}}

    def role() -> Role:
        return next(each.role for each in desk.accounts.all() if each.name == "Ada")

    assert come(desk).status_code == 303
    assert role() is Role.APPROVER
    desk.provider.claims |= {"realm_access": {"roles": []}}
    assert come(desk).status_code == 303
    assert role() is Role.EDITOR
    desk.provider.claims |= {"groups": ["All"]}
    assert nobody(come(desk))


def test_claims_are_read_as_texts_alone() -> None:
    claims = {"a.b": "dotted", "a": {"b": ["x", 1, None], "c": {"d": "deep"}}, "n": 7}
    assert values_of(claims, "a.b") == {"dotted"}
    assert values_of({"a": claims["a"]}, "a.b") == {"x"}
    assert values_of(claims, "a.c.d") == {"deep"}
    assert values_of(claims, "n") == values_of(claims, "z") == values_of(claims, "n.x") == set()


def test_leading_back_leads_nowhere_else(desk: Stand) -> None:
    desk.invited("Ada", "ada@example.org")
    answer = come(desk, query="?next=https://evil.example/")
    assert answer.headers["location"] == "/desk"


def test_without_a_provider_there_is_nothing_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    Database(url).create()
    plain = DeskStand(url, tmp_path)
    assert plain.client.get("/desk/sign-in/with").status_code == 404
    assert "elsewhere" not in plain.text("/desk/sign-in")
    plain.close()


SETTINGS = {"oidc_issuer": "https://id.example.org", "oidc_client_id": "desk", "base_url": "https://week.example.org"}


def test_settings_that_cannot_be_used_are_told_all_at_once() -> None:
    wrong = SETTINGS | {"oidc_issuer": "http://id.example.org", "oidc_client_id": "", "oidc_roles": "groups=editor"}
    with pytest.raises(SettingsError) as told:
        provider_settings(load_settings(_env_file=None, **wrong))
    assert [name for name in ("ISSUER", "CLIENT_ID", "ROLES") if f"OIDC_{name}" in str(told.value)] == [
        "ISSUER", "CLIENT_ID", "ROLES"]  # fmt: skip
    assert provider_settings(load_settings(_env_file=None)) is None
    found = provider_settings(
        load_settings(_env_file=None, oidc_roles="groups:Comms team=editor, r:x=viewer", **SETTINGS)
    )
    assert found
    assert found.roles == (("groups", "Comms team", Role.EDITOR), ("r", "x", Role.VIEWER))
    assert found.name == "id.example.org"
