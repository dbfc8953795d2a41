"""Codes from an app, the picture by which it learns its key, and the codes on paper."""

import re
from datetime import timedelta
from xml.etree.ElementTree import fromstring

import pyotp

from campaign.model import Role
from campaign.web.desk import codes
from tests.web.desks import BASE, PASSWORD, DeskStand

ORIGIN = {"Origin": BASE}
FORM = {"login": "ada@example.org", "password": PASSWORD}


def begin(desk: DeskStand) -> str:
    """Begin as Ada; the key for the app, as the page shows it."""
    desk.sign_in(Role.EDITOR, "Ada")
    begun = desk.post("/desk/account/second/begin", **{"second-password": PASSWORD})
    assert begun.headers["location"] == "/desk/account/second"
    shown = re.search(r"<code>([A-Z2-7 ]+)</code>", desk.text("/desk/account/second"))
    assert shown
    return shown[1].replace(" ", "")


def code_of(desk: DeskStand, secret: str) -> str:
    return pyotp.TOTP(secret).at(int(desk.world.now.timestamp()))


def switch_on(desk: DeskStand) -> tuple[str, list[str]]:
    """Codes are on for Ada: the key, and her codes on paper."""
    secret = begin(desk)
    page = desk.post("/desk/account/second", page="/desk/account/second", code=code_of(desk, secret)).text
    return secret, re.findall(r"<code>([a-z2-7-]{19})</code>", page)


def sign_in(desk: DeskStand, code: str) -> int:
    status: int = desk.browser().post("/desk/sign-in", data={**FORM, "code": code}, headers=ORIGIN).status_code
    return status


def test_a_second_factor_is_asked_for_and_each_code_works_once(both: DeskStand) -> None:
    secret = begin(both)
    assert sign_in(both, "") == 303
    assert both.post("/desk/account/second", page="/desk/account/second", code="000000").status_code == 422
    code = code_of(both, secret)
    assert "Your recovery codes" in both.post("/desk/account/second", page="/desk/account/second", code=code).text
    assert sign_in(both, "") == 422
    assert sign_in(both, code) == 422, "the code that switched it on was used"
    both.world.clock.advance(timedelta(seconds=60))
    code = code_of(both, secret)
    assert [sign_in(both, f"{code[:3]} {code[3:]}"), sign_in(both, code)] == [303, 422]


def test_codes_on_paper_work_once_each_and_never_after_new_ones(both: DeskStand) -> None:
    _, paper = switch_on(both)
    assert len(set(paper)) == 10
    assert "10 recovery codes still work" in both.text("/desk/account")
    assert [sign_in(both, paper[0]), sign_in(both, paper[0])] == [303, 422]
    assert sign_in(both, paper[1].replace("-", " ").upper()) == 303
    assert "8 recovery codes still work" in both.text("/desk/account")
    fresh = both.post("/desk/account/second/codes", **{"codes-password": PASSWORD}).text
    assert sign_in(both, paper[2]) == 422
    assert sign_in(both, re.findall(r"<code>([a-z2-7-]{19})</code>", fresh)[0]) == 303


def test_codes_on_paper_are_one_persons(desk: DeskStand) -> None:
    _, paper = switch_on(desk)
    bea = desk.person(Role.EDITOR, "Bea")
    assert not desk.world.store.seconds.use_code(bea.person, paper[0], now=desk.world.now)


def test_nothing_changes_without_the_password(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    assert desk.post("/desk/account/second/begin", **{"second-password": "wrong"}).status_code == 422
    assert desk.text("/desk/account/second", 422)
    assert desk.client.get("/desk/account/second.svg").status_code == 404
    _, paper = switch_on(desk)
    assert desk.post("/desk/account/second/off", **{"off-password": "wrong"}).status_code == 422
    assert desk.post("/desk/account/second/codes", **{"codes-password": "wrong"}).status_code == 422
    assert sign_in(desk, "") == 422
    assert desk.post("/desk/account/second/off", **{"off-password": PASSWORD}).status_code == 303
    assert [sign_in(desk, ""), sign_in(desk, paper[0])] == [303, 303]
    assert desk.world.store.seconds.codes_left(desk.person(Role.EDITOR, "Ada").person) == 0


def test_the_picture_is_ours_and_nothing_but_a_picture(desk: DeskStand) -> None:
    secret = begin(desk)
    answer = desk.client.get("/desk/account/second.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "no-store"
    drawn = fromstring(answer.content)
    assert {each.tag.rpartition("}")[2] for each in drawn.iter()} == {"svg", "g", "path"}
    assert {name.rpartition("}")[2] for each in drawn.iter() for name in each.attrib} <= {
        "width", "height", "viewBox", "transform", "stroke", "fill", "d", "version"}  # fmt: skip
    uri = codes.address(secret, name="ada@example.org", issuer="testserver")
    assert answer.content == codes.picture(uri)
    assert answer.content != codes.picture(uri.replace(secret, codes.new_secret()))


def test_a_key_that_waits_too_long_is_forgotten(desk: DeskStand) -> None:
    secret = begin(desk)
    desk.world.clock.advance(timedelta(minutes=31))
    assert desk.post("/desk/account/second", code=code_of(desk, secret)).status_code == 422
    assert not desk.person(Role.EDITOR, "Ada").second


def test_the_key_is_kept_encrypted(desk: DeskStand) -> None:
    secret, paper = switch_on(desk)
    database = desk.world.store.database.file
    assert database
    held = b"".join(each.read_bytes() for each in database.parent.glob(f"{database.name}*"))
    assert secret.encode() not in held
    assert not any(code.replace("-", "").encode() in held for code in paper)


def test_colours_are_kept_for_a_person(desk: DeskStand) -> None:
    desk.sign_in(Role.VIEWER, "Ada")
    assert "data-theme" not in desk.text("/desk/account")
    assert desk.post("/desk/account/theme", theme="dark").status_code == 303
    assert 'data-theme="dark"' in desk.text("/desk/account")
    assert desk.post("/desk/account/theme", theme="pink").status_code == 422
    assert desk.post("/desk/account/theme", theme="system").status_code == 303
    assert "data-theme" not in desk.text("/desk/account")
