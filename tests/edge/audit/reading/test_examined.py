"""One file of a journal that may be altered: each record that does not fit is named, and the others are read."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from samples.journals import edit, open_journal, passage, rotate, write_chain

from edge.audit.reading.examined import Misfit, examined

# Records 8 to 14 in a tree of 15, whose peaks are over records 0 to 7, 8 to 11, 12 to 13, and 14.
BEGIN, END = 8, 15
NAME = "copy.db"
GRANTED = (
    "CAST(replace(replace(CAST(body AS TEXT), '\"deny\"', '\"grant\"'), '\"card.revoked\"', 'null') AS BLOB)"
)
CHANGED = "it was changed after it was written: it does not have its signed hash"
LEAF = "its stored hash was changed; its content is the signed one"
ADDED = "it was added: the signature of the file does not cover it"
SEVERAL = "one of them or more was changed together with its hash"
REMOVED = "removed from the file after it was written; without it the others are not proven by the signature"
FORM = "it cannot be read: record does not have a known form"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_chain(tmp_path_factory.mktemp("pristine"), [BEGIN, END - BEGIN, 1])


@pytest.fixture
def copy(pristine: list[Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(pristine[1], tmp_path / NAME))


@pytest.fixture
def first(pristine: list[Path], tmp_path: Path) -> Path:
    """The first file of the journal, with records 0 to 7."""
    return Path(shutil.copy(pristine[0], tmp_path / NAME))


def remade(columns: str) -> tuple[str, ...]:
    """Statements that make the table of records anew, without its types."""
    return (
        f"CREATE TABLE made AS SELECT {columns} FROM records",
        "DROP TABLE records",
        "ALTER TABLE made RENAME TO records",
    )


def copied(seq: int, to: int) -> str:
    return f"UPDATE records SET (body, leaf) = (SELECT body, leaf FROM records WHERE seq = {seq}) WHERE seq = {to}"


def shown(path: Path, **options: int) -> tuple[list[str], list[int]]:
    """The misfits, and the seq of each record that is shown."""
    with examined(path) as file:
        seqs = [record.seq for record in file.records(**options)]
        return [str(misfit) for misfit in file.misfits], seqs


def one(seq: int, what: str) -> str:
    return f"record {seq} ({NAME}): {what}"


def some(begin: int, end: int, what: str) -> str:
    return f"records {begin} to {end} ({NAME}): {what}"


CASES: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "nothing": ((), []),
    "a content": ((f"UPDATE records SET body = {GRANTED} WHERE seq = 9",), [one(9, CHANGED)]),
    "a hash": (("UPDATE records SET leaf = zeroblob(32) WHERE seq = 9",), [one(9, LEAF)]),
    "a hash, and a content elsewhere": (
        (
            f"UPDATE records SET body = {GRANTED} WHERE seq = 13",
            "UPDATE records SET leaf = zeroblob(32) WHERE seq = 9",
        ),
        [one(9, LEAF), one(13, CHANGED)],
    ),
    "a hash, and a content under the same peak": (
        (
            f"UPDATE records SET body = {GRANTED} WHERE seq = 10",
            "UPDATE records SET leaf = zeroblob(32) WHERE seq = 9",
        ),
        [some(8, 11, SEVERAL), one(9, CHANGED), one(10, CHANGED)],
    ),
    "a hash, and a record is added": (
        (
            "UPDATE records SET leaf = zeroblob(32) WHERE seq = 9",
            "INSERT INTO records SELECT 20, body, leaf FROM records WHERE seq = 14",
        ),
        [one(9, LEAF), one(20, ADDED)],
    ),
    "a record with its hash": (
        (copied(9, to=10),),
        [some(8, 11, SEVERAL), one(10, "it was moved here: it is record 9")],
    ),
    "the last record with its hash": (
        (copied(13, to=14),),
        [one(14, "it was moved here: it is record 13"), one(14, CHANGED)],
    ),
    "a record before the file is added": (
        ("INSERT INTO records SELECT 7, body, leaf FROM records WHERE seq = 14",),
        [one(7, ADDED)],
    ),
    "a record is removed": (("DELETE FROM records WHERE seq = 10",), [one(10, REMOVED)]),
    "two are removed": (("DELETE FROM records WHERE seq IN (10, 11)",), [some(10, 11, REMOVED)]),
    "the last is removed": (("DELETE FROM records WHERE seq = 14",), [one(14, REMOVED)]),
    "all are removed": (("DELETE FROM records",), [some(8, 14, REMOVED)]),
    "one is removed, and one before it changed": (
        ("DELETE FROM records WHERE seq = 12", f"UPDATE records SET body = {GRANTED} WHERE seq = 9"),
        [one(9, CHANGED), one(12, REMOVED)],
    ),
    "a content is no BLOB": (
        remade("seq, CASE seq WHEN 9 THEN 7 ELSE body END AS body, leaf"),
        [one(9, FORM)],
    ),
    "a hash is no BLOB": (
        remade("seq, body, CASE seq WHEN 9 THEN 7 ELSE leaf END AS leaf"),
        [one(9, CHANGED)],
    ),
    "records without a number": (
        remade("CASE WHEN seq > 12 THEN NULL ELSE seq END AS seq, body, leaf"),
        [f"{NAME}: a record has no number", some(13, 14, REMOVED)],
    ),
    "the head is gone": (("DELETE FROM head",), [f"{NAME}: head does not have exactly one row"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_changed_is_named(copy: Path, case: str) -> None:
    statements, says = CASES[case]
    edit(copy, *statements)
    assert shown(copy)[0] == says


def test_records_are_shown_in_order_and_missing_ones_as_one(copy: Path) -> None:
    edit(copy, "DELETE FROM records WHERE seq IN (9, 10, 13, 14)")
    with examined(copy) as file:
        found = list(file.records())
    assert [(record.seq, record.entry and record.entry.seq) for record in found] == [
        (8, 8),
        (9, None),
        (11, 11),
        (12, 12),
        (13, None),
    ]
    assert [str(record.misfit) for record in found if record.entry is None] == [
        some(9, 10, REMOVED),
        some(13, 14, REMOVED),
    ]


def test_each_record_tells_its_own_misfit(copy: Path) -> None:
    edit(copy, f"UPDATE records SET body = {GRANTED} WHERE seq = 9", copied(12, to=13), copied(9, to=14))
    with examined(copy) as file:
        found = {record.seq: record.misfit and record.misfit.what for record in file.records()}
    assert found == {
        8: None,
        9: CHANGED,
        10: None,
        11: None,
        12: SEVERAL,
        13: "it was moved here: it is record 12",
        14: CHANGED,
    }


def test_a_file_that_does_not_fit_as_a_whole_marks_its_records(copy: Path) -> None:
    edit(copy, "DELETE FROM head")
    with examined(copy) as file:
        found = list(file.records(last=2))
    assert [record.seq for record in found] == list(range(BEGIN, END)), (
        "without a head, no record is the last"
    )
    assert {record.misfit for record in found} == {
        Misfit(NAME, None, None, "head does not have exactly one row")
    }


@pytest.mark.parametrize(("last", "seqs"), [(1, [14]), (3, [12, 13, 14]), (99, list(range(BEGIN, END)))])
def test_the_last_records_are_shown(copy: Path, last: int, seqs: list[int]) -> None:
    assert shown(copy, last=last) == ([], seqs)


@pytest.mark.parametrize(
    ("statement", "seqs", "says"),
    [
        ("DELETE FROM records WHERE seq = 0", list(range(BEGIN)), one(0, REMOVED)),
        ("DELETE FROM records", [0], some(0, 7, REMOVED)),
    ],
)
def test_the_first_record_of_a_journal_is_record_0(
    first: Path, statement: str, seqs: list[int], says: str
) -> None:
    edit(first, statement)
    assert shown(first) == ([says], seqs)


def test_misfits_are_told_in_the_order_of_records(first: Path) -> None:
    edit(first, "DELETE FROM records WHERE seq = 1", f"UPDATE records SET body = {GRANTED} WHERE seq = 0")
    assert shown(first)[0] == [one(0, CHANGED), one(1, REMOVED)]


def test_a_base_that_the_device_signed_over_other_records_is_found(copy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with open_journal(folder / "journal.db") as journal:
        for tick in range(BEGIN):
            journal.append(passage(tick + 99))
        rotate(journal)
    edit(
        copy,
        f"ATTACH '{folder / 'journal.db'}' AS other",
        "UPDATE base SET (frontier, note) = (SELECT frontier, note FROM other.base)",
    )
    assert shown(copy) == ([f"{NAME}: its head does not continue its base"], list(range(BEGIN, END)))


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A file of many pages, of which the first page with records is overwritten."""
    path = write_chain(tmp_path, [100])[0]
    editor = sqlite3.connect(path)
    (root,) = editor.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'records'").fetchone()
    (page_bytes,) = editor.execute("PRAGMA page_size").fetchone()
    editor.close()
    data = bytearray(path.read_bytes())
    interior = (root - 1) * page_bytes
    assert data[interior] == 5, "the root of a table of several pages"
    cell = interior + int.from_bytes(data[interior + 12 : interior + 14], "big")
    leaf = int.from_bytes(data[cell : cell + 4], "big")
    data[(leaf - 1) * page_bytes : leaf * page_bytes] = b"\xff" * page_bytes
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("options", "seqs"), [({}, []), ({"last": 2}, [98, 99])])
def test_a_damaged_page_is_told_once_and_records_of_other_pages_are_read(
    damaged: Path, options: dict[str, int], seqs: list[int]
) -> None:
    misfits, found = shown(damaged, **options)
    assert [says.startswith("journal.db: the database is damaged") for says in misfits] == [True]
    assert found == seqs


NEWEST: dict[str, tuple[tuple[str, ...], bool]] = {
    "it fits": ((), True),
    "an older one does not fit": ((f"UPDATE records SET body = {GRANTED} WHERE seq = 9",), True),
    "its content is another": ((f"UPDATE records SET body = {GRANTED} WHERE seq = 14",), False),
    "its hash is another": (("UPDATE records SET leaf = zeroblob(32) WHERE seq = 14",), False),
    "its content is no BLOB": (remade("seq, 7 AS body, leaf"), False),
    "it was added": (("INSERT INTO records SELECT 15, body, leaf FROM records WHERE seq = 14",), False),
    "it is gone": (("DELETE FROM records WHERE seq = 14",), False),
    "there is none": (("DELETE FROM records",), False),
    "there is no head": (("DELETE FROM head",), False),
}


@pytest.mark.parametrize("case", NEWEST)
def test_the_time_of_the_newest_record_counts_if_it_fits(copy: Path, case: str) -> None:
    statements, fits = NEWEST[case]
    edit(copy, *statements)
    with examined(copy) as file:
        assert file.last_ms() == (passage(END - 1).time_ms if fits else None)
