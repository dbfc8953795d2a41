"""The fields of the form in which a message is edited: from the message to texts, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from campaign.delivery.shelf import InForce
from campaign.model import PlannedImage, PlannedMailing, PlannedPost, When
from campaign.programme import dates
from campaign.programme.writing import clock

Values = Mapping[str, str]
YES = "yes"


def values_of(force: InForce, planned: PlannedPost | PlannedMailing) -> dict[str, str]:
    """What stands in each field when the form is opened."""
    found = _time_values(force, planned)
    if isinstance(planned, PlannedMailing):
        found |= {"subject": planned.subject, "preheader": planned.preheader}
        if planned.body:
            found["body"] = force.files.get(f"messages/{planned.body}", b"").decode("utf-8", "replace")
        return found
    tags = " ".join(f"#{tag}" for tag in planned.hashtags)
    found |= {"text": planned.text, "title": planned.title, "link": planned.link, "hashtags": tags}
    for channel in planned.channels:
        own = planned.text_for.get(channel, "")
        found |= {f"own-{channel}": "own" if own else "main", f"text-{channel}": own}
    for image in planned.images:
        found |= {f"alt-{image.file}": image.alt, f"decorative-{image.file}": YES if image.decorative else ""}
    return found


def _time_values(force: InForce, planned: PlannedPost | PlannedMailing) -> dict[str, str]:
    when, defaults = planned.when, force.programme.campaign.defaults
    if when.at is not None:
        return {"at": f"{when.at:%Y-%m-%dT%H:%M}"}
    usual = defaults.post if isinstance(planned, PlannedPost) else defaults.mailing
    said = when.time if isinstance(when.time, str) else clock(when.time or usual)
    return {"time": said} | ({} if when.each_day else {"day": when.day})


def message_of(
    force: InForce, planned: PlannedPost | PlannedMailing, values: Values
) -> tuple[PlannedPost | PlannedMailing, dict[str, str]]:
    """The message with what stands in the fields, and what cannot be understood: field -> a sentence.

    A field that is not there, or says what it said, changes nothing.
    """
    shown = values_of(force, planned)
    given = {name: values[name] for name in shown if name in values and tidy(values[name]) != tidy(shown[name])}
    when, errors = _when(planned.when, given, [day.id for day in force.programme.days])
    changed = replace(planned, when=when)
    if isinstance(changed, PlannedMailing):
        plain = {name: tidy(given[name]) for name in ("subject", "preheader") if name in given}
        return replace(changed, **plain), errors  # type: ignore[arg-type]
    words: dict[str, str] = {name: tidy(given[name]) for name in ("text", "title", "link") if name in given}
    if words.get("text"):
        words["template"] = ""
    changed = replace(
        changed,
        text_for=MappingProxyType(_own_words(changed, values)),
        images=_images(changed, values),
        **words,  # type: ignore[arg-type]
    )
    if "hashtags" in given:
        changed = replace(changed, hashtags=tuple(tag for tag in re.split(r"[\s,#]+", given["hashtags"]) if tag))
    return changed, errors


def _own_words(planned: PlannedPost, values: Values) -> dict[str, str]:
    found = dict(planned.text_for)
    for channel in planned.channels:
        text = tidy(values.get(f"text-{channel}", ""))
        if values.get(f"own-{channel}") == "own" and text:
            if text != tidy(found.get(channel, "")):
                found[channel] = text
        elif f"own-{channel}" in values:
            found.pop(channel, None)
    return found


def _images(planned: PlannedPost, values: Values) -> tuple[PlannedImage, ...]:
    found = []
    for image in planned.images:
        if values.get(f"remove-{image.file}") == YES:
            continue
        if f"alt-{image.file}" in values:
            decorative = values.get(f"decorative-{image.file}") == YES
            image = replace(image, alt=tidy(values[f"alt-{image.file}"]), decorative=decorative)
        found.append(image)
    return tuple(found)


def _when(when: When, given: Values, days: Sequence[str]) -> tuple[When, dict[str, str]]:
    errors: dict[str, str] = {}
    for name, text in given.items():
        try:
            if name == "at":
                when = replace(when, at=dates.parse_datetime(text.replace("T", " ")))
            elif name == "time":
                when = replace(when, time=text if text == "unlock" else dates.parse_time(text))
            elif name == "day" and text in days:
                when = replace(when, day=text)
        except ValueError as error:
            errors[name] = str(error)
    return when, errors


def tidy(text: str) -> str:
    """A text without the line ends and spaces that browsers and editors add."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()


def field_of(where: str, planned: PlannedPost | PlannedMailing) -> str:
    """The field that a problem at a place of the message belongs to; "" where it has none."""
    head, _, rest = where.partition(".")
    if head == "text_for":
        return f"text-{rest}" if isinstance(planned, PlannedPost) and rest in planned.channels else "text"
    if head == "images" and isinstance(planned, PlannedPost):
        number = rest.split(".")[0]
        old = number.isdecimal() and int(number) < len(planned.images)
        return f"alt-{planned.images[int(number)].file}" if old else "new-image"
    if head in {"at", "time", "day", "each_day"}:
        return "at" if planned.when.at is not None else "day" if head == "day" and planned.when.day else "time"
    known = {"text", "title", "link", "hashtags", "subject", "preheader", "body"}
    return head if head in known else ""
