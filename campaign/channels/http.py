"""The one way to the network for adapters that speak HTTP."""


class Http:
    """A bounded HTTP client."""
