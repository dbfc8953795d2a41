"""A week run from the desk, over plain HTTP: look, pause, resume, settle; the log of it."""

from datetime import timedelta

from campaign.errors import Refused, Uncertain
from campaign.model import Role
from tests.delivery.world import EIGHT, a_post
from tests.web.desks import DeskStand

NINE = EIGHT + timedelta(hours=1)


def test_an_empty_desk_says_what_to_do(desk: DeskStand) -> None:
    desk.sign_in(Role.VIEWER)
    assert "No programme yet" in desk.text("/desk")
    assert "Nothing needs you" in desk.text("/desk/needs-you")
    assert "Nothing yet" not in desk.text("/desk/activity")


def test_the_week_shows_each_message_with_its_state_and_count(both: DeskStand) -> None:
    both.load()
    both.world.ways.made["b"].faults = [Refused("too long for b")]
    service = both.world.start()
    both.world.play(service, NINE)
    both.sign_in(Role.VIEWER)
    page = both.text("/desk")
    assert page.count('<section class="day-panel') == 5
    assert page.count("day-panel-today") == 1
    assert "Monday: 2 of 3 sent" in page
    assert "1 of 2 sent, b failed" in page
    assert "tag-failed" in page
    assert "Post: Theme of mon" in page
    assert "Needs you (1)" in page
    assert "Theme of tue" in page
    only = both.text("/desk?state=failed")
    assert only.count("item-row") == 1
    assert "Nothing planned." in only


def test_a_pause_holds_what_falls_due_and_resuming_sends_nothing_late(both: DeskStand) -> None:
    both.load(a_post())
    service = both.world.start()
    both.world.play(service, EIGHT + timedelta(minutes=30))
    both.sign_in(Role.APPROVER, "Ada")
    assert "Sending is on" in both.text("/desk")
    both.post("/desk/pause", "/desk/pause", strength="all", reason="A death in the county.")
    page = both.text("/desk/programme")
    assert "paused since 8:30am by Ada. A death in the county." in page
    assert "Sending is on" not in page
    both.world.play(service, NINE + timedelta(minutes=5))
    assert both.world.sent("a") == []
    assert "week/hello/mon/a" in both.text("/desk/resume")
    hold = both.world.store.holds.current(both.world.now)[0]
    assert both.post(f"/desk/resume/{hold.id}", "/desk/resume").headers["location"] == "/desk/needs-you"
    both.world.play(service, NINE + timedelta(minutes=6))
    assert both.world.sent("a") == []
    page = both.text("/desk/needs-you")
    assert "Held (1)" in page
    answer = both.post("/desk/settle", "/desk/needs-you", decision="send", key="week/hello/mon/a", delivery="0")
    assert answer.status_code == 303
    both.world.play(service, NINE + timedelta(minutes=7))
    assert len(both.world.sent("a")) == 1
    log = both.text("/desk/activity?who=Ada")
    assert "paused" in log
    assert "lifted a pause" in log
    only = both.text("/desk/activity?who=Ada&act=resume").split("<tbody>")[1]
    assert "lifted a pause" in only
    assert "settled" not in only


def test_what_is_uncertain_is_settled_by_who_looked(both: DeskStand) -> None:
    both.load(a_post(channels=("a", "b")))
    for name in ("a", "b"):
        both.world.ways.made[name].faults = [Uncertain("no answer came")]
    service = both.world.start()
    both.world.play(service, NINE)
    both.sign_in(Role.APPROVER, "Ada")
    page = both.text("/desk/needs-you")
    assert "Uncertain (2)" in page
    assert "no answer came" in page
    rows = both.world.store.ledger.of("week")
    first, second = (both.world.store.deliveries.of(rows[f"week/hello/mon/{name}"].id)[0].id for name in ("a", "b"))
    both.post("/desk/settle", "/desk/needs-you", decision="went", delivery=str(first), url="https://a.example.org/1")
    doubt = {"decision": "not", "delivery": str(second)}
    assert "people will see it twice" in both.post("/desk/settle", "/desk/needs-you", **doubt).text
    assert both.world.store.deliveries.get(second).state.value == "uncertain"
    both.post("/desk/settle", "/desk/needs-you", **doubt, sure="yes")
    both.world.play(service, NINE + timedelta(minutes=5))
    assert len(both.world.sent("a")) == 0
    assert len(both.world.sent("b")) == 1
    assert "Nothing needs you" in both.text("/desk/needs-you")


def test_a_missed_message_can_be_moved_or_skipped(desk: DeskStand) -> None:
    desk.load(a_post("one"), a_post("two", channels=("b",)))
    desk.world.clock.set(NINE + timedelta(hours=3))
    service = desk.world.start()
    desk.world.play(service, desk.world.now + timedelta(minutes=1))
    desk.sign_in(Role.APPROVER)
    assert "Missed (2)" in desk.text("/desk/needs-you")
    late = {"decision": "move", "key": "week/one/mon/a", "delivery": "0", "to": "2023-10-09T09:00"}
    refused = desk.post("/desk/settle", "/desk/needs-you", **late)
    assert refused.status_code == 422
    assert "That time is over" in refused.text
    assert desk.post("/desk/settle", "/desk/needs-you", **{**late, "to": "half nine"}).status_code == 422
    assert desk.post("/desk/settle", "/desk/needs-you", **{**late, "to": "2023-10-09T15:00"}).status_code == 303
    desk.post("/desk/settle", "/desk/needs-you", decision="drop", key="week/two/mon/b", delivery="0")
    desk.world.play(service, EIGHT + timedelta(hours=8))
    assert desk.world.sent("a") == [EIGHT + timedelta(hours=7)]
    assert desk.world.sent("b") == []


def test_the_log_is_paged_and_can_be_taken_away(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR)
    for number in range(60):
        desk.world.store.log.add(who="=cmd()", act=f"act {number}", now=desk.world.now)
    page = desk.text("/desk/activity")
    assert "act 59" in page
    assert "act 0<" not in page
    older = page.split('href="/desk/activity?before=')[1].split('"')[0]
    assert "act 0<" in desk.text(f"/desk/activity?before={older}")
    table = desk.client.get("/desk/activity.csv")
    assert "'=cmd()" in table.text
    assert "attachment" in table.headers["content-disposition"]
