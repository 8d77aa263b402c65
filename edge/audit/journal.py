"""The journal of one device: append-only, durable before the strike moves, signed at every record.

One append is one SQLite transaction: the record's bytes, its leaf hash, the frontier of the Merkle tree and
a checkpoint signed by the device. So the file is, after every commit and after a power cut at any
instruction, a whole journal with a valid head. A file that has grown large is closed, and the next one goes
on from its signed head. JOURNAL.md specifies both; `edge.audit.evidence` reads and verifies them.

What it cannot show by itself: that the file was swapped for an older copy of itself. A checkpoint kept
elsewhere shows that (`doorward log verify --checkpoint`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from edge.audit.checkpoint import Signer
from edge.audit.errors import JournalBroken
from edge.audit.evidence import open_segment_reader
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.record import DoorChange, JournalEntry, Passage, encode
from edge.audit.segment import Segment
from edge.audit.segments import alone, closed_path, closed_segments, lock_writer
from edge.audit.store import storage_faults
from edge.durable import flush
from edge.errors import StorageFault
from edge.ports import EventMark

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from edge.audit.checkpoint import SignedTreeHead
    from edge.audit.record import AuditRecord

__all__ = ["Journal", "JournalBroken", "SegmentLimits"]


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """When a file is closed: larger than `size_bytes`, or its first record older than `age_ms`."""

    size_bytes: int
    age_ms: int | None = None


class Journal:
    """The one writer of a journal. Use `Journal.open`, then `append`, then `close` (or `with`)."""

    def __init__(self, path: Path, lock: int, signer: Signer, limit_pages: int | None) -> None:
        self._path = path
        self._lock = lock
        self._signer = signer
        self._limit_pages = limit_pages
        self._segment: Segment | None = None  # None: between two files, or closed

    @classmethod
    def open(cls, path: Path, seed: bytes, device_id: str, *, limit_pages: int | None = None) -> Self:
        """Open the journal at `path`, or begin a new file, and check its head.

        A new file goes on from the newest closed segment beside it: that is how a rotation ends, and how one
        is ended that a power cut interrupted.

        Args:
            path: the SQLite file; `edge.audit.segments` says what stands beside it.
            seed: Ed25519 seed of the device, 32 bytes.
            device_id: stands in the origin line of every checkpoint.
            limit_pages: most pages of 4 KB that a file may grow to; appends fail beyond.

        Raises:
            StorageFault: it cannot be opened or written, belongs to another device, or was altered.
        """
        journal = cls(path, lock_writer(path), Signer(device_id, SigningKey(seed)), limit_pages)
        try:
            journal._current()
        except BaseException:
            journal.close()
            raise
        return journal

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self._path

    @property
    def size(self) -> int:
        """How many records there are, in all segments since the first."""
        return self._current().head().size

    @property
    def note(self) -> str:
        """The signed checkpoint over all of them, to be kept elsewhere."""
        return self._current().head().note

    def append(self, record: AuditRecord) -> int:
        """Write one record; it is on the disk when this returns its seq.

        Raises:
            StorageFault: it is not recorded. A later append may succeed; this record stays unwritten.
        """
        segment = self._current()
        seq = segment.head().size
        body = encode(JournalEntry(seq=seq, record=record))
        segment.append(body, leaf_hash(body))
        return seq

    def tail(self, since_ms: int, limit: int) -> tuple[JournalEntry, ...]:
        """The passages since `since_ms` among the last `limit` records of any kind, oldest first.

        Every one of these records is looked at, so that no clock that was set back hides a passage; files
        that were closed are read too. Raises StorageFault.
        """
        return tuple(
            entry
            for entry in reversed(self._last(limit))
            if isinstance(entry.record, Passage) and entry.record.time_ms >= since_ms
        )

    def last_ms(self) -> int | None:
        """UTC of the newest record as its clock had it; None before the first. Raises StorageFault."""
        newest = self._last(1)
        return newest[0].record.time_ms if newest else None

    def last_mark(self, limit: int, door: str | None = None) -> EventMark | None:
        """The controller's newest event among the last `limit` records. Raises StorageFault.

        `door`: of the door by this name; a lane has two controllers. None: of any.
        """
        for entry in self._last(limit):
            match entry.record:
                case DoorChange(number=int(number), controller_ms=int(tick_ms), door=name):
                    if door in (None, name):
                        return EventMark(number, tick_ms)
                case _:
                    pass
        return None

    def rotate_if_due(self, limits: SegmentLimits, now_ms: int | None) -> Path | None:
        """Close the file if it is due, and begin the next; returns the closed one.

        Some 20 ms, so it is for a pause of the door. Put off while somebody reads the journal. `now_ms`: UTC,
        None while the clock is not believed.

        Raises:
            StorageFault: the next file could not be begun. The next append tries again.
        """
        segment = self._current()
        if not _due(segment, limits, now_ms):
            return None
        target = closed_path(self._path, segment.base().size)
        if target.exists():
            raise StorageFault(f"{target}: is in the way", hint="move it away; it may be older evidence")
        with alone(self._path) as nobody_reads:
            if not (nobody_reads and segment.fold()):
                return None
            self._segment = None
            segment.close()
            try:
                self._path.rename(target)
                # Durable before the next file has its name, or a power cut might leave only that one.
                flush(self._path.parent)
            except OSError as err:
                raise StorageFault(
                    f"journal {self._path}: {(err.strerror or 'cannot be renamed').lower()}",
                    hint="check the disk, and who may write in the journal's folder",
                ) from err
            self._current()
        return target

    def close(self) -> None:
        """Fold the WAL into the file and let another process write. Safe to call again."""
        segment, self._segment = self._segment, None
        try:
            if segment is not None:
                segment.close()
        finally:
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _current(self) -> Segment:
        """The file being written; opened again where a rotation was left in the middle."""
        if self._lock < 0:
            raise StorageFault(f"journal {self._path}: it was closed", hint="this is a bug; please report it")
        if self._segment is None:
            self._segment = Segment.open(
                self._path, self._signer, limit_pages=self._limit_pages, base=self._base
            )
        return self._segment

    def _base(self) -> SignedTreeHead:
        """What a new file goes on from."""
        closed = closed_segments(self._path)
        if not closed:
            return self._signer.sign(Frontier())
        _, newest = closed[-1]
        with storage_faults(newest), open_segment_reader(newest) as segment:
            if (segment.device, segment.key) != (self._signer.device, self._signer.public):
                raise JournalBroken("it belongs to another device or key")
            return segment.head

    def _last(self, count: int) -> list[JournalEntry]:
        """The last few records of all segments, newest first."""
        found = self._current().last(count)
        for _, path in reversed(closed_segments(self._path)):
            if len(found) >= count:
                break
            with storage_faults(path), open_segment_reader(path) as segment:
                found += reversed(list(segment.entries(count - len(found))))
        return found


def _due(segment: Segment, limits: SegmentLimits, now_ms: int | None) -> bool:
    first_ms = segment.first_ms()
    if first_ms is None:
        return False
    aged = now_ms is not None and limits.age_ms is not None and now_ms - first_ms > limits.age_ms
    return aged or segment.size_bytes() > limits.size_bytes
