"""The process in which a programme is rendered and judged: it reads one request, and writes a line of JSON an event.

The request is our own (pickled by `request`); what comes back is plain JSON, for templates have run here.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import IO, Any

from campaign.errors import Problem
from campaign.programme.canonical import from_json, to_json
from campaign.programme.checks.guard import limit
from campaign.programme.checks.sheet import Sheet
from campaign.programme.reading import Source

SHOWN = 64


def request(sheet: Sheet) -> bytes:
    """What the child needs. Of an image only its first bytes go along: its kind is told by them."""
    files = {name: data[:SHOWN] if name.startswith("images/") else data for name, data in sheet.files.items()}
    source = sheet.source
    parts = (to_json(sheet.programme), (source.file, source.places, source.aliases), files)
    return pickle.dumps((*parts, sheet.installation, sheet.pretended))


def read_request(stream: IO[bytes]) -> Sheet:
    """The sheet that `request` wrote."""
    programme, (file, places, aliases), files, installation, pretended = pickle.load(stream)  # noqa: S301 - our own
    return Sheet(from_json(programme), Source(file, places, aliases), files, installation, pretended)


def events(sheet: Sheet) -> Iterator[Mapping[str, Any]]:
    """Every problem and every rendered message, as plain data."""
    from campaign.programme.checks import copy, gates, rendered, times, written

    found: Iterable[Problem] = (*times.rules(sheet), *gates.rules(sheet), *copy.programme_rules(sheet))
    found = (*found, *written.rules(sheet))
    yield from ({"problem": asdict(problem)} for problem in found)
    said: set[Problem] = set()
    for event in rendered.render_all(sheet):
        if isinstance(event, rendered.Begun):
            yield {"begin": event.what}
        elif isinstance(event, rendered.Made):
            yield {"post": rendered.as_dict(event)}
        elif isinstance(event, rendered.Mailed):
            yield {"email": event.where}
        elif event not in said:
            said.add(event)
            yield {"problem": asdict(event)}
    yield {"end": True}


def main(arguments: list[str]) -> None:
    """`child SECONDS BYTES`: read the request from standard input, write the events to standard output."""
    limit(seconds=int(arguments[0]), memory=int(arguments[1]))
    sheet = read_request(sys.stdin.buffer)
    for event in events(sheet):
        sys.stdout.write(json.dumps(event, default=str) + "\n")
        if "begin" in event:
            sys.stdout.flush()
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
