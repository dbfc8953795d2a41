"""Email addresses: checked, made comparable, hashed under a key, and masked. Pure: asks no network.

The part before the @ is kept as it was given, because only its own server knows what it means (RFC 5321 2.4); addresses
are compared casefolded, for nobody means two people by `Jane@` and `jane@`. The domain is kept as A-labels (IDNA 2008).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from campaign.errors import AddressError
from campaign.tokens import Key

#: RFC 5321 4.5.3.1.3 allows 256 octets for a path with its angle brackets.
LONGEST = 254
#: RFC 5321 4.5.3.1.1: octets before the @.
LONGEST_LOCAL = 64
#: Keeps the hashes of addresses apart from every other use of a key.
LABEL = "address-v1"

_PLAIN = re.compile(r"[A-Za-z0-9_'+-]+(?:\.[A-Za-z0-9_'+-]+)*")
_SEVERAL = re.compile(r"[<>,; ]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_IN_TEXT = re.compile(r"[^\s<>\"(),;:=\[\]]+@([^\s<>\"'(),;:=\[\]]+)")
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD])

#: Domains whose mailboxes belong to private people: an address there is not a corporate subscriber's.
# fmt: off
FREEMAIL = frozenset({
    "aol.com", "aol.co.uk", "blueyonder.co.uk", "btinternet.com", "btopenworld.com", "duck.com", "fastmail.com",
    "gmail.com", "gmx.com", "gmx.co.uk", "gmx.de", "googlemail.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr",
    "hushmail.com", "icloud.com", "live.com", "live.co.uk", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com",
    "ntlworld.com", "orange.fr", "outlook.com", "outlook.fr", "pm.me", "proton.me", "protonmail.com", "qq.com",
    "rocketmail.com", "sky.com", "talktalk.net", "tiscali.co.uk", "tutanota.com", "virginmedia.com", "web.de",
    "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yandex.com", "ymail.com", "zoho.com", "163.com",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address.

    `wire` is what a mail server is given; `key` is what comparison and hashing use; `shown` has the domain in its own
    script; `smtputf8` says that the part before the @ needs a server that speaks RFC 6531.
    """

    wire: str = field(repr=False)
    key: str = field(repr=False)
    shown: str = field(repr=False)
    smtputf8: bool = False

    @property
    def domain(self) -> str:
        """The domain as A-labels, lower case."""
        return self.wire.rpartition("@")[2]

    @property
    def freemail(self) -> bool:
        """Whether the domain is one where private people have their mailboxes."""
        return self.domain in FREEMAIL


def tidy(text: str) -> str:
    """A spreadsheet cell without the spaces, line ends and invisible characters around or within it that nobody typed.

    Line ends and tabs inside the text stay, for `parse` to refuse.
    """
    return text.translate(_INVISIBLE).strip().strip("\u00a0").strip()


def parse(text: str) -> Address:
    """The address written in `text`, exactly: no name, no angle brackets, no spaces around it.

    Raises AddressError with a sentence for the person who typed it.
    """
    if not text.strip():
        raise AddressError("There is no address here. Write one, such as name@example.org.")
    if len(text) > LONGEST:
        raise AddressError(f"This is {len(text)} characters long; an email address has at most {LONGEST}.")
    if _CONTROL.search(text):
        raise AddressError("This has a line break, a tab or another control character in it. Write the address alone.")
    if _SEVERAL.search(text):
        raise AddressError("Write one address alone, without a name, a second address, spaces or < and >.")
    local, at, domain = text.rpartition("@")
    if len(local.encode("utf-8", "replace")) > LONGEST_LOCAL:
        raise AddressError(f"The part before the @ is too long: it has at most {LONGEST_LOCAL} bytes.")
    if at and _PLAIN.fullmatch(local):
        host = _host(domain)
        found = Address(f"{local}@{host.ascii}", f"{local.lower()}@{host.ascii}", f"{local}@{host.shown}")
    else:
        found = _full(text)
    if len(found.wire.encode("utf-8")) > LONGEST:
        raise AddressError(f"This is too long to be mailed: an address has at most {LONGEST} bytes on the wire.")
    return found


@dataclass(frozen=True, slots=True)
class _Host:
    ascii: str
    shown: str


@lru_cache(maxsize=4096)
def _host(domain: str) -> _Host:
    checked = _full(f"postmaster@{domain}")
    return _Host(checked.domain, checked.shown.rpartition("@")[2])


def _full(text: str) -> Address:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressError(f"This is not an email address that can be mailed: {_lower_first(str(error))}") from None
    host = found.ascii_domain.lower()
    local = found.local_part
    return Address(f"{local}@{host}", f"{fold(local)}@{host}", f"{local}@{found.domain}", smtputf8=found.smtputf8)


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def fold(local: str) -> str:
    """The comparable form of what stands before an @ (Unicode canonical caseless matching, then NFC)."""
    decomposed = unicodedata.normalize("NFD", local)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", decomposed.casefold()))


def without_tag(key: str) -> str:
    """A comparable address without what follows a `+` before its @ (RFC 5233): the mailbox it most likely reaches."""
    local, _, domain = key.rpartition("@")
    plain = local.partition("+")[0]
    return f"{plain}@{domain}" if plain else key


def same(one: str, other: str) -> bool:
    """Whether two written addresses reach the same person; AddressError where one is no address."""
    return parse(one).key == parse(other).key


def mask(address: str) -> str:
    """An address as a page shows it to the one who holds it: `j•••@example.org`. Never for logs."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def redact(text: str) -> str:
    """`text` with every address in it made unreadable, for logs and errors: only the last label of the domain stays."""
    return _IN_TEXT.sub(lambda found: f"***@***.{found[1].rstrip('.').rpartition('.')[2]}", text)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key in use and those that were: old ones are kept for ever, so that what they suppressed stays so."""

    current: Key
    old: tuple[Key, ...] = ()

    def hash(self, key: str) -> str:
        """HMAC-SHA256 of an `Address.key` under the key in use, as 64 hex digits."""
        return self.current.hash(LABEL, key)

    def hashes(self, key: str) -> tuple[str, ...]:
        """Its hashes under every key, the one in use first."""
        return (self.current.hash(LABEL, key), *(each.hash(LABEL, key) for each in self.old))
