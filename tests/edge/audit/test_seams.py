"""Seams between the files of a journal, and files that change while they are read."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from samples.journals import CHAIN, DEVICE, SEED, write_chain, write_journal

from edge.audit.chain import Link, check_seam, files_of, open_chain
from edge.audit.errors import AnotherKey, JournalBroken
from edge.audit.merkle import Frontier, leaf_hash

KEY = bytes(SigningKey(SEED).verify_key)


def tree(size: int, begin: bytes = b"") -> Frontier:
    grown = Frontier()
    for seq in range(size):
        grown = grown.append(leaf_hash(begin + bytes([seq])))
    return grown


BEFORE = Link(Path("one.db"), DEVICE, KEY, tree(0), tree(6))
AFTER = Link(Path("two.db"), DEVICE, KEY, tree(6), tree(9))
SEAMS = {
    "one record is missing": (replace(AFTER, base=tree(7)), "records 6 to 6 are missing, between one.db and two.db"),
    "two are missing": (replace(AFTER, base=tree(8)), "records 6 to 7 are missing, between one.db and two.db"),
    "one record is in both": (replace(AFTER, base=tree(5)), "one.db and two.db both hold record 5"),
    "two are in both": (replace(AFTER, base=tree(4)), "one.db and two.db both hold record 4"),
    "another history": (replace(AFTER, base=tree(6, b"x")), "two.db does not continue the head of one.db"),
    "another device": (replace(AFTER, device="lobby-2"), "belong to different devices or keys"),
    "another key": (replace(AFTER, key=bytes(32)), "belong to different devices or keys"),
}  # fmt: skip


@pytest.mark.parametrize("case", SEAMS)
def test_a_seam_that_does_not_fit_is_named(case: str) -> None:
    after, says = SEAMS[case]
    check_seam(BEFORE, AFTER)
    with pytest.raises(JournalBroken) as caught:
        check_seam(BEFORE, after)
    assert says in caught.value.message


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_chain(tmp_path_factory.mktemp("pristine"), CHAIN)


@pytest.fixture
def files(pristine: list[Path], tmp_path: Path) -> list[Path]:
    return [Path(shutil.copy(file, tmp_path)) for file in pristine]


def test_a_file_that_holds_none_of_the_last_records_is_not_read(files: list[Path]) -> None:
    with open_chain(files) as chain:
        for file in files[:-1]:
            file.unlink()
        assert [entry.seq for entry in chain.entries(2)] == [12, 13]


def test_the_key_of_another_device_is_called_so_before_a_record_is_read(files: list[Path]) -> None:
    with open_chain(files) as chain:
        for file in files:
            file.unlink()
        with pytest.raises(AnotherKey):
            chain.verify(key=bytes(32))


@pytest.mark.parametrize("other", ["another beginning", "fewer records"])
def test_a_file_that_is_replaced_while_it_is_read_is_found(
    files: list[Path], tmp_path: Path, other: str
) -> None:
    shorter = tmp_path / "other"
    shorter.mkdir()
    replacements = {"another beginning": files[2], "fewer records": write_chain(shorter, [4, 2])[1]}
    with open_chain([files[1]]) as chain:
        shutil.copy(replacements[other], files[1])
        with pytest.raises(JournalBroken, match="the file changed while it was read"):
            list(chain.entries())
        with pytest.raises(JournalBroken, match="the file changed while it was read"):
            chain.verify()


def spoil(file: Path, seq: int) -> None:
    editor = sqlite3.connect(file)
    with editor:
        editor.execute("UPDATE records SET leaf = zeroblob(32) WHERE seq = ?", (seq,))
    editor.close()


@pytest.mark.parametrize(
    ("count", "begins"), [(1, "record 1 does not"), (2, "journal.000000000000.db: record 1")]
)
def test_an_error_names_its_file_if_there_are_several(files: list[Path], count: int, begins: str) -> None:
    spoil(files[0], 1)
    with open_chain(files[:count]) as chain, pytest.raises(JournalBroken) as caught:
        chain.verify()
    assert caught.value.message.startswith(begins)


def test_a_folder_that_is_not_there_has_one_file_which_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "journal.db"
    assert files_of(missing) == files_of(missing, last=3) == (missing,)


def test_a_file_whose_records_are_all_asked_for_is_read_from_its_first(tmp_path: Path) -> None:
    path = write_journal(tmp_path / "journal.db", 3)
    with open_chain([path]) as chain:
        assert [entry.seq for entry in chain.entries(3)] == [0, 1, 2]
