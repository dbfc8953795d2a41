"""What an email costs: filled from its compiled form, beside the standard library's own build of the same message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from benchmarks import Figure, paired
from campaign import render
from campaign.model import MailingList, Recipient, Sender
from campaign.programme import load_file
from campaign.render import Compiled, Pages, Urls
from campaign.render.composed import Composed
from campaign.render.headers import DateLine
from campaign.render.pages import PersonUrls
from campaign.render.quick import Frank

WEEK = Path(__file__).parents[1] / "schedules" / "safeguarding-childrens-week-2023.yaml"
NOW = datetime(2023, 10, 10, 7, 0, tzinfo=UTC)
FILLED, BUILT = 4_000, 40
SENDER = Sender(
    id="team",
    from_name="Week team",
    from_address="team@example.org",
    unsubscribe_mailbox="leave@example.org",
    domain="example.org",
    organisation="HSCP",
    postal_address="1 High Street, Exampleton",
)
LISTS = (MailingList(id=1, slug="practitioners", title="Practitioners", sender="team"),)


def measure() -> Iterator[Figure]:
    """Messages a second on one core, Tuesday's email of the 2023 week."""
    compiled = tuesday()
    people = [someone(number) for number in range(FILLED)]
    size = len(fill(compiled, people[:1]))
    words = compiled.alone(people[0], urls(people[0]))
    filled, built = paired(lambda: pour(compiled, people), lambda: build(words, people[:BUILT]), times=5)
    yield Figure(
        f"email filled, {size / 1000:.1f} kB", FILLED / filled, "messages/s", BUILT / built, "EmailMessage, words ready"
    )
    personal, built = paired(lambda: anew(compiled, people[:BUILT]), lambda: build(words, people[:BUILT]), times=5)
    yield Figure(
        "email rendered for one person", BUILT / personal, "messages/s", BUILT / built, "EmailMessage, words ready"
    )
    compiling, single = paired(lambda: fill(tuesday(), people[:1]), lambda: build(words, people[:1]), times=5)
    yield Figure("email compiled once", compiling * 1000, "ms", single * 1000, "one EmailMessage, words ready")


def tuesday() -> Compiled:
    """Tuesday's mailing, not yet compiled for anybody."""
    loaded = load_file(WEEK)
    programme = loaded.programme
    return render.compile_mailing(
        programme,
        programme.mailings["daily"],
        programme.day("tue"),
        planned_at=NOW,
        now=NOW,
        pages=Pages("https://week.example.org", campaign=programme.campaign.id),
        files=loaded.files,
        sender=SENDER,
        channel=programme.channels["mail"],
    )


def someone(number: int) -> Recipient:
    """A practitioner with a name and a link of their own."""
    return Recipient(
        subscriber=number,
        address=f"person{number}@example.org",
        first_name=f"Name{number}",
        lists=LISTS,
        unsubscribe_token=f"{number:022d}",
    )


def urls(who: Recipient) -> Urls:
    """Their own links."""
    base, token = "https://week.example.org", who.unsubscribe_token
    return Urls(f"{base}/preferences/{token}", f"{base}/unsubscribe/{token}?lists=practitioners")


def pour(compiled: Compiled, people: list[Recipient]) -> bytes:
    """Fill the compiled email for each as a mailing does, from the mould of all who are alike; the last one's bytes."""
    fill(compiled, people[:1])
    links = PersonUrls("https://week.example.org")
    mould = compiled.mould(people[0], links(people[0]), Frank("bounces", "example.org", "example.org", links, ""))
    raw, date = b"", DateLine()(NOW)
    for who in people:
        plain = 1, who.address, who.first_name, "", "", who.unsubscribe_token, "", "", 1
        email = mould.fill(plain, who.unsubscribe_token, who.unsubscribe_token, date) if mould else None
        raw = email.raw if email else b""
    return raw


def fill(compiled: Compiled, people: list[Recipient]) -> bytes:
    """Fill the compiled email for each; the last one's bytes."""
    raw = b""
    for who in people:
        email = compiled.email(
            who,
            message_id=f"{who.unsubscribe_token}@example.org",
            envelope_from="bounces@example.org",
            urls=urls(who),
            date=NOW,
        )
        raw = email.raw if email else b""
    return raw


def anew(compiled: Compiled, people: list[Recipient]) -> None:
    """Render from the templates for each, as a template with logic on the person needs."""
    for who in people:
        compiled.alone(who, urls(who))


def build(words: Composed, people: list[Recipient]) -> bytes:
    """Build the message for each with the standard library, from words that are ready."""
    raw = b""
    for who in people:
        raw = _message(words.subject, words.text, words.html, who).as_bytes()
    return raw


def _message(subject: str, text: str, html: str, who: Recipient) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "Week team <team@example.org>", f"{who.first_name} <{who.address}>"
    message["Subject"], message["Date"] = subject, NOW
    message["Message-ID"] = f"<{who.unsubscribe_token}@example.org>"
    message["List-Id"], message["Auto-Submitted"] = "Practitioners <practitioners.example.org>", "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message
