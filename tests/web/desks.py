"""A desk over a real ledger: who is signed in, pages, and forms that are sent as a browser would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

from httpx import Response
from starlette.testclient import TestClient

from campaign.channels.base import Receipt
from campaign.delivery import trying
from campaign.delivery.shelf import InForce
from campaign.delivery.visitors import Weeks
from campaign.model import PlannedMailing, PlannedPost, Role
from campaign.plan import Planned
from campaign.store.account_rows import Account
from campaign.store.accounts import Accounts
from campaign.store.sessions import Sessions
from campaign.store.sign_in_links import SignInLinks
from campaign.web.app import create_app
from campaign.web.desk import passwords
from campaign.web.parts import Desk, Parts, Site
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week

BASE = "http://testserver"
PASSWORD = "three words do not belong"
HASH = passwords.hashed(PASSWORD)
NINE = EIGHT + timedelta(hours=1)


class DeskStand:
    """The desk of a world. `client` keeps cookies and follows nothing."""

    def __init__(
        self, url: str, folder: Path, *, approvals: bool = False, base: str = BASE, start: datetime = EIGHT
    ) -> None:
        self.world = World(url, folder, approvals=approvals, start=start)
        self.letters: list[tuple[str, str, dict[str, str]]] = []
        self.letters_leave = False
        kinds = {"a": "recorder", "b": "recorder", "mail": "recorder", "hand": "recorder"}
        desk = Desk(
            work=self.world.parts,
            kinds=lambda: kinds,
            promise=lambda name, kind: f"A promise of {kind}.",
            letter=self._letter,
            send_test=self._send_test,
        )
        self.parts = Parts(
            site=Site(base),
            clock=self.world.clock,
            weeks=Weeks(self.world.store, self.world.clock),
            desk=desk,
            look_every=0.0,
        )
        self.app = create_app(self.parts)
        self.client = self.browser()

    def _send_test(self, force: InForce, planned: Planned, address: str, author: str) -> Receipt:
        world, channel = self.world, self.world.ways.made[planned.key.channel]
        return trying.send_email(world.parts, force, planned, address, channel, author=author, now=world.now)

    def _letter(self, kind: str, to: str, values: Mapping[str, str], now: datetime) -> bool:
        self.letters.append((kind, to, dict(values)))
        return self.letters_leave

    def rebuild(self, parts: Parts) -> None:
        """Make the app anew, of other parts."""
        self.parts = parts
        self.app = create_app(parts)
        self.client = self.browser()

    def browser(self) -> TestClient:
        """Another browser."""
        return TestClient(self.app, base_url=BASE, follow_redirects=False)

    @property
    def accounts(self) -> Accounts:
        """The accounts."""
        return self.world.store.accounts

    @property
    def links(self) -> SignInLinks:
        """The one-time links."""
        return self.world.store.sign_in_links

    @property
    def sessions(self) -> Sessions:
        """The sessions."""
        return self.world.store.sessions

    def load(self, *posts: PlannedPost, mailings: tuple[PlannedMailing, ...] = ()) -> None:
        """Load a week: of a post a day over two channels and a mailing, unless others are given."""
        posts = posts or (a_post(channels=("a", "b")),)
        self.world.load(a_week(*posts, mailings=mailings or (a_mailing(),)))

    def person(self, role: Role, name: str = "") -> Account:
        """An account of that role, with PASSWORD, named as the role unless a name is given."""
        name = name or role.value.capitalize()
        known = {each.name: each for each in self.accounts.all()}
        if name in known:
            return known[name]
        login = f"{name.lower().replace(' ', '.')}@example.org"
        link = self.links.invite(name=name, login=login, role=role, who="test", now=self.world.now)
        return self.links.accept(link, password=HASH, now=self.world.now)

    def sign_in(self, role: Role, name: str = "") -> Account:
        """Be signed in as somebody of that role."""
        account = self.person(role, name)
        token = self.sessions.start(account, network="127.0.0.0/24", agent="tests", now=self.world.now)
        self.client.cookies.clear()
        self.client.cookies.set("desk", token, domain="testserver.local")
        return account

    def text(self, path: str, status: int = 200) -> str:
        """A page; the test fails where the status is another."""
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:800]}"
        text: str = unescape(answer.text)
        return text

    def token(self, page: str = "/desk/account") -> str:
        """A form token of the session."""
        found = re.search(r'name="form" value="([^"]+)"', self.text(page))
        assert found, f"no form on {page}"
        return found[1]

    def post(self, path: str, page: str = "/desk/account", **fields: str) -> Response:
        """Send a form, with a token from `page`, and the origin that a browser would name."""
        data = {"form": self.token(page), **fields}
        answer: Response = self.client.post(path, data=data, headers={"Origin": BASE})
        return answer

    def close(self) -> None:
        """Let go of the world."""
        self.world.close()
