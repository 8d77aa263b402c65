"""Retention: the closed files that may be erased, and the proof that comes before."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from samples.journals import SEED, at_ms, edit, passage, write_chain

from edge.audit.journal import SegmentLimits
from edge.audit.record import JournalEntry, encode
from edge.audit.retention import Closed, FileProof, RetentionRules, closed_files, erasable, erase
from edge.audit.segments import closed_segments
from edge.errors import StorageFault
from edge.vouched_time import EARLIEST, UNVOUCHED, VouchedTime

DAY = timedelta(days=1)
NOW = EARLIEST + 1_000 * DAY
PAST = VouchedTime(NOW)
KEEP = RetentionRules(SegmentLimits(1), keep=90 * DAY, spare_bytes=100)
KEY = bytes(SigningKey(SEED).verify_key)


def closed(number: int, days: float, *, size_bytes: int = 10) -> Closed:
    """A file with records 10n to 10n + 9, last written `days` ago, as is proven."""
    end = NOW - days * DAY
    return Closed(Path(f"{number}.db"), 10 * number, 10 * number + 10, size_bytes, end, end)


def unproven(file: Closed) -> Closed:
    return Closed(file.path, file.first, file.end, file.size_bytes, file.last)


OLD = tuple(closed(number, 100 - number) for number in range(3))
YOUNG = tuple(closed(number, 3 - number) for number in range(3))
FROM_1970 = (Closed(Path("0.db"), 0, 10, 10, datetime.fromtimestamp(1, NOW.tzinfo), at_ms(1_000)),)

# files, free bytes, acknowledged seq, the time that has passed: number of erased files
CASES: dict[str, tuple[tuple[Closed, ...], int, int | None, VouchedTime, int]] = {
    "no hub, all old": (OLD, 1_000, None, PAST, 3),
    "no hub, all young": (YOUNG, 1_000, None, PAST, 0),
    "no hub, young, and the disk is short": (YOUNG, 0, None, PAST, 0),
    "no hub, one old": ((OLD[0], *YOUNG[1:]), 1_000, None, PAST, 1),
    "no hub, all old, and one is not verified": ((OLD[0], unproven(OLD[1]), OLD[2]), 1_000, None, PAST, 1),
    "no hub, exactly at the end of its time": ((closed(0, 90),), 1_000, None, PAST, 0),
    "no hub, a moment longer": ((closed(0, 90.001),), 1_000, None, PAST, 1),
    "old, and the hub has nothing": (OLD, 1_000, 0, PAST, 0),
    "old, nothing acknowledged, and the disk is full": (OLD, 0, 0, PAST, 0),
    "old, and the hub has all": (OLD, 1_000, 30, PAST, 3),
    "old, and the hub has two files": (OLD, 1_000, 20, PAST, 2),
    "old, and the hub has a file less one record": (OLD, 1_000, 9, PAST, 0),
    "young, the hub has all, enough space": (YOUNG, 100, 30, PAST, 0),
    "young, the hub has all, one byte short": (YOUNG, 99, 30, PAST, 1),
    "young, the hub has all, two files short": (YOUNG, 85, 30, PAST, 2),
    "young, the hub has all, nothing free": (YOUNG, 0, 30, PAST, 3),
    "young, the hub has one file, nothing free": (YOUNG, 0, 10, PAST, 1),
    "old, and no time has passed for certain": (OLD, 1_000, None, UNVOUCHED, 0),
    "short, and no time has passed for certain": (YOUNG, 0, 30, UNVOUCHED, 3),
    "closed in 1970, by a clock without a battery": (FROM_1970, 1_000, None, PAST, 0),
    "closed in 1970, the hub has it, and the disk is short": (FROM_1970, 0, 10, PAST, 1),
    "an older one was kept": ((YOUNG[0], OLD[1]), 1_000, None, PAST, 0),
    "nothing closed": ((), 0, 30, PAST, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_erasable_files(case: str) -> None:
    files, free_bytes, acknowledged, past, count = CASES[case]
    gone = erasable(files, KEEP, past=past, free_bytes=free_bytes, acknowledged=acknowledged)
    assert gone == files[:count]


@given(
    ages=st.lists(st.integers(0, 1_000), max_size=6),
    free_bytes=st.integers(0, 200),
    acknowledged=st.none() | st.integers(0, 70),
    passed=st.integers(-1_000, 1_000),
)
def test_a_file_that_the_hub_does_not_have_stays_and_there_is_no_gap(
    ages: list[int], free_bytes: int, acknowledged: int | None, passed: int
) -> None:
    files = [closed(number, days) for number, days in enumerate(ages)]
    past = VouchedTime(NOW + passed * DAY)
    gone = erasable(files, KEEP, past=past, free_bytes=free_bytes, acknowledged=acknowledged)
    assert list(gone) == files[: len(gone)]
    if acknowledged is not None:
        assert all(file.end <= acknowledged for file in gone)
    else:
        assert all(past.outlived(file.last, KEEP.keep) for file in gone)


# -- the disk -------------------------------------------------------------------------------------


def test_a_file_counts_as_its_signed_notes_say(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 3, 1])[-1]
    files = list(closed_files(newest))
    assert [(file.first, file.end, file.until) for file in files] == [(0, 2, None), (2, 5, None)]
    assert [file.last for file in files] == [at_ms(passage(1).time_ms), at_ms(passage(4).time_ms)]


def test_a_file_that_was_emptied_ends_the_row(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 3, 2, 1])[-1]
    edit(tmp_path / "journal.000000000002.db", "DELETE FROM records")
    assert [file.first for file in closed_files(newest)] == [0]


def test_a_record_that_was_added_behind_the_signed_ones_gives_no_time(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 3, 1])[-1]
    body = encode(JournalEntry(seq=2, record=passage(99_000)))
    edit(
        tmp_path / "journal.000000000000.db",
        f"INSERT INTO records SELECT 2, x'{body.hex()}', leaf FROM records WHERE seq = 1",
    )
    assert next(closed_files(newest)).last == at_ms(passage(1).time_ms)


def test_neither_names_nor_times_of_files_count(tmp_path: Path) -> None:
    """An attacker without the key renames and touches files, so that the device erases them itself."""
    newest = write_chain(tmp_path, [2, 3, 4, 1])[-1]
    for file in tmp_path.glob("journal.0*.db"):
        os.utime(file, (0, 0))
    (tmp_path / "journal.000000000005.db").rename(tmp_path / "journal.000000000001.db")
    files = list(closed_files(newest))
    assert [(file.first, file.end) for file in files] == [(0, 2)]  # the row ends at the renamed file
    assert files[0].last == at_ms(passage(1).time_ms)


def test_a_file_that_cannot_be_removed_is_a_fault(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [1, 1, 1])[-1]
    files = list(closed_files(newest))
    files[0].path.unlink()
    files[0].path.mkdir()  # a folder cannot be unlinked
    with pytest.raises(StorageFault, match=r"journal\.000000000000\.db: is a directory") as caught:
        erase(files)
    assert caught.value.hint
    assert [first for first, _ in closed_segments(newest)] == [0, 1]  # none after it is gone


# -- the proof ------------------------------------------------------------------------------------


def test_a_file_is_verified_a_few_records_at_a_time(tmp_path: Path) -> None:
    path = write_chain(tmp_path, [5, 6, 1])[1]
    proof = FileProof(path, KEY)
    steps = 0
    while proof.last is None:
        proof.step(2)
        steps += 1
    assert (steps, proof.last) == (3, at_ms(passage(10).time_ms))
    edit(path, "DELETE FROM records")  # what was verified once is not read again
    proof.step(2)


def prove(proof: FileProof) -> None:
    while proof.last is None:
        proof.step(2)


SPOILED = {
    "the time of the last record": "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), '00010', '00000') AS BLOB) WHERE seq = 10",
    "a record in the middle": "UPDATE records SET body = (SELECT body FROM records WHERE seq = 5) WHERE seq = 7",
    "a record less": "DELETE FROM records WHERE seq = 6",
    "the last record less": "DELETE FROM records WHERE seq = 10",
    "no head": "DELETE FROM head",
    "an older head": "UPDATE head SET frontier = (SELECT frontier FROM base), note = (SELECT note FROM base)",
}


@pytest.mark.parametrize("statement", SPOILED.values(), ids=SPOILED)
def test_an_altered_file_is_never_proven(tmp_path: Path, statement: str) -> None:
    path = write_chain(tmp_path, [5, 6, 1])[1]
    edit(path, statement)
    proof = FileProof(path, KEY)
    with pytest.raises(StorageFault, match="was altered"):
        prove(proof)
    assert proof.last is None


def test_a_file_that_another_key_signed_is_never_proven(tmp_path: Path) -> None:
    path = write_chain(tmp_path, [5, 6, 1])[1]
    with pytest.raises(StorageFault, match="another key"):
        FileProof(path, bytes(32)).step(2)
