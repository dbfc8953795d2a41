"""Pure: what is due, missed or still ahead, from a campaign, the time and what the ledger has opened."""
