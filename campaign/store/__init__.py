"""The ledger and the lists: tables, transactions and every statement that changes them."""

from __future__ import annotations

from pathlib import Path

from campaign.store.accounts import Accounts
from campaign.store.campaigns import Campaigns
from campaign.store.challenges import Challenges
from campaign.store.ciphers import Cipher
from campaign.store.controls import Approvals, ChannelStates, Holds
from campaign.store.database import Database
from campaign.store.deliveries import Deliveries
from campaign.store.desk_forms import Forms
from campaign.store.editors import Editors
from campaign.store.figures import Figures
from campaign.store.groups import Groups
from campaign.store.judgements import Judgements
from campaign.store.ledger import Ledger
from campaign.store.log import Log
from campaign.store.mailings import Mailings
from campaign.store.notes import Alerts, ChannelNotes
from campaign.store.outcomes import Outcomes
from campaign.store.paces import Paces
from campaign.store.passkeys import Passkeys
from campaign.store.progress import Progress
from campaign.store.second import Seconds
from campaign.store.sessions import Sessions
from campaign.store.sign_in_links import SignInLinks
from campaign.store.tries import Tries
from campaign.store.workers import Workers


class Store:
    """Everything that is kept, by subject. `folder` holds lock files; `cipher` keeps channels' secrets."""

    def __init__(self, database: Database, *, folder: Path, cipher: Cipher | None = None) -> None:
        self.database = database
        self.campaigns = Campaigns(database)
        self.ledger = Ledger(database)
        self.deliveries = Deliveries(database)
        self.outcomes = Outcomes(database)
        self.progress = Progress(database)
        self.figures = Figures(database)
        self.groups = Groups(database)
        self.paces = Paces(database)
        self.journals = folder / "journals"
        self.mailings = Mailings(database)
        self.holds = Holds(database)
        self.approvals = Approvals(database)
        self.channels = ChannelStates(database)
        self.workers = Workers(database, folder)
        self.log = Log(database)
        self.alerts = Alerts(database)
        self.accounts = Accounts(database, cipher)
        self.sessions = Sessions(database)
        self.sign_in_links = SignInLinks(database)
        self.seconds = Seconds(database, cipher)
        self.passkeys = Passkeys(database)
        self.tries = Tries(database)
        self.challenges = Challenges(database, cipher)
        self.forms = Forms(database)
        self.judgements = Judgements(database)
        self.editors = Editors(database)
        self.cipher = cipher

    def notes(self, channel: str) -> ChannelNotes:
        """The notes of one channel."""
        return ChannelNotes(self.database, channel, self.cipher)

    def close(self) -> None:
        """Let go of every connection."""
        self.database.close()


__all__ = ["Cipher", "Database", "Store"]
