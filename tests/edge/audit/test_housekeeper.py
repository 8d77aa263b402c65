"""The housekeeper: closes files, erases those that are old for certain, and puts each erasure on record first."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from samples.journals import (
    at_ms,
    erase_old,
    erase_sent,
    erased,
    housekeeper,
    open_journal,
    passage,
    read_records,
    rotate,
    write_chain,
)

from edge.audit.chain import open_chain
from edge.audit.evidence import Verified
from edge.audit.housekeeper import AT_ONCE, EVERY_MS, Housekeeper
from edge.audit.journal import Journal, SegmentLimits
from edge.audit.record import Erased, ErasureCause
from edge.audit.retention import RetentionRules
from edge.audit.segments import closed_segments
from edge.errors import StorageFault
from edge.vouched_time import UNVOUCHED, VouchedTime

DAY = timedelta(days=1)
LATER = VouchedTime(at_ms(passage().time_ms) + 91 * DAY)


def firsts(path: Path) -> list[int]:
    return [first for first, _ in closed_segments(path)]


def verified(folder: Path) -> Verified:
    with open_chain([folder]) as chain:
        chain.check_complete()
        return chain.verify()


# -- erasure ----------------------------------------------------------------------------------------


def test_old_files_are_erased_and_a_signed_record_says_so(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    erase_old(newest, LATER)
    assert firsts(newest) == [4]
    found = verified(tmp_path)
    assert (found.base, found.erased) == (4, 4)
    records = [record for record in read_records(newest) if isinstance(record, Erased)]
    assert [(record.upto, record.cause) for record in records] == [(2, "age"), (4, "age")]
    assert records[-1].vouched_s == int(LATER.at.timestamp())


def test_files_that_the_hub_has_are_erased_for_space_and_a_signed_record_says_so(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    erase_sent(newest, 3)
    assert firsts(newest) == [2, 4]
    record = read_records(newest)[-1]
    assert isinstance(record, Erased)
    assert (record.upto, record.cause, record.vouched_s) == (2, ErasureCause.SPACE, None)
    assert verified(tmp_path).erased == 2


def test_one_record_says_that_several_files_are_erased(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    erase_sent(newest, 4)
    assert firsts(newest) == [4]
    assert [record.upto for record in read_records(newest) if isinstance(record, Erased)] == [4]
    assert verified(tmp_path).base == 4


def test_the_erasure_of_a_single_record_is_on_record_too(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [1, 2, 1])[-1]
    erase_old(newest, LATER)
    assert firsts(newest) == [1]
    assert [record.upto for record in read_records(newest) if isinstance(record, Erased)] == [1]


def test_the_record_comes_before_the_erasure(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    oldest = tmp_path / "journal.000000000000.db"

    class Watched(Journal):
        def append(self, record):
            assert oldest.exists()
            return super().append(record)

    with open_journal(newest) as journal:
        journal.__class__ = Watched
        keeper = housekeeper(journal, acknowledged=2, spare_bytes=1 << 62)
        keeper.rest()
        size = journal.size
        keeper.rest()
        assert journal.size == size == 8  # one record for one erasure
    assert not oldest.exists()


def test_a_file_that_cannot_be_removed_leaves_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    unlink = Path.unlink

    def stuck(file: Path, missing_ok: bool = False) -> None:
        if file.name.startswith("journal.0"):
            raise PermissionError(1, "Operation not permitted")
        unlink(file, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", stuck)
    with open_journal(newest) as journal:
        keeper = housekeeper(journal, acknowledged=4, spare_bytes=1 << 62)
        for _ in range(3):
            keeper.rest()
        assert journal.size == 8
    assert capsys.readouterr().err.count("journal kept") == 1
    assert verified(tmp_path).base == 0


def test_on_a_disk_that_takes_no_record_nothing_is_erased(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    with open_journal(newest, limit_pages=16) as journal:
        with suppress(StorageFault):
            while True:
                journal.append(passage())
        housekeeper(journal, acknowledged=6, spare_bytes=1 << 62).rest()
    assert firsts(newest) == [0, 2, 4]


def test_the_newest_closed_file_stays_for_the_next_start(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 0])[-1]
    erase_old(newest, LATER)
    assert firsts(newest) == [2]
    newest.unlink()
    with open_journal(newest) as journal:
        assert [entry.seq for entry in journal.tail(0, 10)] == [2, 3]
        assert journal.append(passage()) == 4


# -- what does not move it ---------------------------------------------------------------------------


def test_without_a_time_that_has_passed_for_certain_nothing_is_erased(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    erase_old(newest, UNVOUCHED)
    assert firsts(newest) == [0, 2, 4]


def test_touched_files_are_not_old(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    for file in tmp_path.glob("journal.0*.db"):
        os.utime(file, (1_735_700_000, 1_735_700_000))  # January 2025
    erase_old(newest, VouchedTime(at_ms(passage().time_ms) + 30 * DAY))
    assert firsts(newest) == [0, 2, 4]


def test_an_altered_file_is_kept_as_evidence_with_all_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An attacker without the key makes young records old, and leaves it to the device to erase them."""
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    for name in ("journal.000000000000.db", "journal.000000000002.db"):
        editor = sqlite3.connect(tmp_path / name)
        with editor:
            editor.execute(
                "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), '17673408', '17363408') AS BLOB)"
            )  # a year earlier
        editor.close()
    erase_old(newest, VouchedTime(at_ms(passage().time_ms) + DAY))
    assert firsts(newest) == [0, 2, 4]
    said = capsys.readouterr().err
    assert said.count("journal kept") == 1
    assert "was altered" in said


