"""Telegram, Slack, Teams, Discord and WordPress: what a post becomes, and what else each can do."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaign.channels import _plain, discord, slack, teams, wordpress
from campaign.channels.base import UNKNOWN, Channel, ChannelType, Receipt, Tools
from campaign.channels.discord import Discord
from campaign.channels.slack import Slack
from campaign.channels.teams import Teams
from campaign.channels.telegram import Telegram
from campaign.channels.wordpress import WordPress
from campaign.errors import ChannelDown
from campaign.model import Link
from campaign.testing import NOON, a_key, a_post, an_about, an_image
from tests.channels import played
from tests.channels.rooms import KINDS, OPTIONS, Room

WORDS = some.text(some.characters(codec="utf-8"), max_size=120)


@KINDS
def test_every_image_s_description_arrives(kind: ChannelType) -> None:
    alt = "A <b>bold</b> & quiet room"
    room = Room(kind)
    room.took(a_post(images=(an_image(alt=alt),)))
    asked = " ".join(sent.body.decode("utf-8", "replace") for sent in room.record.sent)
    assert any(spelled in asked for spelled in (alt, json.dumps(alt)[1:-1], alt.replace("&", "&amp;")))


@KINDS
def test_a_decorative_image_has_no_description(kind: ChannelType) -> None:
    room = Room(kind)
    room.took(a_post(images=(an_image(alt="not to be told", decorative=True),)))
    assert all(b"not to be told" not in sent.body for sent in room.record.sent)


@KINDS
def test_images_leave_without_their_names_and_metadata(kind: ChannelType) -> None:
    room = Room(kind)
    room.took(a_post(images=(an_image(name="DSC_Aisha_at_home.png"),)))
    assert all(b"Aisha" not in sent.body and "Aisha" not in str(sent.headers) for sent in room.record.sent)


AWKWARD = {
    "only emoji": a_post(text="\U0001f600" * 40, link=None, hashtags=()),
    "right to left with a link": a_post(text="שלום עולם https://www.example.org/a مرحبا"),
    "markup": a_post(text="<b>&amp;</b> *a* _b_ ~c~ `d` [e](https://www.example.org) |f| > g\n# h\n- i\n1. j"),
    "calls": a_post(text="@everyone @here <!channel> <@U123> @channel"),
    "hashtags": a_post(hashtags=("2023", "Ünïcode", "a_b")),
    "control signs": a_post(text="a\u200bb\u2028c\td"),
    "no link": a_post(link=None),
    "a link without a title": a_post(link=Link(url="https://www.example.org/?a=1&b=2")),
}


@KINDS
@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_posts_keep_to_the_contract(kind: ChannelType, name: str) -> None:
    Room(kind).took(AWKWARD[name])


@KINDS
def test_what_is_too_much_is_found_before(kind: ChannelType) -> None:
    channel = Room(kind).channel
    broken = an_image(data=an_image().data[:60])
    for post in (
        a_post(images=(broken,)),
        a_post(link=Link(url="https://www.example.org/" + "a" * 4000)),
        a_post(link=Link(url="javascript:alert(1)")),
        a_post(images=tuple(an_image(colour=number) for number in range(25))),
    ):
        assert channel.check(post), "found"


@pytest.mark.parametrize("kind", [Telegram, Slack, Discord], ids=lambda kind: str(kind.kind))
def test_a_description_of_5000_characters_is_found_before(kind: ChannelType) -> None:
    assert Room(kind).channel.check(a_post(images=(an_image(alt="x" * 5000),)))


def test_telegram_tells_images_in_words_and_counts_them() -> None:
    post = a_post(text="a" * 900, images=(an_image(), an_image(alt="Second", colour=1), an_image(decorative=True)))
    room = Room(Telegram)
    assert room.channel.words(post).endswith("Image 1: Two adults and a child talking at a table\nImage 2: Second")
    [problem] = room.channel.check(a_post(text="a" * 1000, images=(an_image(),)))
    assert "1024 characters beside an image" in problem.message


def test_telegram_counts_utf_16() -> None:
    assert Room(Telegram).channel.length("é\U0001f600") == 3


def test_telegram_previews_the_post_s_own_link() -> None:
    taken = Room(Telegram).took(a_post(text="See https://other.example.org first"))
    assert taken["link_preview_options"] == {"url": "https://www.example.org/toolkit"}


def test_telegram_says_where_a_post_is() -> None:
    came = Room(Telegram).send(a_post())
    assert isinstance(came, Receipt)
    assert (came.remote_id, came.url) == ("11", "https://t.me/example_partnership/11")
    group = Room(Telegram).send(a_post(images=(an_image(), an_image(colour=1))))
    assert isinstance(group, Receipt)
    assert (group.remote_id, group.url) == ("11,12", "https://t.me/example_partnership/11")


def test_telegram_verifies_and_deletes() -> None:
    room = Room(Telegram)
    assert isinstance(room.channel, Telegram)
    account = room.channel.verify()
    assert (account.name, account.rights) == ("@example_bot", ("post",))
    room.channel.delete("11,12")
    assert [json.loads(sent.body)["message_id"] for sent in room.record.sent[-2:]] == [11, 12]


def test_telegram_says_where_a_bot_may_not_post() -> None:
    room = Room(Telegram)
    assert isinstance(room.played, played.PlayedTelegram)
    assert isinstance(room.channel, Telegram)
    room.played.member = {"status": "administrator", "can_post_messages": False}
    assert room.channel.verify().rights == ()
    room.played.member = {"status": "left"}
    assert room.channel.verify().rights == ()


@pytest.mark.parametrize("chat", ["example", "@", "", "-100x"])
def test_telegram_s_chat_is_a_name_or_a_number(chat: str) -> None:
    with pytest.raises(ValueError, match="@name or a number"):
        Telegram.Options.model_validate({**OPTIONS[Telegram], "chat": chat})


@given(WORDS)
def test_slack_shows_what_was_written(text: str) -> None:
    pieces = slack.elements(text)
    assert "".join(piece.get("text", "") or piece["url"] for piece in pieces) == text
    assert all(set(piece) == ({"type", "url"} if piece["type"] == "link" else {"type", "text"}) for piece in pieces)
    assert {piece["type"] for piece in pieces} <= {"text", "link"}, "nothing calls anybody, nothing is formatted"
    assert "<" not in slack.escaped(text)


def test_slack_calls_nobody_and_formats_nothing() -> None:
    post = a_post(text="*bold* _lines_ `code` :smile: <!channel> <@U123> @here & more", link=None, hashtags=())
    taken = Room(Slack).took(post)
    [section] = taken["blocks"][0]["elements"]
    assert section["elements"] == [{"type": "text", "text": post.text}]
    assert "<!channel>" not in taken["text"]
    assert taken["mrkdwn"] is False


@given(WORDS)
def test_discord_shows_what_was_written(text: str) -> None:
    sent = discord.plain(text)
    assert re.sub(r"\\(.)", r"\1", sent) == text
    unescaped = re.sub(r"\\.", "", re.sub(r"https?://\S+", "", sent))
    assert not set("*_~`|") & set(unescaped)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("plain words", "plain words"),
        ("snake_case *stars*", "snake\\_case \\*stars\\*"),
        ("see https://www.example.org/a_b_c and a_b", "see https://www.example.org/a_b_c and a\\_b"),
        ("# a\n> b\n- c\n-# d\n1. e", "\\# a\n\\> b\n\\- c\n\\-# d\n1\\. e"),
        ("C# and > and -", "C# and > and -"),
        ("#Tag", "\\#Tag"),
        ("<@123> @everyone", "\\<\\@123> \\@everyone"),
    ],
)
def test_discord_escapes(text: str, sent: str) -> None:
    assert discord.plain(text) == sent
    assert Room(Discord).channel.length(text) == len(sent)


def test_discord_knows_a_post_s_address_once_verified() -> None:
    room = Room(Discord)
    assert isinstance(room.channel, Discord)
    first = room.send(a_post())
    assert isinstance(first, Receipt)
    assert first.url == ""
    assert room.channel.verify().name == "News"
    second = room.send(a_post(), a_key(2))
    assert isinstance(second, Receipt)
    assert second.url == "https://discord.com/channels/400000000000000000/300000000000000000/200000000000000001"


def test_discord_s_limit_is_kept() -> None:
    came = Room(Discord).send(a_post())
    assert isinstance(came, Receipt)
    assert came.pace is not None
    assert came.pace.remaining == 4
    assert came.pace.reset - NOON == timedelta(seconds=1696939202 - NOON.timestamp())


def test_discord_deletes_and_counts() -> None:
    room = Room(Discord, thread="5")
    assert isinstance(room.channel, Discord)
    assert room.channel.stats("200") == {"likes": 5}
    room.channel.delete("200")
    assert isinstance(room.played, played.PlayedDiscord)
    assert room.played.deleted == ["200"]
    assert room.record.sent[-1].url.endswith("/messages/200?thread_id=5")


@pytest.mark.parametrize(
    ("kind", "url", "words"),
    [
        (Slack, "https://evil.example.org/services/T/B/s3cret", "hooks.slack.com"),
        (Slack, "http://hooks.slack.com/services/T/B/s3cret", "hooks.slack.com"),
        (Teams, "https://example.webhook.office.com/webhookb2/s3cret", "retired"),
        (Teams, "https://evil.example.org/?sig=s3cret", "Power Automate"),
        (Teams, "https://logic.azure.com.evil.example.org/?sig=s3cret", "Power Automate"),
        (Discord, "https://discord.com.evil.example.org/api/webhooks/1/s3cret", "must look like"),
        (Discord, "https://discord.com/api/webhooks/one/s3cret", "must look like"),
        (Discord, "https://discord.com/api/webhooks/1/s3cret/slack", "must look like"),
    ],
)
def test_an_address_must_be_the_network_s_own_and_is_not_told(kind: ChannelType, url: str, words: str) -> None:
    from campaign.channels.registry import Registry
    from campaign.errors import SettingsError

    with pytest.raises(SettingsError) as caught:
        Registry().options("it", kind.kind, {"url": url})
    assert words in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_teams_card_reads_nothing_as_markdown() -> None:
    card = teams.card(AWKWARD["markup"], [])
    runs = [run["text"] for block in card["body"] for run in block["inlines"]]
    assert "<b>&amp;</b> *a* _b_ ~c~ `d` [e](" in "".join(runs)
    assert card["actions"][0]["url"] == "https://www.example.org/toolkit"


@given(WORDS)
def test_a_teams_card_holds_every_word(text: str) -> None:
    body = teams.card(a_post(text=text, hashtags=(), link=None), [])["body"]
    shown = [run["text"] for block in body for run in block["inlines"]]
    assert "".join("".join(shown).split()) == "".join("".join(text.strip().splitlines()).split())


def test_a_teams_card_of_over_28_kb_is_found_before() -> None:
    problems = Room(Teams).channel.check(a_post(text="é" * 14_000))
    assert [problem.code for problem in problems] == ["text-long"]


class Shown(HTMLParser):
    """The words and the tags of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


