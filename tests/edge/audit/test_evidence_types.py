"""Journals whose tables an attacker made anew: other types, other rows, records at the ends of SQLite's range."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from samples.journals import DEVICE, edit, write_chain

from edge.audit.checkpoint import Checkpoint, origin_of
from edge.audit.errors import JournalBroken
from edge.audit.evidence import open_segment_reader, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.audit.evidence import RecordRow, SegmentReader

FIRST, SIZE = 4, 7  # of the file: records 4, 5 and 6


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chain(tmp_path_factory.mktemp("pristine"), [2, 2, SIZE - FIRST, 1])[2]


@pytest.fixture
def copy(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(pristine, tmp_path / "copy.db"))


def remade(table: str, columns: str) -> tuple[str, ...]:
    """Statements that make a table anew, without the types that SQLite would hold to."""
    return (f"CREATE TABLE made AS SELECT {columns} FROM {table}", f"DROP TABLE {table}", f"ALTER TABLE made RENAME TO {table}")  # fmt: skip


@pytest.mark.parametrize(
    ("table", "columns", "says"),
    [
        ("meta", "7 AS device, key", "meta holds a value of another type"),
        ("meta", "device, 7 AS key", "meta holds a value of another type"),
        ("meta", "'löbby-1' AS device, key", "meta does not hold a device and a key"),
        ("meta", "device, x'00' AS key", "meta does not hold a device and a key"),
        ("head", "id, NULL AS frontier, note", "head holds a value of another type"),
        ("head", "id, frontier, 0.5 AS note", "head holds a value of another type"),
        ("base", "id, 7 AS frontier, note", "base holds a value of another type"),
        ("records", "seq, 7 AS body, leaf", "record 4 is not a BLOB"),
        ("records", "seq, body, 7 AS leaf", "record 4 does not have the hash"),
    ],
)
def test_a_value_of_another_type_is_found(copy: Path, table: str, columns: str, says: str) -> None:
    edit(copy, *remade(table, columns))
    with pytest.raises(JournalBroken) as caught:
        verify(copy)
    assert says in caught.value.message


@pytest.mark.parametrize("table", ["records", "meta", "head", "base"])
def test_a_view_in_the_place_of_a_table_is_not_read(copy: Path, table: str) -> None:
    edit(copy, f"ALTER TABLE {table} RENAME TO made", f"CREATE VIEW {table} AS SELECT * FROM made")
    with pytest.raises(JournalBroken, match="a table is missing"):
        verify(copy)


def test_a_head_over_fewer_records_than_the_base_is_found_before_a_record_is_read(
    pristine: Path, copy: Path
) -> None:
    """The device signed it, at the end of an older file."""
    edit(
        copy,
        f"ATTACH '{pristine.with_name('journal.000000000002.db')}' AS older",
        "UPDATE head SET (frontier, note) = (SELECT frontier, note FROM older.base)",
    )
    with pytest.raises(JournalBroken, match="over fewer records than its base"), open_segment_reader(copy):
        pass


@pytest.mark.parametrize("seq", [-(2**63), -(2**62) - 1, -1, 0, 3, 7, 2**62, 2**63 - 1])
def test_a_record_that_was_added_is_found_wherever_it_is(copy: Path, seq: int) -> None:
    edit(copy, f"INSERT INTO records SELECT {seq}, body, leaf FROM records WHERE seq = 5")
    with pytest.raises(JournalBroken, match="is missing, or a record was inserted"):
        verify(copy)


READS: dict[str, Callable[[SegmentReader], Iterable[object]]] = {
    "all": lambda segment: segment.entries(),
    "the last": lambda segment: segment.entries(2),
    "some": lambda segment: segment.entries_between(5, SIZE),
    "bodies": lambda segment: segment.bodies(FIRST, SIZE),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_record_in_the_place_of_another_is_found_by_every_read(
    copy: Path, read: Callable[[SegmentReader], Iterable[object]]
) -> None:
    edit(copy, "UPDATE records SET body = (SELECT body FROM records WHERE seq = 5) WHERE seq = 6")
    with open_segment_reader(copy) as segment, pytest.raises(JournalBroken, match="record 6 holds the seq 5"):
        list(read(segment))


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_record_that_is_no_blob_is_found_by_every_read(
    copy: Path, read: Callable[[SegmentReader], Iterable[object]]
) -> None:
    edit(copy, *remade("records", "seq, 7 AS body, leaf"))
    with open_segment_reader(copy) as segment, pytest.raises(JournalBroken, match="is not a BLOB"):
        list(read(segment))


def test_a_hash_that_is_no_blob_is_found(copy: Path) -> None:
    edit(copy, *remade("records", "seq, body, 7 AS leaf"))
    with (
        open_segment_reader(copy) as segment,
        pytest.raises(JournalBroken, match="a leaf hash is not a BLOB"),
    ):
        list(segment.leaves(FIRST, SIZE))


def test_a_checkpoint_at_the_beginning_of_a_file_is_compared_with_its_base(copy: Path) -> None:
    with open_segment_reader(copy) as segment:
        same = Checkpoint(origin_of(DEVICE), FIRST, segment.base.root)
    assert verify(copy, previous=same).size == SIZE
    with pytest.raises(JournalBroken, match="changed since the checkpoint"):
        verify(copy, previous=Checkpoint(origin_of(DEVICE), FIRST, bytes(32)))


def test_a_watcher_is_told_the_number_of_records_in_the_file(copy: Path) -> None:
    told: list[int] = []

    def watch(rows: Iterable[RecordRow], expected: int) -> Iterable[RecordRow]:
        told.append(expected)
        return rows

    with open_segment_reader(copy) as segment:
        segment.verify(watch=watch)
    assert told == [SIZE - FIRST]
