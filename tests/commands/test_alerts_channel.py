"""Over what alerts go: CAMPAIGN_ALERTS_CHANNEL, else the channel of letters; and what happens where it is none."""

from pathlib import Path

import pytest

from campaign.clock import SettableClock
from campaign.delivery.samples import sample_sender
from campaign.errors import ChannelDown
from campaign.settings import load_settings, make_home
from campaign.settings.installation import write_senders
from campaign.wiring import App
from tests.delivery.world import EIGHT, a_week


def app_of(folder: Path, **more: str) -> App:
    settings = load_settings(_env_file=None, home=folder / "home", key_file=folder / "key" / "key", **more)
    make_home(settings)
    channels = "news: {kind: smtp, host: relay.example.org}\nalarm: {kind: smtp, host: other.example.org}\n"
    (folder / "home" / "channels.yaml").write_text(channels)
    write_senders(settings, [sample_sender(a_week())])
    return App(settings, SettableClock(EIGHT), create=True)


def written(folder: Path) -> int:
    """How many emails are in the outbox, to which channels that are not live write."""
    return len(list((folder / "home" / "outbox").rglob("*.eml")))


@pytest.mark.parametrize(
    ("settings", "channel"),
    [
        ({"alerts_channel": "alarm"}, "alarm"),
        ({"alerts_channel": "alarm", "letters_channel": "news"}, "alarm"),
        ({"letters_channel": "news"}, "news"),
    ],
)
def test_alerts_go_over_the_channel_that_is_set(tmp_path: Path, settings: dict[str, str], channel: str) -> None:
    app = app_of(tmp_path, alerts_email="ada@example.org, ben@example.org", **settings)
    (tell,) = app.tells()
    tell("The channel a is down")
    assert app.alerts_channel().tools.name == channel
    app.close()
    assert written(tmp_path) == 2


def test_of_several_channels_one_has_to_be_chosen(tmp_path: Path) -> None:
    app = app_of(tmp_path, alerts_email="ada@example.org")
    (tell,) = app.tells()
    with pytest.raises(ChannelDown, match="CAMPAIGN_LETTERS_CHANNEL"):
        tell("The channel a is down")
    app.close()
    assert written(tmp_path) == 0
