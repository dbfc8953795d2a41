"""Rules for a whole email as it would leave: its foot, its size, its links, its structure and its look."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from urllib.parse import urlsplit

from campaign.errors import Problem
from campaign.model import Email, Sender
from campaign.programme.checks.email_look import Look, look
from campaign.programme.checks.sheet import Occurrence, Sheet

WARN_BYTES, MOST_BYTES = 80_000, 100_000
PREHEADER = (40, 100)
EMPTY_WORDS = frozenset(
    {"click here", "here", "read more", "more", "link", "this link", "click", "this", "find out more"}
)
_ANCHOR = re.compile(r"<a\b[^>]*?\bhref=\"([^\"]*)\"[^>]*>(.*?)</a>", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<[^>]+>")
_TABLE = re.compile(r"<table\b([^>]*)>(.*?)(?=<table\b|</table>)", re.DOTALL | re.IGNORECASE)
_HEADING = re.compile(r"<h([1-6])\b", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+")
MEND = "Compare the layout in messages/emails/_layouts with the shipped one."


def rules(
    sheet: Sheet, one: Occurrence, email: Email, readers: str, preheader: str, sender: Sender
) -> Iterator[Problem]:
    """Every rule for one email, made for the `readers` described in words."""
    html, text = email.body.html, email.body.text
    seen = look(html)
    yield from _size(sheet, one, html, readers)
    yield from _links(sheet, one, html)
    yield from _structure(sheet, one, html)
    yield from _foot(sheet, one, email, sender)
    yield from _images(sheet, one, seen)
    yield from _looks(sheet, one, seen)
    yield from _same(sheet, one, seen, text)
    where = f"{one.where}.preheader"
    if preheader and not PREHEADER[0] <= len(preheader) <= PREHEADER[1]:
        message = f"the preheader has {len(preheader)} characters on {one.day_id or 'its day'}: '{preheader[:50]}'"
        yield sheet.warning("H5", message, where, f"Between {PREHEADER[0]} and {PREHEADER[1]} show best.")
    if preheader and preheader.strip().lower() == email.subject.strip().lower():
        yield sheet.warning("H5", "the preheader repeats the subject", where, "Say something else there.")


def _size(sheet: Sheet, one: Occurrence, html: str, readers: str) -> Iterator[Problem]:
    size = len(binascii.b2a_qp(html.encode("utf-8"), istext=True))
    message = f"the email of {one.day_id or 'its day'} is {size:,} bytes of HTML for {readers}"
    if size > MOST_BYTES:
        yield sheet.error("H1", f"{message}, {size - MOST_BYTES:,} over", one.where, "Gmail cuts it off: shorten it.")
    elif size > WARN_BYTES:
        yield sheet.warning("H1", message, one.where, f"Gmail cuts emails off at about {MOST_BYTES:,} bytes.")


def _links(sheet: Sheet, one: Occurrence, html: str) -> Iterator[Problem]:
    targets: dict[str, str] = {}
    for href, inner in _ANCHOR.findall(html):
        text = " ".join(unescape(_TAGS.sub("", inner)).split())
        lowered = text.lower().rstrip(".!: ")
        if lowered in EMPTY_WORDS:
            yield sheet.error("AE3", f"a link says only '{text}'", one.where, "Say what is behind it.")
        elif re.fullmatch(r"https?://\S+", text):
            yield sheet.error("AE3", f"a link shows its bare address, {text}", one.where, "Write [words](address).")
        elif not text and not re.search(r"\balt=\"[^\"]+\"", inner):
            yield sheet.error("AE3", f"the link to {href} has no words", one.where, "Write [words](address).")
        first = targets.setdefault(lowered, href)
        if lowered and first != href:
            message = f"'{text}' links to two places, {first} and {href}"
            yield sheet.warning("AE3", message, one.where, "Give each link words of its own.")


def _structure(sheet: Sheet, one: Occurrence, html: str) -> Iterator[Problem]:
    """What a layout of one's own may have lost."""
    if not re.search(r"<html\b[^>]*\blang=\"[a-z]", html):
        yield sheet.error("AE1", "the email's HTML says no language", one.where, MEND)
    if not re.search(r"<title>\s*\S", html):
        yield sheet.error("AE1", "the email's HTML has no title", one.where, MEND)
    levels = [int(level) for level in _HEADING.findall(html)]
    if levels.count(1) != 1:
        yield sheet.error("AE1", f"the email has {levels.count(1)} main headings, and needs one", one.where, MEND)
    if any(after > before + 1 for before, after in pairwise(levels)):
        yield sheet.warning("AE1", "a level of heading is left out", one.where, "Use ## below #, ### below ##.")
    for attributes, inside in _TABLE.findall(html):
        if "presentation" not in attributes and "<th" not in inside.lower():
            yield sheet.error("AE2", "a table of the email has neither role nor headers", one.where, MEND)
            break


