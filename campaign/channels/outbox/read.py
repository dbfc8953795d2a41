"""What lies in an outbox, read back for its page: posts, and mailings with one sample of each variant."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from campaign.channels._files import IMAGES, INDEX

#: How many variants of one mailing the page shows; the rest are counted.
VARIANTS = 12
#: How much of an email's plain text the page shows, in characters.
TEXT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One email of a variant, as its first reader sees it, and how many were like it."""

    count: int
    subject: str
    from_: str
    to: str
    text: str
    html: str
    file: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """The emails of one broadcast. Times are aware UTC."""

    campaign: str
    message: str
    day: str
    channel: str
    network: str
    title: str
    planned_at: datetime
    first: datetime
    last: datetime
    count: int
    variants: int
    folder: Path
    samples: list[Sample] = field(default_factory=list)


def read_posts(folder: Path, campaign: str = "") -> list[dict[str, Any]]:
    """Every post's record, by time, then channel; only those of `campaign`, if set."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*/*/*/*/*.json"))]
    posts = [post for post in found if campaign in ("", post["campaign"])]
    return sorted(posts, key=lambda post: (post["at"], post["message"], post["channel"]))


def read_mailings(folder: Path, campaign: str = "") -> list[Mailing]:
    """Every mailing, by time; only those of `campaign`, if set."""
    homes = sorted({path.parent for path in folder.glob(f"*/*/*/*/{INDEX}")} | _unlisted(folder))
    mailings = [_mailing(home) for home in homes if home.parts[-4] != IMAGES]
    return sorted(
        (mailing for mailing in mailings if campaign in ("", mailing.campaign)),
        key=lambda mailing: (mailing.first, mailing.message, mailing.channel),
    )


def _unlisted(folder: Path) -> set[Path]:
    return {path.parent for path in folder.glob("*/*/*/*/*.eml")}


def _mailing(home: Path) -> Mailing:
    """One broadcast's emails. The files are the truth: what the index does not know is read from the email itself."""
    listed = {record["key"]: record for record in _index(home / INDEX)}
    files = {path.stem: path for path in home.glob("*.eml")}
    records = [listed.get(key) or _from_file(key, path) for key, path in sorted(files.items())]
    counts = Counter(str(record["variant"]) for record in records)
    first_of = {str(record["variant"]): str(record["key"]) for record in reversed(records)}
    times = sorted(datetime.fromisoformat(record["at"]) for record in records)
    about = next((record for record in records if "campaign" in record), _from_path(home, times[0]))
    return Mailing(
        **{name: str(about[name]) for name in ("campaign", "message", "day", "channel", "title")},
        network=str(about.get("network", "Email")),
        planned_at=datetime.fromisoformat(about["planned_at"]),
        first=times[0],
        last=times[-1],
        count=len(records),
        variants=len(counts),
        folder=home,
        samples=[_sample(files[first_of[name]], name, count) for name, count in counts.most_common(VARIANTS)],
    )


def _index(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of an index that are whole."""
    if not path.exists():
        return
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and {"key", "at", "variant"} <= record.keys():
            yield record


def _from_file(key: str, path: Path) -> dict[str, Any]:
    """What the index would have said of an email whose line a crash took."""
    message = _parse(path)
    date = message["Date"]
    at = parsedate_to_datetime(str(date)).astimezone(UTC) if date else datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return {"key": key, "at": at.isoformat(), "variant": f"unlisted {message['Subject']}"}


def _from_path(home: Path, at: datetime) -> dict[str, str]:
    campaign, message, day, channel = home.parts[-4:]
    return {
        "campaign": campaign,
        "message": message,
        "day": day,
        "channel": channel,
        "title": message,
        "planned_at": at.isoformat(),
    }


def _parse(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101  policy.default makes no other
    return message


def _sample(path: Path, name: str, count: int) -> Sample:
    message = _parse(path)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Sample(
        count=count,
        subject=str(message["Subject"] or ""),
        from_=str(message["From"] or ""),
        to=str(message["To"] or ""),
        text=str(text.get_content())[:TEXT] if text is not None else "",
        html=str(html.get_content()) if html is not None else "",
        file=path,
        name=name,
    )
