"""A nursery for mailings of any size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from campaign.channels.smtp import LANES
from campaign.delivery.mail.nursery import Nursery, open_nursery
from tests.delivery.mailworld import kit


@contextmanager
def nursery_apart(processes: int) -> Iterator[Nursery]:
    """A nursery for mailings of any size."""
    nursery = open_nursery(kit(), processes, os.environ, many=0, loads=LANES)
    assert nursery is not None
    yield nursery
    nursery.close()
