"""Compiled once and filled, an email is the message that a plain render and the standard library would make."""

from __future__ import annotations

import email
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign import render
from campaign.errors import Refused, TemplateError
from campaign.model import Email, PlannedMailing, Recipient
from campaign.render import Compiled, Urls
from campaign.render.filling import values_of
from campaign.render.slots import clean
from campaign.render.wire import compile_form
from tests.weeks import (
    BRIEF,
    BRIEFING,
    DAILY,
    MAIL,
    NOW,
    PAGES,
    PARENTS,
    PRACTITIONERS,
    SENDER,
    TUESDAY,
    URLS,
    WEEK,
    person,
)

STRICT = SMTP.clone(raise_on_defect=True)
STRICT_UTF8 = SMTPUTF8.clone(raise_on_defect=True)
ENVELOPE = "b+0123@example.org"

BODIES = {
    "messages/emails/names.md": (
        b"# Hello {{ subscriber.first_name }}\n\n{{ subscriber.first_name }}, of *{{ subscriber.organisation }}*, see "
        b"**{{ subscriber.first_name }}**{% if subscriber.organisation %} ({{ subscriber.organisation }}){% endif %}.\n"
        b"\n"
        b"- [Leave]({{ urls.unsubscribe }})\n- {{ subscriber.first_name }}\n{{ subscriber.first_name }}\n"
    ),
    "messages/emails/short.md": (
        b"{% if subscriber.first_name %}Dear {{ subscriber.first_name }}{% else %}Dear reader{% endif %}:\n"
        b"{{ day.title }}\n"
    ),
    "messages/emails/headed.md": b"# {{ subject }}\n",
    "messages/emails/logic.md": (
        b"# Hi\n\n{% if subscriber.first_name == 'Sam' %}You are Sam.{% else %}You are not Sam.{% endif %}\n"
        b"{{ subscriber.first_name|upper }} {{ subscriber.organisation|length }}\n"
    ),
    "messages/emails/caught.md": (
        b"{% filter upper %}Hello {{ subscriber.first_name }}{% endfilter %}\n"
        b"{% set whole %}{{ subscriber.organisation }}{% endset %}{{ whole|length }}\n"
    ),
    "messages/emails/welsh.md": "# Ωμέγα\n\nΚαλημέρα {{ subscriber.first_name }} και πάλι.\n\n".encode() * 1
    + "Ακούμε τα παιδιά κάθε ημέρα και μαθαίνουμε μαζί τους. ".encode() * 400,
    "messages/emails/_layouts/welsh.html": b"<!DOCTYPE html><html lang=el><title>x</title>{{ main }}</html>",
}
MAILINGS = [
    DAILY,
    replace(DAILY, id="named", subject="{{ subscriber.first_name }}: {{ day.title }}", template="short"),
    replace(DAILY, id="words", preheader="For {{ subscriber.organisation }}", subject="Ünïcode £ – " + "lång " * 30),
    replace(DAILY, id="logic", template="logic"),
    replace(DAILY, id="headed", subject="For {{ subscriber.first_name or 'you' }}", template="headed"),
    replace(DAILY, id="caught", template="caught"),
    replace(DAILY, id="welsh", template="welsh"),
]


def compiled(planned: PlannedMailing = DAILY) -> Compiled:
    return render.compile_mailing(
        WEEK, planned, TUESDAY, planned_at=NOW, now=NOW, pages=PAGES, files=BODIES, sender=SENDER, channel=MAIL
    )


MADE = {planned.id: compiled(planned) for planned in MAILINGS}


def send(made: Compiled, who: Recipient, urls: Urls = URLS, date: datetime = NOW) -> Email:
    found = made.email(who, message_id="0a1b2c@example.org", envelope_from=ENVELOPE, urls=urls, date=date)
    assert found is not None
    return found


