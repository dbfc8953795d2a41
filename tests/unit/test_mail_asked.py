"""A process that asks for forms fills exactly what the service itself would."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaign.delivery.mail.asked import Asked
from campaign.delivery.mail.crew import Crew
from campaign.delivery.mail.filling import Matter
from campaign.errors import CampaignError, Refused, TemplateError
from campaign.model import PlannedMailing, Recipient
from campaign.render import Urls
from campaign.render.filling import Filling
from tests.weeks import DAILY, MAIL, NOW, PAGES, PARENTS, PRACTITIONERS, SENDER, TUESDAY, URLS, WEEK, person

LOGIC = b"{% if subscriber.first_name == 'Sam' %}You are Sam.{% else %}You are not Sam.{% endif %}\n"
BROKEN = b"{% if subscriber.organisation %}{{ nothing.at.all }}{% else %}Words.{% endif %}\n"
FILES = {"messages/emails/logic.md": LOGIC, "messages/emails/broken.md": BROKEN}
PEOPLE = [
    person(),
    person(subscriber=2, first_name="", organisation=""),
    person(subscriber=3, first_name="Ann-Märie", organisation="A & B"),
    person(subscriber=4, lists=(PARENTS,), audiences=frozenset({"parents"})),
    person(subscriber=5, lists=(PRACTITIONERS, PARENTS), areas=frozenset({"HAM"})),
    person(subscriber=6, address="nobody"),
]


class Straight:
    """A link to a crew in this very process, which counts what is asked."""

    def __init__(self, crew: Crew) -> None:
        self.asked: list[str] = []
        self._crew = crew

    def ask(self, name: str, *given: Any) -> Any:
        self.asked.append(name)
        return self._crew._answers[name](self._crew, None, *given)


def both(planned: PlannedMailing) -> tuple[Filling[Any], Asked, Straight]:
    """A mailing compiled, the same asked for, and the link between them."""
    matter = Matter(
        programme=WEEK, planned=planned, day=TUESDAY, planned_at=NOW, opened_at=NOW, pages=PAGES, files=FILES,
        sender=SENDER, channel=MAIL,
    )  # fmt: skip
    compiled = matter.compile()
    crew = Crew(None, matter, compiled, None, None, threading.Event())  # type: ignore[arg-type]
    link = Straight(crew)
    return matter.compile(), Asked(compiled.about, link), link  # type: ignore[arg-type]


def filled(made: Filling[Any], who: Recipient, date: datetime) -> Any:
    """The email as it is sent, or why there is none."""
    try:
        email = made.email(who, message_id="<a@example.org>", envelope_from="b+1@example.org", urls=URLS, date=date)
    except CampaignError as error:
        return type(error), str(error)
    return email and (email.raw, email.to, email.subject, email.headers, email.about, email.body.html, email.smtputf8)


MAILINGS = [
    DAILY,
    replace(DAILY, id="named", subject="{{ subscriber.first_name }}: {{ day.title }}"),
    replace(DAILY, id="logic", template="logic"),
    replace(DAILY, id="broken", template="broken"),
    replace(DAILY, id="skips", skip_if_empty=True),
]


@pytest.mark.parametrize("planned", MAILINGS, ids=lambda planned: planned.id)
def test_what_is_asked_for_is_filled_as_what_was_compiled(planned: PlannedMailing) -> None:
    ours, asked, _ = both(planned)
    for minutes, who in enumerate(PEOPLE * 2):
        date = NOW + timedelta(minutes=minutes)
        assert filled(asked, who, date) == filled(ours, who, date)


def test_a_form_is_asked_for_once() -> None:
    _, asked, link = both(DAILY)
    for number in range(20):
        filled(asked, person(subscriber=number, first_name=f"Person {number}"), NOW)
    assert link.asked == ["variant", "form"]


def test_a_message_rendered_for_each_person_is_compiled_where_it_is_filled() -> None:
    _, asked, link = both(replace(DAILY, template="logic"))
    texts = [
        asked.email(person(first_name=name), message_id="a@b.c", envelope_from="b@b.c", urls=URLS, date=NOW)
        for name in ("Sam", "Ann", "Bo")
    ]
    assert ["You are Sam." in each.body.text for each in texts if each] == [True, False, False]
    assert link.asked == ["variant", "form", "matter"]


def test_why_a_message_cannot_be_made_is_told_as_it_is() -> None:
    _, asked, _ = both(replace(DAILY, template="broken"))
    with pytest.raises(TemplateError, match="nothing"):
        asked.email(person(), message_id="a@b.c", envelope_from="b@b.c", urls=URLS, date=NOW)
    with pytest.raises(Refused):
        asked.email(person(), message_id="a@b.c", envelope_from="b@b.c", urls=Urls(unsubscribe="a b"), date=NOW)
