"""Two programmes that differ only in what is not visible yet are answered alike, to the byte, until it is visible."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from campaign.delivery.forms import Published
from campaign.model import Campaign, CampaignStatus, Event, OneThing, PlannedPost, Programme, Resource, Theme, When
from campaign.web.export import export
from tests.web.test_unseen import PATHS
from tests.web.weeks import Stand, at, programme

SECRETS = ("zzone", "zzanother, which is longer than the first & has <signs> of its own, so that lengths tell it too")
MORE_PATHS = [
    *(f"/week-2023/{day}/card.png" for day in ("mon", "tue", "wed", "thu", "fri")),
    "/week-2023/card.png",
    "/week-2023/events/hidden.ics",
    "/week-2023/thu/feed.xml",
    "/draft",
    "/draft/mon",
]
#: What opens when: the day whose theme is not to be told before.
UNLOCKS = {"mon": "9 07:00", "tue": "10 07:00", "wed": "11 07:00", "thu": "12 07:00", "fri": "13 07:00"}


def opened(day: str, now: datetime) -> bool:
    return now >= at(UNLOCKS[day])


def with_secret(secret: str, now: datetime) -> Programme:
    """The week, with the secret in all of it that nobody may see at that moment."""
    week = programme()
    days = []
    for day in week.days:
        if opened(day.id, now):
            days.append(day)
            continue
        themes = tuple(_theme(theme, day.id, secret) for theme in day.themes)
        if day.id in {"thu", "fri"}:
            themes += (Theme(id="more", title=secret, text=secret, areas=("IOW",)),) * len(secret[:2])
        days.append(replace(day, themes=themes))
    resources = dict(week.resources)
    hidden = [name for name, since in (("prevent", "9 07:00"), ("ce", "10 10:00"), ("pending", "11 07:00"))
              if now < at(since)]  # fmt: skip
    for name in (*hidden, "held", "omitted"):
        resources[name] = replace(resources[name], title=secret, link=f"https://{secret[:5]}.example.org/", text=secret)
    resources["hidden"] = _hidden_event(secret)
    if now < at("10 11:00"):
        event = resources["launch"].event
        assert event is not None
        resources["launch"] = replace(
            resources["launch"], event=replace(event, recording=f"https://{secret[:5]}.example.org/recording")
        )
    post = PlannedPost(id="secret", when=When(day="thu"), channels=(), text=secret)
    return replace(week, days=tuple(days), resources=resources, posts={"secret": post})


def _theme(theme: Theme, day: str, secret: str) -> Theme:
    first = theme.text.split("\n\n")[0] if day in {"mon", "tue"} else secret
    title = secret if day in {"thu", "fri"} else theme.title
    return replace(theme, title=title, text=f"{first}\n\n{secret}", one_thing=OneThing(text=secret, link=""),
                   resources=(*theme.resources, "hidden"))  # fmt: skip


def _hidden_event(secret: str) -> Resource:
    """An event that is not told of at all: held back, at times that differ with the secret."""
    starts = datetime(2023, 10, 9, 9, len(secret) % 60)
    event = Event(starts=starts, ends=starts + timedelta(hours=1), place=secret, booking="https://example.org/x")
    return replace(programme().resources["launch"], id="hidden", title=secret, event=event, embargo_until="held")


def published(secret: str, now: datetime) -> tuple[Published, Published]:
    """The week, and a draft beside it of which nothing is told."""
    draft = Programme(
        campaign=Campaign(
            id="draft", title=secret, status=CampaignStatus.DRAFT,
            starts=datetime(2023, 10, 2 + len(secret) % 9).date(),
            ends=datetime(2023, 10, 20).date(),
        ),
        days=programme().days,
    )  # fmt: skip
    return Published(with_secret(secret, now), {"images/ce.png": secret.encode()}), Published(draft)


def answers(stand: Stand) -> list[tuple[str, int, list[tuple[str, str]], bytes]]:
    """All that can be told from outside: status, every header, every byte."""
    found = []
    for path in [*PATHS, *MORE_PATHS]:
        answer = stand.client.get(path)
        found.append((path, answer.status_code, sorted(answer.headers.items()), answer.content))
    return found


MOMENTS = [
    moment - timedelta(seconds=1)
    for moment in (*(at(text) for text in UNLOCKS.values()), at("10 10:00"), at("10 11:00"), at("9 12:00"))
]


@pytest.mark.parametrize("now", MOMENTS, ids=[f"{now:%d %H:%M:%S}" for now in MOMENTS])
def test_the_second_before_nothing_tells_what_will_show(now: datetime) -> None:
    one, other = (answers(Stand(now, *published(secret, now))) for secret in SECRETS)
    assert [a for a, b in zip(one, other, strict=True) if a != b] == []


@pytest.mark.parametrize("day", ["tue", "thu"])
def test_at_the_second_it_shows(day: str) -> None:
    """So that the test above would see it."""
    now = at(UNLOCKS[day])
    one, other = (answers(Stand(now, *published(secret, now - timedelta(seconds=1)))) for secret in SECRETS)
    different = {a[0] for a, b in zip(one, other, strict=True) if a != b}
    assert {f"/week-2023/{day}", "/week-2023/feed.xml"} <= different


def test_files_of_a_site_tell_nothing_either(tmp_path: Path) -> None:
    now = at("12 06:59")
    written = []
    for number, secret in enumerate(SECRETS):
        folder = tmp_path / str(number)
        export(Stand(now, *published(secret, now)).parts, folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        written.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
    assert written[0] == written[1]
    assert not any(secret[:5].encode() in data for secret in SECRETS for data in written[0].values())
