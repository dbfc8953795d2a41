"""A scheduled social and email campaign bot for awareness weeks."""

__version__ = "0.1.0"
