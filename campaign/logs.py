"""Logs: one JSON object a line, with a run id, and no address or secret in it."""

from __future__ import annotations

import json
import logging
import re
import secrets
from datetime import UTC, datetime

_ADDRESS = re.compile(r"[^\s<>\"()\[\],;:]+@[^\s<>\"'()\[\],;:]+")
_QUERY = re.compile(r"(https?://[^\s?]+)\?\S+")
_USER = re.compile(r"(https?://)[^\s/@]+@")


def redact(text: str) -> str:
    """The text without addresses, and without what follows a `?` or stands before an `@` in web addresses."""
    return _ADDRESS.sub("[address]", _QUERY.sub(r"\1?[...]", _USER.sub(r"\1", text)))


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; `run` is the same for all lines of one run."""

    def __init__(self) -> None:
        super().__init__()
        self.run = secrets.token_hex(4)

    def format(self, record: logging.LogRecord) -> str:
        """The line: at (UTC), level, logger, run, message, and the error's kind and place where there was one."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "run": self.run,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up(level: str) -> None:
    """Send every log line to standard error as JSON, from `level` (INFO, DEBUG, ...) on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    if level.upper() != "DEBUG":
        # It tells of every ring, once a second, and of each that waits for the one before; troubles are told of apart.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
