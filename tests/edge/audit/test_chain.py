"""Several files of one journal: complete together, or an error that names the missing or foreign file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from samples.journals import CHAIN, DEVICE, SEED, open_journal, passage, rotate, write_chain, write_journal

from edge.audit.chain import files_of, open_chain
from edge.audit.checkpoint import Checkpoint, origin_of
from edge.audit.errors import JournalBroken
from edge.audit.evidence import Verified, verify
from edge.audit.journal import Journal
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.record import JournalEntry, encode
from edge.errors import InputError

RECORDS = sum(CHAIN)


def verify_chain(*paths: Path, previous: Checkpoint | None = None) -> Verified:
    with open_chain(paths) as chain:
        return chain.verify(previous=previous)


def checkpoint(size: int) -> Checkpoint:
    tree = Frontier()
    for seq in range(size):
        tree = tree.append(leaf_hash(encode(JournalEntry(seq=seq, record=passage(seq)))))
    return Checkpoint(origin_of(DEVICE), size, tree.root)


# -- valid journals -----------------------------------------------------------------------------------


def test_a_folder_of_copies_is_one_journal(folder: Path) -> None:
    verified = verify_chain(folder)
    assert (verified.base, verified.size, verified.root) == (0, RECORDS, checkpoint(RECORDS).root)
    assert verified.first is not None
    assert verified.last is not None
    assert (verified.first.seq, verified.last.seq) == (0, RECORDS - 1)


def test_names_and_order_of_the_copies_do_not_matter(folder: Path) -> None:
    files = sorted(folder.glob("*.db"))
    renamed = [file.rename(file.with_name(f"{number}.evidence")) for number, file in enumerate(files)]
    assert verify_chain(*reversed(renamed)).size == RECORDS


@given(st.integers(0, len(CHAIN) - 1), st.integers(1, len(CHAIN)))
@settings(max_examples=20)
def test_files_that_follow_each_other_are_valid_together(pristine: Path, start: int, count: int) -> None:
    files = files_of(pristine / "journal.db")[start : start + count]
    verified = verify_chain(*files)
    assert verified.base == sum(CHAIN[:start])
    assert verified.size == sum(CHAIN[: start + count])


def test_a_newest_file_without_records_is_part_of_the_journal(tmp_path: Path) -> None:
    write_chain(tmp_path, [2, 0])
    verified = verify_chain(tmp_path)
    assert verified.size == 2
    assert verified.last is not None


def test_an_empty_file_after_a_power_cut_is_ignored(tmp_path: Path) -> None:
    *_, newest = write_chain(tmp_path, [2, 0])
    newest.write_bytes(b"")
    assert verify_chain(tmp_path).size == 2
    assert files_of(newest) == (tmp_path / "journal.000000000000.db",)


@pytest.mark.parametrize("size", range(RECORDS + 1))
def test_every_earlier_checkpoint_is_consistent(pristine: Path, size: int) -> None:
    assert verify_chain(pristine, previous=checkpoint(size)).size == RECORDS


def test_entries_go_across_files(pristine: Path) -> None:
    with open_chain([pristine]) as chain:
        assert [entry.seq for entry in chain.entries()] == list(range(RECORDS))
        assert [entry.seq for entry in chain.entries(4)] == [10, 11, 12, 13]
        assert len(list(chain.entries(1_000))) == RECORDS


@pytest.mark.parametrize(("last", "files"), [(None, 4), (1, 1), (2, 1), (3, 2), (7, 2), (8, 3), (99, 4)])
def test_only_the_files_that_hold_the_last_records_are_opened(
    pristine: Path, last: int | None, files: int
) -> None:
    assert len(files_of(pristine / "journal.db", last=last)) == files


def test_a_chain_is_a_snapshot_while_its_device_writes(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.db") as journal:
        journal.append(passage(0))
        rotate(journal)
        journal.append(passage(1))
        with open_chain([tmp_path]) as chain:
            journal.append(passage(2))
            assert rotate(journal) is None  # not while another process reads
            assert [entry.seq for entry in chain.entries()] == [0, 1]
            chain.verify()
            assert [entry.seq for entry in chain.entries()] == [0, 1]
        assert rotate(journal)
    assert verify_chain(tmp_path).size == 3


# -- invalid journals --------------------------------------------------------------------------------


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def edit(name: str, statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        editor = sqlite3.connect(folder / name)
        with editor:
            editor.execute(statement)
        editor.close()

    return change


def put_in(name: str, seed: bytes, device: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with Journal.open(folder / name, seed, device) as journal:
            journal.append(passage())

    return change


def fork(folder: Path) -> None:
    """The device's own key signs two histories, and the folder has one file of each."""
    other = folder.parent / "other"
    other.mkdir()
    with open_journal(other / "journal.db") as journal:
        for tick in range(RECORDS):
            journal.append(passage(tick + (tick == 2)))
            if tick in (3, 6):
                rotate(journal)
    shutil.copy(other / "journal.000000000004.db", folder / "journal.000000000004.db")


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a file in the middle is missing": (
        remove("journal.000000000004.db"),
        "records 4 to 6 are missing, between journal.000000000000.db and journal.000000000007.db",
    ),
    "two copies of one file": (
        lambda folder: shutil.copy(folder / "journal.000000000004.db", folder / "twice.db"),
        "both hold record",
    ),
    "a file of another device": (put_in("stranger.db", SEED, "lobby-2"), "different devices or keys"),
    "a file with another key": (put_in("stranger.db", bytes(32), DEVICE), "different devices or keys"),
    "a file of another history": (fork, "does not continue the head of journal.000000000000.db"),
    "a record was changed": (
        edit("journal.000000000004.db", "UPDATE records SET leaf = zeroblob(32) WHERE seq = 5"),
        "journal.000000000004.db: record 5",
    ),
    "a record was removed from the end of a closed file": (
        edit("journal.000000000004.db", "DELETE FROM records WHERE seq = 6"),
        "journal.000000000004.db: its records end at 6, but its checkpoint is over 7",
    ),
    "a table is gone": (edit("journal.000000000004.db", "DROP TABLE head"), "journal.000000000004.db: a tab"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_error_names_its_file(folder: Path, change: str) -> None:
    act, says = CHANGES[change]
    act(folder)
    with pytest.raises(JournalBroken, match=says):
        verify_chain(folder)


def test_only_a_checkpoint_reveals_that_the_newest_file_is_missing(folder: Path) -> None:
    (folder / "journal.db").unlink()
    assert verify_chain(folder).size == RECORDS - CHAIN[-1]
    with pytest.raises(JournalBroken, match="had 14 records at the checkpoint and has 12 now"):
        verify_chain(folder, previous=checkpoint(RECORDS))


@pytest.mark.parametrize("size", range(1, RECORDS + 1))
def test_a_checkpoint_of_another_history_is_found_at_any_record(pristine: Path, size: int) -> None:
    other = Checkpoint(origin_of(DEVICE), size, bytes(32))
    with pytest.raises(JournalBroken, match=f"some of the first {size} records changed"):
        verify_chain(pristine, previous=other)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_checkpoint_before_the_remaining_files_is_an_input_error(folder: Path, size: int) -> None:
    (folder / "journal.000000000000.db").unlink()
    with pytest.raises(InputError, match="these files begin at record 4") as caught:
        verify_chain(folder, previous=checkpoint(size))
    assert "files before" in caught.value.hint
    assert verify_chain(folder, previous=checkpoint(4)).base == 4


def test_a_file_with_a_destroyed_beginning_is_not_ignored(folder: Path) -> None:
    with (folder / "journal.db").open("r+b") as file:
        file.write(bytes(100))
    with pytest.raises(InputError, match=r"journal\.db: not a journal"):
        verify_chain(folder)


def test_a_folder_without_a_journal_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no journal in this folder"):
        verify_chain(tmp_path)


@settings(max_examples=100)
@given(st.data())
def test_no_flipped_bit_changes_the_records_of_a_chain(
    tmp_path_factory: pytest.TempPathFactory, pristine: Path, data: st.DataObject
) -> None:
    files = files_of(pristine / "journal.db")
    which = data.draw(st.sampled_from(files))
    content = bytearray(which.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    flipped = tmp_path_factory.mktemp("flip") / which.name
    flipped.write_bytes(content)
    try:
        said = verify_chain(*(flipped if file == which else file for file in files))
    except (JournalBroken, InputError):
        return
    assert said == verify_chain(pristine)


def test_a_pinned_key_applies_to_every_file(pristine: Path) -> None:
    with open_chain([pristine]) as chain:
        chain.verify(key=bytes(SigningKey(SEED).verify_key))
        with pytest.raises(JournalBroken, match="another device's key"):
            chain.verify(key=bytes(32))


def test_one_file_is_a_chain_too(tmp_path: Path) -> None:
    path = write_journal(tmp_path / "journal.db", 3)
    assert verify_chain(path) == verify(path)
