"""The only room that reads the environment, and the installation's own files.

`environment` holds the settings (`CAMPAIGN_*`); `installation` reads the key, `channels.yaml` and `senders.yaml`.
"""

from campaign.settings.environment import Approving, Settings, load_settings
from campaign.settings.installation import ChannelEntry, Installation, load_installation, load_key, make_home

__all__ = [
    "Approving",
    "ChannelEntry",
    "Installation",
    "Settings",
    "load_installation",
    "load_key",
    "load_settings",
    "make_home",
]
