"""The journal of one device: append-only, durable before the strike moves, signed at every record.

One append is one SQLite transaction: the record's bytes, its leaf hash, the frontier of the Merkle tree and a
checkpoint signed by the device. So after every commit, and after a power cut at any instruction, the file is
a complete journal with a valid head. A large file is closed, and the next one continues its signed head.
JOURNAL.md specifies both; `edge.audit.evidence` reads and verifies them.

The journal alone cannot reveal that it was replaced by an older copy of itself. A checkpoint that is kept
elsewhere can (`doorward log verify --checkpoint`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from edge.audit.checkpoint import Signer
from edge.audit.errors import JournalBroken
from edge.audit.evidence import open_segment_reader
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.record import (
    ClockTrust,
    DoorChange,
    JournalEntry,
    Outcome,
    Passage,
    allowed_by,
    encode,
)
from edge.audit.segment import Segment
from edge.audit.segments import alone, closed_path, closed_segments, lock_writer
from edge.audit.store import storage_faults
from edge.errors import StorageFault
from edge.files.durable import flush
from edge.on_record import OnRecord
from edge.ports import EventMark

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from edge.audit.checkpoint import SignedTreeHead
    from edge.audit.record import AuditRecord
    from edge.vouched_time import VouchedTime

__all__ = ["Journal", "JournalBroken", "SegmentLimits"]


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """The limits of a file, beyond which it is closed: its size, and the age of its first record."""

    size_bytes: int
    age: timedelta | None = None


class Journal:
    """The only writer of a journal. Use `Journal.open`, then `append`, then `close` (or `with`)."""

    def __init__(self, path: Path, lock: int, signer: Signer, limit_pages: int | None) -> None:
        self._path = path
        self._lock = lock
        self._signer = signer
        self._limit_pages = limit_pages
        self._segment: Segment | None = None  # None: between two files, or closed

    @classmethod
    def open(cls, path: Path, seed: bytes, device_id: str, *, limit_pages: int | None = None) -> Self:
        """Open the journal at `path`, or begin a new file, and verify its head.

        A new file continues the newest closed segment in the folder. This is the end of every rotation, also
        of one that a power cut interrupted.

        Args:
            path: the SQLite file; `edge.audit.segments` lists the other files.
            seed: Ed25519 seed of the device, 32 bytes.
            device_id: the name in the origin line of every checkpoint.
            limit_pages: the most pages of 4 KB in a file; beyond it appends fail.

        Raises:
            StorageFault: the file cannot be opened or written, belongs to another device, or was altered.
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
        """The current file."""
        return self._path

    @property
    def key(self) -> bytes:
        """The public key of the device, 32 bytes."""
        return self._signer.public

    @property
    def size(self) -> int:
        """The number of records since the device's first, in all segments."""
        return self._current().head().size

    @property
    def note(self) -> str:
        """The signed checkpoint over all records, to be kept elsewhere."""
        return self._current().head().note

    def append(self, record: AuditRecord) -> int:
        """Write one record. It is durable when this returns its seq.

        Raises:
            StorageFault: the record is not written. A later append may succeed.
        """
        segment = self._current()
        seq = segment.head().size
        body = encode(JournalEntry(seq=seq, record=record))
        segment.append(body, leaf_hash(body))
        return seq

    def permit(self, record: AuditRecord) -> OnRecord:
        """Write a grant, or an order to the door. Its proof, without which no strike moves.

        Raises:
            StorageFault: the record is not written, or it is one that allows no movement.
        """
        movement = allowed_by(record)
        if movement is None:
            raise StorageFault(
                "this kind of record allows no movement of the lock", hint="report this as a bug in doorward"
            )
        return OnRecord(self._signer.public, record.door, self.append(record), movement)

    def tail(self, since_ms: int, limit: int) -> tuple[JournalEntry, ...]:
        """The passages since `since_ms` among the last `limit` records of any kind, oldest first.

        All of these records are read, also in closed files, so that a clock that was set back hides no
        passage. Raises StorageFault.
        """
        return tuple(
            entry
            for entry in reversed(self._last(limit))
            if isinstance(entry.record, Passage) and entry.record.time_ms >= since_ms
        )

    def last_grant_ms(self, limit: int) -> int | None:
        """The time of the newest grant under a trusted clock among the last `limit` records, UTC ms.

        Raises StorageFault.
        """
        for entry in self._last(limit):
            match entry.record:
                case Passage(outcome=Outcome.GRANT, clock=ClockTrust.TRUSTED, time_ms=time_ms):
                    return time_ms
                case _:
                    pass
        return None

    def last_mark(self, limit: int, door: str | None = None) -> EventMark | None:
        """The controller's newest event among the last `limit` records. Raises StorageFault.

        `door`: only events of this door, because a lane has two controllers; None: of any door.
        """
        for entry in self._last(limit):
            match entry.record:
                case DoorChange(number=int(number), controller_ms=int(tick_ms), door=name):
                    if door in (None, name):
                        return EventMark(number, tick_ms)
                case _:
                    pass
        return None

    def rotate_if_due(self, limits: SegmentLimits, past: VouchedTime) -> Path | None:
        """Close the file if it is due, and begin the next one. Returns the closed file.

        It takes about 20 ms, so call it while the door is idle. It does nothing while another process reads
        the journal. `past`: the time that has passed for certain.

        Raises:
            StorageFault: the next file cannot be created. The next append retries.
        """
        segment = self._current()
        if not _due(segment, limits, past):
            return None
        target = closed_path(self._path, segment.base().size)
        if target.exists():
            raise StorageFault(
                f"{target}: a file with the name of the closed one exists already",
                hint="move it to another folder, and keep it as evidence",
            )
        with alone(self._path) as without_readers:
            if not (without_readers and segment.fold()):
                return None
            self._segment = None
            segment.close()
            try:
                self._path.rename(target)
                # Durable before the next file takes its name, or a power cut might leave only that one.
                flush(self._path.parent)
            except OSError as err:
                raise StorageFault(
                    f"journal {self._path}: {(err.strerror or 'cannot be renamed').lower()}",
                    hint="check the disk, and that the user of doorward can write in this folder",
                ) from err
            self._current()
        return target

    def close(self) -> None:
        """Merge the WAL into the file and release the writer's lock. Safe to call again."""
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
        """The current file; opened again after an interrupted rotation."""
        if self._lock < 0:
            raise StorageFault(
                f"journal {self._path}: it is closed already", hint="report this as a bug in doorward"
            )
        if self._segment is None:
            self._segment = Segment.open(
                self._path, self._signer, limit_pages=self._limit_pages, base=self._base
            )
        return self._segment

    def _base(self) -> SignedTreeHead:
        """The head that a new file continues."""
        closed = closed_segments(self._path)
        if not closed:
            return self._signer.sign(Frontier())
        _, newest = closed[-1]
        with storage_faults(newest), open_segment_reader(newest) as segment:
            if (segment.device, segment.key) != (self._signer.device, self._signer.public):
                raise JournalBroken("the file belongs to another device or key")
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


def _due(segment: Segment, limits: SegmentLimits, past: VouchedTime) -> bool:
    first_ms = segment.first_ms()
    if first_ms is None:
        return False
    first = datetime.fromtimestamp(first_ms / 1_000, UTC)
    aged = limits.age is not None and past.outlived(first, limits.age)
    return aged or segment.size_bytes() > limits.size_bytes
