"""A week run from the desk, over plain HTTP: look, pause, resume, settle; the log of it."""

import re
from dataclasses import replace
from datetime import timedelta

from campaign.errors import Refused, Uncertain
from campaign.model import Role
from campaign.store.log import record
from tests.delivery.world import EIGHT, a_mailing, a_post, a_week
from tests.web.desks import BASE, DeskStand

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
    assert "paused since 8:30am by Ada. “A death in the county.” Nothing has fallen due meanwhile." in page
    assert "Sending is on" not in page
    both.world.play(service, NINE + timedelta(minutes=5))
    assert both.world.sent("a") == []
    review = both.text("/desk/resume")
    assert "Post: Theme of mon" in review
    assert "week/hello/mon/a<" not in review
    lost = both.text("/desk/nowhere", 404)
    assert "“A death in the county.” 1 message is held." in lost
    assert "Page not found" in lost
    page = both.text("/desk/needs-you")
    assert "it can be sent once that is lifted" in page
    assert "Send it now" not in page
    assert "Skip it" in page
    hold = both.world.store.holds.current(both.world.now)[0]
    assert both.post(f"/desk/resume/{hold.id}", "/desk/resume").headers["location"] == "/desk/needs-you"
    both.world.play(service, NINE + timedelta(minutes=6))
    assert both.world.sent("a") == []
    page = both.text("/desk/needs-you")
    assert "1 message that fell due is held: decide about it below" in page
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


def test_several_weeks_are_seen_at_once_and_kept_up_to_date(desk: DeskStand) -> None:
    desk.load(a_post(), mailings=(a_mailing(),))
    other = a_week(a_post("greeting", channels=("b",)), slug="other-week")
    desk.world.load(replace(other, campaign=replace(other.campaign, title="Another week")))
    desk.sign_in(Role.VIEWER)
    assert "Every week that is not over" in desk.text("/desk")
    page = desk.text("/desk?week=all")
    assert "<h1>Every week that is not over</h1>" in page
    assert page.count('<section class="day-panel') == 10
    assert '<h2 id="week-other-week"><a href="/desk?week=other-week">Another week</a></h2>' in page
    assert "2 weeks, 0 need you." in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    only = desk.text("/desk?week=all&channel=mail")
    assert only.count("item-row") == 5
    asks = re.search(r'id="live" hx-get="([^"]+)"', page)
    assert asks
    assert desk.client.get(asks[1]).status_code == 204
    desk.world.play(desk.world.start(), NINE + timedelta(minutes=1))
    news = desk.client.get(asks[1])
    assert news.status_code == 200
    assert "Another week" in news.text
    desk.world.clock.set(EIGHT + timedelta(days=30))
    desk.sign_in(Role.VIEWER)
    assert "<h1>Every week" not in desk.text("/desk?week=all"), "none is left: the nearest is shown"


def test_a_day_that_is_over_is_told_in_a_count_that_names_the_trouble(desk: DeskStand) -> None:
    desk.load(a_post(channels=("a", "b")))
    desk.world.ways.made["b"].faults = [Refused("too long")]
    desk.world.play(desk.world.start(), EIGHT + timedelta(days=2, minutes=-30))
    desk.sign_in(Role.VIEWER)
    page = desk.text("/desk")
    assert "2 of 3 sent, 1 failed" in page
    assert "All 3 sent" in page
    assert page.count("day-panel-folded") == 2
    assert 'href="#day-mon-whole"' in page
    assert "day-panel-folded" not in desk.text("/desk?state=failed"), "who looks for something sees it at once"


def test_what_is_past_its_day_is_never_offered_to_go(desk: DeskStand) -> None:
    desk.load(a_post(channels=("a", "b")))
    desk.world.ways.made["a"].faults = [Uncertain("no answer came")]
    desk.world.ways.made["b"].faults = [Refused("too long")]
    service = desk.world.start()
    desk.world.play(service, NINE)
    desk.sign_in(Role.APPROVER)
    assert "Try again" in desk.text("/desk/needs-you")
    desk.world.clock.set(NINE + timedelta(days=1, minutes=-1))
    desk.sign_in(Role.APPROVER)
    page = desk.text("/desk/needs-you")
    assert "Try again" not in page
    assert page.count("Its time of day is over") == 2
    row = desk.world.store.ledger.of("week")["week/hello/mon/a"]
    doubt = str(desk.world.store.deliveries.of(row.id)[0].id)
    settled = desk.post("/desk/settle", "/desk/needs-you", decision="not", delivery=doubt)
    assert settled.status_code == 303
    assert "does not go again" in desk.text("/desk/needs-you")
    desk.world.play(service, NINE + timedelta(days=1, hours=-0.5))
    assert desk.world.sent("a") == []


