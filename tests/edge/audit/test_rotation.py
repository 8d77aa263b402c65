"""A journal in several files: one series of seqs, one tree, each file valid alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from nacl.signing import SigningKey
from samples.journals import DEVICE, SEED, at_ms, open_journal, passage, rotate, write_chain, write_journal

from edge.audit.chain import open_chain
from edge.audit.checkpoint import Checkpoint, origin_of, sign_checkpoint
from edge.audit.evidence import open_beside, open_segment_reader, verify
from edge.audit.journal import Journal, SegmentLimits
from edge.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash
from edge.audit.record import ClockTrust, JournalEntry, Outcome, Started, encode
from edge.audit.segments import closed_path, closed_segments, journal_files
from edge.errors import StorageFault
from edge.vouched_time import UNVOUCHED, VouchedTime

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def ticks(path: Path) -> list[int]:
    """The ticks of all records, after verification of the chain."""
    with open_chain(journal_files(path)) as chain:
        chain.verify()
        return [entry.record.tick_ms for entry in chain.entries()]


def test_seqs_go_on_and_the_closed_file_is_named_after_its_first(path: Path) -> None:
    with open_journal(path) as journal:
        for tick in range(5):
            journal.append(passage(tick))
        assert rotate(journal) == path.with_name("journal.000000000000.db")
        assert journal.size == 5
        assert journal.append(passage(5)) == 5
        assert rotate(journal) == path.with_name("journal.000000000005.db")
        assert journal.append(passage(6)) == 6
    assert ticks(path) == list(range(7))


def test_the_tree_equals_that_of_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    many = write_chain(tmp_path / "many", [3, 5, 1])
    one = verify(write_journal(tmp_path / "one.db", 9))
    newest = verify(many[-1])
    assert (newest.root, newest.size, newest.note) == (one.root, one.size, one.note)


def test_every_file_is_valid_alone(tmp_path: Path) -> None:
    files = write_chain(tmp_path, [4, 3, 2])
    spans = [(verified.base, verified.size) for verified in map(verify, files)]
    assert spans == [(0, 4), (4, 7), (7, 9)]


def test_a_closed_file_is_valid_alone_and_is_not_written_again(path: Path) -> None:
    with open_journal(path) as journal:
        journal.append(passage(0))
        closed = rotate(journal)
        assert closed is not None
        content = closed.read_bytes()
        assert not [file for file in path.parent.iterdir() if file.name.startswith(closed.name + "-")]
        journal.append(passage(1))
        verify(closed)
    assert closed.read_bytes() == content


def test_a_file_without_records_is_not_closed(path: Path) -> None:
    with open_journal(path) as journal:
        assert rotate(journal) is None
        journal.append(passage())
        assert rotate(journal)
        assert rotate(journal) is None


NOW = passage().time_ms
DAY = timedelta(days=1)
FIRST = at_ms(NOW)
LIMITS = {
    "small and young": (SegmentLimits(1 << 30, DAY), VouchedTime(FIRST + DAY), False),
    "too large": (SegmentLimits(8_192, DAY), VouchedTime(FIRST), True),
    "too old": (SegmentLimits(1 << 30, DAY), VouchedTime(FIRST + DAY + timedelta(milliseconds=1)), True),
    "of any age without a limit": (SegmentLimits(1 << 30), VouchedTime(FIRST + 9_000 * DAY), False),
    "old, and no time has passed for certain": (SegmentLimits(1 << 30, DAY), UNVOUCHED, False),
    "too large, and no time has passed for certain": (SegmentLimits(8_192, DAY), UNVOUCHED, True),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_file_is_closed_when_it_is_too_large_or_too_old(path: Path, case: str) -> None:
    limits, past, closes = LIMITS[case]
    with open_journal(path) as journal:
        for tick in range(20):  # 20 kB, most of it in the WAL
            journal.append(passage(tick))
        assert (journal.rotate_if_due(limits, past) is not None) is closes


def test_a_file_is_not_closed_while_a_reader_has_it_open(path: Path) -> None:
    with open_journal(path) as journal:
        journal.append(passage(0))
        for reader in (open_segment_reader, open_beside):
            with reader(path) as segment:
                assert rotate(journal) is None
                assert journal.append(passage(journal.size)) == journal.size - 1
                assert segment.head.size < journal.size
        assert rotate(journal)
    assert ticks(path) == list(range(3))


def test_a_file_is_not_closed_while_another_program_has_it_open(path: Path) -> None:
    with open_journal(path) as journal:
        journal.append(passage(0))
        foreign = sqlite3.connect(path)
        foreign.execute("SELECT count(*) FROM records").fetchone()
        assert rotate(journal) is None
        assert journal.append(passage(1)) == 1
        foreign.close()
        assert rotate(journal)
    assert ticks(path) == [0, 1]


def test_a_file_with_the_name_of_the_closed_one_is_not_overwritten(path: Path) -> None:
    closed_path(path, 0).write_bytes(b"older evidence")
    with open_journal(path.with_name("other.db")) as elsewhere:
        elsewhere.append(passage(0))
    path.with_name("other.db").rename(path)
    with open_journal(path) as journal:
        with pytest.raises(StorageFault, match="exists already"):
            rotate(journal)
        assert journal.append(passage(1)) == 1
    assert closed_path(path, 0).read_bytes() == b"older evidence"


def test_a_journal_without_its_newest_file_continues_the_one_before(tmp_path: Path) -> None:
    """The power fails after a file is closed and before the next one exists."""
    *closed, newest = write_chain(tmp_path, [2, 3, 0])
    newest.unlink()
    with open_journal(newest) as journal:
        assert journal.append(passage(5)) == 5
    assert ticks(newest) == list(range(6))
    assert len(closed) == 2


@pytest.mark.parametrize(("seed", "device"), [(bytes(32), DEVICE), (SEED, "lobby-2")], ids=["key", "device"])
def test_a_file_of_another_device_is_not_continued(tmp_path: Path, seed: bytes, device: str) -> None:
    *_, newest = write_chain(tmp_path, [2, 0])
    newest.unlink()
    with pytest.raises(StorageFault, match="another device or key"):
        Journal.open(newest, seed, device)


def test_a_damaged_file_is_not_continued(tmp_path: Path) -> None:
    closed, newest = write_chain(tmp_path, [2, 0])
    newest.unlink()
    editor = sqlite3.connect(closed)
    with editor:
        editor.execute("UPDATE head SET frontier = zeroblob(32)")
    editor.close()
    with pytest.raises(StorageFault, match="was altered"):
        open_journal(newest)


def test_the_base_is_checked_at_the_start(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 1])[-1]
    editor = sqlite3.connect(newest)
    with editor:
        editor.execute("UPDATE base SET frontier = zeroblob(32)")
    editor.close()
    with pytest.raises(StorageFault, match="was altered"):
        open_journal(newest)


def test_files_of_other_names_are_not_part_of_the_journal(path: Path) -> None:
    for name in ("journal.db.lock", "journal.1.db", "journal.copy.db", "other.000000000000.db", "journal.db"):
        path.with_name(name).touch()
    assert closed_segments(path) == ()
    assert journal_files(path) == (path,)


# -- format 1 -------------------------------------------------------------------------------------


def of_format_1(path: Path, records: int) -> Path:
    """A journal as the first release wrote it: the tables without `base`."""
    write_journal(path, records)
    editor = sqlite3.connect(path)
    with editor:
        editor.execute("DROP TABLE base")
        editor.execute("PRAGMA user_version = 1")
    editor.close()
    return path


@pytest.mark.parametrize("records", [0, 5])
def test_a_journal_of_format_1_is_verified_and_continued(path: Path, records: int) -> None:
    of_format_1(path, records)
    assert (verify(path).base, verify(path).size) == (0, records)
    with open_journal(path) as journal:
        assert journal.append(passage(records)) == records
        assert rotate(journal)
        journal.append(passage(records + 1))
    assert ticks(path) == list(range(records + 2))


def test_a_journal_of_a_later_format_is_a_fault(path: Path) -> None:
    write_journal(path, 1)
    editor = sqlite3.connect(path)
    editor.execute("PRAGMA user_version = 3")
    editor.close()
    with pytest.raises(StorageFault, match="format 3"):
        open_journal(path)


def test_a_file_that_an_attacker_turned_into_format_1_is_not_valid(tmp_path: Path) -> None:
    later = write_chain(tmp_path, [3, 2])[-1]
    editor = sqlite3.connect(later)
    editor.execute("PRAGMA user_version = 1")
    editor.close()
    with pytest.raises(Exception, match="record 0 is missing"):
        verify(later)


# -- the last records -----------------------------------------------------------------------------


def test_the_tail_reaches_into_closed_files(path: Path) -> None:
    with open_journal(path) as journal:
        assert journal.tail(0, 10) == ()
        for tick in range(6):
            journal.append(passage(tick))
            if tick % 2:
                rotate(journal)
        assert [entry.seq for entry in journal.tail(0, 4)] == [2, 3, 4, 5]
        assert [entry.seq for entry in journal.tail(NOW + 4, 4)] == [4, 5]
        assert len(journal.tail(0, 100)) == 6
        journal.append(passage(6))
        assert [entry.seq for entry in journal.tail(0, 2)] == [5, 6]


def test_the_tail_holds_passages_only_and_a_clock_set_back_hides_none(path: Path) -> None:
    started = Started(time_ms=NOW, tick_ms=0, door="a", version="0.1.0")
    with open_journal(path) as journal:
        journal.append(passage(5_000))
        journal.append(started)
        journal.append(passage(0))
        assert [entry.seq for entry in journal.tail(NOW + 1, 3)] == [0]
        assert [entry.seq for entry in journal.tail(0, 2)] == [2]


def test_the_last_grant_is_found_and_nothing_else_counts(path: Path) -> None:
    """A start, a denial, or a grant under a suspect clock: no phone agreed with their time."""
    started = Started(time_ms=NOW + 9, tick_ms=0, door="a", version="0.1.0")
    granted = replace(passage(3), outcome=Outcome.GRANT, reason=None)
    with open_journal(path) as journal:
        assert journal.last_grant_ms(10) is None
        journal.append(granted)
        rotate(journal)
        for record in (passage(7), started, replace(granted, time_ms=NOW + 8, clock=ClockTrust.SUSPECT)):
            journal.append(record)
        assert journal.last_grant_ms(4) == NOW + 3
        assert journal.last_grant_ms(3) is None


# -- faults ---------------------------------------------------------------------------------------


def test_a_closed_journal_takes_no_records(path: Path) -> None:
    journal = open_journal(path)
    journal.close()
    with pytest.raises(StorageFault, match="it is closed already"):
        journal.append(passage())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_temporary_fault(path: Path) -> None:
    with open_journal(path) as journal:
        journal.append(passage(0))
        path.parent.chmod(0o500)
        try:
            with pytest.raises(StorageFault):
                rotate(journal)
        finally:
            path.parent.chmod(0o700)
        assert journal.append(passage(1)) == 1
        assert rotate(journal)
    assert ticks(path) == [0, 1]


FULL_DISK = """
import resource, sys
from pathlib import Path
from samples.journals import open_journal, passage, rotate
from edge.errors import StorageFault

