"""Reading a journal as a stranger would: from a copy of one of its files, believing nothing in it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl.signing import VerifyKey

from edge.audit.checkpoint import Checkpoint, SignedTreeHead, origin_of
from edge.audit.errors import JournalBroken
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.reading import connect_beside, connect_reader, damage
from edge.audit.record import decode
from edge.errors import InputError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from edge.audit.record import JournalEntry

RecordRow = tuple[object, object, object]
_KEY_BYTES = 32
# What SQLite counts to, not 0 and the size: a record may have been put before the first or after the last.
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Verified:
    """What a journal proved: its records are the ones its device signed, all of them, in this order.

    `base`: the seq that it begins with; `size`: the one after its last, counted from the device's first.
    `key`: public key that the head is signed with; worth no more than how you came to know it.
    """

    base: int
    size: int
    root: bytes
    first: JournalEntry | None
    last: JournalEntry | None
    device: str
    key: bytes
    note: str


class SegmentReader:
    """One file opened for reading; what it yields is decoded, but proven only by `verify`.

    `head` and `base`: what its device signed when it wrote last, and when the file before it was closed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with damage():
            # The first format knew one file only, which begins at the beginning.
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            self._expect_tables("records", "meta", "head", *(["base"] if version > 1 else []))
            self.device, self.key = self._read_meta()
            self.head = self._read_head("head")
            self.base = self._read_head("base").frontier if version > 1 else Frontier()
        if self.base.size > self.head.size:
            raise JournalBroken("it ends before it begins")

    def size(self) -> int:
        """How many records there are to read in this file."""
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

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The stored leaf hashes of records `start` to `stop` - 1, unproven. Raises JournalBroken."""
        with damage():
            for (leaf,) in self._connection.execute(
                "SELECT leaf FROM records WHERE seq BETWEEN ? AND ? ORDER BY seq", (start, stop - 1)
            ):
                if not isinstance(leaf, bytes):
                    raise JournalBroken("a leaf hash is not made of bytes")
                yield leaf

    def verify(
        self,
        *,
        key: bytes | None = None,
        previous: Checkpoint | None = None,
        watch: Callable[[Iterable[RecordRow], int], Iterable[RecordRow]] = lambda rows, _: rows,
    ) -> Verified:
        """Check every byte that counts: bodies, hashes, order, root, signatures, history.

        Args:
            key: the device's public key, 32 bytes, known from elsewhere; else the file's own is used, which
                shows that the file is whole but not whose it is.
            previous: an earlier checkpoint of this journal, already verified.
            watch: passes the rows through; called with how many there should be (a progress bar).

        Raises:
            JournalBroken: says what does not hold.
            InputError: `previous` is over records before this file.
        """
        if key is not None and key != self.key:
            raise JournalBroken("journal is signed by another key than the one given")
        size = self.head.size
        check_reach(previous, self.base.size, size)
        frontier, first, last = self.base, None, None
        _check_history(previous, frontier)
        for seq, body, leaf in watch(self._rows(), size - frontier.size):
            if seq != frontier.size or seq == size:
                raise JournalBroken(f"record {frontier.size} is missing, or one was put in")
            last, computed = _placed(seq, body)
            if leaf != computed:
                raise JournalBroken(f"record {seq} does not have the hash that was stored with it")
            first = first or last
            frontier = frontier.append(computed)
            _check_history(previous, frontier)
        if frontier.size != size:
            raise JournalBroken(f"it has {frontier.size} records and its checkpoint is over {size}")
        if frontier != self.head.frontier:
            raise JournalBroken("records do not add up to the signed root")
        return Verified(
            self.base.size,
            size,
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
        # A view in the place of a table could run for ever.
        found = self._connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchmany(9)
        if not {name.encode() for name in names} <= {name for (name,) in found}:
            raise JournalBroken("a table is missing")

    def _read_meta(self) -> tuple[str, bytes]:
        device, key = self._one_row("meta", "device, key")
        if len(key) != _KEY_BYTES or not device.isascii():
            raise JournalBroken("meta names no device and key")
        return device.decode("ascii"), key

    def _read_head(self, table: str) -> SignedTreeHead:
        peaks, note = self._one_row(table, "frontier, note")
        return SignedTreeHead.check(note, peaks, origin=origin_of(self.device), key=VerifyKey(self.key))

    def _one_row(self, table: str, columns: str) -> tuple[bytes, bytes]:
        rows = self._connection.execute(f"SELECT {columns} FROM {table} LIMIT 2").fetchall()  # noqa: S608  our own words
        if len(rows) != 1:
            raise JournalBroken(f"{table} does not have exactly one row")
        one, other = rows[0]
        if not (isinstance(one, bytes) and isinstance(other, bytes)):
            raise JournalBroken(f"{table} holds a value of another type")
        return one, other


def check_reach(previous: Checkpoint | None, first: int, size: int) -> None:
    """Whether records `first` to `size` - 1 can say anything on an earlier checkpoint.

    Raises:
        JournalBroken: records were lost since.
        InputError: the checkpoint is over records before these.
    """
    if previous is None:
        return
    if previous.size > size:
        raise JournalBroken(f"it had {previous.size} records once and has {size} now")
    if previous.size < first:
        raise InputError(
            f"the checkpoint is over {previous.size} records, and these begin at record {first}",
            hint="give the files before them too, or a checkpoint that is newer",
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
    """The file of a journal at `path`, for reading. It is never written to, and nothing is left beside it.

    Raises:
        InputError: it cannot be read, or is no journal.
        JournalBroken: it is one, and damaged.
    """
    with connect_reader(path) as connection:
        yield SegmentReader(connection)


@contextmanager
def open_beside(path: Path) -> Iterator[SegmentReader]:
    """The file that this device writes, or may begin to write at any moment, read in its place.

    For programs of the device itself: unlike `open_evidence` it may leave a WAL's files beside the journal,
    and it never gets in the way of a device that starts. Raises InputError, JournalBroken.
    """
    with connect_beside(path) as connection:
        yield SegmentReader(connection)


def _placed(seq: object, body: object) -> tuple[JournalEntry, bytes]:
    """The entry of one row and the hash of its bytes."""
    if not isinstance(body, bytes):
        raise JournalBroken(f"record {seq} is not made of bytes")
    entry = decode(body)
    if entry.seq != seq:
        raise JournalBroken(f"record {seq} says that it is record {entry.seq}")
    return entry, leaf_hash(body)
