"""A browser without scripts, over plain HTTP: it sends the forms that stand in a page, as they stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from httpx import Response
from starlette.testclient import TestClient

from tests.web.desks import BASE

Files = Mapping[str, tuple[str, bytes]]


@dataclass
class Form:
    """A form: where it goes, what is in its fields, and its buttons by their words."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None
        self._area = self._select = self._option = ""
        self._button: tuple[str, str] | None = None
        self._words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(has.get("action", ""), has.get("method", "get"))
            self.found.append(self._open)
        elif self._open is None:
            return
        elif tag == "input" and has.get("name"):
            ticked = has.get("type") not in {"radio", "checkbox"} or "checked" in has
            if ticked and has.get("type") != "file":
                self._open.fields[has["name"]] = has.get("value", "")
        elif tag == "textarea":
            self._area, self._words = has.get("name", ""), ""
        elif tag == "select":
            self._select = has.get("name", "")
        elif tag == "option" and self._select and ("selected" in has or self._select not in self._open.fields):
            self._open.fields[self._select] = has.get("value", "")
        elif tag == "button":
            self._button, self._words = (has.get("name", ""), has.get("value", "")), ""

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif self._open is None:
            return
        elif tag == "textarea" and self._area:
            self._open.fields[self._area] = self._words.removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "button" and self._button is not None:
            self._open.buttons[self._words.strip()] = self._button
            self._button = None


class Plain:
    """A browser without scripts. `page` is what it shows."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self.path = ""
        self.page = ""

    def go(self, path: str) -> str:
        """Open an address."""
        return self._show(self._client.get(path))

    def press(self, button: str, files: Files | None = None, **fields: str) -> str:
        """Press the first button of these words, with `fields` (`-` as `_`) filled in."""
        forms = Forms(self.page).found
        form = next((each for each in forms if button in each.buttons), None)
        assert form is not None, f"{self.path} has no {button!r}: {[list(each.buttons) for each in forms]}"
        given = {name.replace("_", "-"): value for name, value in fields.items()}
        unknown = given.keys() - form.fields.keys()
        assert not unknown, f"the form has no {unknown}: {sorted(form.fields)}"
        data = {**form.fields, **given}
        name, value = form.buttons[button]
        if name:
            data[name] = value
        if form.method == "get":
            return self._show(self._client.get(form.action, params=data))
        action = form.action or self.path
        return self._show(self._client.post(action, data=data, files=files, headers={"Origin": BASE}))

    def count(self, button: str) -> int:
        """How many forms have that button."""
        return sum(button in form.buttons for form in Forms(self.page).found)

    def _show(self, answer: Response) -> str:
        while answer.status_code == 303:
            answer = self._client.get(answer.headers["location"])
        assert answer.status_code == 200, f"{answer.url}: {answer.status_code}\n{answer.text[:500]}"
        self.path, self.page = answer.url.path, answer.text
        return self.page
