"""The shape of a channel: all that a third party must know."""
