"""A document that tells of one week or several: by a table of days and themes, or by lines such as `Monday: ...`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from campaign.model import DAY_IDS
from campaign.programme import dates
from campaign.programme.importing import finding
from campaign.programme.importing.blocks import plain
from campaign.programme.importing.days import Days, id_of
from campaign.programme.importing.draft import Draft, Place, fresh, slug
from campaign.programme.importing.finish import head, settle
from campaign.programme.importing.told import Told
from campaign.programme.importing.weeks import YEAR, Week
from campaign.programme.importing.words import type_of
from campaign.programme.writing import day_words

_RANGE = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)?\s*(?:to|-|\u2013|and)\s*(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([A-Z][a-z]+)(?:\s+(\d{4}))?"
)
#: Linked words that name nothing: what they lead to is what stands around them.
_POINTERS = frozenset({"here", "click here", "more", "read more", "find out more", "link", "this", "page", "website"})


def week_draft(week: Week, name: str, *, whole: str, unit: str, year: int | None = None) -> Draft:
    """One week as a draft. `whole` is the document's text, for bodies and places that it names elsewhere."""
    draft = Draft(name, {"schema": "1", "campaign": {"kind": "week", "status": "draft"}})
    campaign = draft.section("campaign")
    told = "\n".join([block.text for block in week.about] + [day.title for day in week.days])
    if week.title is not None:
        campaign["title"] = plain(week.title.text)
    found_year = YEAR.search(campaign.get("title", "")) or YEAR.search(told)
    if found_year:
        campaign["edition"] = found_year.group(1)
    year = int(found_year.group(1)) if found_year else year
    text = "\n".join([told, *(block.text for day in week.days for block in day.body)])
    _names(draft, text, whole)
    days = Days(draft)
    for day in week.days:
        _take_day(draft, days, day, unit, year)
    _about(draft, week, unit)
    _dates(draft, week, days, year, text, unit)
    _aliases(draft, text)
    head(draft, fallback=name)
    return settle(draft)


def _names(draft: Draft, text: str, whole: str) -> None:
    areas, groups = finding.places_in(text)
    areas |= {
        ident: title
        for ident, title in finding.places_in(whole)[0].items()
        if re.search(rf"\b{re.escape(title)}\b", text)
    }
    bodies = finding.bodies_in(text)
    if areas:
        draft.section("areas").update(areas)
    if groups:
        draft.section("area_groups").update(groups)
    for ident, title in bodies.items():
        draft.section("organisations")[ident] = {"name": title}
        if ident == title:
            draft.ask(f"{ident} is named by its initials alone: what is its full name?", f"organisations.{ident}")


def _take_day(draft: Draft, days: Days, told: Told, unit: str, year: int | None) -> None:
    place = Place("", told.line, unit)
    held: list[date] = []
    if told.when:
        try:
            held = [dates.parse_date(told.when, year)]
        except dates.WordsError as error:
            draft.ask(f"'{told.when}': {error}. Which date is it?", "days", place)
    if held and held[0].weekday() != told.weekday:
        wrong = dates.mismatch(told.weekday, held[0])
        draft.ask(f"{wrong}: {wrong.hint}", "days", place)
        held = []
    day = days.on(held, DAY_IDS[told.weekday])
    where = f"days.{id_of(day)}"
    title, lost = finding.lost_end(told.title)
    title, waits = finding.pending(title)
    body = "\n\n".join(block.text for block in told.body)
    titles = re.findall(r"\[[^\]]+\]\([^)]*\)", title)
    split = finding.second_theme(body)
    linked = _linked_title(draft, title, titles, lost, place)
    theme = _theme(draft, days, day, plain(title) or "To be confirmed", split[0] if split else body, place)
    if linked:
        theme["resources"] = list(dict.fromkeys([*theme.get("resources", ()), *linked]))
    if waits:
        draft.ask(
            "the theme was marked as waiting for approval: is it approved?", f"{where}.themes.{theme['id']}", place
        )
    if split:
        second = _theme(draft, days, day, split[1], split[2], place)
        draft.ask(
            f"'{split[1]}' stood inside the day's text, and was read as a second theme. Is that right?",
            f"{where}.themes.{second['id']}", place,
        )  # fmt: skip


