"""The only room that reads the environment, and the installation's own files.

`environment` holds the settings (`CAMPAIGN_*`); `installation` reads `channels.yaml` and `senders.yaml`, `key_file`
the keys.
"""

from campaign.settings.environment import Approving, Settings, load_settings
from campaign.settings.installation import ChannelEntry, Installation, load_installation, make_home
from campaign.settings.key_file import load_key

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
