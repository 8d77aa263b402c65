"""All files of a journal that may be altered: which are read, in which order, and what is told of the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples.journals import edit, passage, write_chain

from edge.audit.reading.examination import Examination
from edge.audit.segments import alone
from edge.errors import InputError

CLOSED = "journal.000000000004.db"


def read(path: Path, **options: int) -> tuple[list[int], list[str]]:
    """The seqs of the records, and then the files that have misfits."""
    with Examination(path) as found:
        seqs = [record.seq for record in found.records(**options)]
        return seqs, [misfit.file for misfit in found.misfits]


@pytest.mark.parametrize("last", range(1, 15))
def test_the_last_records_come_from_as_many_files_as_hold_them(folder: Path, last: int) -> None:
    assert read(folder, last=last) == (list(range(14 - last, 14)), [])


@pytest.mark.parametrize(("last", "told"), [(2, []), (7, []), (8, [CLOSED]), (14, [CLOSED])])
def test_misfits_are_told_of_the_files_that_are_read(folder: Path, last: int, told: list[str]) -> None:
    edit(folder / CLOSED, "UPDATE records SET leaf = zeroblob(32) WHERE seq = 5")
    assert read(folder, last=last)[1] == told


@pytest.mark.parametrize(("since", "first"), [(0, 0), (3, 0), (4, 4), (6, 4), (7, 7), (12, 12)])
def test_a_file_whose_newest_record_is_older_is_not_read(folder: Path, since: int, first: int) -> None:
    assert read(folder, since_ms=passage(since).time_ms)[0] == list(range(first, 14))


def test_names_of_copies_do_not_give_the_order(folder: Path) -> None:
    for name, file in zip("dacb", sorted(folder.glob("*.db")), strict=True):
        file.rename(folder / f"{name}.db")
    assert read(folder) == (list(range(14)), [])


def test_the_device_does_not_rotate_while_its_journal_is_read(folder: Path) -> None:
    journal = folder / "journal.db"
    (folder / "journal.db.readers").touch()
    with Examination(folder), alone(journal) as is_free:
        assert not is_free
    with alone(journal) as is_free:
        assert is_free


def test_a_file_without_a_head_is_told_before_its_records_are_read(folder: Path) -> None:
    edit(folder / CLOSED, "DELETE FROM head")
    with Examination(folder) as found:
        assert (CLOSED, "head does not have exactly one row") in {(m.file, m.what) for m in found.misfits}
        assert len(list(found.records())) == 14


def test_records_are_shown_where_one_file_is_broken_and_the_other_is_none(tmp_path: Path) -> None:
    (broken,) = write_chain(tmp_path, [3])
    edit(broken, "DELETE FROM head")
    (tmp_path / "text.db").write_text("hello", "utf-8")
    seqs, told = read(tmp_path)
    assert seqs == [0, 1, 2]
    assert sorted(told) == ["journal.db", "text.db"]


def test_files_of_which_none_is_a_journal_are_an_input_error_of_the_first(tmp_path: Path) -> None:
    for name in ("a.db", "b.db"):
        (tmp_path / name).write_text("hello", "utf-8")
    with pytest.raises(InputError, match=r"a\.db: not a journal"):
        Examination(tmp_path)


def test_a_folder_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Examination(tmp_path / "missing" / "journal.db")
