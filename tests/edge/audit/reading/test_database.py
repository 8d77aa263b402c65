"""An untrusted SQLite file is opened for reading: formats, locks of a writer, and limits against a hostile file."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.journals import edit, open_journal, passage, write_journal

from edge.audit.errors import JournalBroken
from edge.audit.reading.database import connect_beside, connect_reader, damage
from edge.audit.segments import alone
from edge.errors import InputError, StorageFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "journal.db", 3)


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def own(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    yield connection
    connection.close()


def test_a_lock_of_the_writer_is_a_fault_that_passes(
    own: sqlite3.Connection, other: sqlite3.Connection
) -> None:
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageFault, match="locked by its writer") as caught, damage():
        own.execute("SELECT * FROM records")
    assert caught.value.hint == "run the command again"


def test_a_lock_with_an_extended_code_is_one_too(own: sqlite3.Connection, other: sqlite3.Connection) -> None:
    own.execute("PRAGMA journal_mode = WAL")
    own.execute("BEGIN")
    own.execute("SELECT count(*) FROM records").fetchall()
    other.execute("DELETE FROM records WHERE seq = 0")
    with pytest.raises(StorageFault, match=r"locked by its writer \(SQLITE_BUSY_SNAPSHOT\)"), damage():
        own.execute("DELETE FROM records WHERE seq = 1")


def test_any_other_error_is_damage(own: sqlite3.Connection) -> None:
    with pytest.raises(JournalBroken, match="the database is damaged"), damage():
        own.execute("SELECT * FROM absent")
    with pytest.raises(JournalBroken, match="the database is damaged"), damage():
        b"\xff".decode("utf-8")


def test_the_device_does_not_rotate_while_its_file_is_read_in_place(path: Path) -> None:
    path.with_name("journal.db.readers").touch()
    with connect_beside(path), alone(path) as is_free:
        assert not is_free


@pytest.mark.parametrize("version", [0, 3, -1])
def test_a_journal_of_another_format_is_an_input_error(path: Path, version: int) -> None:
    edit(path, f"PRAGMA user_version = {version}")
    with pytest.raises(InputError, match=f"a journal of format {version}, not 1 to 2"), connect_reader(path):
        pass


def test_a_huge_value_is_not_read_into_memory(path: Path) -> None:
    edit(path, "UPDATE records SET body = zeroblob(500000) WHERE seq = 1")
    with connect_reader(path) as connection, pytest.raises(sqlite3.DataError, match="too big"):
        connection.execute("SELECT body FROM records").fetchall()


def test_a_wal_that_cannot_be_copied_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "card"
    card.mkdir()
    with open_journal(tmp_path / "journal.db") as journal:
        journal.append(passage())
        for suffix in ("", "-wal"):
            shutil.copy(tmp_path / f"journal.db{suffix}", card)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(InputError) as caught, connect_reader(card / "journal.db"):
        pass
    assert "cannot be copied to a temporary folder: no such file" in caught.value.message
    assert "TMPDIR" in caught.value.hint
