"""Editing a message at the desk: saved as a revision, judged first, and nobody's words overwritten."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from zipfile import ZipFile

from PIL import Image

from campaign.channels.base import Limits
from campaign.delivery import editing
from campaign.delivery.shelf import Shelf
from campaign.model import Role
from campaign.programme import load_bytes
from tests.delivery.world import EIGHT, a_mailing, a_post, a_week
from tests.web.desks import BASE, DeskStand

NINE = EIGHT + timedelta(hours=1)
POST, MAIL = "/desk/message/week/hello/mon", "/desk/message/week/daily/mon"


def form_of(desk: DeskStand, path: str = POST) -> dict[str, str]:
    """What a browser would send back unchanged."""
    import re
    from html import unescape

    page = desk.client.get(f"{path}/edit").text
    main = page.split('id="edit"')[1].split("</form>")[0]
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', main))
    for name in re.findall(r'type="(?:radio|checkbox)"[^>]* name="([^"]+)"', main):
        found.pop(name, None)
    found |= dict(re.findall(r'type="(?:radio|checkbox)"[^>]* name="([^"]+)" value="([^"]*)" checked', main))
    found |= dict(re.findall(r'<textarea[^>]*? name="([^"]+)"[^>]*>([^<]*)</textarea>', main))
    found |= dict(re.findall(r'<select[^>]* name="([^"]+)".*?value="([^"]*)" selected', main, re.S))
    return {name: unescape(value) for name, value in found.items()}


def send(desk: DeskStand, form: dict[str, str], do: str = "save", path: str = POST, **files: bytes):  # type: ignore[no-untyped-def]
    """Send the form; the button that was pressed is `do`. `files`: field (with _) -> content."""
    sent = {name.replace("_", "-"): (f"{name}.png", data) for name, data in files.items()}
    data = {**form, "do": do}
    return desk.client.post(
        f"{path}/edit", data=data, files=sent or {"new-image": ("", b"")}, headers={"Origin": BASE}
    )  # fmt: skip


def picture(kind: str = "PNG", colour: str = "teal") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, kind)
    return out.getvalue()


def test_new_words_are_a_revision_that_needs_approval_again(both: DeskStand) -> None:
    both.world.approvals = True
    both.load(a_post(channels=("a", "b")))
    both.sign_in(Role.APPROVER, "Ada")
    both.post(f"{POST}/approve", POST, revision="1")
    assert "Approved, exactly as it stands" in both.text(POST)
    form = form_of(both)
    assert form["text"] == "hello {{ day.title }}"
    assert form["time"] == "09:00"
    answer = send(both, {**form, "text": "Come to {{ day.title }}.\r\nBring a friend.", "time": "9.30am"}, "anyway")
    assert (answer.status_code, answer.headers["location"]) == (303, POST)
    page = both.text(POST)
    assert "Saved as revision 2" in page
    assert "Come to Theme of mon.\nBring a friend." in page
    assert "Needs approval" in page
    both.post("/desk/approve/week", "/desk", revision="2")
    both.world.play(both.world.start(), NINE + timedelta(minutes=31))
    assert both.world.sent("a") == [NINE + timedelta(minutes=30)]


def test_the_download_has_the_edit_and_a_later_upload_of_the_old_file_shows_it(desk: DeskStand) -> None:
    desk.load(a_post(channels=("a",)))
    desk.sign_in(Role.EDITOR)
    before = desk.client.get("/desk/programme/week/download").content
    send(desk, {**form_of(desk), "text": "Entirely other words."}, "anyway")
    archive = ZipFile(io.BytesIO(desk.client.get("/desk/programme/week/download").content))
    assert load_bytes(archive.read("week.yaml"), files={}).programme.posts["hello"].text == "Entirely other words."
    token = desk.token("/desk/programme/upload")
    there = desk.client.post(
        "/desk/programme/upload", data={"form": token}, files={"file": ("old.zip", before)}, headers={"Origin": BASE}
    ).headers["location"]
    page = desk.text(there)
    assert "Entirely other words." in page.split("<del>")[1]


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(desk: DeskStand) -> None:
    desk.load(a_post(channels=("a", "b")))
    limits = desk.world.ways.made["b"].limits
    desk.world.ways.made["b"].limits = replace(limits, text=20)
    desk.sign_in(Role.EDITOR)
    form = form_of(desk)
    wrong = send(desk, {**form, "own-b": "own", "text-b": "Far more than twenty characters here."})
    assert wrong.status_code == 422
    assert "<title>Error:" in wrong.text
    assert 'href="#text-b"' in wrong.text
    assert "over the limit of 20" in wrong.text
    assert "Far more than twenty characters here." in wrong.text
    assert send(desk, {**form_of(desk), "time": "half past"}).status_code == 422
    broken = send(desk, {**form_of(desk), "text": "{{ nobody.knows }"})
    assert broken.status_code == 422
    assert "cannot be drawn" in broken.text
    assert desk.world.store.campaigns.need("week").revision == 1


def test_a_template_that_never_ends_is_stopped(desk: DeskStand) -> None:
    desk.load(a_post())
    force = Shelf(desk.world.store).get("week")
    loops = "".join(f"{{% for {name} in range(9999) %}}" for name in "abc") + "x" + "{% endfor %}" * 3
    endless = replace(force.programme.posts["hello"], text=loops)
    judged = editing.judge(desk.world.parts, editing.draft(force, endless, {}), now=desk.world.now, seconds=1)
    assert {problem.code for problem in judged.errors} <= {"M4", "M5"}
    assert judged.errors
    assert judged.loaded is None


def test_a_warning_is_shown_first_and_saved_only_by_its_own_button(desk: DeskStand) -> None:
    desk.load(a_post())
    desk.sign_in(Role.EDITOR)
    shouted = {"text": "COME TODAY AND SEE EVERYTHING."}
    shown = send(desk, {**form_of(desk), **shouted})
    assert shown.status_code == 200
    assert "all capitals" in shown.text
    assert "Save anyway" in shown.text
    assert desk.world.store.campaigns.need("week").revision == 1
    assert send(desk, {**form_of(desk), **shouted}, "anyway").status_code == 303
    assert desk.world.store.campaigns.need("week").revision == 2


def test_looking_first_saves_nothing_and_draws_it(desk: DeskStand) -> None:
    desk.load(a_post(channels=("a", "b")))
    desk.sign_in(Role.EDITOR)
    form = {**form_of(desk), "text": "Main words", "own-b": "own", "text-b": "Words of b"}
    page = send(desk, form, "try").text
    cards = page.split("preview-card")
    assert "Main words" in cards[1]
    assert "Words of b" in cards[2]
    assert desk.world.store.campaigns.need("week").revision == 1


def test_a_picture_is_told_by_its_content_and_kept_between_looks(desk: DeskStand) -> None:
    desk.load(a_post())
    desk.sign_in(Role.EDITOR)
    for wrong in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"RIFF0000WEBPVP8 ", b"MZ\x00"):
        assert send(desk, form_of(desk), new_image=wrong).status_code == 422
    large = send(desk, form_of(desk), new_image=b"\x89PNG\r\n\x1a\n" + b"0" * (5 * 1024 * 1024))
    assert "larger than 5 MB" in large.text
    tried = send(desk, form_of(desk), "try", new_image=picture())
    kept = tried.text.split('name="kept" value="')[1].split('"')[0]
    assert desk.client.get(f"/desk/image/kept/{kept}").headers["content-type"] == "image/png"
    nameless = send(desk, {**form_of(desk), "kept": kept})
    assert nameless.status_code == 422
    form = {**form_of(desk), "kept": kept, "new-alt": "A teal square"}
    assert send(desk, form, "anyway").status_code == 303
    saved = desk.world.store.campaigns.need("week")
    assert saved.revision == 2
    image = desk.client.get("/desk/image/week/2/new-image.png")
    assert image.content == picture()
    assert "sandbox" in image.headers["content-security-policy"]
    gone = {**form_of(desk), "remove-new-image.png": "yes"}
    send(desk, gone, "anyway")
    assert "new-image.png" not in desk.text(POST).split('id="versions"')[0]
    desk.sign_in(Role.APPROVER)
    assert desk.client.get(f"/desk/image/kept/{kept}").status_code in {404, 422}


def test_two_people_are_told_of_each_other_and_nothing_is_overwritten(both: DeskStand) -> None:
    both.load(a_post())
    both.sign_in(Role.EDITOR, "Alex")
    alex = form_of(both)
    both.world.clock.set(both.world.now + timedelta(minutes=3))
    both.sign_in(Role.EDITOR, "Bea")
    assert "Alex began to edit this 3 minutes ago" in both.text(f"{POST}/edit")
    bea = form_of(both)
    assert send(both, {**bea, "text": "The words of Bea."}, "anyway").status_code == 303
    both.sign_in(Role.EDITOR, "Alex")
    assert "Bea changed this while you were editing" in both.text(f"{POST}/edit/others?base=1")
    clash = send(both, {**alex, "form": both.token(), "text": "The words of Alex."}, "anyway")
    assert clash.status_code == 409
    assert "The words of Bea." in clash.text
    assert "The words of Alex." in clash.text
    assert both.world.store.campaigns.need("week").revision == 2
    base = clash.text.split('name="base" value="')[1].split('"')[0]
    mine = {**alex, "form": both.token(), "base": base, "text": "The words of Alex."}
    assert "The words of Alex." in send(both, mine, "again").text
    assert send(both, {**mine, "form": both.token()}, "anyway").status_code == 303
    page = both.text(POST)
    assert "The words of Alex." in page
    assert "The words of Bea." not in page.split("Versions")[0]


def test_an_edit_of_another_message_meanwhile_is_kept_beside_mine(desk: DeskStand) -> None:
    desk.load(a_post(), a_post("other", channels=("b",)))
    desk.sign_in(Role.EDITOR, "Alex")
    mine = form_of(desk)
    other = "/desk/message/week/other/mon"
    assert send(desk, {**form_of(desk, other), "text": "Other words."}, "anyway", other).status_code == 303
    assert send(desk, {**mine, "form": desk.token(), "text": "My words."}, "anyway").status_code == 303
    posts = desk.parts.desk.work.store.campaigns.revision("week").programme  # type: ignore[union-attr]
    assert "Other words." in posts
    assert "My words." in posts


def test_what_has_gone_is_not_edited_and_the_days_ahead_are(desk: DeskStand) -> None:
    desk.load(a_post())
    service = desk.world.start()
    desk.world.play(service, NINE + timedelta(minutes=1))
    desk.sign_in(Role.EDITOR)
    refused = desk.client.get(f"{POST}/edit")
    assert refused.status_code == 422
    assert "what is out stays as it was" in refused.text
    assert "Edit it" not in desk.text(POST)
    tuesday = "/desk/message/week/hello/tue"
    form = form_of(desk, tuesday)
    assert "time" not in form
    assert send(desk, {**form, "text": "Tuesday is another {{ day.title }}."}, "anyway", tuesday).status_code == 303
    desk.world.play(service, EIGHT + timedelta(days=1, hours=2))
    first, second = (message for _, _, message in desk.world.ways.made["a"].accepted)
    assert first.text == "hello Theme of mon"
    assert second.text == "Tuesday is another Theme of tue."


def test_an_email_has_subject_preheader_time_and_body(desk: DeskStand) -> None:
    week = a_week(a_post(), mailings=(a_mailing(template="", body="letter.md"),))
    desk.world.load(week, files={"messages/letter.md": b"# Hello\n\nOld words.\n"})
    desk.sign_in(Role.EDITOR)
    form = form_of(desk, MAIL)
    assert form["body"] == "# Hello\n\nOld words.\n"
    changed = {**form, "subject": "News of {{ day.weekday }}", "body": "# Hello\r\n\r\nNew words.\r\n", "time": "08:15"}
    answer = send(desk, changed, "anyway", MAIL)
    assert answer.status_code == 303, answer.text
    assert desk.world.store.campaigns.need("week").revision == 2
    page = desk.text(MAIL)
    assert "News of Monday" in page
    assert "8:15am" in page
    assert "New words." in desk.client.get(f"{MAIL}/frame").text


def test_who_only_looks_edits_nothing(desk: DeskStand) -> None:
    desk.load(a_post())
    desk.sign_in(Role.VIEWER)
    assert "Edit it" not in desk.text(POST)
    assert desk.client.get(f"{POST}/edit").status_code == 403
    assert desk.post(f"{POST}/edit", text="x").status_code == 403


def test_turning_back_ends_the_telling(desk: DeskStand) -> None:
    desk.load(a_post())
    desk.sign_in(Role.EDITOR, "Alex")
    desk.text(f"{POST}/edit")
    desk.sign_in(Role.EDITOR, "Bea")
    assert "Alex has just begun" in desk.text(f"{POST}/edit")
    desk.sign_in(Role.EDITOR, "Alex")
    assert desk.post(f"{POST}/edit/leave").headers["location"] == POST
    desk.sign_in(Role.EDITOR, "Bea")
    assert "Alex" not in desk.text(f"{POST}/edit").split("<main")[1]


def test_a_post_is_counted_while_it_is_written_and_nothing_is_kept(desk: DeskStand) -> None:
    desk.world.ways.made["a"].limits = Limits(text=60)
    desk.load(a_post(channels=("a", "b")))
    desk.sign_in(Role.EDITOR, "Ada")
    assert "a: 18 of 60 characters" in desk.text(f"{POST}/edit")
    form = form_of(desk)

    def counted(text: str) -> tuple[int, str]:
        answer = desk.client.post(f"{POST}/edit/counts", data={**form, "text": text}, headers={"Origin": BASE})
        return answer.status_code, answer.text

    status, first = counted("Good morning, {{ day.weekday }}")
    assert status == 200
    assert "a: 20 of 60 characters" in first
    assert "Good morning, Monday" in first
    status, second = counted("x" * 72)
    assert status == 200, "the same form is looked at as often as somebody rests"
    assert "a: 12 characters too many." in second
    assert counted("{% for x in range(9) %}{% endfor %}")[0] == 204
    assert counted("{{ day.weekday | upper }}")[0] == 204
    assert counted("half a {{ na")[0] == 204
    assert desk.world.store.campaigns.revision("week").number == 1
    saved = send(desk, {**form, "text": "And the form is still good"}, "save")
    assert saved.status_code in {200, 303}
    assert "sent already" not in saved.text
    assert desk.client.post(f"{POST}/edit/counts", data={"text": "x"}, headers={"Origin": BASE}).status_code == 403
