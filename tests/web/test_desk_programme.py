"""The programme at the desk: uploaded, compared and applied; facts stated; people, channels and users."""

import io
import re
import zipfile
from dataclasses import replace

import pytest

from campaign.model import Event, Resource, ResourceApproval, ResourceType, Role
from campaign.programme import load_bytes
from campaign.programme.writing import write
from campaign.web.desk import uploads
from tests.delivery.world import EIGHT, a_mailing, a_post, a_week
from tests.web.desks import BASE, PASSWORD, DeskStand

WEEK = a_week(a_post(), mailings=(a_mailing(),))


def send(desk: DeskStand, data: bytes, name: str = "week.yaml"):  # type: ignore[no-untyped-def]
    token = desk.token("/desk/programme/upload")
    return desk.client.post(
        "/desk/programme/upload",
        data={"form": token},
        files={"file": (name, data, "application/octet-stream")},
        headers={"Origin": BASE},
    )


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def yaml(text: str = "") -> bytes:
    """The week as a file, its post saying `text` where stated."""
    return write(a_week(a_post(text=text) if text else a_post())).encode()


def test_an_upload_changes_nothing_before_it_is_applied(both: DeskStand) -> None:
    both.sign_in(Role.EDITOR, "Ada")
    answer = send(both, yaml())
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"]
    assert "brings a new campaign" in both.text(where)
    assert both.world.store.campaigns.all() == []
    assert both.post(f"{where}/apply", where, base="0").headers["location"] == "/desk/programme?week=week"
    assert "revision 1" in both.text("/desk/programme?week=week")
    assert "Revision 1, loaded 8am by Ada" in both.text("/desk/programme")
    again = send(both, yaml()).headers["location"]
    assert "matches the programme" in both.text(again)
    both.post(f"{again}/cancel", again)
    assert "not here any more" in both.text(again, 422)


def test_a_change_is_shown_word_for_word_and_two_editors_meet(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    first = send(desk, yaml()).headers["location"]
    desk.post(f"{first}/apply", first, base="0")
    where = send(desk, yaml("Quite other words")).headers["location"]
    page = desk.text(where)
    assert "<ins>" in page
    assert "Quite other words</ins>" in page
    assert "Changed (5)" in page
    assert "<strong>Post: Theme of mon</strong>" in page
    assert "week/hello/mon/a" not in page
    desk.world.load(a_week(a_post(text="Meanwhile")))
    refused = desk.post(f"{where}/apply", where, base="1")
    assert refused.status_code == 422
    assert "Somebody loaded another version" in refused.text
    assert desk.world.store.campaigns.need("week").revision == 2


def test_what_has_opened_cannot_be_taken_out_by_an_upload(desk: DeskStand) -> None:
    desk.load(a_post())
    desk.world.play(desk.world.start(), EIGHT.replace(hour=9))
    desk.sign_in(Role.EDITOR)
    where = send(desk, write(a_week(a_post("another"))).encode()).headers["location"]
    page = desk.text(where)
    assert "Cannot be done" in page
    assert "Apply these changes" not in page
    assert desk.post(f"{where}/apply", where, base="1").status_code == 422


def test_a_wrong_file_is_told_by_line_and_column(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR)
    answer = send(desk, yaml().replace(b"time: ", b"tyme: ", 1))
    assert answer.status_code == 422
    assert "line " in answer.text
    assert "Error:" in answer.text


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x01\x02binary", b"PK\x03\x04 not a zip", packed({"a.txt": b"x"}), packed({"../a.yaml": b"x"}),
     packed({"a.yaml": b"schema: 1", "b.yaml": b"schema: 1"}), b"\xff\xfe", b"a: &x [1]\nb: *x"],
)  # fmt: skip
def test_no_file_makes_the_desk_fail(desk: DeskStand, data: bytes) -> None:
    desk.sign_in(Role.EDITOR)
    assert send(desk, data, "../../etc/passwd").status_code == 422


def test_a_zip_that_swells_is_refused(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR)
    answer = send(desk, packed({"a.yaml": yaml(), "images/a.png": bytes(uploads.UNPACKED)}))
    assert answer.status_code == 422
    assert "too much" in answer.text


def test_too_large_an_upload_is_refused_before_it_is_read(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR)
    assert send(desk, bytes(uploads.LARGEST + 1_000_000)).status_code == 413
    assert send(desk, bytes(uploads.LARGEST - 1_000_000)).status_code == 422


def test_a_download_can_be_uploaded_again(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.EDITOR)
    answer = desk.client.get("/desk/programme/week/download")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert load_bytes(archive.read("week.yaml")).programme.campaign.id == "week"
    where = send(desk, answer.content, "week.zip").headers["location"]
    assert "matches the programme" in desk.text(where)


