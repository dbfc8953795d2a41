"""Strange addresses and names among plain ones: each gets theirs whole, or is refused alone; nobody else notices."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from sqlalchemy import update

from campaign.delivery.mail.nursery import Nursery
from campaign.store.database import Database
from campaign.store.tables_lists import subscribers
from tests.delivery.mailworld import address_of
from tests.delivery.test_mailing import mailing
from tests.smtpserver import CountingServer, Script

PEOPLE = 60
#: Names as they may stand in the ledger, and what is left of each where it is spoken to.
NAMES = {
    "Ann\r\nBcc: eve@example.org": "Ann Bcc: eve@example.org",
    "Ann\r\n\r\n.\r\nMAIL FROM:<eve@example.org>": "Ann . MAIL FROM:<eve@example.org>",
    "Ann\n.\n": "Ann .",
    "\u202eann\u202c": "\u202eann\u202c",
    "\u200f\u05d0\u05d1": "\u200f\u05d0\u05d1",
    "Zoë 👩‍👩‍👧‍👦 O'Neil": "Zoë 👩‍👩‍👧‍👦 O'Neil",
    "x" * 10_000: "x" * 100,
    "👋" * 10_000: "👋" * 100,
    "A" + "\u0301" * 300: "A" + "\u0301" * 99,
    '"quoted" <b>&amp;': '"quoted" <b>&amp;',
    "=?utf-8?q?forged?=": "=?utf-8?q?forged?=",
    "\ufdd0urls.unsubscribe\ufdd1": "urls.unsubscribe",
    "{{ subscriber.organisation }}": "{{ subscriber.organisation }}",
    "\u2028Ann\u2029": "Ann",
    "Ann \x85 \x9b31m": "Ann 31m",
    ".": ".",
    " ": "",
}
#: Addresses as they may stand in the ledger, and as the relay gets them; None: that person is refused.
ADDRESSES: dict[str, str | None] = {
    "zoë@example.org": "zoë@example.org",
    "用户@例え.jp": "用户@xn--r8jz45g.jp",
    "o'neil+tag=1@example.org": "o'neil+tag=1@example.org",
    "a%b%%s@example.org": "a%b%%s@example.org",
    "{braces}|`#$&*/?^~!@example.org": "{braces}|`#$&*/?^~!@example.org",
    "l" * 64 + "@" + ".".join(["d" * 46] * 4) + ".x": "l" * 64 + "@" + ".".join(["d" * 46] * 4) + ".x",
    "l" * 64 + "@" + ".".join(["d" * 47] * 4) + ".x": None,
    '"john smith"@example.org': None,
    "john smith@example.org": None,
    "a@example.org>\r\nRCPT TO:<eve@example.org": None,
    "a@example.org, b@example.org": None,
    "@example.org": None,
    "nobody": None,
    ".dot.@example.org": None,
    "a@b@example.org": None,
    "a\x00b@example.org": None,
    "a\u202eb@example.org": "a\u202eb@example.org",
}


def alter(database: Database, column: str, values: dict[int, str]) -> None:
    """Write into the ledger what no import would let in."""
    with database.write() as connection:
        for number, value in values.items():
            change = {column: value} | ({"address_key": f"key{number}"} if column == "address" else {})
            connection.execute(update(subscribers).where(subscribers.c.id == number).values(**change))


def test_any_name_is_spoken_to_and_forges_nothing(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    names = dict(enumerate(NAMES, start=3))
    with CountingServer() as relay, mailing(database, tmp_path, relay, PEOPLE, nursery=nursery) as world:
        alter(database, "first_name", names)
        world.send()
        assert world.states() == {"sent": PEOPLE}
        assert relay.counts == {address_of(number): 1 for number in range(1, PEOPLE + 1)}
        whole = {message.to: message.data for message in relay.accepted}
        keys = BytesParser(policy=policy.SMTP).parsebytes(whole[address_of(1)]).keys()
        for number, name in names.items():
            data = whole[address_of(number)]
            assert max(map(len, data.split(b"\r\n"))) <= 998
            parsed = BytesParser(policy=policy.SMTP).parsebytes(data)
            assert [*parsed] == [*keys], "a header more or less"
            assert [each.addr_spec for each in parsed["To"].addresses] == [address_of(number)]
            shown = NAMES[name]
            assert parsed["To"].addresses[0].display_name.strip() == shown.strip() or len(shown) > 60
            text = parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            assert not shown or shown in text.replace("\n", " ")


@pytest.mark.parametrize("smtputf8", [True, False])
def test_any_address_is_given_whole_or_refused_alone(database: Database, tmp_path: Path, smtputf8: bool) -> None:
    addresses = dict(enumerate(ADDRESSES, start=5))
    if not database.sqlite:
        addresses = {number: text for number, text in addresses.items() if "\x00" not in text}  # PostgreSQL takes none
    script = Script() if smtputf8 else Script(features=("PIPELINING",))
    with CountingServer(script) as relay, mailing(database, tmp_path, relay, PEOPLE, lanes=2) as world:
        alter(database, "address", addresses)
        world.send()
        wanted = [wire for text in addresses.values() if (wire := ADDRESSES[text]) and (smtputf8 or wire.isascii())]
        plain = [address_of(number) for number in range(1, PEOPLE + 1) if number not in addresses]
        assert relay.counts == dict.fromkeys([*plain, *wanted], 1)
        assert world.states() == {"sent": len(plain) + len(wanted), "failed": len(addresses) - len(wanted)}
        for message in relay.accepted:
            if message.to.isascii():
                parsed = BytesParser(policy=policy.SMTP).parsebytes(message.data)
                assert [each.addr_spec for each in parsed["To"].addresses] == [message.to]
