"""The writer: a record is durable, or a fault; after a fault the file holds every acknowledged record."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.journals import DEVICE, SEED, database, open_journal, passage, write_journal

from edge.audit.evidence import open_segment_reader, verify
from edge.audit.journal import Journal
from edge.audit.record import AuditRecord, DevicePart, DoorChange, Faulted, Outcome, Passage, Started
from edge.errors import StorageFault
from edge.on_record import LockMovement
from edge.ports import Cause, DoorEventKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with open_journal(path) as journal:
        yield journal


def ticks(path: Path) -> list[int]:
    with open_segment_reader(path) as segment:
        return [entry.record.tick_ms for entry in segment.entries()]


def test_a_new_journal_is_valid_and_empty(journal: Journal, path: Path) -> None:
    assert journal.size == 0
    assert verify(path).size == 0


def test_records_are_numbered_from_zero_and_read_back_in_order(journal: Journal, path: Path) -> None:
    assert [journal.append(passage(tick)) for tick in (70, 80, 90)] == [0, 1, 2]
    assert ticks(path) == [70, 80, 90]


def test_every_commit_is_durable(journal: Journal) -> None:
    def pragma(name: str) -> object:
        return database(journal).execute(f"PRAGMA {name}").fetchone()[0]

    assert (pragma("journal_mode"), pragma("synchronous")) == ("wal", 2)  # 2 is FULL


# -- the proof that a record allows a movement ---------------------------------------------------------

_STAMP = {"time_ms": 1_767_340_800_000, "tick_ms": 70, "door": "tower-1/lobby", "version": "0.1.0"}
_K, _C = DoorEventKind, Cause
GRANTED = Passage(**_STAMP, outcome=Outcome.GRANT)
PERMITTED = {
    "a grant": (GRANTED, LockMovement.RELEASE),
    "a technician's release": (
        DoorChange(**_STAMP, change=_K.RELEASED, cause=_C.COMMAND),
        LockMovement.RELEASE,
    ),
    "free access by hours": (
        DoorChange(**_STAMP, change=_K.FREE_ACCESS, cause=_C.SCHEDULE),
        LockMovement.FREE_ACCESS,
    ),
    "free access by command": (
        DoorChange(**_STAMP, change=_K.FREE_ACCESS, cause=_C.COMMAND),
        LockMovement.FREE_ACCESS,
    ),
}
NOT_PERMITTED = {
    "a denial": passage(70),
    "a start": Started(**_STAMP),
    "a fault": Faulted(**_STAMP, part=DevicePart.DOOR),
    "the event of a release": DoorChange(**_STAMP, change=_K.RELEASED, cause=_C.GRANT, decision=0),
    "the controller's event of free access": DoorChange(**_STAMP, change=_K.FREE_ACCESS, number=3),
    "a controller's event with a command": DoorChange(
        **_STAMP, change=_K.RELEASED, cause=_C.COMMAND, number=3
    ),
    "the normal mode": DoorChange(**_STAMP, change=_K.NORMAL_MODE, cause=_C.COMMAND),
    "a lock-down": DoorChange(**_STAMP, change=_K.LOCK_DOWN, cause=_C.COMMAND),
    "a relock": DoorChange(**_STAMP, change=_K.RELOCKED, cause=_C.COMMAND),
}


@pytest.mark.parametrize(("record", "movement"), PERMITTED.values(), ids=PERMITTED)
def test_a_grant_and_an_order_are_durable_before_their_proof_exists(
    journal: Journal, path: Path, record: AuditRecord, movement: LockMovement
) -> None:
    journal.append(passage())
    allowed = journal.permit(record)
    assert (allowed.seq, allowed.door, allowed.movement) == (1, "tower-1/lobby", movement)
    with open_segment_reader(path) as segment:
        assert [entry.record for entry in segment.entries()][allowed.seq] == record
        assert allowed.journal == segment.key


@pytest.mark.parametrize("record", NOT_PERMITTED.values(), ids=NOT_PERMITTED)
def test_no_other_record_is_a_proof(journal: Journal, record: AuditRecord) -> None:
    with pytest.raises(StorageFault, match="allows no movement"):
        journal.permit(record)
    assert journal.size == 0


def test_a_full_journal_gives_no_proof(path: Path) -> None:
    with open_journal(path, limit_pages=16) as journal:
        _append_until_fault(journal)
        with pytest.raises(StorageFault, match="full"):
            journal.permit(GRANTED)


def test_a_closed_journal_gives_no_proof(path: Path) -> None:
    with open_journal(path) as journal:
        journal.close()
        with pytest.raises(StorageFault, match="closed"):
            journal.permit(GRANTED)


def test_a_journal_continues_after_it_was_closed(path: Path) -> None:
    for tick in range(20):
        with open_journal(path) as journal:
            assert journal.append(passage(tick)) == tick
    assert ticks(path) == list(range(20))
    assert verify(path).size == 20


def test_other_processes_read_a_record_as_soon_as_append_returns(journal: Journal, path: Path) -> None:
    for tick in range(3):
        journal.append(passage(tick))
        assert verify(path).size == tick + 1  # by another connection, while this one writes


def test_the_note_is_the_checkpoint_over_all_records(journal: Journal, path: Path) -> None:
    journal.append(passage())
    assert journal.note == verify(path).note
    assert journal.note.startswith(f"doorward/{DEVICE}\n1\n")


# -- faults ---------------------------------------------------------------------------------------


def test_a_full_journal_is_a_fault_and_no_part_of_the_record_is_written(path: Path) -> None:
    with open_journal(path, limit_pages=16) as journal:
        written = _append_until_fault(journal)
        for _ in range(3):
            with pytest.raises(StorageFault, match="full") as caught:
                journal.append(passage(9_999))
            assert "free space" in caught.value.hint
        assert journal.size == written
    assert path.stat().st_size <= 16 * 4096
    assert ticks(path) == list(range(written))
    assert verify(path).size == written


def test_a_full_journal_accepts_records_again_when_there_is_space(path: Path) -> None:
    with open_journal(path, limit_pages=16) as journal:
        written = _append_until_fault(journal)
        database(journal).execute("PRAGMA max_page_count = 1000").fetchone()
        assert journal.append(passage(written)) == written
    assert ticks(path) == list(range(written + 1))


def _append_until_fault(journal: Journal) -> int:
    for tick in range(1_000):
        try:
            journal.append(passage(tick))
        except StorageFault:
            return tick
    raise AssertionError("the journal never became full")


def test_a_read_only_disk_is_a_temporary_fault(journal: Journal, path: Path) -> None:
    journal.append(passage(0))
    database(journal).execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFault, match="read-only") as caught:
        journal.append(passage(1))
    assert "remount" in caught.value.hint
    database(journal).execute("PRAGMA query_only = OFF")
    assert journal.append(passage(2)) == 1
    assert ticks(path) == [0, 2]


def test_a_write_lock_of_another_process_is_a_temporary_fault(journal: Journal, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageFault, match="another process holds it"):
        journal.append(passage(1))
    other.execute("ROLLBACK")
    other.close()
    assert journal.append(passage(2)) == 0
    assert ticks(path) == [2]


def test_a_disk_that_refuses_bytes_is_a_temporary_fault(path: Path) -> None:
    """The kernel forbids the process to enlarge a file (EFBIG), then allows it again."""
    script = (
        "import resource, sys; from pathlib import Path; from samples.journals import open_journal, passage\n"
        "from edge.errors import StorageFault\n"
        "journal = open_journal(Path(sys.argv[1])); journal.append(passage(0))\n"
        "limit = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))\n"
        "written, faults = 1, 0\n"
        "while not faults:\n"
        "    try: journal.append(passage(written)); written += 1\n"
        "    except StorageFault: faults += 1\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, limit)\n"
        "assert journal.append(passage(written)) == written\n"
        "print(written + 1); journal.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], env=_env(), capture_output=True, text=True, check=True
    )
    written = int(done.stdout)
    assert ticks(path) == list(range(written))
    assert verify(path).size == written > 2


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_a_journal_continues_after_ctrl_c_during_an_append(journal: Journal, path: Path) -> None:
    journal.append(passage(0))

    def interrupt() -> int:
        raise KeyboardInterrupt

    database(journal).set_progress_handler(interrupt, 1)
    with pytest.raises((KeyboardInterrupt, StorageFault)):
        journal.append(passage(1))
    database(journal).set_progress_handler(None, 0)
    assert journal.append(passage(2)) == 1
    assert ticks(path) == [0, 2]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["append", "full", "locked", "reopen"]), max_size=25))
def test_after_any_failure_the_file_holds_every_acknowledged_record(
    tmp_path_factory: pytest.TempPathFactory, day: list[str]
) -> None:
    path = tmp_path_factory.mktemp("day") / "journal.db"
    journal = open_journal(path)
    acknowledged: list[int] = []
    for tick, event in enumerate(day):
        match event:
            case "append":
                assert journal.append(passage(tick)) == len(acknowledged)
                acknowledged.append(tick)
            case "reopen":
                journal.close()
                journal = open_journal(path)
            case trouble:
                pragma = "max_page_count = 1" if trouble == "full" else "query_only = ON"
                database(journal).execute(f"PRAGMA {pragma}").fetchone()
                try:
                    journal.append(passage(tick))
                except StorageFault:
                    pass
                else:
                    acknowledged.append(tick)  # it fitted into the existing pages
                database(journal).execute("PRAGMA max_page_count = 1000000").fetchone()
                database(journal).execute("PRAGMA query_only = OFF")
    assert ticks(path) == acknowledged
    journal.close()
    assert verify(path).size == len(acknowledged)


def test_a_record_that_does_not_fit_its_type_is_not_written(journal: Journal, path: Path) -> None:
    with pytest.raises(StorageFault, match="cannot be written"):
        journal.append(msgspec.structs.replace(passage(), door="Front Door"))
    assert journal.append(passage(5)) == 0
    assert ticks(path) == [5]


# -- opening --------------------------------------------------------------------------------------


def test_there_is_one_writer(journal: Journal, path: Path) -> None:
    with pytest.raises(StorageFault, match="another process is writing it") as caught:
        open_journal(path)
    assert caught.value.hint
    assert journal.append(passage()) == 0


def test_a_journal_that_was_closed_can_be_opened_by_another(path: Path) -> None:
    first = open_journal(path)
    first.close()
    first.close()
    open_journal(path).close()


def test_a_missing_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(StorageFault, match="no such file or directory") as caught:
        open_journal(tmp_path / "absent" / "journal.db")
    assert "folder" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "what"), [(b"not a database, for sure" * 40, "not a database"), (b"x", "not a database")]
)
def test_a_file_that_is_no_database_is_a_fault_and_is_not_changed(
    path: Path, content: bytes, what: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(StorageFault, match=what):
        open_journal(path)
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch()
    write_journal(path, 1)
    assert verify(path).size == 1


def test_another_database_is_a_fault(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE visits (name)")
    other.close()
    with pytest.raises(StorageFault, match="another database"):
        open_journal(path)


@pytest.mark.parametrize(("seed", "device"), [(bytes(32), DEVICE), (SEED, "lobby-2")], ids=["key", "device"])
def test_a_journal_of_another_device_or_key_is_a_fault(path: Path, seed: bytes, device: str) -> None:
    write_journal(path, 1)
    with pytest.raises(StorageFault, match="another device or key"):
        Journal.open(path, seed, device)
    with open_journal(path) as journal:  # the attempt left no lock behind
        assert journal.append(passage()) == 1


ALTERED = {
    "the last record was removed": "DELETE FROM records WHERE seq = 4",
    "a record was added": "INSERT INTO records VALUES (5, x'00', x'00')",
    "the frontier was changed": "UPDATE head SET frontier = zeroblob(length(frontier))",
    "the frontier was cut": "UPDATE head SET frontier = x'00'",
    "the checkpoint was changed": "UPDATE head SET note = replace(note, char(10) || '5' || char(10), char(10) || '6' || char(10))",
    "the checkpoint is no note": "UPDATE head SET note = 'hello'",
    "the head is gone": "DELETE FROM head",
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_head_is_found_at_the_start(path: Path, change: str) -> None:
    write_journal(path, 5)
    with sqlite3.connect(path) as editor:
        editor.execute(change)
    editor.close()
    with pytest.raises(StorageFault, match="was altered") as caught:
        open_journal(path)
    assert "log verify" in caught.value.hint


def test_a_damaged_file_is_a_fault(path: Path) -> None:
    write_journal(path, 50)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 3 * 4096)
    with pytest.raises(StorageFault, match=r"damaged|altered"):
        open_journal(path)