def test_a_download_says_what_the_ledger_knows_besides(desk: DeskStand) -> None:
    launch = Resource(id="launch", type=ResourceType.EVENT, title="Launch", event=Event())
    desk.world.load(replace(WEEK, resources={"launch": launch}))
    desk.sign_in(Role.APPROVER, "Ada")
    where = "/desk/programme/week/resources/launch"
    desk.post(f"{where}/change", where, field="event.state", value="full")
    message = "/desk/message/week/hello/tue"
    desk.post(f"{message}/move", message, to="2023-10-10T14:30")
    with zipfile.ZipFile(io.BytesIO(desk.client.get("/desk/programme/week/download").content)) as archive:
        head = archive.read("week.yaml").decode().split("schema:")[0]
    assert "launch event.state is full (Ada)" in head
    assert "hello/tue/a goes at Tuesday 10 October 2023, 2:30pm" in head


def test_facts_about_a_resource_are_stated_by_who_may(both: DeskStand) -> None:
    from dataclasses import replace

    launch = Resource(id="launch", type=ResourceType.EVENT, title="Launch", event=Event(), embargo_until="held")
    both.world.load(replace(a_week(a_post()), resources={"launch": launch}))
    both.sign_in(Role.EDITOR, "Ada")
    page = "/desk/programme/week/resources/launch"
    assert "Release the embargo" not in both.text(page)
    assert both.post(f"{page}/change", field="event.state", value="full").status_code == 303
    assert both.post(f"{page}/change", field="event.state", value="crowded").status_code == 422
    assert both.post(f"{page}/change", field="approval", value="approved").status_code == 422
    assert both.post(f"{page}/release", field="approval", value="approved").status_code == 403
    both.sign_in(Role.APPROVER, "Bea")
    both.post(f"{page}/release", page, field="approval", value="approved")
    both.post(f"{page}/release", page, field="embargo_until", value="released")
    text = both.text(page)
    assert "Ada: Booking: Fully booked" in text
    assert "Bea: Approval: Approved" in text
    assert "Release the embargo" not in text
    from campaign.delivery.shelf import Shelf

    found = Shelf(both.world.store).get("week").now_says.resources["launch"]
    assert (found.approval, found.embargo_until) == (ResourceApproval.APPROVED, None)


def test_people_are_found_and_viewers_see_masked_addresses(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.VIEWER)
    page = desk.text("/desk/people?q=parents")
    assert "parents@example.org" not in page
    assert "p•••@example.org" in page
    desk.sign_in(Role.EDITOR)
    page = desk.text("/desk/people?q=parents")
    assert "parents@example.org" in page
    person = re.findall(r"/desk/people/(\d+)", page)[0]
    assert "subscribed" in desk.text(f"/desk/people/{person}")
    desk.text("/desk/people/999999", 404)


def test_a_channel_is_paused_and_said_to_work_again(desk: DeskStand) -> None:
    desk.load()
    desk.world.store.channels.set_down("a", "recorder", "token expired", now=desk.world.now)
    desk.sign_in(Role.APPROVER, "Ada")
    page = desk.text("/desk/channels")
    assert "token expired" in page
    assert "A promise of recorder." in page
    desk.post("/desk/channels/a/up", "/desk/channels/a")
    desk.post("/desk/channels/b/pause", "/desk/channels/b", reason="A wrong picture")
    assert "b is paused" in desk.text("/desk/channels")
    assert desk.post("/desk/channels/none/pause").status_code == 422
    assert [hold.target for hold in desk.world.store.holds.current(desk.world.now)] == ["b"]


def test_an_administrator_invites_and_the_link_makes_a_password(both: DeskStand) -> None:
    both.sign_in(Role.ADMINISTRATOR, "Ada")
    answer = both.post("/desk/users/invite", "/desk/users", name="Bea", login="bea@example.org", role="approver")
    assert answer.status_code == 200
    link = answer.text.split(f"{BASE}/desk/enter/")[1].split("<")[0]
    assert link not in both.text("/desk/users")
    twice = both.post("/desk/users/invite", "/desk/users", name="Cy", login="BEA@example.org", role="viewer")
    assert twice.status_code == 422
    bea = both.browser()
    done = bea.post(f"/desk/enter/{link}", data={"password": PASSWORD}, headers={"Origin": BASE})
    assert done.status_code == 303
    assert bea.get("/desk/users").status_code == 403
    person = next(each for each in both.accounts.all() if each.name == "Bea")
    both.post(f"/desk/users/{person.person}/role", "/desk/users", role="administrator")
    assert bea.get("/desk/users").status_code == 200
    both.post(f"/desk/users/{person.person}/remove", "/desk/users")
    assert bea.get("/desk").status_code == 303
