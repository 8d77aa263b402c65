"""Rules for the erasure of closed journal files, the proof that comes before it, and the erasure itself.

JOURNAL.md section 5.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken
from edge.audit.evidence import open_segment_reader
from edge.audit.merkle import leaf_hash
from edge.audit.record import decode
from edge.audit.segments import closed_segments
from edge.audit.store import storage_faults
from edge.errors import StorageFault
from edge.files.durable import flush

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path

    from edge.audit.journal import SegmentLimits
    from edge.audit.merkle import Frontier
    from edge.audit.record import JournalEntry
    from edge.vouched_time import VouchedTime


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed file: the seq of its first record, and the seq after its last, as its signed notes say.

    `last`: the time of its last record, unproven. `until`: the time until which it was written at most, once
    that is proven; None: not yet.
    """

    path: Path
    first: int
    end: int
    size_bytes: int
    last: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Limits of closed files: size and age at closing, time to keep them, and the disk space to keep free."""

    segment: SegmentLimits
    keep: timedelta
    spare_bytes: int

    def kept(self, file: Closed, past: VouchedTime) -> bool:
        """Whether this file was kept for its time, for certain."""
        return file.until is not None and past.outlived(file.until, self.keep)


def erasable(
    closed: Iterable[Closed],
    rules: RetentionRules,
    *,
    past: VouchedTime,
    free_bytes: int,
    acknowledged: int | None,
) -> tuple[Closed, ...]:
    """The closed files, oldest first, that may be erased now.

    | a hub has it | kept long enough | disk space is short | erased |
    |--------------|------------------|---------------------|--------|
    | no hub       | yes              | -                   | yes    |
    | no hub       | no               | -                   | no: there is no other copy |
    | no           | -                | -                   | no: if the disk is full, the door denies |
    | yes          | yes              | -                   | yes    |
    | yes          | no               | yes                 | yes, until enough is free |
    | yes          | no               | no                  | no     |

    The remaining files have no gap: a file is erased only after all older ones.

    Args:
        closed: oldest first; no more of them are looked at than are needed.
        rules: the limits of the site.
        past: the time that has passed for certain.
        free_bytes: free space on the journal's disk.
        acknowledged: the first seq that the hub has not acknowledged; None: there is no hub.
    """
    gone: list[Closed] = []
    for file in closed:
        old = rules.kept(file, past)
        if acknowledged is None:
            goes = old
        else:
            goes = file.end <= acknowledged and (old or free_bytes < rules.spare_bytes)
        if not goes:
            break
        gone.append(file)
        free_bytes += file.size_bytes
    return tuple(gone)


def closed_files(journal: Path) -> Iterator[Closed]:
    """The closed files of `journal`, oldest first, each read when it is asked for. Raises StorageFault.

    Names prove nothing: a file counts as its signed notes say, and the row ends where they do not follow
    each other.
    """
    end: int | None = None
    for _, path in closed_segments(journal):
        with storage_faults(path), open_segment_reader(path) as segment:
            newest = list(segment.entries(1))
            if not newest or end not in (None, segment.base.size):
                return
            end, size_bytes = segment.head.size, path.stat().st_size
            file = Closed(path, segment.base.size, end, size_bytes, _time_of(newest[0]))
        yield file


class FileProof:
    """Verifies one closed file, a few records at a time: a visitor may come between two steps.

    A file that was altered is never erased: it is evidence. And without a proof an attacker could change the
    time of a record, and have the device itself erase the file.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        """`key`: the device's public key."""
        self._path = path
        self._key = key
        self._tree: Frontier | None = None
        self.last: datetime | None = None  # the time of the last record, once all are verified

    def step(self, count: int) -> None:
        """Verify the next `count` records. Raises StorageFault if they are not what the device wrote."""
        if self.last is not None:
            return
        with storage_faults(self._path), open_segment_reader(self._path) as segment:
            if segment.key != self._key:
                raise JournalBroken("another key than this device's signed it")
            tree = self._tree or segment.base
            stop = min(tree.size + count, segment.head.size)
            body = b""
            for body in segment.bodies(tree.size, stop):
                tree = tree.append(leaf_hash(body))
            if tree.size != stop:
                raise JournalBroken("records were removed")
            self._tree = tree
            if stop == segment.head.size:
                if tree != segment.head.frontier:
                    raise JournalBroken("the records do not have the signed root")
                self.last = _time_of(decode(body))


def erase(files: Sequence[Closed]) -> None:
    """Remove these files, oldest first, so that a crash leaves no gap. Raises StorageFault."""
    for file in files:
        try:
            file.path.unlink()
            # After each one: at a power cut a disk may keep the second removal and lose the first.
            flush(file.path.parent)
        except OSError as err:
            raise _fault(file.path, err) from err


def free_bytes(journal: Path) -> int:
    """Free space on the disk of this journal. Raises StorageFault."""
    try:
        return shutil.disk_usage(journal.parent).free
    except OSError as err:
        raise _fault(journal, err) from err


def _time_of(entry: JournalEntry) -> datetime:
    return datetime.fromtimestamp(entry.record.time_ms / 1_000, UTC)


def _fault(path: Path, error: OSError) -> StorageFault:
    return StorageFault(
        f"{path}: {(error.strerror or 'failed').lower()}",
        hint="check the disk, and that the user of doorward can write in this folder",
    )
