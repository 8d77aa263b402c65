"""Reading a journal as a stranger would: from a copy of the file, believing nothing in it.

The file is never written to. A clean copy is opened immutable; one with a `-wal` beside it (power cut, or a
card pulled from a running device) is copied to a temporary folder first, so that SQLite may fold the WAL in
there; one that a device is writing at this moment is read in place, as SQLite allows.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nacl.signing import VerifyKey

from edge.audit.checkpoint import MAX_NOTE_BYTES, Checkpoint, open_checkpoint, origin_of
from edge.audit.errors import JournalBroken
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.record import MAX_RECORD_BYTES, decode
from edge.audit.store import APPLICATION_ID, FORMAT, SQLITE_ERRORS, error_name, has_writer
from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edge.audit.record import Entry

Row = tuple[object, object, object]
_MAGIC = b"SQLite format 3\0"
_KEY_BYTES = 32
_LOWEST_SEQ = -(2**63)  # not 0: a record may have been put before the first


@dataclass(frozen=True, slots=True)
class Verified:
    """What a journal proved: its records are the ones its device signed, all of them, in this order.

    `key`: public key that the head is signed with; worth no more than how you came to know it.
    """

    size: int
    root: bytes
    first: Entry | None
    last: Entry | None
    device: str
    key: bytes
    note: str


class Evidence:
    """A journal opened for reading; what it yields is decoded, but proven only by `verify`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with _sqlite_errors():
            self.device, self.key, self._peaks, self.note = self._read_head()

    def size(self) -> int:
        """How many records there are to read."""
        with _sqlite_errors():
            (count,) = self._connection.execute("SELECT count(*) FROM records").fetchone()
        return int(count)

    def entries(self, last: int | None = None) -> Iterator[Entry]:
        """The records in order, or the last few of them. Raises JournalBroken."""
        start = 0 if last is None else max(0, self.size() - last)
        for seq, body, _ in self._rows(start):
            yield _placed(seq, body)[0]

    def verify(
        self,
        *,
        key: bytes | None = None,
        previous: Checkpoint | None = None,
        watch: Callable[[Iterable[Row], int], Iterable[Row]] = lambda rows, _: rows,
    ) -> Verified:
        """Check every byte that counts: bodies, hashes, order, root, signature, history.

        Args:
            key: the device's public key, 32 bytes, known from elsewhere; else the file's own is used, which
                shows that the file is whole but not whose it is.
            previous: an earlier checkpoint of this journal, already verified.
            watch: passes the rows through; called with how many there should be (a progress bar).

        Raises:
            JournalBroken: says what does not hold.
        """
        if key is not None and key != self.key:
            raise JournalBroken("journal is signed by another key than the one given")
        head = self._checkpoint()
        if previous is not None and previous.size > head.size:
            raise JournalBroken(f"it had {previous.size} records once and has {head.size} now")
        frontier, first, last = Frontier(), None, None
        for seq, body, leaf in watch(self._rows(_LOWEST_SEQ), head.size):
            if seq != frontier.size or seq == head.size:
                raise JournalBroken(f"record {frontier.size} is missing, or one was put in")
            last, computed = _placed(seq, body)
            if leaf != computed:
                raise JournalBroken(f"record {seq} does not have the hash that was stored with it")
            first = first or last
            frontier = frontier.append(computed)
            if previous is not None and frontier.size == previous.size and frontier.root != previous.root:
                raise JournalBroken(f"some of the first {previous.size} records changed since the checkpoint")
        if frontier.size != head.size:
            raise JournalBroken(f"it has {frontier.size} records and its checkpoint is over {head.size}")
        if frontier.root != head.root or frontier.to_bytes() != self._peaks:
            raise JournalBroken("records do not add up to the signed root")
        return Verified(
            head.size, head.root, first, last, device=self.device, key=self.key, note=self.note.decode()
        )

    def _checkpoint(self) -> Checkpoint:
        try:
            return open_checkpoint(self.note, origin=origin_of(self.device), key=VerifyKey(self.key))
        except InputError as err:  # a note that a person hands in may be no note; ours must be one
            raise JournalBroken(err.message) from err

    def _rows(self, start: int) -> Iterator[Row]:
        with _sqlite_errors():
            yield from self._connection.execute(
                "SELECT seq, body, leaf FROM records WHERE seq >= ? ORDER BY seq", (start,)
            )

    def _read_head(self) -> tuple[str, bytes, bytes, bytes]:
        # A view in the place of a table could run for ever.
        tables = self._connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('records', 'head', 'meta')"
        ).fetchall()
        if len(tables) != 3:
            raise JournalBroken("a table is missing")
        meta = self._connection.execute("SELECT device, key FROM meta LIMIT 2").fetchall()
        head = self._connection.execute("SELECT frontier, note FROM head LIMIT 2").fetchall()
        if len(meta) != 1 or len(head) != 1:
            raise JournalBroken("head or meta does not have exactly one row")
        (device, key), (peaks, note) = meta[0], head[0]
        if not all(isinstance(value, bytes) for value in (device, key, peaks, note)):
            raise JournalBroken("head or meta holds a value of another type")
        if len(key) != _KEY_BYTES or not device.isascii():
            raise JournalBroken("meta names no device and key")
        return device.decode("ascii"), key, peaks, note


