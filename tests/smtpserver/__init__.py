"""A mail relay for tests that counts every message and fails as it is told to."""

from tests.smtpserver.script import Script
from tests.smtpserver.server import Accepted, CountingServer

__all__ = ["Accepted", "CountingServer", "Script"]
