"""Rows of a schedule that are messages: posts and emails."""

from __future__ import annotations

from typing import Any

from campaign.model import DAY_IDS
from campaign.programme.importing import forms
from campaign.programme.importing.columns import SCHEDULE
from campaign.programme.importing.days import id_of
from campaign.programme.importing.draft import Draft, fresh, slug
from campaign.programme.importing.moment import Week, When
from campaign.programme.importing.names import SHORT
from campaign.programme.importing.rows import RowReader, ref
from campaign.programme.kinds import LINK
from campaign.programme.writing import clock, day_words

_SKIP = frozenset({"channel", "theme", "short", "images", "alt", "link", "approved", "approved_by", "embargo",
                   "event_start", "event_end", "booking", "title", "copy", "type"})  # fmt: skip


class Messages:
    """Makes posts and emails of rows."""

    def __init__(self, draft: Draft, week: Week) -> None:
        self.draft = draft
        self.week = week

    def take(self, reader: RowReader, when: When, kind: str) -> None:
        """Take a row that is a post or an email."""
        section = "posts" if kind == "post" else "mailings"
        channels = self._channels(reader, kind)
        day = (when.date and DAY_IDS[when.date.weekday()]) or when.day or ("daily" if when.each_day else "")
        words = slug(f"{day} {channels[0] if channels else ''} {reader.words('title') or reader.words('copy')}", 40)
        ident = self.week.ref_of(reader, words, section)
        if ident is None:
            return
        item: dict[str, Any] = {}
        self._moment(reader, when, item)
        theme = self.week.theme_of(reader, when)
        if theme:
            item["theme"] = theme
        reader.fill(item, SCHEDULE, skip=_SKIP)
        if item.get("essential") == "false":
            del item["essential"]
        self._link(reader, when, item, kind)
        if kind == "post":
            self._post(reader, item, channels)
        else:
            self._mailing(reader, item, channels, ident)
        approved = reader.words("approved")
        if approved:
            header = reader.table.headers[reader.table.columns["approved"]]
            text = f"'{approved}' in {header} does not approve a post or an email: who approves these in the product?"
            self.draft.ask(text, "", reader.place)
        self.draft.section(section)[ident] = item

    def _channels(self, reader: RowReader, kind: str) -> list[str]:
        reader.where = ""
        words = reader.words("channel")
        found, unknown = self.week.names.channels(words, reader.place) if words else ([], [])
        if "website" in found:
            found.remove("website")
            if kind == "post":
                reader.ask(
                    "the website is no channel: the day's page shows its themes and resources. Is a page row missing?"
                )
        for piece in unknown:
            reader.refuse(
                "channel", f"'{piece}' is not a channel that is known",
                "write X, Facebook, Instagram, LinkedIn, Mastodon, Bluesky, Threads, Email or a channel's own name",
            )  # fmt: skip
        if not found and kind == "email":
            found, _ = self.week.names.channels("email", reader.place)
        return found

    def _moment(self, reader: RowReader, when: When, item: dict[str, Any]) -> None:
        if when.end is not None:
            reader.ask(f"the time is a range; {clock(when.start or when.end)} was taken. Is that when it goes?", "at")
        self.week.day(when)
        if when.each_day:
            item["each_day"] = "true"
        elif when.date is not None and when.start is not None and not when.unlock:
            item["at"] = f"{when.date} {clock(when.start)}"
            return
        elif when.date is not None and self.week.day(when) is not None:
            item["day"] = day_words(id_of(self.week.day(when) or {}))
        elif when.date is not None:
            reader.ask(f"no time is given for {when.date}, which is outside the week: when does it go?", "at")
        elif when.day:
            item["day"] = day_words(when.day)
        else:
            reader.ask("no date is given: when does it go?")
        if when.unlock:
            item["time"] = "unlock"
        elif when.start is not None:
            item["time"] = clock(when.start)

    def _post(self, reader: RowReader, item: dict[str, Any], channels: list[str]) -> None:
        if not channels and not reader.words("channel"):
            reader.ask("no channel is given: where does the post go?", "channels")
        item["channels"] = channels
        if reader.raw("title") is not None:
            item["title"] = reader.take("title", forms.line_of) or ""
        item["text"] = reader.take("copy", forms.text_of) or ""
        if not item["text"] and reader.raw("short") is None:
            reader.ask("no copy is given: what does the post say?")
        short = reader.take("short", forms.text_of)
        kinds = {name: self.draft.tree["channels"].get(name, {}).get("kind") for name in channels}
        brief = [name for name, kind in kinds.items() if kind in SHORT]
        if short and not item["text"]:
            item["text"] = short
        elif short and brief:
            item["text_for"] = dict.fromkeys(brief, short)
        elif short:
            reader.ask(
                "the short copy is kept in the notes, for no channel of the row needs it: where is it meant for?"
            )
            item["notes"] = f"{item.get('notes', '')}\nShort copy: {short}".strip()
        self._images(reader, item)

    def _images(self, reader: RowReader, item: dict[str, Any]) -> None:
        files = reader.take(
            "images", lambda value: [f for line in forms.lines_of(value) for f in line.split(";") if f.strip()]
        )
        alts = reader.take("alt", forms.lines_of) or []
        if files and len(files) == 1 and len(alts) > 1:
            alts = [" ".join(alts)]
        images = []
        for number, file in enumerate(files or ()):
            image = {"file": file.strip().replace("\\", "/").rpartition("/")[2]}
            alt = alts[number] if number < len(alts) else ""
            if alt.casefold() == "decorative":
                image["decorative"] = "true"
            elif alt:
                image["alt"] = alt
            else:
                reader.ask(f"'{image['file']}' has no alt text: what does it show?", f"images.{number}")
            images.append(image)
        if images:
            item["images"] = images

    def _mailing(self, reader: RowReader, item: dict[str, Any], channels: list[str], ident: str) -> None:
        item["channel"] = channels[0] if channels else "mail"
        if len(channels) > 1:
            reader.ask(f"an email goes over one channel; {channels[0]} was taken. Is that right?")
        item["subject"] = reader.take("title", forms.line_of) or ""
        copy = reader.take("copy", forms.text_of)
        if copy and not item["subject"]:
            reader.ask("the email has no subject: what is it?", "subject")
        if copy:
            item["body"] = f"{ident}.md"
            self.draft.files[f"messages/{ident}.md"] = f"{copy}\n".encode()
        self.draft.ask("which lists of the installation does the email go to?", f"mailings.{ident}", reader.place)

    def _link(self, reader: RowReader, when: When, item: dict[str, Any], kind: str) -> None:
        link = reader.doubting("link", forms.link_of, "link") or ""
        if link and link != "day" and not LINK.fullmatch(link):
            held = ref(link)
            if held not in self.draft.tree.get("resources", {}) and held not in self.week.refs:
                reader.refuse("link", f"'{link}' is neither a web address nor a resource's Ref", "write https://...")
                link = ""
            else:
                link = held
        embargo = reader.doubting("embargo", lambda value, doubt: forms.embargo_of(value, reader.year, doubt))
        if embargo:
            link = self._embargoed(reader, link, embargo)
            if link:
                item["needs"] = [link]
        if link and kind == "post":
            item["link"] = link
        elif link and kind == "email" and link != "day":
            reader.ask(f"an email carries its links in its words: where does {link} belong?", "body")

    def _embargoed(self, reader: RowReader, link: str, embargo: str) -> str:
        """The resource that carries a post's embargo: the one linked to, or one made for it."""
        resources = self.draft.section("resources")
        if link in resources:
            resources[link].setdefault("embargo_until", embargo)
            return link
        name = fresh(f"{reader.where.rpartition('.')[2]}-embargo", resources)
        held: dict[str, Any] = {"type": "link", "title": reader.words("title") or f"What {reader.where} tells of"}
        held |= {"link": link} if link and link != "day" else {"no_link": "it only carries the embargo"}
        resources[name] = {**held, "embargo_until": embargo}
        reader.ask(f"the embargo is kept on the resource '{name}'. What is its name, and is it approved?", "needs")
        return name
