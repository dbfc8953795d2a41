"""What comes back: bounces, complaints, wishes to leave, auto-replies; from mailboxes and from signed callbacks.

Each source is normalised to the same `Feedback`, and `Policy` does what follows from it, once.
"""

from campaign.delivery.feedback.messages import read_message
from campaign.delivery.feedback.policy import Outcome, Policy

__all__ = ["Outcome", "Policy", "read_message"]
