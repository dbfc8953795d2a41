"""`python -m tests.smtpserver LOG [DELAY]`: a counting relay as a process of its own; prints its port."""

import signal
import sys
from pathlib import Path

from tests.smtpserver import CountingServer, Script


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    script = Script(delay=float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)
    with Path(sys.argv[1]).open("a", encoding="utf-8") as log, CountingServer(script, log=log, keep=False) as server:
        print(server.port, flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
