"""What the doctor reads out of the DNS: faults are named with their cure, and silence is no fault."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from campaign.cli.dns import Ask, asked, look_up, relay, same_organisation, signature
from campaign.model import Sender

NAMES = {
    ("bounces.example.gov.uk", "TXT"): ['"v=spf1 include:relay.example.net -all"'],
    ("bounces.example.gov.uk", "MX"): ["10 mx.example.gov.uk."],
    ("_dmarc.example.gov.uk", "TXT"): ['"v=DMARC1; p=reject"'],
    ("k1._domainkey.example.gov.uk", "TXT"): ['"v=DKIM1; k=rsa; p=MIIB"'],
    ("relay.example.net", "A"): ["93.184.215.14"],
    ("14.215.184.93.in-addr.arpa.", "PTR"): ["relay.example.net."],
}
SENDER = Sender(id="s", from_name="S", from_address="news@example.gov.uk", return_path="b@bounces.example.gov.uk")


def of(names: dict[tuple[str, str], list[str]]) -> Ask:
    return lambda name, kind: names.get((name, kind)) or names.get((f"{name}.", kind), [])


def states(sender: Sender, signing: list[str], names: dict[tuple[str, str], list[str]]) -> dict[str, str]:
    return {what: state for what, state, _ in look_up(sender, signing, of(names))}


def test_all_is_well_where_every_record_stands() -> None:
    found = states(SENDER, ["example.gov.uk"], NAMES)
    assert found == dict.fromkeys(("SPF", "DMARC", "return path", "alignment"), "ok")
    assert signature("k1", "example.gov.uk", of(NAMES)) == ("DKIM", "ok", "k1._domainkey.example.gov.uk")
    assert relay("relay.example.net", of(NAMES))[1] == "ok"


@pytest.mark.parametrize("record", [key for key in NAMES if key[1] in {"TXT", "MX"}])
def test_each_record_that_is_missing_is_a_fault_with_its_cure(record: tuple[str, str]) -> None:
    without = {key: value for key, value in NAMES.items() if key != record}
    found = [*look_up(SENDER, [], of(without)), signature("k1", "example.gov.uk", of(without))]
    ((_, _, text),) = [each for each in found if each[1] == "fault"]
    assert record[0] in text
    assert "add" in text


def test_two_spf_records_are_a_fault() -> None:
    twice = {**NAMES, ("bounces.example.gov.uk", "TXT"): ['"v=spf1 -all"', '"v=spf1 ~all"']}
    assert states(SENDER, [], twice)["SPF"] == "fault"


@pytest.mark.parametrize(
    ("return_path", "signing", "state", "words"),
    [
        ("b@bounces.example.gov.uk", [], "ok", "the relay has to sign"),
        ("", ["mail.example.gov.uk"], "ok", "our signature"),
        ("b@mailer.example.com", [], "fault", "the return path is at mailer.example.com"),
        ("b@other.gov.uk", ["relay.example.net"], "fault", "mail is signed for relay.example.net"),
        ("b@example.gov.uk", ["relay.example.net", "example.gov.uk"], "ok", "agrees"),
    ],
)
def test_domains_have_to_be_of_one_organisation(return_path: str, signing: list[str], state: str, words: str) -> None:
    sender = Sender(id="s", from_name="S", from_address="news@example.gov.uk", return_path=return_path)
    (found,) = [each for each in look_up(sender, signing, of(NAMES)) if each[0] == "alignment"]
    assert found[1] == state
    assert words in found[2]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("example.org", "example.org", True),
        ("Mail.Example.org.", "example.org", True),
        ("a.example.org", "b.example.org", True),
        ("a.hants.gov.uk", "b.hants.gov.uk", True),
        ("hants.gov.uk", "surrey.gov.uk", False),
        ("one.org.uk", "two.org.uk", False),
        ("example.org", "badexample.org", False),
        ("one.example", "two.example", False),
    ],
)
def test_what_dmarc_calls_one_organisation(one: str, other: str, same: bool) -> None:
    assert same_organisation(one, other) is same
    assert same_organisation(other, one) is same


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({("14.215.184.93.in-addr.arpa.", "PTR"): []}, "fault", "has no name"),
        ({("14.215.184.93.in-addr.arpa.", "PTR"): ["pool.example.net."]}, "skipped", "leads elsewhere"),
        ({("relay.example.net", "A"): ["10.0.0.5"]}, "skipped", "no public address"),
        ({("relay.example.net", "A"): []}, "skipped", "no public address"),
    ],
)
def test_a_relay_without_a_name_is_a_fault(changes: dict[tuple[str, str], list[str]], state: str, words: str) -> None:
    found = relay("relay.example.net", of({**NAMES, **changes}))
    assert found[1] == state
    assert words in found[2]


def test_where_nobody_answers_nothing_is_said_to_be_wrong() -> None:
    def silent(name: str, kind: str) -> None:
        return None

    found = [*look_up(SENDER, [], silent), signature("k1", "example.gov.uk", silent), relay("93.184.215.14", silent)]
    assert {state for what, state, _ in found if what != "alignment"} == {"skipped"}


@pytest.fixture
def name_server() -> Iterator[int]:
    """A real name server for one name, at 127.0.0.1; its port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, client = listening.recvfrom(4096)
            if not data:
                return
            asked = dns.message.from_wire(data)
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            if asked.question[0].name.to_text() == "example.org.":
                answer.answer.append(dns.rrset.from_text("example.org.", 60, "IN", "TXT", '"v=spf1 -all"'))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            listening.sendto(answer.to_wire(), client)

    thread = Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"", listening.getsockname())
    thread.join()
    listening.close()


def test_a_real_name_server_is_asked(name_server: int) -> None:
    ask = asked(["127.0.0.1"], name_server)
    assert ask("example.org", "TXT") == ['"v=spf1 -all"']
    assert ask("nowhere.example.org", "TXT") == []
