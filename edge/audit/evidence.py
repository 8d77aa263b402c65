"""Reader and verifier of one file of a journal, without trust in its content; a copy is enough."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl.signing import VerifyKey

from edge.audit.checkpoint import Checkpoint, SignedTreeHead, origin_of
from edge.audit.errors import AnotherKey, JournalBroken, JournalIncomplete
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.reading.database import connect_beside, connect_reader, damage
from edge.audit.record import Erased, decode
from edge.errors import InputError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from edge.audit.record import JournalEntry

RecordRow = tuple[object, object, object]
_KEY_BYTES = 32
_ERASED = b'"kind":"erased"'  # no text of another kind of record can hold it
# The range of SQLite, not 0 and the size: an attacker may add a record before the first or after the last.
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Verified:
    """Verified records: those that a device signed from `base` to `size` - 1, all of them, in this order.

    `erased`: the seq before which the device erased its records, as it says in these; see `check_complete`.
    `key`: the public key that signed the head; the caller has to know from elsewhere that it is the device's.
    """

    base: int
    size: int
    erased: int
    root: bytes
    first: JournalEntry | None
    last: JournalEntry | None
    device: str
    key: bytes
    note: str


class SegmentReader:
    """One file opened for reading; it yields decoded records, but only `verify` proves them.

    `head` and `base`: the tree heads that its device signed at the last record, and at the end of the file
    before.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with damage():
            # Format 1 has a single file, which begins at record 0.
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            self._expect_tables("records", "meta", "head", *(["base"] if version > 1 else []))
            self.device, self.key = self._read_meta()
            self.head = self._read_head("head")
            self.base = self._read_head("base").frontier if version > 1 else Frontier()
        if self.base.size > self.head.size:
            raise JournalBroken("its head is over fewer records than its base")

    def size(self) -> int:
        """The number of records in this file."""
        with damage():
            (count,) = self._connection.execute("SELECT count(*) FROM records").fetchone()
        return int(count)

    def entries(self, last: int | None = None) -> Iterator[JournalEntry]:
        """The records in order, or the last few of them. Raises JournalBroken."""
        for seq, body, _ in self._rows(_LOWEST if last is None else self.head.size - last):
            yield _placed(seq, body)[0]

    def entries_between(self, start: int, stop: int) -> Iterator[JournalEntry]:
        """The records from `start` to `stop` - 1. Raises JournalBroken."""
        for seq, body, _ in self._rows(start, stop - 1):
            yield _placed(seq, body)[0]

    def bodies(self, start: int, stop: int) -> Iterator[bytes]:
        """The canonical bytes of these records. Raises JournalBroken."""
        for seq, body, _ in self._rows(start, stop - 1):
            _placed(seq, body)
            assert isinstance(body, bytes)
            yield body

    def last_erasure(self) -> Erased | None:
        """The newest record here that says which records were erased, unproven. Raises JournalBroken."""
        with damage():
            row = self._connection.execute(
                "SELECT seq, body FROM records WHERE instr(body, ?) ORDER BY seq DESC LIMIT 1", (_ERASED,)
            ).fetchone()
        record = None if row is None else _placed(*row)[0].record
        return record if isinstance(record, Erased) else None

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The stored leaf hashes of records `start` to `stop` - 1, unproven. Raises JournalBroken."""
        with damage():
            for (leaf,) in self._connection.execute(
                "SELECT leaf FROM records WHERE seq BETWEEN ? AND ? ORDER BY seq", (start, stop - 1)
            ):
                if not isinstance(leaf, bytes):
                    raise JournalBroken("a leaf hash is not a BLOB")
                yield leaf

    def verify(
        self,
        *,
        key: bytes | None = None,
        previous: Checkpoint | None = None,
        watch: Callable[[Iterable[RecordRow], int], Iterable[RecordRow]] = lambda rows, _: rows,
    ) -> Verified:
        """Verify bodies, hashes, order, root, signatures and history.

        Args:
            key: the device's public key, 32 bytes, known from elsewhere; without it the file's own key is
            used,
                which proves that the file is complete but not which device wrote it.
            previous: an earlier checkpoint of this journal, already verified.
            watch: passes the rows through, for a progress bar; it gets the expected number of rows.

        Raises:
            JournalBroken: a check failed; the message names it.
            InputError: `previous` is over fewer records than were written before this file.
        """
        if key is not None and key != self.key:
            raise AnotherKey(device=self.device, signed=self.key, expected=key)
        size = self.head.size
        check_reach(previous, self.base.size, size)
        frontier, first, last, erased = self.base, None, None, 0
        _check_history(previous, frontier)
        for seq, body, leaf in watch(self._rows(), size - frontier.size):
            if seq != frontier.size or seq == size:
                raise JournalBroken(f"record {frontier.size} is missing, or a record was inserted")
            last, computed = _placed(seq, body)
            if leaf != computed:
                raise JournalBroken(f"record {seq} does not have the hash that was stored with it")
            first = first or last
            if isinstance(last.record, Erased):
                erased = max(erased, last.record.upto)
            frontier = frontier.append(computed)
            _check_history(previous, frontier)
        if frontier.size != size:
            raise JournalBroken(f"its records end at {frontier.size}, but its checkpoint is over {size}")
        if frontier != self.head.frontier:
            raise JournalBroken("the records do not have the signed root")
        return Verified(
            self.base.size,
            size,
            erased,
            frontier.root,
            first,
            last,
            device=self.device,
            key=self.key,
            note=self.head.note,
        )

    def _rows(self, first: int = _LOWEST, last: int = _HIGHEST) -> Iterator[RecordRow]:
        with damage():
            yield from self._connection.execute(
                "SELECT seq, body, leaf FROM records WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)
            )

    def _expect_tables(self, *names: str) -> None:
        # A view instead of a table could run without end.
        found = self._connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchmany(9)
        if not {name.encode() for name in names} <= {name for (name,) in found}:
            raise JournalBroken("a table is missing")

    def _read_meta(self) -> tuple[str, bytes]:
        device, key = self._one_row("meta", "device, key")
        if len(key) != _KEY_BYTES or not device.isascii():
            raise JournalBroken("meta does not hold a device and a key")
        return device.decode("ascii"), key

    def _read_head(self, table: str) -> SignedTreeHead:
        peaks, note = self._one_row(table, "frontier, note")
        return SignedTreeHead.check(note, peaks, origin=origin_of(self.device), key=VerifyKey(self.key))

    def _one_row(self, table: str, columns: str) -> tuple[bytes, bytes]:
        rows = self._connection.execute(f"SELECT {columns} FROM {table} LIMIT 2").fetchall()  # noqa: S608  names from this file
        if len(rows) != 1:
            raise JournalBroken(f"{table} does not have exactly one row")
        one, other = rows[0]
        if not (isinstance(one, bytes) and isinstance(other, bytes)):
            raise JournalBroken(f"{table} holds a value of another type")
        return one, other


def check_complete(base: int, erased: int) -> None:
    """Check that the device erased what was before record `base`. Raises JournalIncomplete.

    `erased`: the seq before which its records were erased, as the device signed.
    """
    if base > erased:
        raise JournalIncomplete(
            f"records {erased} to {base - 1} are missing, and no signed record says that they were erased",
            hint="give the files before them too, or find out who removed them",
        )


def check_reach(previous: Checkpoint | None, first: int, size: int) -> None:
    """Check that records `first` to `size` - 1 can be compared with an earlier checkpoint.

    Raises:
        JournalBroken: records were lost since the checkpoint.
        InputError: the checkpoint is from before record `first`.
    """
    if previous is None:
        return
    if previous.size > size:
        raise JournalBroken(f"it had {previous.size} records at the checkpoint and has {size} now")
    if previous.size < first:
        raise InputError(
            f"the checkpoint is over {previous.size} records, but these files begin at record {first}",
            hint="give the files before them too, or a newer checkpoint",
        )


def _check_history(previous: Checkpoint | None, frontier: Frontier) -> None:
    if previous is not None and frontier.size == previous.size and frontier.root != previous.root:
        raise JournalBroken(f"some of the first {previous.size} records changed since the checkpoint")


def verify(path: Path, *, key: bytes | None = None, previous: Checkpoint | None = None) -> Verified:
    """Verify the journal at `path`; see `SegmentReader.verify`. Raises InputError, JournalBroken."""
    with open_segment_reader(path) as segment:
        return segment.verify(key=key, previous=previous)


@contextmanager
def open_segment_reader(path: Path) -> Iterator[SegmentReader]:
    """The file of a journal at `path`, for reading. No byte is written to it or to its folder.

    Raises:
        InputError: the file cannot be read, or is no journal.
        JournalBroken: the journal is damaged.
    """
    with connect_reader(path) as connection:
        yield SegmentReader(connection)


@contextmanager
def open_beside(path: Path) -> Iterator[SegmentReader]:
    """The file that this device writes, or may begin to write at any time, read without a copy.

    For programs on the device itself. Unlike `open_segment_reader` it may leave a WAL's files in the folder,
    and it never blocks a device that starts. Raises InputError, JournalBroken.
    """
    with connect_beside(path) as connection:
        yield SegmentReader(connection)


def _placed(seq: object, body: object) -> tuple[JournalEntry, bytes]:
    """The entry of one row and the hash of its bytes."""
    if not isinstance(body, bytes):
        raise JournalBroken(f"record {seq} is not a BLOB")
    entry = decode(body)
    if entry.seq != seq:
        raise JournalBroken(f"record {seq} holds the seq {entry.seq}")
    return entry, leaf_hash(body)
