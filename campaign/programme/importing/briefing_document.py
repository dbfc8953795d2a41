"""A long document of headings, bullets and links: a briefing, its words as the body, its links as resources."""

from __future__ import annotations

import re
from collections.abc import Sequence

from campaign.programme.importing import finding
from campaign.programme.importing.blocks import LINK, Block, plain
from campaign.programme.importing.draft import Draft, Place, fresh, slug
from campaign.programme.importing.finish import head, settle
from campaign.programme.importing.words import type_of

_BODY = re.compile(r"\b(?:Partnership|Board|Council|Trust|Service)s?$")
_APPROVED = re.compile(r"\b(?:have|has) been approved by (?:the )?([A-Z][\w\u2019' ]+?)(?= and\b|[,.])")


def is_briefing(blocks: Sequence[Block]) -> bool:
    """Whether a document reads as a briefing: headings with prose or bullets under them."""
    heads = sum(block.kind == "heading" for block in blocks)
    return heads >= 1 and sum(block.kind in {"para", "item"} for block in blocks) >= 3


def briefing_draft(blocks: Sequence[Block], name: str, *, unit: str) -> Draft:
    """The document as a briefing's draft: one mailing without a time, its body, its resources."""
    draft = Draft(name, {"schema": "1", "campaign": {"kind": "briefing", "status": "draft"}})
    campaign = draft.section("campaign")
    first = next(number for number, block in enumerate(blocks) if block.kind == "heading")
    title, start = _title(blocks, first)
    campaign["title"] = title.text
    whole = "\n".join(block.text for block in blocks)
    for ident, body in finding.bodies_in(whole).items():
        draft.section("organisations")[ident] = {"name": body}
        if ident == body:
            draft.ask(f"{ident} is named by its initials alone: what is its full name?", f"organisations.{ident}")
    areas, groups = finding.places_in(whole)
    for section, held in (("areas", areas), ("area_groups", groups)):
        if held:
            draft.section(section).update(held)
    lines = _body(draft, blocks[start:], unit)
    _heads(draft, whole)
    head(draft, fallback=name)
    ident = str(campaign["id"])
    draft.files[f"messages/{ident}.md"] = ("\n".join(lines).strip() + "\n").encode()
    draft.section("channels")["mail"] = {"kind": "smtp"}
    draft.section("mailings")["briefing"] = {"channel": "mail", "subject": title.text, "body": f"{ident}.md"}
    draft.ask("the title was put together from the document's first lines: is it right?", "campaign.title")
    draft.ask("when does the briefing go? Add `at: DATE TIME`.", "mailings.briefing")
    draft.ask("which lists does it go to? Add `lists: [...]`.", "mailings.briefing")
    draft.ask("what does the installation call its email channel?", "channels.mail")
    return settle(draft)


def _title(blocks: Sequence[Block], first: int) -> tuple[Block, int]:
    """The title before the first heading, whose lines the sender's own name may precede; else the first heading."""
    before = [block for block in blocks[:first] if len(plain(block.text)) <= 200]
    named = [block for block in before if not _BODY.search(plain(block.text))]
    if named:
        return Block("heading", plain(named[0].text), named[0].line, 1), first
    return Block("heading", plain(blocks[first].text), blocks[first].line, 1), first + 1


def _heads(draft: Draft, text: str) -> None:
    campaign = draft.section("campaign")
    emails = finding.emails_in(text)
    if emails:
        campaign["contact"] = {"email": emails[0]}
    tags = finding.hashtags_in(text)
    if tags:
        campaign["hashtags"] = tags
    for match in _APPROVED.finditer(plain(text)):
        draft.ask(f"the words say 'approved by {match.group(1)}': does that cover the resources? None is marked so.",
                  "resources")  # fmt: skip


def _body(draft: Draft, blocks: Sequence[Block], unit: str) -> list[str]:
    lines: list[str] = []
    quoting = False
    before = ""
    for block in blocks:
        place = Place("", block.line, unit)
        text = _linked(draft, block.text, place)
        quoting = quoting or text.startswith("\u201c")
        if block.kind == "heading":
            lines += ["", f"{'#' * min(block.level + 1, 4)} {text}", ""]
        elif block.kind == "item":
            lines += [f"- {text}"] if before == "item" else ["", f"- {text}"]
        elif block.kind == "row":
            lines += ["", " \u2013 ".join(_linked(draft, cell, place) for cell in block.cells if cell)]
        elif quoting:
            lines += [">" if lines and lines[-1].startswith(">") else "", f"> {text}"]
        else:
            lines += ["", text]
        if quoting and text.endswith("\u201d"):
            quoting = False
        before = block.kind
    return [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]


def _linked(draft: Draft, text: str, place: Place) -> str:
    """A block's text with its links going by resource, and an item that waits for approval made one."""
    bare, waits = finding.pending(text)
    if waits and not LINK.search(text):
        ident = _resource(draft, plain(bare), finding.LOST, place, pending=True)
        return f"[{plain(bare)}](resource:{ident})"

    def swap(match: re.Match[str]) -> str:
        if match.group(2).startswith("mailto:"):
            return match.group(0)
        title = plain(match.group(1))
        after = bool(re.match(r"\s*[\[(]\s*(?:pending|awaiting)", text[match.end() :], re.I))
        ident = _resource(draft, title, match.group(2) or finding.LOST, place, pending=after)
        return f"[{title}](resource:{ident})"

    return LINK.sub(swap, finding.pending(text)[0] if waits else text)


def _resource(draft: Draft, title: str, link: str, place: Place, *, pending: bool) -> str:
    resources = draft.section("resources")
    words = slug(title, 200)
    same = draft.titles.get(words, "")
    if same and link in {resources[same].get("link", ""), finding.LOST}:
        return same
    ident = fresh(slug(title) or "resource", resources)
    draft.titles.setdefault(words, ident)
    item = {"type": type_of(title), "title": title}
    if pending:
        item |= {"approval": "pending", "if_pending": "name_only"}
        draft.ask(
            "it was marked as waiting for approval: is it approved, and what is its address?",
            f"resources.{ident}",
            place,
        )
    if not pending or link != finding.LOST:
        item["link"] = link
    if link == finding.LOST and not pending:
        draft.ask("what is its address? Only a placeholder was there.", f"resources.{ident}.link", place)
    resources[ident] = item
    return ident
