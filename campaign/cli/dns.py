"""What the DNS says of a sender: SPF, DKIM, DMARC and where bounces go (RFC 7208, RFC 6376, RFC 7489)."""

from __future__ import annotations

from collections.abc import Iterator

from campaign.model import Sender

SECONDS = 5.0


def look_up(sender: Sender) -> Iterator[tuple[str, str, str]]:
    """(what, "ok" | "fault" | "skipped", text) for one sender's domains."""
    domain = sender.from_address.rpartition("@")[2]
    bounces = sender.return_path.rpartition("@")[2] or domain
    yield _text("SPF", bounces, "v=spf1", "add a TXT record that names your relay: v=spf1 include:... -all")
    yield _text("DMARC", f"_dmarc.{domain}", "v=DMARC1", "add a TXT record: v=DMARC1; p=none; rua=mailto:...")
    yield _exists("return path", bounces, "MX", "bounces have nowhere to go: add an MX record")


def signature(selector: str, domain: str) -> tuple[str, str, str]:
    """Whether the public half of a DKIM key stands where readers' mail systems look (RFC 6376 section 3.6.2)."""
    name = f"{selector}._domainkey.{domain}"
    found = _ask(name, "TXT")
    if found is None:
        return "DKIM", "skipped", "the DNS cannot be reached"
    there = any("p=" in text for text in found)
    return ("DKIM", "ok", name) if there else ("DKIM", "fault", f"{name} has no key; add the TXT record of this key")


def _text(what: str, name: str, start: str, mend: str) -> tuple[str, str, str]:
    found = _ask(name, "TXT")
    if found is None:
        return what, "skipped", "the DNS cannot be reached"
    records = [text.strip('"') for text in found if text.strip('"').startswith(start)]
    if len(records) > 1:
        return what, "fault", f"{name} has {len(records)} records that begin {start}; there may be one"
    return (what, "ok", records[0]) if records else (what, "fault", f"{name} has none; {mend}")


def _exists(what: str, name: str, kind: str, mend: str) -> tuple[str, str, str]:
    found = _ask(name, kind)
    if found is None:
        return what, "skipped", "the DNS cannot be reached"
    return (what, "ok", found[0]) if found else (what, "fault", f"{name}: {mend}")


def _ask(name: str, kind: str) -> list[str] | None:
    """The records of that kind; [] where there are none; None where nobody answered."""
    from dns.exception import DNSException
    from dns.resolver import NXDOMAIN, NoAnswer, Resolver

    resolver = Resolver()
    resolver.lifetime = SECONDS
    try:
        return [record.to_text() for record in resolver.resolve(name, kind)]
    except (NXDOMAIN, NoAnswer):
        return []
    except (DNSException, OSError):
        return None
