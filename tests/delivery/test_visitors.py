"""What a form to join is told of the campaigns: their own lists, areas and organisations, and nothing of a draft."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from campaign.delivery.visitors import Weeks
from campaign.model import CampaignStatus, Organisation, Programme
from tests.delivery.world import World, a_mailing, a_week


def week(slug: str, area: str, *, draft: bool = False, lists: tuple[str, ...] = ()) -> Programme:
    mailings = (a_mailing(lists=lists),) if lists else ()
    plain = a_week(slug=slug, mailings=mailings)
    status = CampaignStatus.DRAFT if draft else CampaignStatus.READY
    return replace(
        plain,
        campaign=replace(plain.campaign, status=status),
        areas={area: f"{area} area"},
        audiences={},
        organisations={area: Organisation(id=area, name=f"{area} group")},
    )


def test_a_campaign_tells_its_own_and_a_draft_tells_nothing(database_url: str, tmp_path: Path) -> None:
    world = World(database_url, tmp_path)
    try:
        for each in (week("one", "N", lists=("parents",)), week("two", "S"), week("secret", "X", draft=True)):
            world.load(each)
        weeks = Weeks(world.store, world.clock)
        assert (dict(weeks.labels("one").areas), weeks.labels("one").controllers) == ({"N": "N area"}, "N group")
        for name in ("", "secret", "nothing"):
            assert set(weeks.labels(name).areas) == {"N", "S"}
            assert "X" not in weeks.labels(name).controllers
            assert weeks.mailed(name) == frozenset()
        assert weeks.mailed("one") == {"parents"}
    finally:
        world.close()
