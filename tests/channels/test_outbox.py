"""The outbox: whole files, once each, under safe names; and the page that shows them."""

import errno
import json
import os
import threading
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaign.address import parse
from campaign.channels._files import append_lines, slug, variant, write_all_new, write_new, write_over
from campaign.channels.base import Channel, Limits, Options, Receipt, Tools
from campaign.channels.outbox import EmailOutbox, Entry, PostOutbox, page, stand_in
from campaign.channels.outbox.page import POSTS, clock_words
from campaign.channels.outbox.read import VARIANTS, read_mailings
from campaign.channels.webhook import Webhook, WebhookOptions
from campaign.delivery.rights import delete_addressed
from campaign.errors import ChannelDown, Refused, TryLater
from campaign.model import Email, PlainBody, Post
from campaign.testing import NOON, a_key, a_post, an_about, an_email, an_image

WEEK = [(date(2023, 10, 9) + timedelta(days=number), f"Theme {number}") for number in range(5)]


def tools(folder: Path | None, at: datetime = NOON) -> Tools:
    return Tools(name="x-hscp", now=lambda: at, folder=folder)


def post_one(folder: Path, post: Post, number: int = 1, at: datetime = NOON) -> None:
    PostOutbox(Options(), tools(folder, at)).send(post, key=a_key(number), notes={})


def mail_one(folder: Path, email: Email, number: int, at: datetime = NOON) -> None:
    EmailOutbox(Options(), tools(folder, at)).send(email, key=a_key(number), notes={})


