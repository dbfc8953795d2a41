"""The week's own pages, sentence by sentence: what stands on the home page, on statements, and in the form to join."""

from __future__ import annotations

from campaign.delivery.forms import Published
from campaign.store.database import Database
from campaign.web.parts import Statements
from tests.web.test_joining import Door
from tests.web.weeks import Stand, programme


def test_the_home_page_says_what_one_comes_for() -> None:
    stand = Stand("9 08:00")
    text = stand.text("/week-2023")
    for words in (
        "<h1>Safeguarding Week 2023</h1>",
        "Five days about keeping children safe.",
        "Talk to one colleague.",
        "#Safeguarding2023",
        "mailto:team@example.org",
        "If a child is in danger, call 999.",
        "Stopping extremism",
        "Child exploitation",
        "How to take part",
        "All times are UK time.",
    ):
        assert words in text, words
    assert text.index("Today") < text.index("Stopping extremism"), "today's story comes first"
    assert "<h1>Safeguarding Week 2023</h1>" in stand.text("/")


def test_statements_are_made_of_the_settings() -> None:
    said = Statements(
        controller="Our council",
        controller_address="1 Example Street",
        officer="The officer",
        officer_email="officer@example.org",
        keep_months=7,
        accessibility_contact="web@example.org",
        prepared_on="1 September 2023",
        known_problems=("The map has no text version yet",),
    )
    stand = Stand("10 08:00", statements=said)
    privacy, accessibility = stand.text("/privacy"), stand.text("/accessibility")
    for words in ("Our council", "1 Example Street", "officer@example.org", "7 months"):
        assert words in privacy, words
    for words in ("web@example.org", "1 September 2023", "The map has no text version yet"):
        assert words in accessibility, words
    assert Stand("10 08:00").text("/privacy"), "without settings too"


def test_joining_begins_in_place_and_nothing_is_asked_for_by_it(database: Database) -> None:
    door = Door(database)
    for path in ("/", "/week-2023", "/week-2023/mon"):
        if path != "/week-2023/mon":
            assert 'action="/join/start"' in door.stand.text(path)
    page = door.client.post("/join/start", data={"email": "jo@example.org"})
    assert page.status_code == 200
    assert 'value="jo@example.org"' in page.text
    assert 'action="/join"' in page.text
    assert "Choose at least one" not in page.text
    assert door.people.letters() == []
    assert page.headers["cache-control"] == "no-store"
    assert 'action="/join/form"' in door.stand.text("/join/form")
    for _ in range(60):
        last = door.client.post("/join/start", data={"email": "jo@example.org"})
    assert last.status_code == 429


def test_a_week_that_is_over_asks_nobody_to_join(database: Database) -> None:
    door = Door(database)
    door.stand.clock.set(door.stand.clock.now().replace(day=30))
    assert "/join/start" not in door.stand.text("/week-2023")
    assert "/join/start" not in Stand("10 08:00", Published(programme())).text("/week-2023"), "no lists, no form"
