"""Log lines: JSON, a run id, and nobody's address."""

import json
import logging

import pytest

from campaign.logs import JsonLines, redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to ann@example.org now", "to [address] now"),
        ("<ann.o'neil+week@example.org>", "[address]"),
        ("https://example.org/in?token=secret", "https://example.org/in?[...]"),
        ("https://user:secret@example.org/in", "https://example.org/in"),
        ("nothing to hide at 10:05", "nothing to hide at 10:05"),
    ],
)
def test_addresses_and_secrets_in_web_addresses_are_left_out(text: str, expected: str) -> None:
    assert redact(text).strip("<>") == expected.strip("<>")


def test_a_line_is_json_with_the_run_and_no_address() -> None:
    lines = JsonLines()
    record = logging.LogRecord("campaign", logging.ERROR, "", 1, "failed for %s", ("ann@example.org",), None)
    line = json.loads(lines.format(record))
    assert line["run"] == lines.run
    assert line["message"] == "failed for [address]"
    assert line["level"] == "error"
