"""The words of an email: subject, preview line, text and HTML, from its template, its body and its layout.

`subscriber` and `urls` may hold `Slot`s (compiled once for many) or plain words (rendered for one person).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from markupsafe import Markup

from campaign.model import PlannedMailing, Sender
from campaign.render import document as doc
from campaign.render import parts
from campaign.render.composed import Composed
from campaign.render.context import NAMES, Scene, resolver, sender_view
from campaign.render.encode import tidy
from campaign.render.markdown import MarkdownText, Printed, parse, print_markdown, printed
from campaign.render.palette import LIGHT, dark_styles
from campaign.render.sandbox import Library, Sandbox, error, looks_into_captures, print_text, render
from campaign.render.slots import MARK, PersonalTemplateError, Slot

LAYOUTS = "messages/emails/_layouts"
MAX_LINE = 998
Values = Mapping[str, "str | Slot"]


@dataclass(frozen=True)
class Press:
    """The environments of one mailing's templates, made once."""

    planned: PlannedMailing
    library: Library
    _captures: dict[frozenset[str], bool] = field(default_factory=dict)

    @cached_property
    def plain(self) -> Sandbox:
        """For subject, preview line and the text layout."""
        return Sandbox(self.library, autoescape=False, finalize=print_text)

    @cached_property
    def html(self) -> Sandbox:
        """For the HTML layouts: everything printed is escaped."""
        return Sandbox(self.library, autoescape=True, finalize=print_text)

    @cached_property
    def markdown(self) -> Sandbox:
        """For bodies: everything printed stays words (autoescape marks what a macro wrote as finished)."""
        return Sandbox(self.library, autoescape=True, finalize=print_markdown)

    @property
    def name(self) -> str:
        """The template's bare name: as planned, else `briefing` for a body and `day` without one."""
        name = self.planned.template or ("briefing" if self.planned.body else "day")
        return name.removesuffix(".md")

    def layout(self, suffix: str) -> str:
        """The layout of that suffix: the template's own where there is one, else the base."""
        own = f"{LAYOUTS}/{self.name}{suffix}"
        return own if self.library.find(own) is not None else f"{LAYOUTS}/base{suffix}"

    def reads_captures(self) -> bool:
        """Whether its templates work on text that they printed before: see `looks_into_captures`."""
        used = frozenset(self.library.used)
        if used not in self._captures:
            sources = [self.library.text(name) for name in sorted(used)]
            lines = [self.planned.subject, self.planned.preheader]
            self._captures[used] = looks_into_captures(self.plain, [*sources, *lines])
        return self._captures[used]


def template_name(planned: PlannedMailing) -> str:
    """The file of a mailing's template, `messages/emails/NAME.md`."""
    return f"messages/emails/{(planned.template or ('briefing' if planned.body else 'day')).removesuffix('.md')}.md"


def body_name(planned: PlannedMailing) -> str:
    """The file of a mailing's body, `messages/NAME`."""
    return planned.body if planned.body.startswith("messages/") else f"messages/{planned.body}"


def compose(
    press: Press, scene: Scene, sender: Sender, lists: tuple[str, ...], subscriber: Values, urls: Values
) -> Composed:
    """The email's words for one variant, or one person. TemplateError (file, line) where they cannot be made."""
    planned = press.planned
    variables = scene.variables(sender.organisation)
    variables |= {
        "subscriber": dict(subscriber),
        "urls": dict(urls),
        "lists": lists,
        "sender": sender_view(sender, scene.stage),
    }
    subject = _line(press, "subject", planned.subject or "{{ campaign.title }}", variables)
    preheader = _line(press, "preheader", planned.preheader, variables)
    trees = _trees(press, scene, variables | {"subject": _Filled() if MARK.search(subject) else subject})
    text = _text_part(press, trees, variables | {"subject": subject})
    html = _html_part(press, trees, variables | {"subject": subject, "preheader": preheader})
    if press.reads_captures() and any(isinstance(value, Slot) for value in (*subscriber.values(), *urls.values())):
        raise PersonalTemplateError("text that a template printed before")
    return Composed(subject, preheader, text, html, tuple(doc.links([*trees["top"], *trees["main"], *trees["foot"]])))


class _Filled:
    """A line that holds slots already: a body that prints it is rendered for each person."""

    def __str__(self) -> str:
        raise PersonalTemplateError("subject")


def _line(press: Press, name: str, template: str, variables: Mapping[str, Any]) -> str:
    """A subject or preview line: one line. TemplateError where it holds a break within."""
    if not template.strip():
        return ""
    where = f"mailings.{press.planned.id}.{name}"
    press.library.inline[where] = template
    text = tidy(render(press.plain, where, variables, NAMES)).strip()
    if "\n" in text:
        raise error("line-break", f"The {name} holds a line break.", where, 0, "Write it on one line.")
    return " ".join(text.split())


def _trees(press: Press, scene: Scene, variables: Mapping[str, Any]) -> dict[str, tuple[doc.Block, ...]]:
    """The trees of the top, the main words and the foot."""
    table = Printed()
    token = printed.set(table)
    try:
        inner = dict(variables)
        if press.planned.body:
            name = body_name(press.planned)
            body = render(press.markdown, name, inner, NAMES)
            parse(
                body, table=table, resolve=resolver(scene.stage), file=name
            )  # so that errors name the body's own line
            inner["body"] = MarkdownText(body)
        found = {}
        for part, name in (
            ("top", f"{LAYOUTS}/top.md"),
            ("main", template_name(press.planned)),
            ("foot", f"{LAYOUTS}/foot.md"),
        ):
            words = render(press.markdown, name, inner, NAMES)
            found[part] = doc.without_gone(parse(words, table=table, resolve=resolver(scene.stage), file=name))
        found["main"] = doc.outline(found["main"])
        return found
    finally:
        printed.reset(token)


def _text_part(press: Press, trees: Mapping[str, tuple[doc.Block, ...]], variables: Mapping[str, Any]) -> str:
    inner = {**variables, **{name: Markup(parts.to_text(tree)) for name, tree in trees.items()}}  # noqa: S704
    layout = press.layout(".txt")
    text = tidy(render(press.plain, layout, inner, NAMES)).strip() + "\n"
    for line in text.split("\n"):
        if len(MARK.sub("", line).encode("utf-8")) > MAX_LINE:
            raise error(
                "line-too-long", f"A line of the text part is longer than {MAX_LINE} bytes: {line[:60]}...", layout
            )
    return text


def _html_part(press: Press, trees: Mapping[str, tuple[doc.Block, ...]], variables: Mapping[str, Any]) -> str:
    inner = {
        **variables,
        **{name: Markup(parts.to_html(tree)) for name, tree in trees.items()},  # noqa: S704 - the writer escapes
        "colour": dict(LIGHT),
        "filler": Markup("&#847;&#8199;" * 40),  # noqa: S704 - keeps the first words out of the preview line
        "font": Markup(parts.FONT),  # noqa: S704 - a constant; its quotes must stay
        "dark": Markup(dark_styles()),  # noqa: S704 - a constant
    }
    return tidy(render(press.html, press.layout(".html"), inner, NAMES)).strip() + "\n"
