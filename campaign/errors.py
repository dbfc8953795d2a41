"""Every error the product raises on purpose, in one tree. The class says what the caller does next.

CampaignError
|-- FileError                 a file needs mending; carries file, line, column, hint
|   |-- ProgrammeError        the programme file (holds every problem found, never just the first)
|   |-- TemplateError         a template or a Markdown body
|   `-- SettingsError         a setting, a secret, channels.yaml or senders.yaml            (exit 3)
|-- AddressError              not an email address that mail can be sent to
|-- RefusedError              the act is understood and not allowed; says why                (exit 4)
|-- BusyError                 somebody else holds the lock; says who                         (exit 5)
|-- StoreError                the database cannot be used as it is
|   |-- Conflict              a compare-and-set lost: read again, decide again
|   `-- NewerDatabase         written by a newer version of this program
`-- ChannelError              what one attempt to send came to
    |-- TryLater              not sent, safe to retry
    |-- Refused               never will be sent
    |-- Uncertain             may have been sent
    `-- ChannelDown           pause the whole channel
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CampaignError(Exception):
    """Something the product can explain. `str()` of it is a sentence for a person."""

    exit_code = 1


class Severity(StrEnum):
    """How bad a problem is: an error blocks `ready`, a warning can be overridden with a reason."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, where, why it matters and how to mend it.

    `code` names the rule and has a heading in the docs. `where` is a dotted path in the programme
    (`posts.tue-launch.text`). `line` and `column` count from 1; 0 means unknown.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    where: str = ""
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line or "", self.column or "") if part)
        lead = f"{place}: " if place else ""
        said = f"{self.message.rstrip('.')}. {self.hint}" if self.hint else self.message
        return f"{lead}{self.severity} {self.code}: {said}"


class FileError(CampaignError):
    """A file needs mending. Carries every problem found in it, in file order."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class ProgrammeError(FileError):
    """The programme file cannot be used as it is."""


class TemplateError(FileError):
    """A template or a body cannot be rendered."""


class SettingsError(FileError):
    """A setting, a secret or an installation file is missing or wrong."""

    exit_code = 3


class AddressError(CampaignError):
    """Not an email address that mail can be sent to. The message says why, and does not repeat the address."""


class RefusedError(CampaignError):
    """The act is understood and not allowed. The message says why and what to do instead."""

    exit_code = 4


class BusyError(CampaignError):
    """Another process holds what is needed. The message names it."""

    exit_code = 5


class StoreError(CampaignError):
    """The database cannot be used as it is."""

    exit_code = 3


class Conflict(StoreError):
    """Somebody else changed the row first: read again and decide again."""

    exit_code = 5


class NewerDatabase(StoreError):
    """The database was written by a newer version of this program; update the program first."""


class ChannelError(CampaignError):
    """What one attempt to send came to, when it was not a receipt.

    `code` is the network's own short code where it has one (`550`, `5.1.1`, `429`). `raw` is a short, redacted
    extract of the reply for the log.
    """

    def __init__(self, message: str, *, code: str = "", raw: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.raw = raw


class TryLater(ChannelError):
    """Not sent, and safe to retry. `after` is the least wait in seconds that the network asks for (0: none asked).

    `slow_all` says that the whole channel should slow down, not this recipient alone; `aside`, that others should then
    have their turn before this one, for it may be what the network cannot bear.
    """

    def __init__(
        self,
        message: str,
        *,
        after: float = 0.0,
        slow_all: bool = False,
        aside: bool = False,
        code: str = "",
        raw: str = "",
    ) -> None:
        super().__init__(message, code=code, raw=raw)
        self.after = after
        self.slow_all = slow_all
        self.aside = aside


class Refused(ChannelError):
    """Never will be sent as it is.

    `suppress` names the reason when the reply proves that the address itself is dead ("hard bounce"); empty otherwise.
    `policy` says that the refusal is about us, not about the recipient (5.7.x).
    """

    def __init__(
        self, message: str, *, suppress: str = "", policy: bool = False, code: str = "", raw: str = ""
    ) -> None:
        super().__init__(message, code=code, raw=raw)
        self.suppress = suppress
        self.policy = policy


class Uncertain(ChannelError):
    """May have been sent: never retried blind."""


class ChannelDown(ChannelError):
    """Nothing can go out over this channel until a person mends it (signed out, suspended, credits spent)."""
