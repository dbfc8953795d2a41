"""The composition root: settings become clock, store, channels and service. Plain lines, no container."""

from campaign.wiring.app import App
from campaign.wiring.parts import make_parts, open_store
from campaign.wiring.ways import Ways

__all__ = ["App", "Ways", "make_parts", "open_store"]
