"""The pages say what the code does: each setting, command, option and kind of channel. Every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from campaign.channels.registry import Registry
from campaign.cli import main
from campaign.settings import Settings
from tests.house.files import ROOT, committed, name_of

DOCS = ROOT / "docs"
PAGES = [path for path in committed() if path.suffix == ".md" and (path.parent == ROOT or path.is_relative_to(DOCS))]
LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.M)
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|/simple/|index-url|registry\.npmjs|ghcr\.io|docker\.io", re.I)
SECRET = re.compile(
    r"-----BEGIN|\bgh[pousr]_\w{20}|\bxox[abp]-\w|\bAKIA[0-9A-Z]{16}|://[^\s/@:<`]+:(?!PASSWORD@)[^\s/@<`]+@"
)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below, by its whole name."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, *path, name)


def sections(page: str) -> dict[str, str]:
    """Heading -> what stands below it, up to the next heading."""
    parts = re.split(r"^#{1,6} (.+)$", FENCED.sub("", page), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def anchors(page: str) -> set[str]:
    """The anchors that a page's headings make, as forges spell them."""
    found = HEADING.findall(FENCED.sub("", page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def test_every_setting_has_a_heading_and_no_heading_is_without_a_setting() -> None:
    headings = {heading for heading in sections(text("docs/settings.md")) if heading.startswith("CAMPAIGN_")}
    assert headings == {f"CAMPAIGN_{name.upper()}" for name in Settings.model_fields}


def test_every_command_and_option_stands_below_its_heading() -> None:
    found = sections(text("docs/commands.md"))
    known = dict(commands(main, "campaign"))
    assert {name for name in found if name.startswith("campaign ")} == set(known) - {"campaign"}
    missing = [
        f"{name} {spelling}"
        for name, command in known.items()
        for option in command.params
        if name != "campaign" and isinstance(option, click.Option)
        for spelling in (*option.opts, *option.secondary_opts)
        if f"`{spelling}`" not in found[name]
    ]
    assert not missing


def test_every_example_of_a_command_names_commands_and_options_that_there_are() -> None:
    known = dict(commands(main, "campaign"))
    for name, below in sections(text("docs/commands.md")).items():
        lines = re.findall(r"^    (campaign\b.*)$", below, re.M) if name in known else []
        if name in known and not isinstance(known[name], click.Group):
            assert lines, f"{name} has no example"
        for line in lines:
            assert line.startswith(name), line
            given = {spelling for param in known[name].params for spelling in (*param.opts, *param.secondary_opts)}
            assert set(re.findall(r"(?<= )--?[a-z][\w-]*", line)) <= given, line


def test_every_kind_of_channel_has_a_page() -> None:
    kinds = {kind.name for kind in Registry().kinds() if kind.package == "campaign-bot"}
    assert kinds
    index = text("docs/channels/README.md")
    for kind in kinds:
        page = f"{kind.removesuffix('-mail')}.md"
        assert (DOCS / "channels" / page).is_file(), page
        assert f"[{kind}]({page})" in index


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_to_a_file_leads_to_it(path: Path) -> None:
    for target in LINK.findall(FENCED.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), f"{name_of(path)} links to {target}"
        if anchor:
            assert anchor in anchors(found.read_text("utf-8")), f"{name_of(path)} links to {target}"


def test_the_index_links_every_page() -> None:
    index = text("docs/README.md")
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in LINK.findall(index)}
    own = {path for path in PAGES if path.parent == DOCS and path.name != "README.md"}
    assert own <= linked


def test_pictures_are_small_and_have_a_text() -> None:
    for path in PAGES:
        for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", path.read_text("utf-8")):
            assert len(alt) > 20, f"{name_of(path)}: {target} has no text for those who cannot see it"
            assert (path.parent / target).stat().st_size < 200_000


def test_no_page_holds_a_secret_or_the_host_of_a_registry() -> None:
    more = [path for path in committed() if path.is_relative_to(DOCS) and path.suffix in {".yaml", ".yml", ".service"}]
    for path in [*PAGES, *more]:
        page = path.read_text("utf-8")
        assert not HOSTS.search(page), name_of(path)
        assert not SECRET.search(page), name_of(path)
