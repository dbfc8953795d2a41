"""One person on several lists, written in two cases or two forms of their domain, is mailed once."""

from __future__ import annotations

from pathlib import Path

from campaign.clock import SystemClock
from campaign.delivery import settling
from campaign.delivery.shelf import Shelf
from campaign.settings import load_settings
from campaign.wiring import App
from tests.commands.conftest import Run
from tests.smtpserver import CountingServer
from tests.survive.mailed import MAILING, WEEK, today

#: The same people on each list, and how the relay is to know them.
FORMS = {
    "parents": ("Jane@Bücher.example", "ann@example.org", "Zoë@example.org", "o'neil@example.org"),
    "staff": ("jane@xn--bcher-kva.example", "ANN@EXAMPLE.ORG", "zoe\u0308@example.org", "O'Neil@Example.org"),
    "board": ("JANE@BÜCHER.EXAMPLE", "Ann@Example.Org", "ZOË@EXAMPLE.ORG", "o\u200b'neil@example.org "),
}
WIRE = {"Jane@xn--bcher-kva.example", "ann@example.org", "Zoë@example.org", "o'neil@example.org"}


def test_one_person_in_many_forms_is_mailed_once(run: Run, tmp_path: Path) -> None:
    with CountingServer() as relay:
        (tmp_path / "home" / "channels.yaml").write_text(
            f"mail: {{kind: smtp, host: 127.0.0.1, port: {relay.port}, security: 'off', connections: 3}}\n"
        )
        for name, addresses in FORMS.items():
            run("lists", "add", name, "--title", name, "--sender", "hscp", "--basis", "public_task", "--single-opt-in")
            people = tmp_path / f"{name}.csv"
            people.write_text("Email\n" + "".join(f"{each}\n" for each in addresses), encoding="utf-8")
            run("lists", "import", str(people), "--list", name, "--smtputf8", "--apply")
        week = tmp_path / "week.yaml"
        zone, now = today()
        text = WEEK.format(zone=zone, today=now.date(), mailings=MAILING.format(name="daily", day=f"{now:%a}".lower()))
        week.write_text(text.replace("[practitioners]", "[parents, staff, board]"), encoding="utf-8")
        run("load", str(week), "--apply")
        settings = load_settings(
            _env_file=None, home=tmp_path / "home", key_file=tmp_path / "keys" / "key", approvals="off",
            base_url="https://week.example.org",
        )  # fmt: skip
        app = App(settings, SystemClock())
        app.store.channels.set_live("mail", "smtp", True, author="Jo", now=app.clock.now())
        with app.service() as service:
            force = Shelf(app.store).get("storm")
            settling.send_now(app.parts, force, str(force.planned[0].key), author="Jo", now=app.clock.now())
            service.settle()
            (row,) = app.store.ledger.of("storm").values()
            tally = app.store.deliveries.tally(row.id)[row.id]
        app.close()
        assert relay.counts == dict.fromkeys(WIRE, 1)
        assert {state.value: count for state, count in tally.items()} == {"sent": len(WIRE)}
