"""Rules for the removal of closed journal files, and the housekeeper that applies them."""

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

# 2025-01-01: no file of this software is older. An older time comes from a clock without a battery.
EARLIEST_MS = 1_735_689_600_000
# The interval of rotation and retention: a file may grow by a few records beyond its limit.
EVERY_MS = 10_000


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed file: the seq of its first record, the seq after its last, and the time of its last write."""

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
    """The closed files, oldest first, that may be removed now.

    | a hub has it | kept long enough | disk space is short | removed |
    |--------------|------------------|---------------------|---------|
    | no hub       | yes              | -                   | yes     |
    | no hub       | no               | -                   | no: there is no other copy |
    | no           | -                | -                   | no: if the disk is full, the door denies |
    | yes          | yes              | -                   | yes     |
    | yes          | no               | yes                 | yes, until enough is free |
    | yes          | no               | no                  | no      |

    The remaining files have no gap: a file is removed only after all older ones.

    Args:
        closed: oldest first.
        rules: the limits of the site.
        now_ms: UTC; None while the clock is suspect, and then no file is removed for its age.
        free_bytes: free space on the journal's disk.
        acknowledged: the first seq that the hub has not acknowledged; None: there is no hub.
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
    """All closed files of `journal` except the newest, oldest first. Raises StorageFault.

    The newest stays: a new file continues it, and from its last records a device that starts restores its
    replay memory.
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
    """Remove the removable files, oldest first, so that a crash leaves no gap. Raises StorageFault."""
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
            # After each one: at a power cut a disk may keep the second removal and lose the first.
            flush(journal.parent)
        except OSError as err:
            raise _fault(file.path, err) from err
    return gone


class Housekeeper:
    """Closes and removes files of one journal. Call `rest` while its door is idle.

    `acknowledged` and `now_ms` return the arguments of `removable`; `tick_ms` is monotonic.
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
        """Use these rules from now on."""
        self._rules = rules

    def rest(self) -> None:
        """Rotate and remove files if they are due: about 20 ms, at most every 10 s. A failure is retried.

        If the disk cannot be written, the next append fails, and that passage is denied.
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
        f"{path}: {(error.strerror or 'failed').lower()}",
        hint="check the disk, and that the user of doorward can write in this folder",
    )
