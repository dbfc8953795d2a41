"""A real service in a process of its own, on a clock that starts where it is told: to be killed by the tests.

    python -m tests.survive.child HOME START

START is ISO, aware. It prints "ready" once it works, and ends by itself when nothing is left to do. A number in the
file HOME/clock-moved sets its clock by so many seconds while it runs.
"""

import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.clock import SystemClock
from campaign.errors import CampaignError
from campaign.model import BroadcastState
from campaign.settings import load_settings
from campaign.wiring import App

OVER = {BroadcastState.PLANNED, BroadcastState.OPENING, BroadcastState.OPEN}


class Shifted(SystemClock):
    """The system's clock, begun at another time, and set by so many seconds as stand in the file `moved`."""

    def __init__(self, start: datetime, moved: Path) -> None:
        self._shift = start.astimezone(UTC) - super().now()
        self._moved = moved

    def now(self) -> datetime:
        moved = float(self._moved.read_text()) if self._moved.exists() else 0.0
        return super().now() + self._shift + timedelta(seconds=moved)


def main() -> int:
    home, start = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    settings = load_settings(_env_file=None, home=home, key_file=home / "key", allow_private=True, approvals="off")
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    try:
        app = App(settings, Shifted(start, home / "clock-moved"))
        with app.service() as service:
            print("ready", flush=True)
            while not told.wait(0.02):
                service.tick()
                if service.next_due() is None and not app.store.ledger.in_state(*OVER):
                    break
        app.close()
    except CampaignError as error:
        print(f"refused: {error}", flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
