"""Sample subscribers for a rehearsal: one in each audience and area of every list, at example.org."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import product

from campaign.address import KeyRing, parse
from campaign.model import Programme, Sender
from campaign.store import Store
from campaign.store.bases import Basis, Evidence
from campaign.store.lists import NewList, add_list, get_list, save_senders
from campaign.store.subscribers import Details, save, subscribe

WHO = "the rehearsal"
SENDER = "rehearsal"


def sample_sender(programme: Programme) -> Sender:
    """A sender of the organisation whose channel mails, at an address that leads nowhere."""
    refs = [programme.channels[mailing.channel].organisation for mailing in programme.mailings.values()]
    body = next((programme.organisations[name] for name in refs if name in programme.organisations), None)
    return Sender(
        id=SENDER,
        from_name=body.name if body else programme.campaign.title,
        from_address="news@example.org",
        return_path="bounces@example.org",
        unsubscribe_mailbox="unsubscribe@example.org",
        domain="example.org",
        organisation=body.id if body else "",
        postal_address=(body.address if body else "") or "1 Example Street, Example Town",
    )


def add_samples(store: Store, ring: KeyRing, programme: Programme, now: datetime) -> int:
    """Make every list that a mailing names, and the sample subscribers of those it goes to; how many people."""
    mailings = programme.mailings.values()
    names = dict.fromkeys(name for mailing in mailings for name in mailing.lists)
    left_out = dict.fromkeys(name for mailing in mailings for name in mailing.exclude.lists)
    people = 0
    with store.database.write() as connection:
        save_senders(connection, [sample_sender(programme)])
        for name in {**names, **left_out}:
            audiences = (name,) if name in programme.audiences else ()
            title = programme.audiences[name].name if audiences else name.replace("-", " ").capitalize()
            new = NewList(slug=name, title=title, sender=SENDER, basis=Basis.CONSENT, audiences=audiences)
            add_list(connection, new, who=WHO, now=now)
        for name, (address, details) in _people(programme, list(names)):
            evidence = Evidence(given_at=now, how="rehearsal", wording="A sample subscriber.")
            subscriber = save(connection, ring, parse(address), details, now=now)
            subscribe(connection, subscriber, get_list(connection, name), evidence=evidence, who=WHO, now=now)
            people += 1
    return people


def _people(programme: Programme, lists: list[str]) -> Iterator[tuple[str, tuple[str, Details]]]:
    """(list, (address, details)): a list named as an audience gets that audience, any other gets all."""
    areas = list(programme.areas) or [""]
    for name in lists:
        audiences = [name] if name in programme.audiences else list(programme.audiences) or [""]
        for audience, area in product(audiences, areas):
            tag = ".".join(part.lower() for part in (audience or name, area) if part)
            details = Details(
                first_name="Sam",
                organisation="Example Organisation",
                areas=frozenset({area} if area else ()),
                audiences=frozenset({audience} if audience else ()),
            )
            mailbox = tag if audience == name else f"{name}.{tag}"
            yield name, (f"{mailbox}@example.org", details)
