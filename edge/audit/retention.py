"""Rules for how long closed journal files stay; closes and removes files in the pauses of a door."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.audit.segments import closed_segments
from edge.durable import flush
from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge.audit.journal import Journal, SegmentLimits

# 2025-01-01: no file of this software is older. One that seems to be was closed by a clock without a battery.
EARLIEST_MS = 1_735_689_600_000
# Rotation and retention are looked at this often: a file may grow by a few records more than its limit.
EVERY_MS = 10_000


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed file: the seq of its first record and the one after its last, and when it was last written."""

    path: Path
    first: int
    end: int
    until_ms: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Limits of closed files: size and age at closing, time to keep them, and the disk space to keep free."""

    segment: SegmentLimits
    keep_ms: int
    spare_bytes: int


def removable(
    closed: Sequence[Closed],
    rules: RetentionRules,
    *,
    now_ms: int | None,
    free_bytes: int,
    acknowledged: int | None,
) -> tuple[Closed, ...]:
    """Which of the closed files, oldest first, may go now.

    | a hub has it | kept long enough | disk is short | goes |
    |--------------|------------------|---------------|------|
    | no hub       | yes              | -             | yes  |
    | no hub       | no               | -             | no: nobody else has it |
    | no           | -                | -             | no: when the disk is full the door denies |
    | yes          | yes              | -             | yes  |
    | yes          | no               | yes           | yes, until enough is free |
    | yes          | no               | no            | no   |

    What remains is without a gap: nothing goes before everything older went.

    Args:
        closed: oldest first.
        rules: what the site configured.
        now_ms: UTC; None while the clock is not believed, and then nothing goes for its age.
        free_bytes: what is free on the journal's disk.
        acknowledged: the first seq that the hub does not have for certain; None: there is no hub.
    """
    gone: list[Closed] = []
    for file in closed:
        old = now_ms is not None and EARLIEST_MS <= file.until_ms < now_ms - rules.keep_ms
        if acknowledged is None:
            goes = old
        else:
            goes = file.end <= acknowledged and (old or free_bytes < rules.spare_bytes)
        if not goes:
            break
        gone.append(file)
        free_bytes += file.size_bytes
    return tuple(gone)


def removal_candidates(journal: Path) -> tuple[Closed, ...]:
    """The closed files beside `journal` but the newest, oldest first. Raises StorageFault.

    The newest stays: a new file would go on from it, and its last records are what a device that starts
    remembers of the codes it saw.
    """
    found = []
    for (first, path), (end, _) in pairwise(closed_segments(journal)):
        try:
            stat = path.stat()
        except OSError as err:
            raise _fault(path, err) from err
        found.append(Closed(path, first, end, stat.st_mtime_ns // 1_000_000, stat.st_size))
    return tuple(found)


def retain(
    journal: Path, rules: RetentionRules, *, now_ms: int | None, acknowledged: int | None
) -> tuple[Closed, ...]:
    """Remove what may go, oldest first, so that a crash leaves no gap either. Raises StorageFault."""
    gone = removable(
        removal_candidates(journal),
        rules,
        now_ms=now_ms,
        free_bytes=_free_bytes(journal),
        acknowledged=acknowledged,
    )
    for file in gone:
        try:
            file.path.unlink()
            # Each for itself: a disk may keep the second removal of a power cut and lose the first.
            flush(journal.parent)
        except OSError as err:
            raise _fault(file.path, err) from err
    return gone


class Housekeeper:
    """Closes and removes files of one journal. `rest` is for the pauses of its door.

    `acknowledged` answers as `removable` wants it; `now_ms` is UTC, or None; `tick_ms` is monotonic.
    """

    def __init__(
        self,
        journal: Journal,
        rules: RetentionRules,
        *,
        acknowledged: Callable[[], int | None],
        now_ms: Callable[[], int | None],
        tick_ms: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._rules = rules
        self._acknowledged = acknowledged
        self._now_ms = now_ms
        self._tick_ms = tick_ms
        self._due_ms = tick_ms()

    def adopt(self, rules: RetentionRules) -> None:
        """Go by these rules from now on."""
        self._rules = rules

    def rest(self) -> None:
        """Do what is due, some 20 ms at most every 10 s. What fails is tried again.

        A disk that cannot be written is found by the next append, and that passage is denied.
        """
        if self._tick_ms() < self._due_ms:
            return
        self._due_ms = self._tick_ms() + EVERY_MS
        now_ms = self._now_ms()
        with suppress(StorageFault):
            self._journal.rotate_if_due(self._rules.segment, now_ms)
        with suppress(StorageFault):
            retain(self._journal.path, self._rules, now_ms=now_ms, acknowledged=self._acknowledged())


def _free_bytes(journal: Path) -> int:
    try:
        return shutil.disk_usage(journal.parent).free
    except OSError as err:
        raise _fault(journal, err) from err


def _fault(path: Path, error: OSError) -> StorageFault:
    return StorageFault(
        f"{path}: {(error.strerror or 'failed').lower()}", hint="check the disk, and who may write there"
    )
