"""Names and locks of the files of one journal: one writer, and no rotation while there is a reader."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from edge.audit.segments import (
    alone,
    closed_path,
    closed_segments,
    has_content,
    has_writer,
    journal_files,
    lock_writer,
    reading_beside,
)
from edge.errors import StorageFault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def locks(path: Path) -> list[Path]:
    return [path.with_name(f"journal.db.{name}") for name in ("lock", "readers")]


class Descriptor:
    """The lock of a writer, until `close`."""

    def __init__(self, path: Path) -> None:
        self._number = lock_writer(path)

    def close(self) -> None:
        os.close(self._number)


# -- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (0, "journal.000000000000.db"),
        (12_000, "journal.000000012000.db"),
        (10**12 - 1, "journal.999999999999.db"),
        (10**12, "journal.1000000000000.db"),
    ],
)
def test_a_closed_file_has_the_seq_of_its_first_record_in_its_name(path: Path, first: int, name: str) -> None:
    closed = closed_path(path, first)
    assert closed == path.with_name(name)
    closed.touch()
    assert closed_segments(path) == ((first, closed),)


def test_closed_files_are_listed_oldest_first_and_other_names_are_none(path: Path) -> None:
    firsts = [10**12, 7, 0, 12_000]
    for first in firsts:
        closed_path(path, first).touch()
    others = [
        "00000000000",
        "00000000000x",
        "\N{ARABIC-INDIC DIGIT ZERO}" * 12,
        "000000000001.x",
        "-00000000001",
        "",
    ]
    for other in others:
        path.with_name(f"journal.{other}.db").touch()
    for name in ("other.000000000001.db", "journal.000000000001.db-wal", "xjournal.000000000001.db"):
        path.with_name(name).touch()
    assert [first for first, _ in closed_segments(path)] == sorted(firsts)


def test_a_name_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "abc.000000000001.db").touch()
    assert closed_segments(tmp_path / "a.c.db") == ()


@pytest.mark.parametrize("act", [closed_segments, lock_writer, journal_files])
def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path, act: Callable[[Path], object]) -> None:
    with pytest.raises(StorageFault, match=r"journal .*journal\.db: no such file") as caught:
        act(tmp_path / "missing" / "journal.db")
    assert "check that the folder exists" in caught.value.hint


@pytest.mark.parametrize(("content", "counts"), [(b"", False), (b"x", True), (b"xx", True)])
def test_an_empty_file_counts_as_missing(path: Path, content: bytes, counts: bool) -> None:
    assert not has_content(path)
    assert not has_content(path.parent)
    path.write_bytes(content)
    assert has_content(path) is counts
    assert journal_files(path) == (path,), "a journal without closed files has the one"
    closed_path(path, 0).touch()
    assert journal_files(path) == (closed_path(path, 0), path)[: 1 + counts]


# -- locks ------------------------------------------------------------------------------------------


def test_a_journal_has_one_writer_at_a_time(path: Path) -> None:
    assert not has_writer(path)
    with closing(Descriptor(path)):
        assert has_writer(path)
        with pytest.raises(StorageFault, match="another process is writing it") as caught:
            lock_writer(path)
        assert "systemctl status doorward" in caught.value.hint
    assert not has_writer(path)
    with closing(Descriptor(path)):
        assert has_writer(path)


def test_the_files_of_the_locks_are_empty_and_for_the_owner_and_the_group(path: Path) -> None:
    with closing(Descriptor(path)):
        for file in locks(path):
            assert file.read_bytes() == b""
            assert stat.S_IMODE(file.stat().st_mode) & ~0o640 == 0
            assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600


def test_a_reader_makes_no_file(path: Path) -> None:
    assert not has_writer(path)
    with reading_beside(path):
        assert list(path.parent.iterdir()) == []


def test_no_rotation_begins_while_there_is_a_reader(path: Path) -> None:
    with alone(path) as is_free:
        assert is_free
    with reading_beside(path):
        with reading_beside(path):
            pass
        with alone(path) as is_free:
            assert not is_free
    with alone(path) as is_free:
        assert is_free


def test_a_reader_waits_until_a_rotation_is_over(path: Path) -> None:
    seen: list[str] = []

    def read() -> None:
        with reading_beside(path):
            seen.append("read")

    reader = threading.Thread(target=read)
    with alone(path) as is_free:
        assert is_free
        reader.start()
        reader.join(timeout=0.1)
        assert reader.is_alive()
        seen.append("rotated")
    reader.join(timeout=10)
    assert seen == ["rotated", "read"]


def test_where_no_lock_can_be_made_nothing_rotates(tmp_path: Path) -> None:
    with alone(tmp_path / "missing" / "journal.db") as is_free:
        assert not is_free


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("hold", [alone, reading_beside])
def test_a_lock_leaves_no_descriptor(
    path: Path, hold: Callable[[Path], AbstractContextManager[object]]
) -> None:
    with closing(Descriptor(path)):
        before = descriptors()
        with hold(path):
            assert descriptors() == before + 1
        assert has_writer(path)
        with pytest.raises(StorageFault):
            lock_writer(path)
        assert descriptors() == before
    assert descriptors() == before - 1
