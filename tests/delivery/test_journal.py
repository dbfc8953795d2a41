"""The journal: what was begun and what came of it is read back, over turned files and torn ends."""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from campaign.delivery.mail import journal
from campaign.delivery.mail.journal import CAPACITY, FAMILY, FULL, RECORD, Journal, Mark, stamped


def kept(folder: Path) -> list[Path]:
    return journal.files_of(folder, 7)


def test_the_last_mark_counts(tmp_path: Path) -> None:
    book = Journal(tmp_path, 7, itertools.count(1))
    for delivery in (1, 2, 3):
        book.begun(delivery)
    book.ended(1, Mark.SENT, "a")
    book.ended(2, Mark.LATER, "b")
    book.begun(2)
    assert journal.read(tmp_path, 7) == {1: Mark.SENT, 2: Mark.BEGUN, 3: Mark.BEGUN}
    assert journal.read(tmp_path, 8) == {}
    assert book.results() == ["a", "b"]


def test_what_never_began_leaves_no_mark(tmp_path: Path) -> None:
    book = Journal(tmp_path, 7, itertools.count(1))
    book.ended(1, Mark.LATER, "not begun")
    assert journal.read(tmp_path, 7) == {}
    assert book.results() == ["not begun"]


def test_files_are_turned_over_and_nothing_on_its_way_is_forgotten(tmp_path: Path) -> None:
    book = Journal(tmp_path, 7, itertools.count(1))
    book.begun(999_999)
    for delivery in range(FULL):
        book.begun(delivery)
        book.ended(delivery, Mark.SENT, delivery)
    assert len(book.results()) == FULL
    assert len(kept(tmp_path)) == 2
    marks = journal.read(tmp_path, 7)
    assert marks[999_999] is Mark.BEGUN
    assert marks[FULL - 1] is Mark.SENT, "not settled yet, so still told"
    book.settled()
    assert len(kept(tmp_path)) == 1
    assert journal.read(tmp_path, 7) == {999_999: Mark.BEGUN}
    book.ended(999_999, Mark.SENT, "last")
    assert journal.read(tmp_path, 7) == {999_999: Mark.SENT}


def test_a_journal_nobody_settles_goes_on_in_new_files(tmp_path: Path) -> None:
    book = Journal(tmp_path, 7, itertools.count(1))
    for delivery in range(CAPACITY):
        book.begun(delivery)
        book.ended(delivery, Mark.SENT, None)
    assert journal.read(tmp_path, 7) == dict.fromkeys(range(CAPACITY), Mark.SENT)
    assert len(kept(tmp_path)) >= 2


def test_it_goes_only_when_it_has_nothing_to_tell(tmp_path: Path) -> None:
    for delivery, settles in ((1, True), (2, False)):
        book = Journal(tmp_path, 7, itertools.count(delivery))
        book.begun(delivery)
        book.ended(delivery, Mark.SENT, None)
        book.results()
        if settles:
            book.settled()
        book.close()
        assert len(kept(tmp_path)) == (0 if settles else 1)
    book = Journal(tmp_path, 7, itertools.count(9))
    book.begun(3)
    book.close()
    assert journal.read(tmp_path, 7)[3] is Mark.BEGUN
    journal.forget(tmp_path, 7)
    assert not kept(tmp_path)


def test_threads_share_it(tmp_path: Path) -> None:
    book = Journal(tmp_path, 7, itertools.count(1))

    def run(start: int) -> None:
        for delivery in range(start, start + 5000):
            book.begun(delivery)
            book.ended(delivery, Mark.SENT, delivery)

    threads = [threading.Thread(target=run, args=(start,)) for start in range(0, 40_000, 5000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(book.results()) == list(range(40_000))
    assert journal.read(tmp_path, 7) == dict.fromkeys(range(40_000), Mark.SENT)


@given(st.binary(max_size=60))
def test_any_torn_end_is_read_without_harm(end: bytes) -> None:
    whole = b"".join(RECORD.pack(Mark.SENT, delivery) for delivery in (1, 2))
    found = list(journal._records(whole + end))
    assert found[:2] == [(Mark.SENT, 1), (Mark.SENT, 2)]


def test_a_record_half_written_is_none(tmp_path: Path) -> None:
    """The kind is written last: a place with an id and no kind ends the file."""
    path = journal.path_of(tmp_path, 7, 1)
    path.write_bytes(RECORD.pack(Mark.BEGUN, 5) + b"\0" + (6).to_bytes(8, "little"))
    assert journal.read(tmp_path, 7) == {5: Mark.BEGUN}


def test_of_two_processes_records_the_later_turn_counts(tmp_path: Path) -> None:
    """A row may come back to another process, whose files have lower numbers."""
    first, second = Journal(tmp_path, 7, itertools.count(FAMILY)), Journal(tmp_path, 7, itertools.count(FAMILY * 2))
    second.begun(stamped(5, 1))
    second.ended(stamped(5, 1), Mark.LATER, None)
    first.begun(stamped(5, 2))
    assert journal.read(tmp_path, 7) == {5: Mark.BEGUN}
    first.ended(stamped(5, 2), Mark.SENT, None)
    second.begun(stamped(6, 3))
    assert journal.read(tmp_path, 7) == {5: Mark.SENT, 6: Mark.BEGUN}
    assert journal.workers(tmp_path) == {7}


def test_a_journal_is_in_use_while_a_process_holds_it(tmp_path: Path) -> None:
    assert not journal.in_use(tmp_path, 7)
    held = journal.hold(tmp_path, 7, 3)
    assert journal.in_use(tmp_path, 7)
    assert journal.lives(tmp_path, 7, 3)
    assert not journal.in_use(tmp_path, 8)
    os.close(held)
    assert not journal.in_use(tmp_path, 7)
    journal.wait_until_free(tmp_path, 7, 3)
    assert list(tmp_path.iterdir()) == []
