"""The pages on programmes say what the code does: every code, every key."""

import re

from campaign.programme.tables import markdown
from tests.house.files import ROOT, python_files

CODE = re.compile(r'"((?:F|Y|V|R|M|T|P|G|K|AS|AE|H|L|C|N|O|D)[0-9]{1,2})"')


def test_every_code_of_a_check_has_its_heading_and_no_heading_is_without_a_code() -> None:
    used = {code for path in python_files("campaign/programme") for code in CODE.findall(path.read_text("utf-8"))}
    headings = re.findall(r"^### (\S+)$", (ROOT / "docs" / "checks.md").read_text("utf-8"), re.M)
    assert len(headings) == len(set(headings))
    assert set(headings) == used


def test_the_page_on_programmes_lists_every_key_as_the_schema_has_it() -> None:
    assert markdown().strip() in (ROOT / "docs" / "programme.md").read_text("utf-8")
