"""Guesses at passwords are slowed; the innocent are not kept out.

What is counted are tries, in the ledger, so that neither a new start nor a second process forgets them:

- of one account from one network, of one network, and of one account from everywhere; once one of the three is used up,
  a browser that we do not know has to wait;
- a browser that signed in to the account before carries a cookie that says so, and has tries of its own: nobody else's
  count against it (as OWASP's "device cookies" have it);
- who brings the right password with the right code gets in all the same. Codes are counted only where the password was
  right, so that who does not know it cannot use them up;
- who has neither asks for a letter, whose link makes the browser known.

Passkeys and providers need none of this: there is nothing to guess.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from campaign.address import redact
from campaign.delivery.parts import Parts as Work
from campaign.web.parts import Site

if TYPE_CHECKING:
    from campaign.store.account_rows import Account

log = logging.getLogger(__name__)

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
#: What is counted -> how many tries within which time.
LIMITS: Mapping[str, tuple[int, timedelta]] = {
    "pair": (10, QUARTER),
    "network": (100, QUARTER),
    "account": (30, HOUR),
    "browser": (10, QUARTER),
    "code": (10, QUARTER),
    "blocked": (200, QUARTER),
    "again": (10, QUARTER),
    "letter": (3, HOUR),
    "letters": (20, HOUR),
    "passkey": (100, QUARTER),
    "provider": (100, QUARTER),
}
#: How long a browser stays known.
KNOWN = timedelta(days=180)
#: At most so many accounts are known in one browser.
MOST = 4


@dataclass(frozen=True, slots=True)
class Try:
    """One try: what it was counted as, and what of that is used up."""

    counted: Mapping[str, str]
    over: frozenset[str] = field(default_factory=frozenset)

    @property
    def open(self) -> bool:
        """Whether it may go on."""
        return not self.over


class Guessing:
    """Counts tries, and knows browsers."""

    def __init__(self, work: Work, site: Site) -> None:
        self.work = work
        self.site = site
        self.cookie = "desk-known"

    # --- tries

    def begin(self, request: Request, login: str, network: str, account: Account | None, now: datetime) -> Try:
        """Count a try to sign in."""
        nonce = self._known(request, account, now)
        if nonce:
            own = self.take({"browser": nonce}, now)
            if own.open:
                return own
        made = self.take({"pair": f"{login} {network}", "network": network, "account": login}, now)
        for use in made.over:
            self._say_stopped(use, login, network, account, made, now)
        return made

    def take(self, counted: Mapping[str, str], now: datetime) -> Try:
        """Count one of each use (use -> whom it counts)."""
        over = set()
        for use, whom in counted.items():
            most, window = LIMITS[use]
            if self.work.store.tries.count(self._name(use, whom), window=window, now=now) > most:
                over.add(use)
        return Try(counted, frozenset(over))

    def succeeded(self, made: Try) -> None:
        """It was right: it does not count, and what is one's own begins anew."""
        for use, whom in made.counted.items():
            self.work.store.tries.give_back(
                self._name(use, whom), all_of_it=use in {"pair", "browser", "code", "again"}
            )

    def failed(self, login: str, network: str, account: Account | None, now: datetime) -> None:
        """Note a wrong try, without the address."""
        log.warning("a sign-in failed: %s from %s", account.name if account else redact(login), network)
        self._note("sign in failed", login, network, account, now)

    def _note(self, act: str, login: str, network: str, account: Account | None, now: datetime) -> None:
        who = account.name if account else "somebody"
        target = "" if account else redact(login)[:100]
        self.work.store.log.add(who=who, act=act, now=now, target=target, detail={"network": network})

    def _say_stopped(
        self, use: str, login: str, network: str, account: Account | None, made: Try, now: datetime
    ) -> None:
        """Once for each time that a count is used up, not for every try after it."""
        if self.work.store.tries.used(self._name(use, made.counted[use])) == LIMITS[use][0] + 1:
            log.warning("sign-ins are stopped for a while: %s from %s", account.name if account else "-", network)
            self._note(f"sign ins stopped ({use})", login, network, account, now)

    def _name(self, use: str, whom: str) -> str:
        return f"desk-{use}:{self.work.key.token('tries-v1', use, whom)}"

    # --- browsers

    def know(self, request: Request, answer: Response, account: Account, now: datetime) -> None:
        """Let this browser be known for that account from now on."""
        others = [each for each in self._tokens(request) if not each.startswith(f"{account.person}.")]
        head = f"{account.person}.{int((now + KNOWN).timestamp())}.{secrets.token_hex(8)}"
        token = f"{head}.{self._seal(head)}"
        answer.set_cookie(
            self.cookie, "|".join([token, *others][:MOST]), path=f"{self.site.root}/desk", httponly=True,
            secure=self.site.secure, samesite="lax", max_age=KNOWN // timedelta(seconds=1),
        )  # fmt: skip

    def _tokens(self, request: Request) -> list[str]:
        return request.cookies.get(self.cookie, "").split("|")[:MOST]

    def _known(self, request: Request, account: Account | None, now: datetime) -> str:
        """What tells this browser from others, where it is known for that account; else ""."""
        for token in self._tokens(request):
            head, _, seal = token.rpartition(".")
            person, _, rest = head.partition(".")
            until, _, nonce = rest.partition(".")
            ours = hmac.compare_digest(seal.encode(), self._seal(head).encode())
            if ours and account and person == str(account.person) and int(until) > now.timestamp():
                return nonce
        return ""

    def _seal(self, head: str) -> str:
        return self.work.key.token("known-browser-v1", head)
