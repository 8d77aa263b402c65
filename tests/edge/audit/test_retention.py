"""Retention: the closed files that are removed, and the housekeeper."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.journals import open_journal, passage, write_chain

from edge.audit.chain import open_chain
from edge.audit.journal import SegmentLimits
from edge.audit.retention import EARLIEST_MS, EVERY_MS, Closed, Housekeeper, RetentionRules, removable, retain
from edge.audit.segments import closed_segments
from edge.errors import StorageFault

DAY_MS = 86_400_000
NOW = EARLIEST_MS + 1_000 * DAY_MS
KEEP = RetentionRules(SegmentLimits(1), keep_ms=90 * DAY_MS, spare_bytes=100)


def closed(number: int, days: float, *, size_bytes: int = 10) -> Closed:
    """A file with records 10n to 10n + 9, last written `days` ago."""
    return Closed(Path(f"{number}.db"), 10 * number, 10 * number + 10, int(NOW - days * DAY_MS), size_bytes)


OLD = tuple(closed(number, 100 - number) for number in range(3))
YOUNG = tuple(closed(number, 3 - number) for number in range(3))
FROM_1970 = (Closed(Path("0.db"), 0, 10, 1_000, 10),)

# files, free bytes, acknowledged seq, now: number of removed files
CASES: dict[str, tuple[tuple[Closed, ...], int, int | None, int | None, int]] = {
    "no hub, all old": (OLD, 1_000, None, NOW, 3),
    "no hub, all young": (YOUNG, 1_000, None, NOW, 0),
    "no hub, young, and the disk is short": (YOUNG, 0, None, NOW, 0),
    "no hub, one old": ((OLD[0], *YOUNG[1:]), 1_000, None, NOW, 1),
    "no hub, exactly at the end of its time": ((closed(0, 90),), 1_000, None, NOW, 0),
    "no hub, a moment longer": ((closed(0, 90.001),), 1_000, None, NOW, 1),
    "old, and the hub has nothing": (OLD, 1_000, 0, NOW, 0),
    "old, nothing acknowledged, and the disk is full": (OLD, 0, 0, NOW, 0),
    "old, and the hub has all": (OLD, 1_000, 30, NOW, 3),
    "old, and the hub has two files": (OLD, 1_000, 20, NOW, 2),
    "old, and the hub has a file less one record": (OLD, 1_000, 9, NOW, 0),
    "young, the hub has all, enough space": (YOUNG, 100, 30, NOW, 0),
    "young, the hub has all, one byte short": (YOUNG, 99, 30, NOW, 1),
    "young, the hub has all, two files short": (YOUNG, 85, 30, NOW, 2),
    "young, the hub has all, nothing free": (YOUNG, 0, 30, NOW, 3),
    "young, the hub has one file, nothing free": (YOUNG, 0, 10, NOW, 1),
    "old, but the clock is suspect": (OLD, 1_000, None, None, 0),
    "short, and the clock is suspect": (YOUNG, 0, 30, None, 3),
    "closed in 1970, by a clock without a battery": (FROM_1970, 1_000, None, NOW, 0),
    "closed in 1970, the hub has it, and the disk is short": (FROM_1970, 0, 10, NOW, 1),
    "an older one was kept": ((YOUNG[0], OLD[1]), 1_000, None, NOW, 0),
    "nothing closed": ((), 0, 30, NOW, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_removable_files(case: str) -> None:
    files, free_bytes, acknowledged, now_ms, count = CASES[case]
    gone = removable(files, KEEP, now_ms=now_ms, free_bytes=free_bytes, acknowledged=acknowledged)
    assert gone == files[:count]


@given(
    ages=st.lists(st.integers(0, 1_000), max_size=6),
    free_bytes=st.integers(0, 200),
    acknowledged=st.none() | st.integers(0, 70),
    now_ms=st.none() | st.integers(0, 2 * NOW),
)
def test_a_file_that_the_hub_does_not_have_stays_and_there_is_no_gap(
    ages: list[int], free_bytes: int, acknowledged: int | None, now_ms: int | None
) -> None:
    files = [closed(number, days) for number, days in enumerate(ages)]
    gone = removable(files, KEEP, now_ms=now_ms, free_bytes=free_bytes, acknowledged=acknowledged)
    assert list(gone) == files[: len(gone)]
    if acknowledged is not None:
        assert all(file.end <= acknowledged for file in gone)


# -- the disk -------------------------------------------------------------------------------------


def age(folder: Path, days: float) -> None:
    for file in folder.glob("journal.0*.db"):
        os.utime(file, ((NOW - days * DAY_MS) / 1000,) * 2)


def test_old_files_are_removed_and_the_rest_is_a_journal(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    age(tmp_path, 100)
    gone = retain(newest, KEEP, now_ms=NOW, acknowledged=None)
    assert [(file.first, file.end) for file in gone] == [(0, 2), (2, 4)]
    with open_chain([tmp_path]) as chain:
        assert (chain.verify().base, chain.size) == (4, 7)
    assert retain(newest, KEEP, now_ms=NOW, acknowledged=None) == ()


def test_the_newest_closed_file_stays_for_the_next_start(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 0])[-1]
    age(tmp_path, 100)
    retain(newest, KEEP, now_ms=NOW, acknowledged=None)
    assert [first for first, _ in closed_segments(newest)] == [2]
    newest.unlink()
    with open_journal(newest) as journal:
        assert [entry.seq for entry in journal.tail(0, 10)] == [2, 3]
        assert journal.append(passage()) == 4


def test_a_short_disk_removes_only_files_that_the_hub_has(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    short = RetentionRules(SegmentLimits(1), 90 * DAY_MS, spare_bytes=1 << 62)
    assert retain(newest, short, now_ms=NOW, acknowledged=3) != ()
    assert [first for first, _ in closed_segments(newest)] == [2, 4]


def test_a_file_that_cannot_be_removed_is_a_fault(tmp_path: Path) -> None:
    newest = write_chain(tmp_path, [1, 1, 1])[-1]
    first = tmp_path / "journal.000000000000.db"
    first.unlink()
    first.mkdir()  # a folder cannot be unlinked
    age(tmp_path, 100)
    with pytest.raises(StorageFault, match=r"journal\.000000000000\.db") as caught:
        retain(newest, KEEP, now_ms=NOW, acknowledged=None)
    assert caught.value.hint


# -- the housekeeper ------------------------------------------------------------------------------


class Home:
    """A journal with a housekeeper whose clock the test sets."""

    def __init__(self, folder: Path) -> None:
        self.journal = open_journal(folder / "journal.db")
        self.now_ms: int | None = passage().time_ms
        self.tick_ms = 0
        self.keeper = Housekeeper(
            self.journal,
            RetentionRules(SegmentLimits(1), keep_ms=DAY_MS, spare_bytes=0),
            acknowledged=lambda: None,
            now_ms=lambda: self.now_ms,
            tick_ms=lambda: self.tick_ms,
        )

    def files(self) -> list[int]:
        return [first for first, _ in closed_segments(self.journal.path)]


@pytest.fixture
def home(tmp_path: Path):
    home = Home(tmp_path)
    yield home
    home.journal.close()


def test_the_housekeeper_closes_and_removes_files_when_they_are_due(home: Home) -> None:
    for number in range(4):
        home.journal.append(passage(number))
        home.keeper.rest()
        assert home.files() == list(range(number + 1))
        home.tick_ms += EVERY_MS
    home.now_ms = 2 * NOW  # centuries later
    home.keeper.rest()
    assert home.files() == [3]


def test_the_housekeeper_does_not_read_the_disk_at_every_frame(home: Home) -> None:
    home.keeper.rest()
    home.journal.append(passage())
    home.tick_ms += EVERY_MS - 1
    home.keeper.rest()
    assert home.files() == []
    home.tick_ms += 1
    home.keeper.rest()
    assert home.files() == [0]


def test_a_failure_is_retried_and_the_door_continues(home: Home, tmp_path: Path) -> None:
    home.journal.append(passage())
    in_the_way = tmp_path / "journal.000000000000.db"
    in_the_way.mkdir()
    home.keeper.rest()
    assert home.journal.append(passage()) == 1
    in_the_way.rmdir()
    home.tick_ms += EVERY_MS
    home.keeper.rest()
    assert home.files() == [0]


def test_the_housekeeper_continues_without_its_folder(home: Home, tmp_path: Path) -> None:
    home.journal.append(passage())
    shutil.rmtree(tmp_path)
    home.keeper.rest()
    assert not tmp_path.exists()
