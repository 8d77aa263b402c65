"""The records of a period: proven, and read from no more files than hold them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.journals import CHAIN, erased, open_journal, passage, rotate, write_chain

from edge.audit.chain import open_chain
from edge.audit.errors import JournalBroken, JournalIncomplete
from edge.audit.evidence import RecordRow
from edge.audit.excerpt import Excerpt, Period
from edge.audit.merkle import leaf_hash
from edge.audit.record import ErasureCause, JournalEntry, encode
from edge.vouched_time import UNVOUCHED

BEGINS = [0, 4, 7, 12]
RECORDS = sum(CHAIN)
START_MS = passage().time_ms  # record n is n ms later


def period(since: int | None, until: int | None) -> Period:
    return Period(*(None if end is None else START_MS + end for end in (since, until)))


def export(folder: Path, since: int | None, until: int | None) -> tuple[list[int], set[int]]:
    """The seqs of the records of a period, and those of all records that were verified for it."""
    read: set[int] = set()

    def watch(rows: list[RecordRow], _: int) -> list[RecordRow]:
        rows = list(rows)
        read.update(row[0] for row in rows)  # type: ignore[misc]
        return rows

    with open_chain([folder]) as chain:
        excerpt = Excerpt(chain, period(since, until))
        excerpt.verify(watch=watch)  # type: ignore[arg-type]
        found = [entry.seq for entry in excerpt.entries()]
        assert len(found) <= len(excerpt) <= len(read)
    return found, read


def change(file: Path, seq: int, body: bytes) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE records SET body = ? WHERE seq = ?", (body, seq))
        db.commit()


def files(folder: Path) -> list[Path]:
    *closed, current = [*sorted(folder.glob("journal.0*.db")), folder / "journal.db"]
    return [*closed, current]


limits = st.none() | st.integers(-2, RECORDS + 2)


@given(limits, limits)
@settings(max_examples=60)
def test_an_excerpt_has_exactly_the_records_of_its_period(pristine: Path, since, until) -> None:
    found, _ = export(pristine, since, until)
    low, high = (0 if since is None else since), (RECORDS if until is None else until)
    assert found == [seq for seq in range(RECORDS) if low <= seq < high]


@pytest.mark.parametrize(
    ("since", "until", "read"),
    [
        (None, None, range(RECORDS)),
        (12, None, range(12, 14)),
        (8, None, range(7, 14)),
        (None, 3, range(4)),
        (5, 6, range(4, 7)),
        (99, None, range(12, 14)),
    ],
)
def test_files_before_and_after_the_period_are_not_read(pristine: Path, since, until, read) -> None:
    assert export(pristine, since, until)[1] == set(read)


@pytest.mark.parametrize("earlier", [3, 30])
def test_the_records_that_are_verified_are_as_many_behind_a_history_ten_times_as_long(
    tmp_path: Path, earlier: int
) -> None:
    write_chain(tmp_path, [3] * earlier + [5, 2])
    found, read = export(tmp_path, 3 * earlier + 1, None)
    assert (len(found), len(read)) == (6, 7)


def test_a_record_of_the_period_that_was_changed_is_found(folder: Path) -> None:
    change(files(folder)[2], 8, encode(JournalEntry(seq=8, record=passage(9))))
    with pytest.raises(JournalBroken, match="record 8"):
        export(folder, 7, 10)


def test_a_newest_record_that_was_made_older_hides_no_file(folder: Path) -> None:
    forged = encode(JournalEntry(seq=11, record=passage(0)))
    change(files(folder)[2], 11, forged)
    with pytest.raises(JournalBroken, match="record 11"):
        export(folder, 7, 10)


def test_a_newest_record_that_was_made_older_with_its_hash_hides_no_file(folder: Path) -> None:
    forged = encode(JournalEntry(seq=11, record=passage(0)))
    with closing(sqlite3.connect(files(folder)[2])) as db:
        db.execute("UPDATE records SET body = ?, leaf = ? WHERE seq = 11", (forged, leaf_hash(forged)))
        db.commit()
    with pytest.raises(JournalBroken, match="signed root"):
        export(folder, 7, 10)


def test_a_file_without_its_newest_record_is_read(folder: Path) -> None:
    with closing(sqlite3.connect(files(folder)[0])) as db:
        db.execute("DELETE FROM records WHERE seq = 3")
        db.commit()
    with pytest.raises(JournalBroken, match="end at 3"):
        export(folder, 5, None)


def test_a_missing_file_is_found_also_before_the_period(folder: Path) -> None:
    files(folder)[1].unlink()
    with pytest.raises(JournalBroken, match="records 4 to 6 are missing"):
        export(folder, 12, None)


def test_a_journal_whose_first_files_are_gone_needs_the_record_of_their_erasure(folder: Path) -> None:
    files(folder)[0].unlink()
    with pytest.raises(JournalIncomplete, match="records 0 to 3 are missing"):
        export(folder, 12, None)


def test_the_record_of_an_erasure_is_taken_and_verified_from_a_file_before_the_period(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        for _ in range(3):
            for tick in range(4):
                journal.append(passage(tick))
            assert rotate(journal)
        journal.append(erased(4, ErasureCause.SPACE, UNVOUCHED))
        journal.append(passage(5))
        assert rotate(journal)
        journal.append(passage(1_000))
    files(tmp_path)[0].unlink()
    found, read = export(tmp_path, 1_000, None)
    assert found == [14]
    assert read == {12, 13, 14}
    change(files(tmp_path)[2], 13, encode(JournalEntry(seq=13, record=passage(6))))
    with pytest.raises(JournalBroken, match="record 13"):
        export(tmp_path, 1_000, None)
