"""The week of 2023 from sign-in to settling, over plain HTTP: only what stands in the pages is pressed."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

from campaign.address import KeyRing
from campaign.delivery.samples import add_samples
from campaign.model import Role
from campaign.programme import load_file
from tests.delivery.world import EIGHT, Recorder
from tests.web.desks import PASSWORD, DeskStand
from tests.web.forms import Plain

FILE = Path(__file__).resolve().parents[2] / "schedules" / "safeguarding-childrens-week-2023.yaml"
SLUG = "hiow-scw-2023"


def test_the_week_of_2023_is_run_by_its_forms_alone(desk: DeskStand) -> None:
    world, loaded = desk.world, load_file(FILE)
    for name in loaded.programme.channels:
        world.ways.made.setdefault(name, Recorder(name, world.clock))
    world.clock.set(EIGHT - timedelta(hours=1))
    add_samples(world.store, KeyRing(world.key), loaded.programme, world.now)
    world.approvals = True
    browser = Plain(desk.client)
    browser.go("/desk")
    assert "No programme yet" in browser.press("Sign in", login=desk.person(Role.APPROVER).login, password=PASSWORD)

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("week.yaml", loaded.data)
        for name, data in loaded.files.items():
            archive.writestr(name, data)
    browser.go("/desk/programme/upload")
    assert "brings a new campaign" in browser.press("Read and compare", {"file": ("week.zip", out.getvalue())})
    assert "It is loaded, as revision 1" in browser.press("Apply these changes")
    browser.go("/desk")
    assert "Approved 37 messages" in browser.press("Approve 37 messages")

    service = world.start()
    world.play(service, EIGHT + timedelta(hours=1, minutes=5))
    assert "Monday: 6 of 11 sent, next at 10:30am" in browser.go("/desk")
    browser.go(f"/desk/message/{SLUG}/fri-parents/fri/edit")
    browser.press("Save", text="Are you a parent, or a carer? Today is for you.")
    if browser.path.endswith("/edit"):
        browser.press("Save anyway")
    assert "Saved as revision 2" in browser.page
    assert "Needs approval" in browser.page, "what was approved was something else"
    browser.press("Approve this version")
    browser.go(f"/desk/message/{SLUG}/daily/wed")
    assert "A test is on its way" in browser.press("Send a test to approver@example.org")

    browser.go("/desk/pause")
    assert "“Something happened”" in browser.press("Pause everything", reason="Something happened", strength="all")
    world.play(service, EIGHT + timedelta(hours=6, minutes=30))
    assert "Held meanwhile (5)" in browser.go("/desk/resume")
    assert "5 messages that fell due are held" in browser.press("Resume")
    assert browser.count("Send it now") == 5
    browser.press("Send it now")
    for left in (4, 3, 2, 1):
        assert browser.count("Skip it") == left
        browser.press("Skip it")
    assert "Nothing needs you" in browser.page
    world.play(service, EIGHT + timedelta(hours=7))
    assert sorted(world.states(SLUG).values()).count("dropped") == 4
    assert not [key for each in world.ways.made.values() for key in each.twice]
    assert "lifted a pause" in browser.go("/desk/activity?q=lifted")