def verify(path: Path, *, key: bytes | None = None, previous: Checkpoint | None = None) -> Verified:
    """Verify the journal at `path`; see `Evidence.verify`. Raises InputError, JournalBroken."""
    with open_evidence(path) as evidence:
        return evidence.verify(key=key, previous=previous)


@contextmanager
def open_evidence(path: Path) -> Iterator[Evidence]:
    """The journal at `path`, for reading.

    Raises:
        InputError: it cannot be read, or is no journal.
        JournalBroken: it is one, and damaged.
    """
    _expect_sqlite(path)
    with ExitStack() as stack:
        try:
            uri = _readable_uri(path, stack)
        except OSError as err:
            raise InputError(
                f"{path}: cannot be copied to a temporary folder: {(err.strerror or 'failed').lower()}",
                hint="the -wal beside it needs that: free space there, or set TMPDIR",
            ) from err
        with _sqlite_errors():
            connection = sqlite3.connect(uri, uri=True, isolation_level=None)
            stack.callback(connection.close)
            _harden(connection)
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise InputError(f"{path}: not a journal", hint="it is a database of something else")
        if version != FORMAT:
            raise InputError(f"{path}: journal of format {version}", hint="use the release that wrote it")
        yield Evidence(connection)


def _expect_sqlite(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as err:
        raise InputError(
            f"{path}: {(err.strerror or 'cannot be read').lower()}", hint="name the file of a journal"
        ) from err
    if magic != _MAGIC:
        raise InputError(f"{path}: not a journal", hint="name the SQLite file that paths.journal points to")


def _readable_uri(path: Path, stack: ExitStack) -> str:
    wal = path.with_name(path.name + "-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    if has_writer(path):
        return f"{path.resolve().as_uri()}?mode=ro"
    copy = Path(stack.enter_context(TemporaryDirectory(prefix="doorward-"))) / "journal.db"
    shutil.copyfile(path, copy)
    shutil.copyfile(wal, copy.with_name("journal.db-wal"))
    return f"{copy.as_uri()}?mode=ro"


def _harden(connection: sqlite3.Connection) -> None:
    connection.text_factory = bytes
    # Larger than anything we write, so that a hostile file cannot ask for a gigabyte in one cell.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 16 * max(MAX_RECORD_BYTES, MAX_NOTE_BYTES))
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("BEGIN")  # head and records of one moment, while a device goes on writing


def _placed(seq: object, body: object) -> tuple[Entry, bytes]:
    """The entry of one row and the hash of its bytes."""
    if not isinstance(body, bytes):
        raise JournalBroken(f"record {seq} is not made of bytes")
    entry = decode(body)
    if entry.seq != seq:
        raise JournalBroken(f"record {seq} says that it is record {entry.seq}")
    return entry, leaf_hash(body)


@contextmanager
def _sqlite_errors() -> Iterator[None]:
    try:
        yield
    except SQLITE_ERRORS as err:
        raise JournalBroken(f"database is damaged ({error_name(err)})") from err
