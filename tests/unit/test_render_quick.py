"""The quick way of filling a form makes byte for byte what the long way makes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.smtp.dkim import relaxed_body
from campaign.model import Recipient
from campaign.model.rows import Person
from campaign.render import Compiled
from campaign.render.headers import DateLine
from campaign.render.pages import PersonUrls
from campaign.render.quick import Frank, Mould
from tests.unit.test_render_wire import ADDRESSES, MADE, TOKENS, compiled
from tests.weeks import NOW, person

PLAINLY = st.sampled_from(
    ["", "Sam", "Ann-Marie Lee", "Reader7", "From me", "x" * 50, "x" * 51, "a  b", "O'Neil", "a-", "é"]
)
BASES = st.sampled_from(
    ["https://week.example.org", "https://week.example.org/&", "http://week.example.org", "https://w." + "x" * 40]
)
FRANKED = st.sampled_from([("b", "example.org"), ("b", "exämple.org"), ("b", "example.org/x")])
TOKEN, BOUNCE = "aaaa2b-0f", "aaaa2b-1e"
LINK = ".1z"


def plain(who: Recipient) -> Person:
    secret = who.unsubscribe_token.removesuffix(LINK)
    return 1, who.address, who.first_name, who.organisation, who.language, secret, "", "", 1


def mould(made: Compiled, who: Recipient, base: str = "https://week.example.org", host: str = "example.org") -> Mould:
    """The mould of people like `who`, once one of them was filled the long way."""
    urls = PersonUrls(base)
    made.email(who, message_id="a@b", envelope_from="c@d", urls=urls(who), date=NOW)
    found = made.mould(who, urls(who), Frank("bounces", host, "example.org", urls, LINK))
    assert found is not None
    return found


@given(st.sampled_from(sorted(MADE)), PLAINLY, PLAINLY, ADDRESSES, TOKENS, BASES, FRANKED)
def test_the_quick_way_makes_what_the_long_way_makes(
    which: str, first: str, organisation: str, address: str, token: str, base: str, franked: tuple[str, str]
) -> None:
    who = person(first_name=first, organisation=organisation, address=address, unsubscribe_token=token + LINK)
    made, urls, (mailbox, host) = MADE[which], PersonUrls(base), franked
    frank = Frank(mailbox, "example.org", host, urls, LINK)
    like = person(first_name=first and "Sam", organisation=organisation and "Council", unsubscribe_token="t")
    made.email(like, message_id="a@b", envelope_from="c@d", urls=urls(like), date=NOW)
    found = made.mould(like, urls(like), frank)
    quick = found.fill(plain(who), TOKEN, BOUNCE, DateLine()(NOW)) if found is not None else None
    if quick is None:
        return
    given = {"message_id": f"<{TOKEN}@{host}>", "envelope_from": f"{mailbox}+{BOUNCE}@example.org"}
    long = made.email(who, **given, urls=urls(who), date=NOW)
    assert quick == long
    assert quick.relaxed_body is not None
    body = quick.raw.partition(b"\r\n\r\n")[2]
    assert relaxed_body(quick.relaxed_body()) == quick.relaxed_body().rstrip(b" \r\n") + b"\r\n"
    assert relaxed_body(quick.relaxed_body()) == relaxed_body(body)
    assert (quick.body.text, quick.body.html) == (long.body.text, long.body.html)


def test_plain_people_are_filled_the_quick_way() -> None:
    """Else the test above would compare nothing with nothing."""
    who = person(unsubscribe_token="t" * 22)
    email = mould(compiled(), who).fill(plain(who), TOKEN, BOUNCE, DateLine()(NOW))
    assert email is not None
    assert email.plain_lines
    assert email.raw.isascii()


def test_whoever_is_not_plain_is_left_to_the_long_way() -> None:
    who = person(unsubscribe_token="t" * 22)
    quick = mould(compiled(), who)
    date = DateLine()(NOW)
    for field, words in (
        ("first_name", "Zoë"), ("first_name", "x" * 51), ("first_name", "From me"), ("organisation", "A & B"),
        ("address", "zoë@example.org"), ("address", "a b@example.org"), ("address", f"{'x' * 250}@example.org"),
        ("unsubscribe_token", ""), ("unsubscribe_token", "a\r\nb"), ("unsubscribe_token", "t" * 60),
    ):  # fmt: skip
        other = person(**{"unsubscribe_token": "t" * 22, field: words})
        assert quick.fill(plain(other), TOKEN, BOUNCE, date) is None, (field, words)


def test_what_is_not_plain_for_all_makes_no_mould() -> None:
    who, made = person(unsubscribe_token="t"), compiled()
    for base, sender, domain in (
        ("http://week.example.org", "example.org", "example.org"),
        ("https://week.example.org/a&b", "example.org", "example.org"),
        ("https://week.example.org", "exämple.org", "example.org"),
        ("https://week.example.org", "example.org", "exam ple.org"),
    ):
        urls = PersonUrls(base)
        made.email(who, message_id="a@b", envelope_from="c@d", urls=urls(who), date=NOW)
        assert made.mould(who, urls(who), Frank("b", sender, domain, urls, LINK)) is None, (base, sender, domain)
