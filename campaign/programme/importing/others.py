"""Rows of a schedule that are no messages: pages, events and resources."""

from __future__ import annotations

from typing import Any

from campaign.programme.importing import forms
from campaign.programme.importing.columns import SCHEDULE
from campaign.programme.importing.days import id_of
from campaign.programme.importing.draft import Draft, fresh, slug
from campaign.programme.importing.moment import Week, When
from campaign.programme.importing.rows import RowReader, ref
from campaign.programme.kinds import LINK
from campaign.programme.writing import clock


class Others:
    """Makes themes and resources of rows."""

    def __init__(self, draft: Draft, week: Week) -> None:
        self.draft = draft
        self.week = week

    def page(self, reader: RowReader, when: When) -> None:
        """Take a row that tells what a day's page says."""
        title = reader.words("theme") or reader.words("title")
        day = self.week.day(when)
        if day is None:
            reader.refuse("date", "a page row needs the day it belongs to", "write its date or its weekday")
            return
        if not title:
            title = reader.words("copy").partition(".")[0][:100]
            reader.ask(f"the page has no theme or title; '{title}' was taken. Is that right?")
        known = self.week.days.theme_called(title, day)
        theme = self.week.days.theme(day, title, known or ref(reader.words("ref")))
        reader.where = f"days.{id_of(day)}.themes.{theme['id']}"
        self.draft.places[reader.where] = reader.place
        copy = reader.take("copy", forms.text_of) or ""
        theme["text"] = f"{theme['text']}\n\n{copy}" if theme.get("text") and copy not in theme["text"] else copy
        reader.fill(theme, tuple(column for column in SCHEDULE if column.field in {"audience", "area"}))
        link = reader.doubting("link", forms.link_of) or ""
        if link and link != "day":
            self._attach(theme, reader, link, title)

    def _attach(self, theme: dict[str, Any], reader: RowReader, link: str, title: str) -> None:
        resources = self.draft.section("resources")
        ident = ref(link) if not LINK.fullmatch(link) else ""
        if ident not in resources:
            ident = fresh(slug(title), {**resources, **self.week.refs}, "link")
            resources[ident] = {"type": "link", "title": title, "link": link}
            reader.ask(f"the page's link became the resource '{ident}': what is its title, and is it approved?")
        theme.setdefault("resources", [])
        if ident not in theme["resources"]:
            theme["resources"].append(ident)

    def resource(self, reader: RowReader, when: When, kind: str) -> None:
        """Take a row that is an event or another resource."""
        title = reader.words("title") or reader.words("copy").partition(".")[0][:150] or reader.words("link")
        ident = self.week.ref_of(reader, slug(title), "resources")
        if ident is None:
            return
        item: dict[str, Any] = {"type": kind, "title": title}
        copy = reader.take("copy", forms.text_of) or ""
        if copy and copy != title:
            item["text"] = copy
        wanted = {"area", "audience", "embargo", "approved_by", "event_start", "event_end", "booking"}
        columns = tuple(column for column in SCHEDULE if column.field in wanted)
        if kind != "event":
            columns = tuple(column for column in columns if not column.path.startswith("event."))
        link = reader.doubting("link", forms.link_of, "link") or ""
        if LINK.fullmatch(link):
            item["link"] = link
        reader.fill(item, columns)
        approval = reader.take("approved", forms.approval_of)
        if approval:
            item["approval"] = approval
        if kind == "event":
            self._event_time(reader, when, item)
        self.draft.section("resources")[ident] = item
        theme = self.week.theme_of(reader, when)
        held = next((each for each in self.week.days.themes() if each["id"] == theme), None)
        day = self.week.day(when)
        if held is None and day and len(day.get("themes", ())) == 1:
            held = day["themes"][0]
        if held is not None:
            held.setdefault("resources", []).append(ident)
        elif day is not None or when.date is not None:
            reader.ask("which theme does it belong to?")

    def _event_time(self, reader: RowReader, when: When, item: dict[str, Any]) -> None:
        event = item.setdefault("event", {})
        if "starts" not in event and when.date is not None:
            event["starts"] = f"{when.date} {clock(when.start)}" if when.start else str(when.date)
            if when.end:
                event["ends"] = f"{when.date} {clock(when.end)}"
        if " to " in event.get("starts", ""):
            event["starts"], _, end = event["starts"].partition(" to ")
            event["ends"] = f"{event['starts'][:10]} {end}"
        if not event.get("starts"):
            reader.ask("when does the event start?", "event")
