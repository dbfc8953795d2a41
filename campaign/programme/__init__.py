"""A programme file (YAML) becomes one Programme value, or a list of errors with lines and columns."""

from campaign.programme.loader import Loaded, load_bytes, load_file
from campaign.programme.reading import Source
from campaign.programme.week import with_monday

__all__ = ["Loaded", "Source", "load_bytes", "load_file", "with_monday"]
