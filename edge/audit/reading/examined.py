"""Reads the records of one file and names each that does not fit, in place of stopping at the first.

For a person who reads a journal that may be altered. `edge.audit.evidence` proves a journal or refuses it.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.audit.errors import JournalBroken
from edge.audit.evidence import SegmentReader
from edge.audit.merkle import leaf_hash
from edge.audit.reading.database import connect_reader, damage
from edge.audit.record import decode
from edge.errors import InputError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from edge.audit.merkle import Frontier
    from edge.audit.record import JournalEntry

_ALL: Final = "SELECT seq, body, leaf FROM records ORDER BY seq"
_NEWEST: Final = "SELECT seq, body, leaf FROM records ORDER BY seq DESC LIMIT 1"
_FROM: Final = "SELECT seq, body, leaf FROM records WHERE seq >= ? ORDER BY seq"
# Words of a misfit. A row of the database is a record; `seq` is its place.
_ADDED: Final = "it was added: the signature of the file does not cover it"
_CHANGED: Final = "it was changed after it was written: it does not have its signed hash"
_LEAF: Final = "its stored hash was changed; its content is the signed one"
_REMOVED: Final = "removed from the file after it was written"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that does not fit: a record, the records from `first` to `last`, or the whole file (None)."""

    file: str
    first: int | None
    last: int | None
    what: str

    def __str__(self) -> str:
        match self.first, self.last:
            case None, _:
                return f"{self.file}: {self.what}"
            case first, last if first == last:
                return f"record {first} ({self.file}): {self.what}"
            case first, last:
                return f"records {first} to {last} ({self.file}): {self.what}"


@dataclass(frozen=True, slots=True)
class ExaminedRecord:
    """A record as the file holds it. `entry`: None if it cannot be read, or is missing."""

    seq: int
    entry: JournalEntry | None
    misfit: Misfit | None = None


@dataclass(slots=True)
class _Hashes:
    """The rows whose hash is not that of their content, and the tree over all rows; None after a gap."""

    differ: dict[int, Misfit] = field(default_factory=dict)
    tree: Frontier | None = None