def _foot(sheet: Sheet, one: Occurrence, email: Email, sender: Sender) -> Iterator[Problem]:
    """The law's part of an email: who sends it, where they are, how to leave, what becomes of one's data."""
    html, text = unescape(_TAGS.sub(" ", email.body.html)), email.body.text
    owner = sheet.programme.organisations.get(sender.organisation)
    address = sender.postal_address or (owner.address if owner else "")
    privacy = sheet.programme.campaign.privacy_url or sender.privacy_url
    if email.unsubscribe_url not in email.body.html or email.unsubscribe_url not in text:
        yield sheet.error("L4", "the email has no link to unsubscribe, in HTML and in plain text", one.where, MEND)
    if not address and sheet.installation and sender.id in sheet.installation.senders:
        hint = "Write organisations.X.address, or postal_address in senders.yaml."
        yield sheet.warning("L4", f"its sender {sender.id} has no postal address for the foot", one.where, hint)
    elif not all(_squeezed(address) in _squeezed(part) for part in (html, text)):
        yield sheet.error("L4", "the email leaves out the sender's postal address", one.where, MEND)
    if privacy and not all(privacy in unescape(part) for part in (email.body.html, text)):
        yield sheet.error("L4", "the email leaves out the link to the privacy notice", one.where, MEND)


def _squeezed(text: str) -> str:
    return "".join(re.findall(r"\w", text.casefold()))


def _images(sheet: Sheet, one: Occurrence, seen: Look) -> Iterator[Problem]:
    installation = sheet.installation
    homes = [sheet.programme.campaign.home_url, installation.base_url if installation else ""]
    homes += [body.url for body in sheet.programme.organisations.values()]
    hosts = {urlsplit(url).hostname for url in homes if url}
    for image in seen.images:
        source, shown = image.get("src", ""), image.get("src", "")[:60]
        if "alt" not in image:
            yield sheet.error("AS3", "an image of the email has no alternative text", one.where, MEND)
        if source.startswith("data:"):
            yield sheet.error("H6", "an image is written into the email itself", one.where, MEND)
        elif not source.startswith("https://"):
            yield sheet.error("H6", f"the image {shown} is not loaded over https", one.where, MEND)
        elif hosts and urlsplit(source).hostname not in hosts:
            hint = "Serve it from your own pages: another host learns who opens the email."
            yield sheet.warning("H7", f"the image {shown} comes from another host", one.where, hint)
        if any(image.get(side, "").strip() in {"0", "1"} for side in ("width", "height")):
            hint = "Take it out: counting who opens an email needs each reader's consent."
            yield sheet.error("L9", f"the image {shown} is too small to be seen: it counts readers", one.where, hint)
        elif not all(image.get(side, "").strip() for side in ("width", "height")):
            message = f"the image {shown} states no width or no height"
            yield sheet.warning("H6", message, one.where, "State both, so that the words do not jump.")
    for tag in dict.fromkeys(seen.active):
        yield sheet.error("H6", f"the email holds <{tag}>, which mail apps block or strip", one.where, MEND)
    if seen.remote:
        yield sheet.error("H6", "the email loads a style sheet, a font or a background from the web", one.where, MEND)


def _looks(sheet: Sheet, one: Occurrence, seen: Look) -> Iterator[Problem]:
    for code, found, what, hint in (
        ("AE4", seen.pale, "too little contrast with what they stand on", "4.5 to 1 is the least, 3 for large words."),
        ("AE5", seen.small, "smaller than 16 pixels", "Write font-size:16px or more."),
        ("AE5", seen.tight, "lines too close together", "Write a line-height of 1.5 times the size."),
        ("AE5", seen.shifted, "not left aligned", "Long lines are easier to read from the left."),
    ):
        if found:
            yield sheet.warning(code, f"words of the email are {what}: '{found[0][:40]}'", one.where, hint)
    if seen.bare_links:
        hint = "Take text-decoration:none out, but for buttons."
        yield sheet.warning("AE5", "a link of the email is not underlined", one.where, hint)
    if not seen.scheme:
        hint = 'Add <meta name="color-scheme" content="light dark"> to its head.'
        yield sheet.warning("H4", "the email does not say that it bears dark mode", one.where, hint)


def _same(sheet: Sheet, one: Occurrence, seen: Look, text: str) -> Iterator[Problem]:
    """Both parts of an email say the same."""
    rich = {word.casefold() for word in seen.words}
    plain = {word.casefold() for word in re.findall(r"\w+", _ADDRESS.sub(" ", text))}
    for missing, part in ((rich - plain, "plain text"), (plain - rich, "HTML")):
        if len(missing) > max(3, 0.05 * len(rich | plain)):
            message = f"the {part} of the email leaves out words: {', '.join(sorted(missing)[:5])}"
            yield sheet.warning("AE6", message, one.where, MEND)