class Words(HTMLParser):
    """The words and the tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def shown(folder: Path, **more: Any) -> Words:
    return Words(page(folder, title="The week", **more).read_text("utf-8"))


# Files


def test_an_email_is_written_byte_for_byte(tmp_path: Path) -> None:
    email = an_email()
    receipt = EmailOutbox(Options(), tools(tmp_path)).send(email, key=a_key(), notes={})
    assert (tmp_path / receipt.remote_id).read_bytes() == email.raw
    assert receipt.url.startswith("file://")


def test_a_post_is_written_with_its_images(tmp_path: Path) -> None:
    post = a_post(images=(an_image(), an_image(decorative=True, alt="")))
    receipt = PostOutbox(Options(), tools(tmp_path)).send(post, key=a_key(), notes={})
    record = json.loads((tmp_path / receipt.remote_id).read_text("utf-8"))
    assert record["text"] == post.text
    assert record["at"] == NOON.isoformat()
    assert [image["decorative"] for image in record["images"]] == [False, True]
    assert (tmp_path / record["images"][0]["file"]).read_bytes() == post.images[0].data


def test_a_second_attempt_leaves_the_first(tmp_path: Path) -> None:
    outbox = EmailOutbox(Options(), tools(tmp_path))
    first = outbox.send(an_email(), key=a_key(), notes={})
    second = outbox.send(an_email(subject="Another"), key=a_key(), notes={})
    assert (first.duplicate, second.duplicate) == (False, True)
    assert b"Another" not in (tmp_path / first.remote_id).read_bytes()
    [mailing] = read_mailings(tmp_path)
    assert mailing.count == 1


def test_many_threads_with_one_key_write_one_file(tmp_path: Path) -> None:
    new: list[bool] = []
    begin = threading.Barrier(8)

    def write(number: int) -> None:
        begin.wait()
        new.append(write_new(tmp_path / "file", f"{number}".encode() * 1000))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [False] * 7 + [True]
    assert len(set((tmp_path / "file").read_bytes())) == 1
    assert os.listdir(tmp_path) == ["file"]


def test_many_files_are_written_together_and_one_that_fails_harms_no_other(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("there before")
    files = [(tmp_path / "a", b"a"), (tmp_path / "file", b"b"), (tmp_path / "file" / "c", b"c"), (tmp_path / "d", b"d")]
    first, second, third, fourth = write_all_new([*files])
    assert (first, second, fourth) == (True, False, True)
    assert isinstance(third, OSError)
    assert sorted(os.listdir(tmp_path)) == ["a", "d", "file"]
    assert (tmp_path / "file").read_text() == "there before"


def test_one_key_twice_in_one_batch_is_one_email(tmp_path: Path) -> None:
    outbox = EmailOutbox(Options(), tools(tmp_path))
    first, second = outbox.write([(a_key(), an_email()), (a_key(), an_email(subject="Another"))])
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert (first.duplicate, second.duplicate) == (False, True)
    assert read_mailings(tmp_path)[0].count == 1


@given(some.text(max_size=20), some.text(max_size=20))
def test_names_are_safe_and_tell_apart(one: str, other: str) -> None:
    name = slug(one.encode("utf-8", "replace").decode())
    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\\0:*?"<>| ')
    assert (slug(one.encode("utf-8", "replace").decode()) == slug(other.encode("utf-8", "replace").decode())) == (
        one.encode("utf-8", "replace") == other.encode("utf-8", "replace")
    )


def test_a_message_cannot_leave_the_folder(tmp_path: Path) -> None:
    about = an_about(campaign="..", message="../..", day="/etc", channel=".")
    post_one(tmp_path / "box", a_post(about=about))
    assert [path.name for path in tmp_path.iterdir()] == ["box"]


def test_no_folder_is_no_channel() -> None:
    with pytest.raises(ChannelDown, match="no folder"):
        PostOutbox(Options(), tools(None)).send(a_post(), key=a_key(), notes={})


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ChannelDown, match="could not write"):
        PostOutbox(Options(), tools(tmp_path / "file")).send(a_post(), key=a_key(), notes={})


def test_a_full_disk_is_tried_later() -> None:
    outbox = PostOutbox(Options(), tools(Path("/somewhere")))
    assert isinstance(outbox.failed(OSError(errno.ENOSPC, "No space left on device")), TryLater)


def test_what_a_killed_process_left_unnamed_is_erased_with_its_reader(tmp_path: Path) -> None:
    for number in (1, 2):
        mail_one(tmp_path, an_email(number), number)
    [home] = {path.parent for path in tmp_path.rglob("*.eml")}
    (home / ".abc.part").write_bytes(an_email(1).raw)
    (home / ".def.part").write_bytes(an_email(2).raw)
    assert delete_addressed(tmp_path, parse("reader1@example.org")) == 1
    assert sorted(path.name for path in home.iterdir() if path.name != "emails.jsonl") == sorted(
        [".def.part", f"{a_key(2)}.eml"]
    )


def test_a_page_is_replaced_whole(tmp_path: Path) -> None:
    write_over(tmp_path / "page", b"one")
    write_over(tmp_path / "page", b"two")
    assert (tmp_path / "page").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["page"]


# Standing in


class Short(Channel[Post]):
    kind = "short"
    title = "Short"
    carries = Post
    replay = Webhook.replay
    limits = Limits(text=5)

    def length(self, text: str) -> int:
        return len(text.encode())

    def check(self, message: Post) -> list[Any]:
        raise Refused("asked")

    def send(self, message: Post, *, key: str, notes: Any) -> Any:
        raise AssertionError("an outbox sends nothing")


def test_a_stand_in_counts_and_checks_as_the_real_channel_and_writes_files(tmp_path: Path) -> None:
    channel = stand_in(Short)(Options(), tools(tmp_path))
    assert (channel.kind, channel.title, channel.carries, channel.harmless) == ("short", "Short", Post, True)
    assert channel.length("é") == 2
    assert channel.limits.text == 5
    with pytest.raises(Refused, match="asked"):
        channel.check(a_post())
    channel.send(a_post(), key=a_key(), notes={})
    assert "Short" in shown(tmp_path).text


def test_a_stand_in_takes_the_real_channel_s_options(tmp_path: Path) -> None:
    options = WebhookOptions.model_validate({"url": "https://x.example.org/", "secret": "an-example-of-a-secret"})
    channel = stand_in(Webhook)(options, tools(tmp_path))
    assert channel.Options is WebhookOptions
    assert not channel.send(a_post(), key=a_key(), notes={}).duplicate


# The page


def test_an_empty_outbox_says_so(tmp_path: Path) -> None:
    assert "Nothing has come to this outbox yet." in shown(tmp_path).text


def test_every_day_is_there_and_an_empty_one_says_so(tmp_path: Path) -> None:
    post_one(tmp_path, a_post())
    words = shown(tmp_path, days=WEEK).text
    assert all(f"{day:%A} {day.day} October 2023" in words for day, _ in WEEK)
    assert "Nothing planned for Monday." in words
    assert "Nothing planned for Tuesday." not in words


def test_a_post_is_a_card(tmp_path: Path) -> None:
    post_one(tmp_path, a_post(images=(an_image(),)))
    found = shown(tmp_path)
    for words in ("Outbox", "Today we open the toolkit.", "#ExampleWeek2023", "The toolkit", "1pm", "Sent"):
        assert words in found.text
    [image] = [attrs for tag, attrs in found.tags if tag == "img"]
    assert image["alt"] == "Two adults and a child talking at a table"
    assert (tmp_path / str(image["src"])).exists()


def test_one_post_over_many_channels_is_one_entry(tmp_path: Path) -> None:
    for number in range(3):
        post_one(tmp_path, a_post(about=an_about(channel=f"channel-{number}")), number)
    post_one(tmp_path, a_post(about=an_about(channel="channel-3"), text="Shorter."), 3)
    found = shown(tmp_path)
    assert [tag for tag, _ in found.tags].count("article") == 2, "one for each wording"
    assert [tag for tag, _ in found.tags].count("h4") == 4, "and each channel by name"
    assert found.text.count("The toolkit is here") == 1
    assert "4 posts over 4 channels" in found.text


def test_a_post_without_a_title_of_its_own_is_called_by_its_first_words(tmp_path: Path) -> None:
    words = "Today we open the toolkit, which helps people to see the signs early and to act"
    post_one(tmp_path, a_post(text=words, about=an_about(title="The week")))
    assert "Post: Today we open the toolkit, which helps people to see the signs early… " in shown(tmp_path).text


def test_nothing_of_a_message_becomes_markup(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    post_one(tmp_path, a_post(text=evil, title=evil, hashtags=(evil,), about=an_about(title=evil)))
    mail_one(tmp_path, an_email(subject=evil), 2)
    found = shown(tmp_path, lead=evil, days=[(date(2023, 10, 10), evil)])
    assert not [tag for tag, _ in found.tags if tag == "script"]
    assert found.text.count("alert(1)") > 5


def test_an_email_is_shown_in_a_closed_frame(tmp_path: Path) -> None:
    mail_one(tmp_path, an_email(), 1)
    found = shown(tmp_path)
    [frame] = [attrs for tag, attrs in found.tags if tag == "iframe"]
    assert frame["sandbox"] in (None, "")
    assert frame["title"]
    sample = (tmp_path / str(frame["src"])).read_text("utf-8")
    assert "default-src 'none'" in sample.partition("<title>")[0]
    assert "Dear Reader1" in sample


def test_an_email_without_html_is_shown_as_words(tmp_path: Path) -> None:
    raw = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Plain\r\n\r\nOnly <words>.\r\n"
    mail_one(tmp_path, an_email(raw=raw, body=PlainBody("Only <words>.", "")), 1)
    [frame] = [attrs for tag, attrs in shown(tmp_path).tags if tag == "iframe"]
    assert "Only &lt;words&gt;." in (tmp_path / str(frame["src"])).read_text("utf-8")


def version(number: int, of: int) -> Email:
    theme = number % of
    email = an_email(number)
    words = f"{email.body.text}\nTheme {theme}"
    return an_email(number, body=PlainBody(words, email.body.html))


def test_readers_of_the_same_words_are_one_version() -> None:
    assert variant(version(1, 3)) == variant(version(4, 3)) != variant(version(2, 3))


def test_the_page_stays_small_with_thousands_of_emails(tmp_path: Path) -> None:
    lane = EmailOutbox(Options(), tools(tmp_path)).open_lane()
    many = 400
    answers = list(lane.send(((a_key(n), version(n, VARIANTS + 8)) for n in range(many)), lambda key: True))
    assert len(answers) == many
    found = shown(tmp_path)
    assert f"{many:,} emails in 1 mailing" in found.text
    assert f"in {VARIANTS + 8} versions" in found.text
    assert [tag for tag, _ in found.tags].count("iframe") == VARIANTS
    assert (tmp_path / "index.html").stat().st_size < 150_000


def test_the_page_stays_small_with_many_posts(tmp_path: Path) -> None:
    for number in range(POSTS + 5):
        post_one(tmp_path, a_post(text="x", about=an_about(message=f"m{number}")), number)
    found = shown(tmp_path)
    assert [tag for tag, _ in found.tags].count("article") == POSTS
    assert "5 more posts lie in the folder" in found.text


def test_an_index_that_a_crash_tore_loses_no_email(tmp_path: Path) -> None:
    for number in range(4):
        mail_one(tmp_path, an_email(number), number)
    [index] = tmp_path.rglob("emails.jsonl")
    whole = index.read_bytes()
    index.write_bytes(whole[: len(whole) * 2 // 3])
    mail_one(tmp_path, an_email(9), 9)
    [mailing] = read_mailings(tmp_path)
    assert mailing.count == 5


def test_an_outbox_without_its_index_is_still_read(tmp_path: Path) -> None:
    mail_one(tmp_path, an_email(), 1)
    [index] = tmp_path.rglob("emails.jsonl")
    index.unlink()
    [mailing] = read_mailings(tmp_path)
    assert (mailing.count, mailing.message, mailing.first) == (1, "daily", NOON)


def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path) -> None:
    mail_one(tmp_path, an_email(), 1)
    [index] = tmp_path.rglob("emails.jsonl")
    append_lines(index, [{"something": "else"}])
    assert read_mailings(tmp_path)[0].count == 1


def test_unlocks_come_first_and_what_did_not_go_is_told(tmp_path: Path) -> None:
    post_one(tmp_path, a_post())
    entries = [
        Entry(at=NOON, state="unlocked", title="Tuesday's page", url="https://www.example.org/tue"),
        Entry(
            at=NOON, state="missed", title="The reminder", detail="Paused at its time.", key="example-week-2023/r/tue/x"
        ),
        Entry(
            at=NOON, state="uncertain", title="-", detail="No answer came.", key="example-week-2023/launch/tue/example"
        ),
    ]
    text = shown(tmp_path, entries=entries).text
    order = [text.index(words) for words in ("Tuesday's page", "The toolkit is here", "The reminder")]
    assert order == sorted(order)
    assert "Missed" in text
    assert "Paused at its time." in text
    assert "Uncertain" in text
    assert "No answer came." in text


def test_one_campaign_alone(tmp_path: Path) -> None:
    post_one(tmp_path, a_post(text="ours"))
    post_one(tmp_path, a_post(text="theirs", about=an_about(campaign="another")), 2)
    assert "theirs" in shown(tmp_path).text
    assert "theirs" not in shown(tmp_path, campaign="example-week-2023").text


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [(0, 0, "12am"), (8, 30, "8:30am"), (12, 0, "12 noon"), (12, 5, "12:05pm"), (17, 0, "5pm")],
)
def test_times_as_people_say_them(hour: int, minute: int, words: str) -> None:
    from zoneinfo import ZoneInfo

    assert clock_words(datetime(2023, 12, 1, hour, minute, tzinfo=UTC), ZoneInfo("Europe/London")) == words