def _theme(draft: Draft, days: Days, day: dict[str, Any], title: str, text: str, place: Place) -> dict[str, Any]:
    theme = days.theme(day, title)
    where = f"days.{id_of(day)}.themes.{theme['id']}"
    if finding.unsettled(title):
        theme["status"] = "tbc"
        draft.ask(f"the theme says '{title}': what is it?", where, place)
    found = finding.resources_in(f"{text}\n{title if not theme.get('resources') else ''}", title)
    idents = [(each, _resource(draft, each, place, day=day)) for each in found]
    if idents:
        theme["resources"] = list(dict.fromkeys([*theme.get("resources", ()), *(ident for _, ident in idents)]))
    if text:
        known, told = theme.get("text", ""), with_resources(text, idents)
        theme["text"] = known if told in known else f"{known}\n\n{told}".strip()
    return theme


def _linked_title(draft: Draft, title: str, links: list[str], lost: bool, place: Place) -> list[str]:
    """Ids of the resources that a theme's title leads to: what it links, by the linked words where they are names, or
    the title itself where only its address was lost."""
    found = []
    for link in links:
        words, _, address = link[1:-1].rpartition("](")
        named = plain(words) if plain(words).casefold() not in _POINTERS else plain(title)
        found.append(finding.Found(named, type_of(named), address or finding.LOST))
    if lost and not links:
        doubt = "the line ends with '(': its link was lost"
        found.append(finding.Found(plain(title), "link", finding.LOST, doubt=doubt))
    return [_resource(draft, each, place) for each in found]


def _resource(draft: Draft, found: finding.Found, place: Place, day: dict[str, Any] | None = None) -> str:
    """The id of a resource, made when first named; what is open about it is asked."""
    resources = draft.section("resources")
    words = slug(found.title, 200)
    if words in draft.titles:
        held = resources[draft.titles[words]]
        if found.link and held.get("link", finding.LOST) == finding.LOST:
            held["link"] = found.link
        return draft.titles[words]
    ident = draft.titles[words] = fresh(slug(found.title) or slug(found.title, 63), resources, "resource")
    item: dict[str, Any] = {"type": found.type, "title": found.title}
    if found.link:
        item["link"] = found.link
    if found.pending:
        item |= {"approval": "pending", "if_pending": "name_only"}
    if found.type == "event":
        item["event"] = {"booking": found.booking} if found.booking else {}
        if day and day.get("date"):
            item["event"]["starts"] = day["date"]
    resources[ident] = item
    _ask_about(draft, found, item, f"resources.{ident}", place)
    return ident


def _ask_about(draft: Draft, found: finding.Found, item: dict[str, Any], where: str, place: Place) -> None:
    if found.link == finding.LOST:
        lead = f"{found.doubt}: " if found.doubt else ""
        draft.ask(f"{lead}what is its address? Only a placeholder was there.", f"{where}.link", place)
    elif found.type != "event":
        if found.doubt:
            draft.ask(f"{found.doubt}. Is '{found.title}' right?", f"{where}.title", place)
        if not found.link:
            draft.ask("the document names it and links nothing: what is its address?", where, place)
    if found.type == "event":
        booked = "" if found.booking else ", and where is it booked"
        draft.ask(f"it was taken to be on that day: at what time does it start{booked}?", where, place)


def with_resources(text: str, found: list[tuple[finding.Found, str]]) -> str:
    """Text whose links go by resource, so that they inherit approval, embargo and state."""
    from campaign.programme.importing.blocks import LINK

    by_words = {each.words: ident for each, ident in found}

    def swap(match: re.Match[str]) -> str:
        ident = by_words.get(plain(match.group(1)))
        return f"[{match.group(1)}](resource:{ident})" if ident else match.group(0)

    return LINK.sub(swap, text)