def plain_build(made: Compiled, who: Recipient, urls: Urls, date: datetime) -> EmailMessage:
    """The same message by the standard library, from templates rendered with the person's own words."""
    values = values_of(who, urls)
    words = made.plain_form(made.variant_for(who), who, values).composed
    local, _, host = who.address.rpartition("@")
    out = EmailMessage(policy=SMTP.clone(utf8=True, max_line_length=998))
    out["Date"] = date
    out["Message-ID"] = "<0a1b2c@example.org>"
    out["From"] = Address("Big Week team", "team", "example.org")
    name = clean(who.first_name)
    out["To"] = Address(name if len(name.encode()) <= 45 else "", local, host.encode("idna").decode())
    out["Reply-To"] = Address("HSCP team", "hscp", "example.org")
    out["Subject"] = words.subject
    out["List-Id"] = f"{who.lists[0].title} <{who.lists[0].slug}.example.org>"
    out["List-Help"] = "<mailto:hscp@example.org?subject=help>"
    leave = f"<mailto:leave@example.org?subject=unsubscribe%20{who.unsubscribe_token}>"
    out["List-Unsubscribe"] = f"<{urls.unsubscribe}>, {leave}"
    out["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    out["Auto-Submitted"] = "auto-generated"
    out["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    out.set_content(words.text, cte="base64")
    out.add_alternative(words.html, subtype="html", cte="base64")
    return out


NAMES = st.one_of(
    st.sampled_from(
        ["", "Sam", "O'Neil", "Zoë-Ann", "*b*", "[x](https://evil.example)", "<b>&", "From me", ".", "=?utf-8?q?x?="]
    ),
    st.text(max_size=120),
    st.text(alphabet='abc \t\r\n=.\u2028é🙂\ufdd0\ufdd1{}%"\\,;:<>@', max_size=40),
)
TOKENS = st.text(alphabet="ABCabc019_-", min_size=16, max_size=40)
ADDRESSES = st.sampled_from(["sam@example.org", "Sam.O'Neil+week@example.org", "s@bücher.example", "jö@example.org"])
LISTS = st.sampled_from([(PRACTITIONERS,), (PARENTS,), (PRACTITIONERS, PARENTS), (PARENTS, PRACTITIONERS)])


@given(st.sampled_from(sorted(MADE)), NAMES, NAMES, ADDRESSES, LISTS, TOKENS, st.integers(0, 10**6))
def test_filled_bytes_parse_to_what_a_plain_build_gives(
    which: str, first: str, organisation: str, address: str, lists: tuple[object, ...], token: str, seconds: int
) -> None:
    who = person(
        first_name=first,
        organisation=organisation,
        address=address,
        lists=lists,
        audiences=frozenset(),
        unsubscribe_token=token,
    )
    urls = Urls(f"https://week.example.org/p/{token}", f"https://week.example.org/u/{token}?l=7&m=a", URLS.web)
    date = datetime(2023, 10, 10, 7, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    made = MADE[which]
    sent = send(made, who, urls, date)
    got = email.message_from_bytes(sent.raw, policy=STRICT_UTF8 if sent.smtputf8 else STRICT)
    assert isinstance(got, EmailMessage)
    want = plain_build(made, who, urls, date)
    assert sorted(name.lower() for name in got) == sorted(
        name.lower() for name in want if name.lower() != "content-transfer-encoding"
    )
    for name in want:
        if name.lower() not in ("content-type", "content-transfer-encoding"):
            assert str(got[name]) == str(want[name]), name
    for index, subtype in enumerate(("plain", "html")):
        part, other = list(got.iter_parts())[index], list(want.iter_parts())[index]
        assert isinstance(part, EmailMessage)
        assert isinstance(other, EmailMessage)
        assert part.get_content_type() == other.get_content_type() == f"text/{subtype}"
        assert part.get_content_charset() == "utf-8"
        assert part.get_content() == other.get_content()
    assert got.get_content_type() == "multipart/alternative"
    assert (sent.body.text, sent.body.html) == tuple(
        part.get_content().replace("\r\n", "\n") for part in got.iter_parts() if isinstance(part, EmailMessage)
    )
    check_wire(sent)


def check_wire(sent: Email) -> None:
    """Lines end in CRLF and hold at most 76 encoded bytes; headers are ASCII unless the address needs more."""
    assert sent.raw.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", sent.raw)
    head, _, body = sent.raw.partition(b"\r\n\r\n")
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert sent.smtputf8 or sent.raw.isascii()
    assert body.isascii()
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert len(names) == len(set(names))
    assert b"cc" not in names
    assert b"bcc" not in names


def test_templates_that_look_into_a_person_are_rendered_for_each() -> None:
    for made in MADE.values():
        send(made, person())
    personal = {name: made.variant_for(person()).personal for name, made in MADE.items()}
    assert personal == {
        "daily": False,
        "named": False,
        "words": False,
        "logic": True,
        "headed": True,
        "caught": True,
        "welsh": False,
    }
    text = send(MADE["logic"], person(first_name="Ann", organisation="Abc")).body.text
    assert "You are not Sam." in text
    assert "ANN 3" in text


def test_a_part_that_is_mostly_not_ascii_is_base64_and_others_are_quoted_printable() -> None:
    foreign = send(MADE["welsh"], person()).raw
    assert b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n" in foreign
    assert b"Content-Transfer-Encoding: base64" not in send(MADE["daily"], person()).raw


def test_one_compile_serves_many_people() -> None:
    made = compiled()
    for number in range(50):
        send(made, person(subscriber=number, address=f"p{number}@example.org", first_name=f"Person {number}"))
    assert len(made.variants) == 1
    assert len(made.variants[0].forms) == 1


def test_the_unsubscribe_header_is_one_line_with_one_web_address_and_a_mailbox() -> None:
    head = send(compiled(), person()).raw.partition(b"\r\n\r\n")[0].decode()
    line = next(line for line in head.split("\r\n") if line.startswith("List-Unsubscribe:"))
    assert line == (
        f"List-Unsubscribe: <{URLS.unsubscribe}>, "
        "<mailto:leave@example.org?subject=unsubscribe%20Zm9vYmFyYmF6cXV4MTIzNDU>"
    )
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head


def test_one_click_is_promised_for_https_alone() -> None:
    sent = send(compiled(), person(), replace(URLS, unsubscribe="http://127.0.0.1:8000/u/abc"))
    assert b"List-Unsubscribe: <http://127.0.0.1:8000/u/abc>," in sent.raw
    assert b"List-Unsubscribe-Post" not in sent.raw


@pytest.mark.parametrize(
    ("facts", "extra"),
    [
        ({"address": "sam@example.org\r\nBcc: all@example.org"}, {}),
        ({"address": "no-at-sign"}, {}),
        ({"address": "a b@example.org"}, {}),
        ({"address": "two..dots@example.org"}, {}),
        ({"address": "sam@exa mple.org"}, {}),
        ({"unsubscribe_token": "a\r\nBcc: all@example.org"}, {}),
        ({}, {"message_id": "a@b\r\nBcc: all@example.org"}),
        ({}, {"urls": replace(URLS, unsubscribe="https://x.example/\r\nBcc: a@b")}),
        ({}, {"urls": replace(URLS, unsubscribe="https://x.example/>,<mailto:a@b")}),
        ({}, {"urls": replace(URLS, preferences="https://x.example/" + "a" * 300)}),
    ],
)
def test_what_would_forge_a_header_is_refused(facts: dict[str, object], extra: dict[str, object]) -> None:
    given: dict[str, object] = {
        "message_id": "0a1b2c@example.org",
        "envelope_from": ENVELOPE,
        "urls": URLS,
        "date": NOW,
    }
    with pytest.raises(Refused):
        compiled().email(person(**facts), **{**given, **extra})  # type: ignore[arg-type]


def test_domains_go_out_as_a_labels_and_a_foreign_local_part_needs_smtputf8() -> None:
    sent = send(compiled(), person(address="s@bücher.example"))
    assert (sent.to, sent.smtputf8) == ("s@xn--bcher-kva.example", False)
    sent = send(compiled(), person(address="jö@faß.example"))
    assert (sent.to, sent.smtputf8) == ("jö@xn--fa-hia.example", True)
    assert "\r\nTo: Sam <jö@xn--fa-hia.example>\r\n".encode() in sent.raw


def test_a_line_break_in_a_subject_or_a_sender_is_refused() -> None:
    with pytest.raises(TemplateError, match="line break"):
        send(compiled(replace(DAILY, subject="One\nTwo")), person())
    sender = replace(SENDER, from_name="Team\r\nBcc: all@example.org")
    made = render.compile_mailing(
        WEEK, DAILY, TUESDAY, planned_at=NOW, now=NOW, pages=PAGES, files={}, sender=sender, channel=MAIL
    )
    with pytest.raises(Refused):
        send(made, person())


def test_nobody_gets_an_empty_day() -> None:
    stranger = person(audiences=frozenset({"nobody"}))
    assert compiled().email(stranger, message_id="a@b", envelope_from=ENVELOPE, urls=URLS, date=NOW) is None
    asked = compiled(replace(DAILY, skip_if_empty=False))
    assert asked.email(stranger, message_id="a@b", envelope_from=ENVELOPE, urls=URLS, date=NOW) is not None


def test_a_briefing_has_no_day_and_goes_to_everyone() -> None:
    made = render.compile_mailing(
        BRIEFING,
        BRIEF,
        None,
        planned_at=NOW,
        now=NOW,
        pages=PAGES,
        files={
            "messages/briefing.md": b"# System learning\n\n> Quote\n\n- [One](resource:ce)\n- [Gone](resource:hidden)\n"
        },
        sender=SENDER,
        channel=MAIL,
    )
    sent = send(made, person(audiences=frozenset({"nobody"})))
    assert "One <https://example.org/ce>" in sent.body.text
    assert "Gone" not in sent.body.text
    assert sent.body.html.count("<h1") == 1


def test_the_same_boundary_stands_in_no_part() -> None:
    sent = send(compiled(), person(first_name="=_x"))
    found = re.search(rb'boundary="([^"]+)"', sent.raw)
    assert found is not None
    assert sent.raw.count(b"--" + found.group(1)) == 3


def test_compiling_twice_gives_the_same_bytes() -> None:
    assert send(compiled(), person()).raw == send(compiled(), person()).raw
    form = compiled().plain_form(compiled().variant_for(person()), person(), values_of(person(), URLS))
    assert compile_form(form.composed, form.back).boundary == form.boundary


SNIPPETS = [
    "{{ subscriber.first_name }}",
    "**{{ subscriber.organisation }}**",
    "[{{ subscriber.first_name }}](https://example.org/?n={{ subscriber.first_name }})",
    "[leave]({{ urls.unsubscribe }})",
    "`{{ subscriber.first_name }}`",
    "{% if subscriber.first_name %}A{% else %}B{% endif %}",
    "{% if subscriber.first_name is string %}s{% endif %}",
    "{% if subscriber.first_name in ('Sam', 'Zoë') %}C{% endif %}",
    "{{ subscriber.first_name|default('friend', true) }}",
    "{{ subscriber.first_name|upper }}",
    "{{ subscriber.first_name|length }}",
    "{{ (subscriber.first_name|list)[:1]|join }}",
    "{{ subscriber.first_name ~ '!' }}",
    "{{ subscriber.first_name.upper() }}",
    "{{ [subscriber.first_name, 'x']|join('-') }}",
    "{{ (subscriber.first_name or subscriber.organisation) }}",
    "{% set n = subscriber.first_name %}{{ n }}",
    "{% for c in subscriber.organisation %}{{ c }}{% endfor %}",
    "{% filter title %}of {{ subscriber.organisation }}{% endfilter %}",
    "{% set n %}{{ subscriber.first_name }}{% endset %}{{ n|reverse }}",
    "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(subscriber.first_name) }}",
    "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(subscriber.first_name)|length }}",
    "{{ say('event.speakers', names=subscriber.first_name) }}",
    "{% if urls.web == '' %}no page{% endif %}",
    "\n\n# {{ subscriber.first_name }}\n\n",
    "\n\n- {{ subscriber.organisation }}\n- two\n\n",
    "\n\n    {{ subscriber.first_name }}\n\n",
    "words and words " * 60,
]


@given(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=6), NAMES, NAMES)
def test_any_template_gives_each_person_what_a_plain_render_gives(
    snippets: list[str], first: str, organisation: str
) -> None:
    files = {"messages/emails/made.md": " ".join(snippets).encode()}
    planned = replace(DAILY, id="made", template="made")
    made = render.compile_mailing(
        WEEK, planned, TUESDAY, planned_at=NOW, now=NOW, pages=PAGES, files=files, sender=SENDER, channel=MAIL
    )
    send(made, person())  # compiled for someone else first
    who = person(first_name=first, organisation=organisation)
    sent = send(made, who)
    words = made.plain_form(made.variant_for(who), who, values_of(who, URLS)).composed
    assert (sent.body.text, sent.body.html, sent.subject) == (words.text, words.html, words.subject)
    check_wire(sent)


def test_a_message_id_and_a_return_path_go_out_as_ascii() -> None:
    sent = compiled().email(
        person(), message_id="<0a1b@bücher.example>", envelope_from="b+1@bücher.example", urls=URLS, date=NOW
    )
    assert sent is not None
    assert sent.message_id == "<0a1b@xn--bcher-kva.example>"
    assert sent.envelope_from == "b+1@xn--bcher-kva.example"


def test_threads_share_one_compiled_mailing() -> None:
    made = compiled(replace(DAILY, id="shared", template="names"))
    people = [person(subscriber=number, first_name=f"Name {number}", areas=frozenset({"HAM"})) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        together = [one.raw for one in pool.map(lambda who: send(made, who), people)]
    alone = compiled(replace(DAILY, id="shared", template="names"))
    assert together == [send(alone, who).raw for who in people]
