"""Every text of a programme that somebody reads, wherever it stands: in the file itself, or in a body or template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from campaign.errors import Problem, Severity
from campaign.model import PlannedPost
from campaign.programme.checks.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Text:
    """One text: its dotted path, its words, and the file beside the programme that holds them ("": the programme).

    `markdown`: its links are Markdown's.
    """

    where: str
    words: str
    file: str = ""
    markdown: bool = True


def every_text(sheet: Sheet) -> Iterator[Text]:
    """Every text, and each once, but for ids and titles; empty ones are left out."""
    for one in (*_of_campaign(sheet), *_of_days(sheet), *_of_messages(sheet), *_of_files(sheet)):
        if one.words:
            yield one


def told(sheet: Sheet, one: Text, code: str, message: str, said: str, hint: str, severity: Severity) -> Problem:
    """A problem of a text, at the line and column of what it `said` where the text stands in a file of its own."""
    if not one.file:
        return sheet.source.problem(code, message, one.where, hint=hint, severity=severity)
    for line, row in enumerate(one.words.splitlines(), start=1):
        if said in row:
            return Problem(code, message, severity, one.where, hint, one.file, line, row.index(said) + 1)
    return Problem(code, message, severity, one.where, hint, one.file, 1, 1)


def _of_campaign(sheet: Sheet) -> Iterator[Text]:
    campaign = sheet.programme.campaign
    yield Text("campaign.summary", campaign.summary, markdown=False)
    yield Text("campaign.text", campaign.text)
    yield Text("campaign.help_line", campaign.help_line)
    yield Text("campaign.one_thing.text", campaign.one_thing.text)
    for name, resource in sheet.programme.resources.items():
        yield Text(f"resources.{name}.text", resource.text)


def _of_days(sheet: Sheet) -> Iterator[Text]:
    for theme in sheet.programme.themes():
        yield Text(f"themes.{theme.id}.text", theme.text)
        yield Text(f"themes.{theme.id}.one_thing.text", theme.one_thing.text)


def _of_messages(sheet: Sheet) -> Iterator[Text]:
    for where, message in sheet.messages():
        if isinstance(message, PlannedPost):
            yield Text(f"{where}.title", message.title, markdown=False)
            yield Text(f"{where}.text", message.text, markdown=False)
            for channel, words in message.text_for.items():
                yield Text(f"{where}.text_for.{channel}", words, markdown=False)
        else:
            yield Text(f"{where}.subject", message.subject, markdown=False)
            yield Text(f"{where}.preheader", message.preheader, markdown=False)


def _of_files(sheet: Sheet) -> Iterator[Text]:
    """The bodies of mailings, and every Markdown or post template that stands beside the programme."""
    bodies = {f"messages/{one.body}": f"mailings.{name}.body" for name, one in sheet.programme.mailings.items()}
    for name, data in sheet.files.items():
        if name in bodies or name.startswith(("messages/emails/", "messages/posts/")):
            words = data.decode("utf-8", "replace")
            yield Text(bodies.get(name, "campaign"), words, file=name, markdown=name.endswith(".md"))
