"""The desk's pages hold no words of their own: every text is the catalogue's, so that another language can follow."""

import re
from html import unescape
from importlib.resources import files
from pathlib import Path

import pytest

from campaign.web.words import page_words

DESK = Path(str(files("campaign.web"))) / "templates" / "desk"
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAG = re.compile(r"<[^>]*>", re.DOTALL)
SAID = re.compile(r'(?:aria-label|title|alt|placeholder|value)="([^"]*)"')
KEY = re.compile(r"\bw\(['\"]([a-z_.]+)['\"][,)]")
MANY = re.compile(r"\bn\(['\"]([a-z_.]+)['\"],")
WORD = re.compile(r"[^\W\d_]{3,}")
#: What a machine reads, not a person: the names of fields and values that forms carry.
MACHINE = frozenset({"yes", "form", "not", "approval", "embargo", "until", "released", "event", "state", "recording",
                     "booking", "data"})  # fmt: skip


#: Names of classes, attributes and values that stand outside a tag of their own template.
OTHERS = {"base.html": {"data", "theme", "desk"}, "edit.html": {"main", "own"}}


@pytest.mark.parametrize("name", sorted(path.name for path in DESK.glob("*.html")))
def test_a_template_holds_no_words_of_its_own(name: str) -> None:
    text = (DESK / name).read_text("utf-8")
    plain = JINJA.sub(" ", text)
    found = WORD.findall(unescape(TAG.sub(" ", plain)))
    found += [word for said in SAID.findall(plain) for word in WORD.findall(said) if word not in MACHINE]
    assert sorted(set(found) - OTHERS.get(name, set())) == []


def test_every_key_that_a_template_names_is_in_the_catalogue() -> None:
    words = page_words("en-GB")
    texts = {path.name: path.read_text("utf-8") for path in DESK.glob("*.html")}
    lost = {(name, key) for name, text in texts.items() for key in KEY.findall(text) if key not in words.texts}
    lost |= {
        (name, key) for name, text in texts.items() for key in MANY.findall(text) if f"{key}.many" not in words.texts
    }
    assert lost == set()
