"""A journal whose first records are missing is incomplete, unless a signed record says that they were erased."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from samples.journals import at_ms, edit, erase_old, erased, open_journal, passage, write_chain

from edge.audit.chain import Chain, files_of, open_chain
from edge.audit.errors import JournalBroken, JournalIncomplete
from edge.audit.evidence import Verified, check_complete
from edge.audit.merkle import leaf_hash
from edge.audit.record import ErasureCause, JournalEntry, encode
from edge.vouched_time import UNVOUCHED, VouchedTime

LATER = VouchedTime(at_ms(passage().time_ms) + timedelta(days=91))
NEWEST, OLDER = "journal.db", "journal.000000000004.db"


def emptied(path: Path) -> None:
    """Copy the head over the base, and delete all records: everything that is left is signed."""
    edit(path, "INSERT OR REPLACE INTO base SELECT id, frontier, note FROM head", "DELETE FROM records")


def verified(chain: Chain) -> Verified:
    found = chain.verify()
    check_complete(found.base, found.erased)
    return found


def without_proof(chain: Chain) -> None:
    chain.check_complete()


CHECKS = pytest.mark.parametrize("check", [verified, without_proof])


@pytest.fixture
def erased_once(tmp_path: Path) -> Path:
    """A journal of 4, 3, 2 and 1 records, whose first two files the device erased: it begins at record 7."""
    write_chain(tmp_path, [4, 3, 2, 1])
    erase_old(tmp_path / NEWEST, LATER)
    assert [file.name for file in files_of(tmp_path / NEWEST)] == ["journal.000000000007.db", NEWEST]
    return tmp_path


@CHECKS
def test_what_the_device_erased_is_not_missing(erased_once: Path, check: Callable[[Chain], object]) -> None:
    with open_chain([erased_once]) as chain:
        check(chain)
        assert chain.first == 7


@CHECKS
def test_an_erasure_that_the_power_cut_short_is_no_loss(
    tmp_path: Path, check: Callable[[Chain], object]
) -> None:
    """The record is written, and the files are still there, or some of them."""
    files = write_chain(tmp_path, [4, 3, 2, 1])
    with open_journal(tmp_path / NEWEST) as journal:
        journal.append(erased(7, ErasureCause.AGE, LATER))
    for file in (None, *files[:2]):
        if file:
            file.unlink()
        with open_chain([tmp_path]) as chain:
            check(chain)


@CHECKS
@pytest.mark.parametrize("sizes", [[6], [4, 3, 2]], ids=["one file", "the newest of three, alone"])
def test_an_emptied_journal_is_incomplete(
    tmp_path: Path, check: Callable[[Chain], object], sizes: list[int]
) -> None:
    *closed, newest = write_chain(tmp_path, sizes)
    emptied(newest)
    for file in closed:
        file.unlink()
    last = sum(sizes) - 1
    with open_chain([newest]) as chain, pytest.raises(JournalIncomplete, match=f"records 0 to {last} are mi"):
        check(chain)


@CHECKS
def test_an_emptied_journal_stays_incomplete_when_the_device_goes_on(
    tmp_path: Path, check: Callable[[Chain], object]
) -> None:
    (newest,) = write_chain(tmp_path, [6])
    emptied(newest)
    with open_journal(newest) as journal:
        assert journal.append(passage(99)) == 6
    with open_chain([tmp_path]) as chain, pytest.raises(JournalIncomplete, match="records 0 to 5"):
        check(chain)


@CHECKS
def test_more_is_gone_than_the_device_erased(erased_once: Path, check: Callable[[Chain], object]) -> None:
    (erased_once / "journal.000000000007.db").unlink()
    with (
        open_chain([erased_once]) as chain,
        pytest.raises(JournalIncomplete, match="records 7 to 8 are miss"),
    ):
        check(chain)


@CHECKS
def test_the_record_of_an_erasure_goes_with_what_is_emptied(
    erased_once: Path, check: Callable[[Chain], object]
) -> None:
    """The records that say what was erased are gone as well: nothing says so any more."""
    (erased_once / "journal.000000000007.db").unlink()
    emptied(erased_once / NEWEST)
    with open_chain([erased_once]) as chain, pytest.raises(JournalIncomplete, match="records 0 to"):
        check(chain)


def test_a_record_of_an_erasure_that_the_device_did_not_sign_is_found(tmp_path: Path) -> None:
    *_, newest = write_chain(tmp_path, [4, 3])
    (tmp_path / "journal.000000000000.db").unlink()
    body = encode(JournalEntry(seq=6, record=erased(4, ErasureCause.SPACE, UNVOUCHED)))
    editor = sqlite3.connect(newest)
    with editor:
        editor.execute("UPDATE records SET body = ?, leaf = ? WHERE seq = 6", (body, leaf_hash(body)))
    editor.close()
    with open_chain([newest]) as chain:
        chain.check_complete()  # it proves nothing
        with pytest.raises(JournalBroken, match="signed root"):
            chain.verify()


def test_a_later_erasure_accounts_for_files_that_were_lost_before(tmp_path: Path) -> None:
    """They had been kept long enough by then, so the device would have erased them itself."""
    files = write_chain(tmp_path, [4, 3, 2, 1])
    files[0].unlink()
    with open_chain([tmp_path]) as chain, pytest.raises(JournalIncomplete):
        chain.check_complete()
    erase_old(tmp_path / NEWEST, LATER)
    with open_chain([tmp_path]) as chain:
        assert verified(chain).base == 7


@CHECKS
def test_of_several_erasures_the_newest_counts(tmp_path: Path, check: Callable[[Chain], object]) -> None:
    write_chain(tmp_path, [1, 1, 1, 1, 1])
    erase_old(tmp_path / NEWEST, LATER)
    with open_chain([tmp_path]) as chain:
        check(chain)
        assert chain.first == chain.verify().erased == 3


def test_a_closed_file_alone_is_a_part(tmp_path: Path) -> None:
    write_chain(tmp_path, [4, 3, 2])
    with open_chain([tmp_path / OLDER]) as chain:
        assert (chain.verify().base, chain.verify().erased) == (4, 0)
        with pytest.raises(JournalIncomplete, match="records 0 to 3"):
            chain.check_complete()
