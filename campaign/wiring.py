"""The composition root: the only room that builds things from settings."""