class ExaminedFile:
    """One file of a journal, opened by `examined`. `misfits`: of the file, and of records in their order."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._name = path.name
        self._connection = connection
        self._rows: dict[int, Misfit] = {}
        self._ranges: list[tuple[int, int, Misfit]] = []
        self._gaps: dict[int, Misfit] = {}  # by the record after the gap
        self._whole: list[Misfit] = []
        self._segment: SegmentReader | None = None
        try:
            self._segment = SegmentReader(connection)
        except JournalBroken as broken:
            self._add_whole(broken.message)

    @property
    def misfits(self) -> list[Misfit]:
        """All that does not fit, as far as `records` has read."""
        found = [*self._gaps.values(), *self._rows.values(), *(misfit for _, _, misfit in self._ranges)]
        return [*self._whole, *sorted(found, key=lambda each: (each.first or 0, each.last or 0))]

    def last_ms(self) -> int | None:
        """The time of the newest record, UTC ms; None if it does not fit, or there is none."""
        with suppress(JournalBroken), damage():
            row = self._connection.execute(_NEWEST).fetchone()
            if row and self._segment and row[0] == self._segment.head.size - 1:
                body, leaf = row[1:]
                if isinstance(body, bytes) and leaf == leaf_hash(body):
                    return decode(body).record.time_ms
        return None

    def records(self, *, last: int | None = None) -> Iterator[ExaminedRecord]:
        """The records in order, those that are missing as one; or the last few of them."""
        if self._segment:
            try:
                self._check(self._segment)
            except JournalBroken as broken:
                self._add_whole(broken.message)
        end = self._segment.head.size if self._segment else None
        start = end - last if last is not None and end is not None else None
        try:
            with damage():
                statement, values = (_ALL, ()) if start is None else (_FROM, (start,))
                for seq, body, _ in self._connection.execute(statement, values):
                    if isinstance(seq, int):
                        if gap := self._gaps.get(seq):
                            yield ExaminedRecord(gap.first or 0, None, gap)
                        yield self._record(seq, body)
                if end is not None and (gap := self._gaps.get(end)):
                    yield ExaminedRecord(gap.first or 0, None, gap)
        except JournalBroken as broken:
            self._add_whole(broken.message)

    def _record(self, seq: int, body: object) -> ExaminedRecord:
        misfit = self._rows.get(seq) or next(
            (misfit for first, last, misfit in self._ranges if first <= seq <= last), None
        )
        try:
            entry = decode(body if isinstance(body, bytes) else b"")
        except JournalBroken as broken:
            unread = Misfit(self._name, seq, seq, f"it cannot be read: {broken.message}")
            self._rows[seq] = unread
            return ExaminedRecord(seq, None, unread)
        if entry.seq != seq and seq not in self._rows:
            misfit = Misfit(self._name, seq, seq, f"it was moved here: it is record {entry.seq}")
            self._rows[seq] = misfit
        return ExaminedRecord(seq, entry, misfit or (self._whole[0] if self._whole else None))

    # --- hashes --------------------------------------------------------------------------------------------

    def _check(self, segment: SegmentReader) -> None:
        """Compare all rows with their hashes, and the hashes with the signed tree."""
        stored = self._hash_rows(segment, stored=True)
        self._rows |= stored.differ
        if stored.tree is None:
            return
        signed = segment.head.frontier
        bad = _differing(signed, stored.tree)
        if bad and stored.differ:
            computed = self._hash_rows(segment, stored=False)
            assert computed.tree is not None, "the same rows, without a gap"
            still = _differing(signed, computed.tree)
            for seq in [seq for seq in stored.differ if _within(seq, bad) and not _within(seq, still)]:
                self._rows[seq] = Misfit(self._name, seq, seq, _LEAF)
            bad = [each for each in bad if each in still]
        for start, stop in bad:
            first, last = max(start, segment.base.size), stop - 1
            if first > last:
                self._add_whole("its head does not continue its base")
                continue
            what = _CHANGED if first == last else "one of them or more was changed together with its hash"
            self._ranges.append((first, last, Misfit(self._name, first, last, what)))

    def _hash_rows(self, segment: SegmentReader, *, stored: bool) -> _Hashes:
        """Hash each row, and grow the tree by the stored hashes or by those of the contents."""
        found, size = _Hashes(), segment.head.size
        tree: Frontier | None = segment.base
        expected = segment.base.size
        with damage():
            for seq, body, leaf in self._connection.execute(_ALL):
                if not isinstance(seq, int):
                    self._add_whole("a record has no number")
                    continue
                if not segment.base.size <= seq < size:
                    found.differ[seq] = Misfit(self._name, seq, seq, _ADDED)
                    continue
                if seq != expected:
                    self._gap(expected, seq)
                    tree = None
                expected = seq + 1
                computed = leaf_hash(body) if isinstance(body, bytes) else b""
                if leaf != computed:
                    found.differ[seq] = Misfit(self._name, seq, seq, _CHANGED)
                node = leaf if stored else computed
                tree = tree.append(node) if tree is not None and isinstance(node, bytes) else None
        if expected != size:
            self._gap(expected, size)
            tree = None
        found.tree = tree
        return found

    def _gap(self, first: int, after: int) -> None:
        what = f"{_REMOVED}; without it the others are not proven by the signature"
        self._gaps[after] = Misfit(self._name, first, after - 1, what)

    def _add_whole(self, what: str) -> None:
        misfit = Misfit(self._name, None, None, what)
        if misfit not in self._whole:
            self._whole.append(misfit)


def _differing(signed: Frontier, found: Frontier) -> list[tuple[int, int]]:
    """The complete subtrees whose roots differ, as first record and the one after the last."""
    ranges, start = [], 0
    for signed_peak, found_peak in zip(signed.peaks, found.peaks, strict=True):
        stop = start + (1 << ((signed.size - start).bit_length() - 1))
        if signed_peak != found_peak:
            ranges.append((start, stop))
        start = stop
    return ranges


def _within(seq: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= seq < stop for start, stop in ranges)


@contextmanager
def examined(path: Path) -> Iterator[ExaminedFile]:
    """The file at `path`, to which no byte is written. Raises InputError if it is no journal."""
    try:
        with connect_reader(path) as connection:
            yield ExaminedFile(path, connection)
    except JournalBroken as broken:  # before its first row; later ones are misfits
        raise InputError(f"{path}: {broken.message}", hint=broken.hint) from broken
