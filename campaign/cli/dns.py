"""What the DNS says of a sender: SPF, DKIM, DMARC, where bounces go, whether domains agree, and the relay's name.

RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC and the alignment of domains), RFC 1912 section 2.1 (reverse names).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence

from campaign.model import Sender

SECONDS = 5.0
SKIPPED = "the DNS cannot be reached"

#: (what, "ok" | "fault" | "skipped", text)
Found = tuple[str, str, str]

#: The records of a name and kind; [] where there are none; None where nobody answered.
Ask = Callable[[str, str], list[str] | None]


def asked(servers: Sequence[str] = (), port: int = 53) -> Ask:
    """Asks the system's name servers, or these."""

    def ask(name: str, kind: str) -> list[str] | None:
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN, NoAnswer, Resolver

        try:
            resolver = Resolver(configure=not servers)
            if servers:
                resolver.nameservers, resolver.port = list(servers), port
            resolver.lifetime = SECONDS
            return [record.to_text() for record in resolver.resolve(name, kind)]
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError):
            return None

    return ask


def look_up(sender: Sender, signing: Sequence[str], ask: Ask) -> Iterator[Found]:
    """What is found of one sender's domains. `signing`: the domains that our own DKIM keys sign for."""
    domain = _domain(sender.from_address)
    bounces = _domain(sender.return_path) or domain
    yield _text(ask, "SPF", bounces, "v=spf1", "add a TXT record that names your relay: v=spf1 include:... -all")
    yield _text(ask, "DMARC", f"_dmarc.{domain}", "v=DMARC1", "add a TXT record: v=DMARC1; p=none; rua=mailto:...")
    yield _exists(ask, "return path", bounces, "MX", "bounces have nowhere to go: add an MX record")
    yield _alignment(domain, bounces, signing)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".")


def _alignment(domain: str, bounces: str, signing: Sequence[str]) -> Found:
    """DMARC asks that SPF's domain (the return path's) or DKIM's be that of From; Microsoft that both are."""
    wrong = []
    if not same_organisation(domain, bounces):
        wrong.append(f"the return path is at {bounces}")
    if signing and not any(same_organisation(domain, each) for each in signing):
        wrong.append(f"mail is signed for {', '.join(sorted(set(signing)))}")
    if wrong:
        mend = f"DMARC wants {domain} or a domain of the same organisation"
        return "alignment", "fault", f"From is at {domain}, but {' and '.join(wrong)}: {mend}"
    by = "the return path and our signature" if signing else "the return path; the relay has to sign for it"
    return "alignment", "ok", f"{domain} agrees with {by}"


def same_organisation(one: str, other: str) -> bool:
    """Whether two domains align in DMARC's relaxed way (RFC 7489 section 3.1).

    One is below the other, or both are below one domain of an organisation: the last three labels where the country
    registers by sector (`hants.gov.uk`), else the last two.
    """
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return True
    return _organisation(one) == _organisation(other)


def _organisation(domain: str) -> str:
    labels = domain.split(".")
    by_sector = len(labels[-1]) == 2 and len(labels) > 2 and len(labels[-2]) <= 6 and labels[-2] in SECTORS
    return ".".join(labels[-3 if by_sector else -2 :])


#: Second labels under which a country's registry registers, and which are no organisation's own.
SECTORS = frozenset(
    [
        "ac",
        "co",
        "com",
        "edu",
        "gov",
        "judiciary",
        "ltd",
        "me",
        "mod",
        "net",
        "nhs",
        "org",
        "parliament",
        "plc",
        "police",
        "sch",
    ]
)


def signature(selector: str, domain: str, ask: Ask) -> Found:
    """Whether the public half of a DKIM key stands where readers' mail systems look (RFC 6376 section 3.6.2)."""
    name = f"{selector}._domainkey.{domain}"
    found = ask(name, "TXT")
    if found is None:
        return "DKIM", "skipped", SKIPPED
    there = any("p=" in text for text in found)
    return ("DKIM", "ok", name) if there else ("DKIM", "fault", f"{name} has no key; add the TXT record of this key")


def relay(host: str, ask: Ask) -> Found:
    """Whether the relay's public address has a name, and one that leads back: receivers distrust one that has none.

    A relay may hand mail on to others with names of their own, so a name that leads elsewhere proves nothing.
    """
    addresses = [host] if _is_address(host) else [*(ask(host, "A") or []), *(ask(host, "AAAA") or [])]
    public = [each for each in addresses if ipaddress.ip_address(each).is_global]
    if not public:
        return "PTR", "skipped", f"{host} has no public address that can be asked after"
    for address in public:
        names = ask(ipaddress.ip_address(address).reverse_pointer, "PTR")
        if names is None:
            return "PTR", "skipped", SKIPPED
        if not names:
            mend = "whoever runs the relay has to set its reverse record"
            return "PTR", "fault", f"{address} of {host} has no name; {mend}"
        kind = "AAAA" if ":" in address else "A"
        if not any(address in (ask(name.rstrip("."), kind) or []) for name in names):
            return "PTR", "skipped", f"{address} of {host} is called {names[0].rstrip('.')}, which leads elsewhere"
    return "PTR", "ok", f"{host} and its name agree"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _text(ask: Ask, what: str, name: str, start: str, mend: str) -> Found:
    found = ask(name, "TXT")
    if found is None:
        return what, "skipped", SKIPPED
    records = [text.strip('"') for text in found if text.strip('"').startswith(start)]
    if len(records) > 1:
        return what, "fault", f"{name} has {len(records)} records that begin {start}; there may be one"
    return (what, "ok", records[0]) if records else (what, "fault", f"{name} has none; {mend}")


def _exists(ask: Ask, what: str, name: str, kind: str, mend: str) -> Found:
    found = ask(name, kind)
    if found is None:
        return what, "skipped", SKIPPED
    return (what, "ok", found[0]) if found else (what, "fault", f"{name}: {mend}")
