"""Email over SMTP relays: single messages, and a pipelined lane for bulk mail."""

from campaign.channels.smtp.channel import Smtp

__all__ = ["Smtp"]