@given(WORDS)
def test_wordpress_shows_what_was_written_and_no_markup_of_a_text(text: str) -> None:
    html = wordpress.content(a_post(text=text, hashtags=(), link=None), [])
    found = Shown(html)
    assert found.tags <= {"p", "br", "a"}
    assert "".join("".join(found.words).split()) == "".join(text.split())


def test_wordpress_s_slug_is_made_of_words_and_our_key() -> None:
    assert wordpress.slug(a_post(title="Über: Ça va?"), "0123456789abcdef") == "uber-ca-va-0123456789"
    assert wordpress.slug(a_post(title="שלום"), "0123456789abcdef0123456789abcdef") == "0123456789abcdef0123"


def test_wordpress_makes_no_second_post_where_one_is() -> None:
    room = Room(WordPress)
    first, second = room.send(a_post()), room.send(a_post())
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.url == second.url == f"https://www.example.org/the-toolkit-is-here-{a_key()[:10]}/"
    assert len(room.played.accepted) == 1


def test_wordpress_finds_what_is_there_and_waits_before_it_says_that_nothing_is() -> None:
    room = Room(WordPress)
    assert isinstance(room.channel, WordPress)
    room.clock.advance(timedelta(seconds=119))
    assert room.channel.find(a_post(), key=a_key(), since=NOON) is UNKNOWN
    room.clock.advance(timedelta(seconds=1))
    assert room.channel.find(a_post(), key=a_key(), since=NOON) is None
    room.send(a_post())
    assert isinstance(room.channel.find(a_post(), key=a_key(), since=NOON), Receipt)


