from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edge.errors import StorageFault
from edge.sqlite import connect, empty_log, faults, open_draft, open_reader, open_writer, transaction

TABLE = "CREATE TABLE t (n BLOB)"


def pragma(db: sqlite3.Connection, name: str) -> object:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_file_is_for_its_owner_only_durable_and_overwrites_deletions(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.db"
    with closing(connect(file)) as db:
        settings = pragma(db, "journal_mode"), pragma(db, "synchronous"), pragma(db, "secure_delete")
        assert settings == ("wal", 2, 1)  # 2 is FULL
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_mode_of_an_existing_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch(mode=0o640)
    connect(tmp_path / "a.db").close()
    assert (tmp_path / "a.db").stat().st_mode & 0o777 == 0o640


def test_deleted_data_is_not_on_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with closing(connect(file)) as db:
        db.execute(TABLE)
        db.execute("INSERT INTO t VALUES (?)", (b"anna" * 500,))
        db.execute("DELETE FROM t")
        empty_log(db, file)
        assert not any(b"annaanna" in path.read_bytes() for path in tmp_path.iterdir())


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with closing(connect(file)) as db:
        db.execute(TABLE)

        def interrupted() -> None:
            with transaction(db):
                db.execute("INSERT INTO t VALUES (1)")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        with transaction(db):
            db.execute("INSERT INTO t VALUES (2)")
        assert db.execute("SELECT n FROM t").fetchall() == [(2,)]


def test_a_reader_changes_and_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        open_reader(tmp_path / "none.db")
    assert not any(tmp_path.iterdir())
    with closing(connect(tmp_path / "a.db")) as db:
        db.execute(TABLE)
    with (
        closing(open_reader(tmp_path / "a.db", immutable=True)) as db,
        pytest.raises(sqlite3.OperationalError),
    ):
        db.execute("INSERT INTO t VALUES (1)")


def test_a_draft_replaces_an_older_one(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"half of another draft")
    with closing(open_draft(tmp_path / "a.db", cache_kb=100)) as db:
        db.execute(TABLE)
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]


WRONG = {
    "a text": (b"this is no database, however long it may be " * 9, "it is not a database", "name another"),
    "less than a header": (b"x", "it is not a database", "name another"),
    "a damaged page": (None, "it is damaged", "backup"),
}


@pytest.mark.parametrize(("content", "what", "hint"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_named_with_a_hint(
    tmp_path: Path, content: bytes | None, what: str, hint: str
) -> None:
    file = tmp_path / "a.db"
    if content is None:
        with closing(connect(file)) as db:
            db.execute(TABLE)
        data = file.read_bytes()
        file.write_bytes(data[:100] + bytes(len(data) - 100))
    else:
        file.write_bytes(content)
    before = file.read_bytes()

    def read() -> None:
        with closing(connect(file)) as db, faults(file):
            db.execute("SELECT * FROM t")

    with pytest.raises(StorageFault, match=what) as caught:
        read()
    assert str(file) in caught.value.message
    assert hint in caught.value.hint
    assert file.read_bytes() == before


def test_a_caller_may_give_a_name_and_a_better_hint(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"x")
    with (
        pytest.raises(StorageFault) as caught,
        faults(tmp_path / "a.db", name="journal", hints={sqlite3.SQLITE_NOTADB: "look elsewhere"}),
    ):
        open_writer(tmp_path / "a.db", busy_s=0)
    assert caught.value.message.startswith("journal /")
    assert caught.value.hint == "look elsewhere"


def test_a_folder_that_cannot_be_created_is_a_storage_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault, match=r"a\.db"):
        connect(tmp_path / "file" / "a.db")


OPENS = """
import sys
from pathlib import Path
from edge.sqlite import connect
for _ in range(40):
    db = connect(Path(sys.argv[1]))
    db.execute("CREATE TABLE IF NOT EXISTS t (n)")
    db.close()
"""


def test_processes_that_begin_at_once_wait_for_each_other(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENS, str(tmp_path / "a.db")]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [child.communicate()[1] for child in children] == [""] * 3