def test_a_file_from_a_start_with_a_clock_ahead_goes_by_the_end_of_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        for tick_ms in (0, int(timedelta(days=9_000).total_seconds()) * 1_000, 10, 20):
            journal.append(passage(tick_ms))
            rotate(journal)
    erase_old(path, LATER)
    assert firsts(path) == [3]


def test_a_large_file_is_verified_in_many_rests(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [AT_ONCE + 1, 1, 1])[-1]
    with open_journal(newest) as journal:
        keeper = housekeeper(journal, past=LATER)
        left = []
        for _ in range(4):
            keeper.rest()
            left.append(firsts(newest)[0])
    # Two for the first file, one for the next.
    assert left == [0, 0, AT_ONCE + 1, AT_ONCE + 1]


# -- the housekeeper at work --------------------------------------------------------------------------


class Home:
    """A journal with a housekeeper whose clocks the test sets."""

    def __init__(self, folder: Path) -> None:
        self.journal = open_journal(folder / "journal.db")
        self.past = VouchedTime(at_ms(passage().time_ms))
        self.trusted = True
        self.tick_ms = 0
        self.keeper = Housekeeper(
            self.journal,
            RetentionRules(SegmentLimits(1), keep=DAY, spare_bytes=0),
            acknowledged=lambda: None,
            past=lambda: self.past,
            clock_is_trusted=lambda: self.trusted,
            erased=erased,
            tick_ms=lambda: self.tick_ms,
        )

    def files(self) -> list[int]:
        return firsts(self.journal.path)

    def rest(self) -> None:
        self.tick_ms += EVERY_MS
        self.keeper.rest()


@pytest.fixture
def home(tmp_path: Path):
    home = Home(tmp_path)
    yield home
    home.journal.close()


def test_the_housekeeper_closes_and_erases_files_when_they_are_due(home: Home) -> None:
    for number in range(4):
        home.journal.append(passage(number))
        home.rest()
        assert home.files() == list(range(number + 1))
    home.past = VouchedTime(home.past.at + 9_000 * DAY)
    for _ in range(9):
        home.rest()
    # The records of the erasures are in a file of their own, and this is the newest closed one.
    assert home.files()[0] >= 3
    with open_chain([home.journal.path.parent]) as chain:
        chain.check_complete()


def test_rules_that_are_adopted_hold_from_then_on(home: Home) -> None:
    home.keeper.adopt(RetentionRules(SegmentLimits(1 << 40), keep=DAY, spare_bytes=0))
    home.journal.append(passage())
    home.rest()
    assert home.files() == []
    home.keeper.adopt(RetentionRules(SegmentLimits(1), keep=DAY, spare_bytes=0))
    home.rest()
    assert home.files() == [0]


def test_no_file_is_closed_under_a_suspect_clock(home: Home) -> None:
    """Its last record would have a time that is too early, and it would be erased too early."""
    home.journal.append(passage())
    home.trusted = False
    home.rest()
    assert home.files() == []
    home.trusted = True
    home.rest()
    assert home.files() == [0]


def test_the_housekeeper_does_not_read_the_disk_at_every_frame(home: Home) -> None:
    home.keeper.rest()
    home.journal.append(passage())
    home.tick_ms += EVERY_MS - 1
    home.keeper.rest()
    assert home.files() == []
    home.tick_ms += 1
    home.keeper.rest()
    assert home.files() == [0]


def test_a_failure_is_retried_and_the_door_continues(home: Home, tmp_path: Path) -> None:
    home.journal.append(passage())
    in_the_way = tmp_path / "journal.000000000000.db"
    in_the_way.mkdir()
    home.rest()
    assert home.journal.append(passage()) == 1
    in_the_way.rmdir()
    home.rest()
    assert home.files() == [0]


def test_the_housekeeper_continues_without_its_folder(home: Home, tmp_path: Path) -> None:
    home.journal.append(passage())
    shutil.rmtree(tmp_path)
    home.rest()
    assert not tmp_path.exists()