def test_wordpress_needs_a_title() -> None:
    untitled = a_post(about=an_about(title=""))
    assert [problem.code for problem in Room(WordPress).channel.check(untitled)] == ["title-missing"]


def test_wordpress_uploads_each_image_with_its_description() -> None:
    room = Room(WordPress, featured=True, categories=[4, 5])
    taken = room.took(a_post(images=(an_image(), an_image(colour=1, decorative=True))))
    assert isinstance(room.played, played.PlayedWordPress)
    assert [media["alt_text"] for media in room.played.media.values()] == [an_image().alt, ""]
    assert (taken["featured_media"], taken["categories"]) == (500, [4, 5])
    assert '<img src="https://www.example.org/files/500.png" alt="Two adults' in taken["content"]


def test_wordpress_verifies_and_deletes() -> None:
    room = Room(WordPress)
    assert isinstance(room.channel, WordPress)
    assert room.channel.verify().rights == ("publish_posts", "upload_files")
    room.channel.delete("100")
    assert room.record.sent[-1].method == "DELETE"


def test_a_wrong_password_pauses_wordpress() -> None:
    came = Room(WordPress, password="wrong wrong").send(a_post(images=(an_image(),)))
    assert isinstance(came, ChannelDown)
    assert "rest_cannot_create" in str(came)


@pytest.mark.parametrize("kind", [Slack, Teams], ids=lambda kind: str(kind.kind))
def test_images_need_a_public_address(kind: ChannelType) -> None:
    channel: Channel[Any] = kind(kind.Options.model_validate(OPTIONS[kind]), Tools(name="it"))
    assert [problem.code for problem in channel.check(a_post(images=(an_image(),)))] == ["media-url"]


@KINDS
def test_without_a_way_to_the_network_the_channel_is_down(kind: ChannelType) -> None:
    channel: Channel[Any] = kind(kind.Options.model_validate(OPTIONS[kind]), Tools(name="it"))
    with pytest.raises(ChannelDown, match="no way to the network"):
        channel.send(a_post(), key=a_key(), notes={})


@given(WORDS)
def test_utf_16_agrees_with_the_slow_way(text: str) -> None:
    assert _plain.utf16(text) == sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)
