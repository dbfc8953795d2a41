"""A mailing whose emails could not link to the page to leave waits, and is not lost."""

from dataclasses import replace

from campaign.render import Pages
from tests.delivery.world import EIGHT, World, a_mailing, a_week


def test_a_mailing_waits_for_the_address_of_the_pages_and_then_goes(world: World) -> None:
    world.load(a_week(mailings=(a_mailing(),)))
    known = world.parts
    world.parts = replace(known, pages=lambda programme: Pages(base_url="", campaign=programme.campaign.id))
    world.play(world.start(), EIGHT)
    assert world.states()["week/daily/mon/mail"] == "waiting"
    row = world.store.ledger.of("week")["week/daily/mon/mail"]
    assert "CAMPAIGN_BASE_URL" in row.reason
    world.crash()
    world.parts = known
    world.play(world.start(), EIGHT)
    assert world.states()["week/daily/mon/mail"] == "done"
    assert world.sent("mail")
