"""`campaign preview`: any message as its readers would get it, in the terminal and as pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from tests.commands.conftest import Run
from tests.house.files import ROOT

WEEK = str(ROOT / "schedules" / "safeguarding-childrens-week-2023.yaml")
BRIEFING = str(ROOT / "schedules" / "practitioner-briefing.yaml")


def preview(*words: str) -> Result:
    return CliRunner().invoke(main, ["preview", *words])


def test_without_a_message_it_lists_what_there_is() -> None:
    found = preview(WEEK)
    assert found.exit_code == 0
    assert "Tuesday 10 October 2023, 8am" in found.stdout
    assert "Tuesday: Protecting from child exploitation" in found.stdout
    assert found.stdout.count("tue-toolkit") == 2


def test_an_email_as_somebody_in_an_area_reads_it() -> None:
    everyone = preview(WEEK, "daily", "--day", "mon").stdout
    assert "Subject: Monday: Safeguarding, radicalisation and extremism and Supporting community" in everyone
    island = preview(WEEK, "daily", "--day", "2023-10-09", "--area", "IOW", "--audience", "vcs").stdout
    assert "Subject: Monday: Supporting community and voluntary organisations" in island
    assert "for Sam, Community and voluntary organisations in Isle of Wight" in island
    assert "Prevent Toolkit" not in island
    nobody = preview(WEEK, "daily", "--day", "mon", "--audience", "parents").stdout
    assert "It says nothing to this reader, so nothing is sent." in nobody


def test_a_draft_is_shown_as_if_it_were_next_week() -> None:
    found = preview(BRIEFING, "briefing")
    assert found.exit_code == 0
    assert "Educational Neglect Advice (pending approval)" in found.stdout
    assert "as if it were next week" in found.stderr


@pytest.mark.parametrize(
    "words",
    [
        (WEEK, "daly"),
        (WEEK, "--day", "sunday"),
        (WEEK, "--channel", "tiktok"),
        (WEEK, "--area", "KENT"),
        (WEEK, "--audience", "voters"),
        (WEEK, "tue-launch", "--day", "mon"),
    ],
)
def test_a_name_that_is_not_there_is_a_usage_error(words: tuple[str, ...]) -> None:
    found = preview(*words)
    assert found.exit_code == 2
    assert "There is" in found.stderr or "Nothing goes out" in found.stderr


def test_pages_are_written_with_each_email_and_picture(tmp_path: Path) -> None:
    found = preview(WEEK, "--out", str(tmp_path / "preview"))
    assert found.exit_code == 0, found.output
    page = (tmp_path / "preview" / "index.html").read_text("utf-8")
    assert page.count("<iframe sandbox ") == 10
    assert 'src="images/week-2023.png"' in page
    assert (tmp_path / "preview" / "images" / "week-2023.png").read_bytes().startswith(b"\x89PNG")
    assert "<h1" in (tmp_path / "preview" / "daily--tue--mail.html").read_text("utf-8")
    assert "Hello Sam," in (tmp_path / "preview" / "daily--tue--mail.txt").read_text("utf-8")


def test_a_template_that_fails_is_told_with_its_line(tmp_path: Path) -> None:
    week = tmp_path / "schedules" / "week.yaml"
    week.parent.mkdir()
    text = Path(WEEK).read_text("utf-8").replace("template: day", "template: ours")
    week.write_text(text.replace("      - file: week-2023.png", "      - file: x.png"), "utf-8")
    (tmp_path / "schedules" / "images").mkdir()
    (tmp_path / "schedules" / "images" / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    own = tmp_path / "schedules" / "messages" / "emails"
    own.mkdir(parents=True)
    (own / "ours.md").write_text("# Hello\n\n{{ daay.title }}\n", "utf-8")
    found = preview(str(week), "daily", "--day", "tue")
    assert found.exit_code == 1, found.output
    assert "messages/emails/ours.md:3: error template-unknown: 'daay' is undefined" in found.stdout
    assert "Traceback" not in found.output


def test_a_person_of_the_installation_reads_their_own(run: Run) -> None:
    run("lists", "add", "practitioners", "--title", "For practitioners", "--sender", "hscp", "--basis", "corporate")
    add = ("subscribers", "add", "ann@example.org", "--list", "practitioners", "--first-name", "Ann", "--area", "IOW")
    run(*add, "--consent-source", "form", "--consent-wording", "Yes please")
    shown = run("preview", WEEK, "daily", "--day", "mon", "--subscriber", "ann@example.org").stdout
    assert "Hello Ann," in shown
    assert "on our mailing list: For practitioners." in shown
    assert "Prevent Toolkit" not in shown
    run("preview", WEEK, "daily", "--subscriber", "nobody@example.org", code=4)


def test_the_people_a_mailing_would_reach_are_counted_with_those_it_would_not(run: Run, tmp_path: Path) -> None:
    head = "Email,Area,Audience,List,Consent date,Consent source,Consent wording\n"
    proof = "01/09/2023,form,Yes please\n"
    rows = [
        f"a@example.org,,,practitioners,{proof}",
        f"b@example.org,,,practitioners,{proof}",
        f"b@example.org,,,board,{proof}",
        f"c@example.org,,parents,practitioners,{proof}",
    ]
    for name in ("practitioners", "board"):
        run("lists", "add", name, "--title", name, "--sender", "hscp", "--basis", "consent")
    people = tmp_path / "people.csv"
    people.write_text(head + "".join(rows), encoding="utf-8")
    run("lists", "import", str(people), "--apply")
    run("subscribers", "leave", "a@example.org", "--reason", "phone call")
    week = tmp_path / "week.yaml"
    week.write_text(
        """schema: 1
campaign: {id: demo, title: Demo}
areas: {HAM: Hampshire}
audiences: {parents: {name: Parents}}
channels: {mail: {kind: smtp}}
mailings:
  daily:
    channel: mail
    lists: [practitioners]
    exclude: {lists: [board], audiences: [parents]}
""",
        encoding="utf-8",
    )
    said = run("preview", str(week), "daily", "--reach").output
    assert said == "daily: 0 of 3 people would get it now.\n  2: excluded\n  1: left the list\n"