most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
journal = open_journal(Path(sys.argv[1]))
faults = 0
for limit in range(0, 48_000, 2_000):
    written = journal.size
    journal.append(passage(written))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        rotate(journal)
        journal.append(passage(written + 1))
    except StorageFault as fault:
        assert fault.hint
        faults += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert journal.append(passage(journal.size)) == journal.size - 1
    assert journal.size - written in (2, 3)
    assert rotate(journal)
print(journal.size, faults)
journal.close()
"""


def test_no_record_is_lost_when_any_write_finds_the_disk_full(path: Path) -> None:
    """The kernel limits the size of files, from zero to more than is needed."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    written, faults = map(int, done.stdout.split())
    assert ticks(path) == list(range(written))
    assert 10 < faults < 24


@pytest.mark.parametrize("pages", range(1, 6))
def test_no_space_for_the_next_file_is_a_temporary_fault(path: Path, pages: int) -> None:
    with open_journal(path) as journal:
        journal.append(passage(0))
        journal._limit_pages = pages
        with pytest.raises(StorageFault, match="full"):
            rotate(journal)
        with pytest.raises(StorageFault, match="full"):
            journal.append(passage(1))
        assert [first for first, _ in closed_segments(path)] == [0]
        journal._limit_pages = None
        assert journal.append(passage(1)) == 1
    assert ticks(path) == [0, 1]


