"""The week's public pages: what everybody may see, when they may see it, and nothing more."""
