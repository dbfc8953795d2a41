"""The design: contrasts as measured, the catalogue whole, vendored files as recorded, an organisation's own colours."""

import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest

from campaign.errors import SettingsError
from campaign.web import colours
from campaign.web.parts import Theme
from campaign.web.words import page_words
from campaign.words import catalogue
from tests.web.weeks import Stand

WEB = Path(str(files("campaign.web")))
TOKENS = (WEB / "static" / "css" / "tokens.css").read_text("utf-8")


def block(selector: str) -> dict[str, str]:
    """The colours that a rule of tokens.css sets."""
    body = TOKENS.split(selector + " {", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", body))


LIGHT = block(":root")
DARK = {**LIGHT, **block('  :root:not([data-theme="light"])')}

PAIRS = [
    *(
        (ink, ground, 4.5)
        for ink in ("ink", "ink-2", "primary", "danger", "good")
        for ground in ("page", "surface", "sunken")
    ),
    *((f"{name}", f"{name}-fill", 4.5) for name in ("neutral", "info", "bad", "late", "held", "doubt", "ask")),
    ("on-primary", "primary", 4.5),
    ("on-primary", "primary-hover", 4.5),
    ("on-danger", "danger", 4.5),
    ("on-danger", "danger-hover", 4.5),
    ("on-pause", "pause", 4.5),
    ("ink", "selected", 4.5),
    ("edge", "surface", 3.0),
    ("edge", "page", 3.0),
    ("focus", "surface", 3.0),
    ("focus", "page", 3.0),
    ("focus", "focus-inner", 3.0),
]


@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_every_pair_of_colours_can_be_read(ink: str, ground: str, least: float) -> None:
    for palette in (LIGHT, DARK):
        assert colours.contrast(palette[ink], palette[ground]) >= least, (ink, ground)


def test_the_formula_is_that_of_wcag() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#16191d", "#ffffff") == pytest.approx(17.63, abs=0.01)


def test_both_dark_palettes_are_one() -> None:
    assert block(':root[data-theme="dark"]') == block('  :root:not([data-theme="light"])')


def test_the_checked_grounds_are_those_of_the_styles() -> None:
    assert tuple(LIGHT[name] for name in ("page", "surface", "sunken")) == colours.LIGHT
    assert tuple(DARK[name] for name in ("page", "surface", "sunken")) == colours.DARK


def test_styles_use_only_named_colours() -> None:
    for sheet in (WEB / "static" / "css").glob("*.css"):
        if sheet.name != "tokens.css":
            free = sheet.read_text("utf-8").split("@media print")[0]
            assert set(re.findall(r"#[0-9a-f]{3,6}\b", free)) <= {"#ffffff"}, sheet.name


def test_a_theme_that_cannot_be_read_is_refused_with_one_that_can() -> None:
    found = colours.problems(Theme(primary="#ffcc00"))
    assert [problem.code for problem in found] == ["theme-contrast"]
    better = re.search(r"#[0-9a-f]{6}", found[0].hint)
    assert better
    assert colours.problems(Theme(primary=better[0])) == ()
    with pytest.raises(SettingsError):
        Stand("10 08:00", look=Theme(primary="#ffcc00"))


@pytest.mark.parametrize("wrong", ["red", "#12345", "#12345g", "#123456;}body{display:none"])
def test_a_theme_takes_nothing_but_a_colour(wrong: str) -> None:
    assert [problem.code for problem in colours.problems(Theme(primary=wrong))] == ["theme-colour"]


def test_a_theme_colours_light_and_dark() -> None:
    stand = Stand("10 08:00", look=Theme(name="Our council", primary="#7a1c12"))
    sheet = re.search(r'href="([^"]+theme\.css)"', stand.text("/week-2023"))
    assert sheet
    text = stand.text(sheet[1])
    assert "--primary:#7a1c12" in text
    dark = re.search(r"prefers-color-scheme:dark.*?--primary:(#[0-9a-f]{6})", text)
    assert dark
    assert min(colours.contrast(dark[1], ground) for ground in colours.DARK) >= 4.5
    assert "Our council" in stand.text("/week-2023")


def used() -> set[str]:
    """Every key of the catalogue that a template or a module names whole."""
    text = "\n".join(path.read_text("utf-8") for path in [*WEB.rglob("*.html"), *WEB.rglob("*.py")])
    return set(re.findall(r"\b(?:w|n|words|say)\(\s*[\"']([a-z0-9_.]+)[\"']\s*[,)]", text))


def test_every_key_that_is_named_exists() -> None:
    words = page_words("en-GB")
    known = {*catalogue("en"), *(key.rsplit(".", 1)[0] for key in catalogue("en") if key.endswith(".many"))}
    missing = []
    for key in used() - known:
        try:
            words(key)
        except KeyError:
            missing.append(key)
        except (IndexError, ValueError) as error:
            missing.append(f"{key}: {error}")
    assert [key for key in missing if not key.endswith(".")] == []


def test_templates_hold_no_readers_words() -> None:
    found = []
    for path in WEB.rglob("*.html"):
        text = re.sub(
            r"\{% block body_class %\}.*?\{% endblock %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
            "",
            path.read_text("utf-8"),
            flags=re.S,
        )
        text = re.sub(r"<pre.*?</pre>|<[^>]*>|[a-z-]+=\"[^\"]*\"", " ", text, flags=re.S)
        found += [
            f"{path.name}: {word}" for word in re.findall(r"[A-Za-z]{3,}", text.replace("&lt;", "").replace("&gt;", ""))
        ]
    assert found == []


VENDORED = {
    "htmx/htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "lucide/icons.svg": "3e26a7d18b60f9eb4ab659f4b7f0af2d6145173eaf646f837251d87c86ec33cc",
}


@pytest.mark.parametrize("name", sorted(VENDORED))
def test_vendored_files_are_what_was_vendored_and_have_their_licence(name: str) -> None:
    path = WEB / "static" / "vendor" / name
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest == VENDORED[name]
    assert (path.parent / "LICENSE").read_text("utf-8").strip()
    assert digest in (WEB / "static" / "vendor" / "README.md").read_text("utf-8")
