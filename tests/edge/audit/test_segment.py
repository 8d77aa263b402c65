"""The file that a device writes: it is moved away, or another program holds it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from samples.journals import database, open_journal, passage, read_records, rotate

from edge.audit.store import BUSY_MS
from edge.errors import StorageFault


def test_a_file_that_was_moved_away_is_a_fault_and_not_closed(tmp_path: Path) -> None:
    path, away = tmp_path / "journal.db", tmp_path / "away.db"
    with open_journal(path) as journal:
        journal.append(passage(0))
        path.rename(away)
        with pytest.raises(StorageFault, match="read-only"):
            rotate(journal)
        away.rename(path)
        assert journal.append(passage(1)) == 1
    assert [record.tick_ms for record in read_records(path)] == [0, 1]


def test_after_a_rotation_that_was_refused_an_append_waits_for_a_lock_as_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal, closing(sqlite3.connect(path)) as other:
        journal.append(passage(0))
        other.execute("SELECT count(*) FROM records").fetchone()
        assert rotate(journal) is None
        assert database(journal).execute("PRAGMA busy_timeout").fetchone() == (BUSY_MS,)