def test_the_next_file_has_the_limit_of_the_one_before(
    path: Path,
) -> None:
    with open_journal(path, limit_pages=16) as journal:
        half = fill(journal)
        assert rotate(journal)
        assert fill(journal) == 2 * half
        assert rotate(journal)
    assert len(ticks(path)) == 2 * half > 0


def fill(journal: Journal) -> int:
    """The number of records until the disk is full."""
    with suppress(StorageFault):
        for tick in range(1_000):
            journal.append(passage(tick))
    return journal.size


# -- forging a base -------------------------------------------------------------------------------


def test_a_base_that_the_device_did_not_sign_is_found(tmp_path: Path) -> None:
    """An attacker removes the first file and lets the second one begin at 0, with another key's note."""
    later = write_chain(tmp_path, [3, 2])[-1]
    forged = sign_checkpoint(Checkpoint(origin_of(DEVICE), 0, EMPTY_ROOT), SigningKey(bytes(32)))
    copy = shutil.copy(later, tmp_path / "copy.db")
    editor = sqlite3.connect(copy)
    with editor:
        editor.execute("UPDATE base SET frontier = x'', note = ?", (forged,))
    editor.close()
    with pytest.raises(Exception, match="not signed by this device"):
        verify(copy)


def test_a_signed_base_of_other_records_is_found(tmp_path: Path) -> None:
    later = write_chain(tmp_path, [3, 2])[-1]
    tree = Frontier().append(leaf_hash(encode(JournalEntry(seq=0, record=passage(0)))))
    note = sign_checkpoint(Checkpoint(origin_of(DEVICE), 1, tree.root), SigningKey(SEED))
    copy = shutil.copy(later, tmp_path / "copy.db")
    editor = sqlite3.connect(copy)
    with editor:
        editor.execute("UPDATE base SET frontier = ?, note = ?", (tree.to_bytes(), note))
    editor.close()
    with pytest.raises(Exception, match="record 1 is missing"):
        verify(copy)