def test_a_page_that_fails_says_that_all_is_paused_too(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.EDITOR)
    desk.post("/desk/pause", "/desk/pause", strength="all", reason="News.")
    for path, status in (("/desk/nowhere", 404), ("/desk/message/week/none/mon", 404), ("/desk/settle", 404)):
        assert "“News.”" in desk.text(path, status), path
    large = desk.client.post("/desk/pause", data={"reason": "x" * 300_000}, headers={"Origin": BASE})
    assert (large.status_code, "“News.”" in large.text) == (413, True)
    files = {"file": ("week.yaml", b"x" * (13 * 1024 * 1024))}
    large = desk.client.post("/desk/programme/upload", files=files, headers={"Origin": BASE})
    assert (large.status_code, "at most 12 MB" in large.text) == (413, True)
    desk.client.cookies.clear()
    assert "“News.”" not in desk.text("/desk/nowhere", 404)


def test_an_email_in_doubt_names_whose_it_is(desk: DeskStand) -> None:
    desk.load(mailings=(a_mailing(),))
    desk.world.ways.made["mail"].faults = [Uncertain("the line went dead")]
    service = desk.world.start()
    desk.world.play(service, EIGHT + timedelta(minutes=1))
    desk.sign_in(Role.EDITOR)
    page = desk.text("/desk/needs-you")
    assert "Email: Theme of mon" in page
    assert re.search(r'To <a href="/desk/people/\d+">[^<…]+@', page)
    desk.sign_in(Role.VIEWER)
    assert re.search(r'To <a href="/desk/people/\d+">[^<]*••', desk.text("/desk/needs-you"))


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


def rows(page: str) -> list[str]:
    """The rows of the page's only table."""
    return re.findall(r"<tr>.*?</tr>", page.split("<tbody>")[1]) if "<tbody>" in page else []


def test_the_log_is_searched_by_words_people_and_days(both: DeskStand) -> None:
    both.load()
    both.sign_in(Role.EDITOR, "Zoë Müller")
    log = both.world.store.log
    for number, who in enumerate(("Zoë Müller", "Bob")):
        at = EIGHT + timedelta(days=number)
        log.add(
            who=who, act="withdraw", now=at, campaign="week", target="week/hello/tue/b", detail={"comment": "50% off"}
        )
    found = rows(both.text("/desk/activity?q=changes+THEME+tue"))
    assert len(found) == 2, "the words of the act and the title of the message, whatever their case"
    assert 'href="/desk/message/week/hello/tue"' in found[0]
    assert "week/hello/tue/b" not in found[0]
    assert len(rows(both.text("/desk/activity?q=50%25"))) == 2
    assert rows(both.text("/desk/activity?q=5_%25")) == [], "signs of patterns are signs"
    assert len(rows(both.text("/desk/activity?q=changes&who=Zo%C3%AB+M%C3%BCller"))) == 1
    assert "Bob" in rows(both.text("/desk/activity?act=withdraw&since=2023-10-10"))[0]
    assert "Zoë" in rows(both.text("/desk/activity?act=withdraw&until=2023-10-09"))[0]
    assert rows(both.text("/desk/activity?q=nobody")) == []
    wrong = both.text("/desk/activity?since=yesterday", 422)
    assert 'href="#since"' in wrong
    table = both.client.get("/desk/activity.csv?q=changes&until=2023-10-09").text.splitlines()
    assert len(table) == 2
    assert "Post: Theme of tue" in table[1]
    assert both.client.get("/desk/activity.csv?since=yesterday").status_code == 422


def test_the_whole_log_is_taken_away_however_long(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR)
    with desk.world.store.database.write() as connection:
        for number in range(2_500):
            record(connection, who="Ada", act="pause", now=desk.world.now, target=f"number {number}")
    table = desk.client.get("/desk/activity.csv?act=pause").text.splitlines()
    assert len(table) == 2_501
    assert "number 0" in table[-1]


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
