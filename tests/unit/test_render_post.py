"""Posts: wording per channel, gated links, hashtags at the end, pictures; and the hash that an approval is bound to."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from campaign import render
from campaign.errors import TemplateError
from campaign.model import (
    ChannelRef,
    Day,
    EventState,
    Exclusion,
    InDoubt,
    PlannedImage,
    PlannedMailing,
    PlannedPost,
    Post,
    Programme,
    ResourceApproval,
    Theme,
)
from campaign.render.posts import hashtags, media_type
from tests.weeks import DAILY, LAUNCH, MAIL, MASTODON, NOW, PAGES, TUESDAY, WEEK

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR"
FILES = {"images/ce.png": PNG, "messages/posts/ours.txt": b"{{ day.weekday }}: {{ day.title }}\n\n\n\n{{ link }}\n"}


def made(planned: PlannedPost, channel: ChannelRef = MASTODON, week: Programme = WEEK, now: datetime = NOW) -> Post:
    return render.post(week, planned, TUESDAY, channel, planned_at=NOW, now=now, pages=PAGES, files=FILES)


def test_the_channels_own_wording_comes_first_then_the_text_then_the_template() -> None:
    both = replace(LAUNCH, text_for={"x-hscp": "Shorter: {{ day.weekday }}."}, template="ours")
    assert made(both).text == LAUNCH.text
    assert made(both, ChannelRef(id="x-hscp", kind="x")).text == "Shorter: Tuesday."
    assert made(replace(both, text="")).text == (
        "Tuesday: Protecting from child exploitation and Safe online\n\nhttps://example.org/ce"
    )
    assert made(replace(LAUNCH, text="")).text == ""


def test_a_post_sees_the_themes_of_its_own_areas_audiences_and_channel() -> None:
    titled = replace(LAUNCH, text="{{ day.title }}")
    assert made(replace(titled, audiences=("parents",))).text == "Safe online"
    assert made(replace(titled, areas=("IOW",))).text == "Protecting from child exploitation"
    island = ChannelRef(id="x-iow", kind="x", organisation="IOWSCP")
    assert made(titled, island).text == "Protecting from child exploitation"
    assert made(replace(titled, theme="online", text="{{ theme.title }}")).text == "Safe online"


def test_what_a_title_holds_is_not_a_template_or_html() -> None:
    odd = Theme(id="odd", title="{{ 1 }} <b> & {% if %}")
    day = replace(TUESDAY, themes=(odd,))
    found = render.post(
        WEEK, replace(LAUNCH, text="{{ day.title }}"), day, MASTODON, planned_at=NOW, now=NOW, pages=PAGES, files={}
    )
    assert found.text == odd.title


def test_a_link_keeps_to_the_gate_of_its_resource() -> None:
    link = made(LAUNCH).link
    assert link is not None
    assert (link.url, link.title, link.description) == (
        "https://example.org/ce",
        "Child Exploitation Toolkit",
        "For everyone who works with children.",
    )
    for name in ("waiting", "hidden", "later"):
        assert made(replace(LAUNCH, link=name)).link is None
    assert made(replace(LAUNCH, link="")).link is None
    booking = made(replace(LAUNCH, link="launch")).link
    assert booking is not None
    assert booking.url == "https://example.org/book"
    assert made(replace(LAUNCH, link="launch"), now=NOW + timedelta(days=1)).link is None
    day = made(replace(LAUNCH, link="day")).link
    assert day is not None
    assert (day.url, day.title) == (PAGES.day(TUESDAY), "Protecting from child exploitation and Safe online")
    plain = made(replace(LAUNCH, link="https://example.org/other")).link
    assert plain is not None
    assert plain.url == "https://example.org/other"


def test_hashtags_stand_at_the_end_once_each_the_campaigns_first() -> None:
    assert hashtags(("BigWeek2023",), ("#ChildExploitation", "bigweek2023", "", "#")) == (
        "BigWeek2023",
        "ChildExploitation",
    )
    assert made(LAUNCH).whole.endswith("\n\n#BigWeek2023 #ChildExploitation")


def test_pictures_come_with_their_words() -> None:
    post = made(replace(LAUNCH, images=(PlannedImage(file="ce.png", alt="Two adults and a child talking"),)))
    (image,) = post.images
    assert (image.name, image.media_type, image.alt) == ("ce.png", "image/png", "Two adults and a child talking")
    assert image.sha256 == hashlib.sha256(PNG).hexdigest()
    decorative = made(replace(LAUNCH, images=(PlannedImage(file="ce.png", alt="x", decorative=True),)))
    assert decorative.images[0].alt == ""
    with pytest.raises(TemplateError, match=r"images/no\.png"):
        made(replace(LAUNCH, images=(PlannedImage(file="no.png"),)))


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"<?xml version='1.0'?><svg", "image/svg+xml"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(start: bytes, kind: str) -> None:
    assert media_type(start, "x") == kind


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(TemplateError, match="not a picture"):
        media_type(b"%PDF-1.7", "x.png")


def test_about_says_which_message_it_is() -> None:
    about = made(LAUNCH).about
    assert (about.campaign, about.message, about.day, about.channel) == (
        "big-week-2023",
        "tue-launch",
        "tue",
        "mastodon-hscp",
    )
    assert about.planned_at == NOW


# --- the hash that an approval is bound to


def post_hash(planned: PlannedPost = LAUNCH, week: Programme = WEEK, **other: Any) -> str:
    given: dict[str, Any] = {"planned_at": NOW, "pages": PAGES, "files": FILES} | other
    return render.content_hash(week, planned, TUESDAY, MASTODON, **given)


def mail_hash(planned: PlannedMailing = DAILY, week: Programme = WEEK, day: Day = TUESDAY, **other: Any) -> str:
    given: dict[str, Any] = {"planned_at": NOW, "pages": PAGES, "files": {}} | other
    return render.content_hash(week, planned, day, MAIL, **given)


def with_resource(name: str, **facts: Any) -> Programme:
    changed = replace(WEEK.resources[name], **facts)
    return replace(WEEK, resources=MappingProxyType({**WEEK.resources, name: changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "Another text."},
        {"title": "A title"},
        {"link": "day"},
        {"hashtags": ()},
        {"essential": True},
        {"needs": ("launch",)},
        {"late_ok": timedelta(hours=1)},
        {"areas": ("HAM",)},
        {"text_for": {"mastodon-hscp": "Mine."}},
        {"images": (PlannedImage(file="ce.png", alt="Talking"),)},
    ],
)
def test_the_hash_of_a_post_moves_with_all_that_readers_get(changed: dict[str, Any]) -> None:
    assert post_hash(replace(LAUNCH, **changed)) != post_hash()


def test_the_hash_moves_with_time_channel_pictures_and_links() -> None:
    assert post_hash(planned_at=NOW + timedelta(minutes=1)) != post_hash()
    assert post_hash(planned_at=NOW.astimezone(UTC)) == post_hash()
    pictured = replace(LAUNCH, images=(PlannedImage(file="ce.png", alt="Talking"),))
    other = {**FILES, "images/ce.png": PNG + b"x"}
    assert post_hash(pictured, files=other) != post_hash(pictured)
    x = ChannelRef(id="x-hscp", kind="x")
    assert render.content_hash(WEEK, LAUNCH, TUESDAY, x, planned_at=NOW, pages=PAGES, files=FILES) != post_hash()
    assert post_hash(week=with_resource("ce", link="https://example.org/elsewhere")) != post_hash()


def test_a_link_changed_behind_a_pending_approval_counts() -> None:
    waiting = with_resource("waiting", link="https://example.org/elsewhere")
    assert mail_hash(week=waiting) != mail_hash()


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "Another"},
        {"preheader": "Another"},
        {"lists": ("parents", "practitioners")},
        {"lists": ("practitioners",)},
        {"exclude": Exclusion(lists=("board",))},
        {"in_doubt": InDoubt.RESEND},
        {"skip_if_empty": False},
        {"template": "plain", "body": "b.md"},
        {"areas": ("HAM",)},
    ],
)
def test_the_hash_of_a_mailing_moves_with_words_lists_and_promises(changed: dict[str, Any]) -> None:
    assert mail_hash(replace(DAILY, **changed), files={"messages/b.md": b"# Hello"}) != mail_hash()


def test_the_hash_of_a_mailing_moves_with_what_any_reader_sees_and_with_its_templates() -> None:
    parents = replace(TUESDAY.themes[1], text="Talk with your child about what they hear.")
    day = replace(TUESDAY, themes=(TUESDAY.themes[0], parents))
    assert mail_hash(day=day) != mail_hash()
    own = {"messages/emails/day.md": b"# {{ day.title }}\n{% if subscriber.first_name == 'Sam' %}x{% endif %}"}
    other = {"messages/emails/day.md": b"# {{ day.title }}\n{% if subscriber.first_name == 'Sam' %}y{% endif %}"}
    assert len({mail_hash(files=own), mail_hash(files=other), mail_hash()}) == 3


def test_what_the_ledger_knows_of_a_resource_stays_out_of_the_hash_of_the_file() -> None:
    """The hash is made of the file's own programme; an overlay is another programme, and is not what is hashed."""
    approved = with_resource("waiting", approval=ResourceApproval.APPROVED)
    full = WEEK.resources["launch"]
    assert full.event is not None
    booked = with_resource("launch", event=replace(full.event, state=EventState.FULL))
    assert mail_hash(week=approved) != mail_hash()
    assert mail_hash(week=booked) != mail_hash()
    assert mail_hash() == mail_hash()


def test_what_concerns_other_messages_leaves_the_hash_alone() -> None:
    other = with_resource("parents-guide", title="Another guide")
    assert post_hash(replace(LAUNCH, theme="ce"), week=other) == post_hash(replace(LAUNCH, theme="ce"))
    noted = replace(LAUNCH, notes="Ask Jo", owner="Jo")
    assert post_hash(noted) == post_hash()
    assert post_hash(files={**FILES, "images/unused.png": PNG}) == post_hash()