def _about(draft: Draft, week: Week, unit: str) -> None:
    campaign = draft.section("campaign")
    kept: list[str] = []
    for block in week.about:
        place = Place("", block.line, unit)
        text, lost = finding.lost_end(block.text)
        if re.match(r"if you do one thing\b", plain(text), re.I):
            campaign["one_thing"] = {"text": plain(text), "link": finding.LOST} if lost else {"text": plain(text)}
            draft.ask("what is the one thing, and what is its address?", "campaign.one_thing", place)
            continue
        found = finding.resources_in(text)
        idents = [(each, _resource(draft, each, place)) for each in found]
        if idents:
            campaign["resources"] = list(
                dict.fromkeys([*campaign.get("resources", ()), *(ident for _, ident in idents)])
            )
        _contact(draft, text, place)
        _social(draft, text, place)
        marks = {"heading": "### ", "item": "- "}
        kept.append(marks.get(block.kind, "") + with_resources(text, idents))
    if kept:
        campaign["text"] = re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", "\n\n".join(kept))


def _contact(draft: Draft, text: str, place: Place) -> None:
    emails = finding.emails_in(text)
    if emails and "contact" not in draft.section("campaign"):
        draft.section("campaign")["contact"] = {"email": emails[0]}
    elif re.search(r"\b(?:get in touch|contact us|email us)(?: at| on| via)?[\s.]*$", plain(text), re.I):
        draft.ask("the contact's address is missing: whom can readers ask?", "campaign", place)


def _social(draft: Draft, text: str, place: Place) -> None:
    tags = finding.hashtags_in(text)
    if tags:
        held = draft.section("campaign").setdefault("hashtags", [])
        held.extend(tag for tag in tags if tag not in held)
        for tag in tags:
            if re.search(r"[A-Z][a-z]{8,}", tag):
                draft.ask(
                    f"should '#{tag}' have a capital for each word, so that it can be read aloud?",
                    "campaign.hashtags",
                    place,
                )
    for words, kind in ((r"X/Twitter|Twitter", "x"), ("Facebook", "facebook"), ("LinkedIn", "linkedin"),
                        ("Instagram", "instagram"), ("Mastodon", "mastodon"), ("Bluesky", "bluesky")):  # fmt: skip
        if re.search(rf"\b(?:{words})\b", plain(text)) and kind not in draft.section("channels"):
            draft.section("channels")[kind] = {"kind": kind}
            draft.ask(
                "the document speaks of this network: what does the installation call the channel?",
                f"channels.{kind}",
                place,
            )


def _dates(draft: Draft, week: Week, days: Days, year: int | None, text: str, unit: str) -> None:
    """The first and the last day, from the days themselves; a range in the words must agree with them."""
    campaign = draft.section("campaign")
    held = sorted(day["date"] for day in days.held if day.get("date"))
    match = _RANGE.search(plain(text))
    stated: tuple[date, date] | None = None
    if match and (match.group(4) or year):
        try:
            ends = dates.parse_date(f"{match.group(2)} {match.group(3)}", int(match.group(4) or year or 0))
            stated = (ends.replace(day=int(match.group(1))), ends)
        except (dates.WordsError, ValueError):
            stated = None
    if held and len(held) == len(days.held):
        campaign["starts"], campaign["ends"] = held[0], held[-1]
        if stated and (str(stated[0]), str(stated[1])) != (held[0], held[-1]):
            draft.ask(
                f"the words say {stated[0]} to {stated[1]}, the days {held[0]} to {held[-1]}. Which holds?",
                "campaign.starts",
            )
    elif not held and stated and stated[1] - stated[0] < timedelta(days=7):
        campaign["starts"], campaign["ends"] = str(stated[0]), str(stated[1])
    else:
        place = Place("", week.days[0].line, unit)
        names = f"{day_words(DAY_IDS[week.days[0].weekday])} to {day_words(DAY_IDS[week.days[-1].weekday])}"
        draft.ask(f"the document names the days ({names}) and no dates: when does the week start?", "campaign", place)


def _aliases(draft: Draft, text: str) -> None:
    """Other spellings of the title in the words themselves (`Children` for `Children's`)."""
    title = draft.section("campaign").get("title", "")
    words = [re.escape(re.sub(r"[\u2019']s$", "", word)) + r"(?:[\u2019']s)?" for word in title.split()]
    if len(words) < 3:
        return
    found = dict.fromkeys(match.group() for match in re.finditer(r"\b" + r"\s+".join(words), plain(text), re.I))
    others = [each for each in found if each != title]
    if others:
        draft.section("campaign")["aliases"] = others
        draft.ask("the document spells the title in other ways too: which is right?", "campaign.aliases")
