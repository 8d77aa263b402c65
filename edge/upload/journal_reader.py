"""Reader of all files of a journal as one sequence of records, while the device writes them.

A proof from record n to the device's newest note needs the peaks of the tree before n, and roots of subtrees
after n. It needs no record before n, so those files may be removed. Roots over 256 leaves are cached: a
backlog of a million records is read once, for 4,000 hashes in memory.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken
from edge.audit.evidence import open_beside, open_segment_reader
from edge.audit.merkle import Frontier, growth_proof, verify_consistency
from edge.audit.segments import closed_segments, reading_beside
from edge.errors import InputError, StorageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.audit.checkpoint import SignedTreeHead
    from edge.audit.evidence import SegmentReader

LEVEL = 8  # roots of subtrees of 2**8 leaves are cached
BLOCK = 1 << LEVEL


class JournalReader:
    """A snapshot of the journal; files are opened when they are needed. Use `open_journal_reader`."""

    def __init__(self, journal: Path, stack: ExitStack) -> None:
        self._stack = stack
        newest = stack.enter_context(open_beside(journal))
        self._open: dict[int, SegmentReader] = {newest.base.size: newest}
        self._closed = {first: path for first, path in closed_segments(journal) if first < newest.base.size}
        self._starts = [*self._closed, newest.base.size]
        self.head: SignedTreeHead = newest.head
        self.device = newest.device

    @property
    def first(self) -> int:
        """The seq of the oldest record that was not removed."""
        return self._starts[0]

    @property
    def size(self) -> int:
        """The seq after the newest record, which is the size of the newest note."""
        return self.head.size

    def bodies(self, start: int, stop: int) -> Iterator[bytes]:
        """The canonical bytes of records `start` to `stop` - 1. Raises JournalBroken."""
        return self._each(start, stop, lambda file, begin, end: file.bodies(begin, end))

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The stored leaf hashes of records `start` to `stop` - 1, unproven. Raises JournalBroken."""
        return self._each(start, stop, lambda file, begin, end: file.leaves(begin, end))

    def tree_before(self, seq: int) -> Frontier:
        """The tree of all records before `seq`, from the base of the file that holds it."""
        start = max(start for start in self._starts if start <= seq)
        tree = self._file(start).base
        for leaf in self.leaves(start, seq):
            tree = tree.append(leaf)
        return tree

    def _each(
        self, start: int, stop: int, read: Callable[[SegmentReader, int, int], Iterator[bytes]]
    ) -> Iterator[bytes]:
        at = start
        for begin, end in zip(self._starts, [*self._starts[1:], self.size], strict=True):
            if begin <= at < min(end, stop):
                for value in read(self._file(begin), at, min(end, stop)):
                    at += 1
                    yield value
        if at != max(start, stop):
            raise JournalBroken(f"record {at} is missing")

    def _file(self, start: int) -> SegmentReader:
        if start not in self._open:
            segment = self._stack.enter_context(open_segment_reader(self._closed[start]))
            if segment.base.size != start or segment.device != self.device:
                raise JournalBroken(
                    f"{self._closed[start].name} begins at record {segment.base.size} of {segment.device}"
                )
            self._open[start] = segment
        return self._open[start]


@contextmanager
def open_journal_reader(journal: Path) -> Iterator[JournalReader]:
    """A snapshot of the journal. Its device continues to write, and does not rotate before this is closed.

    Raises:
        StorageFault: there is no journal, or it cannot be read.
        JournalBroken: the journal is not as the device wrote it.
    """
    with ExitStack() as stack:
        stack.enter_context(reading_beside(journal))
        try:
            reader = JournalReader(journal, stack)
        except InputError as err:
            raise StorageFault(err.message, hint="start the device, which creates it: doorward run") from err
        yield reader


class Growth:
    """Maker of proofs that the newest tree continues an earlier one."""

    def __init__(self) -> None:
        self._roots: dict[int, bytes] = {}  # of 256 leaves each, by the seq of the first

    def proof(self, tree: Frontier, reader: JournalReader) -> tuple[bytes, ...]:
        """The verified RFC 6962 consistency proof from `tree` to the newest note. Raises JournalBroken."""
        self._roots = {start: root for start, root in self._roots.items() if start >= tree.size}
        proof = growth_proof(tree, reader.size, partial(self._subtree, reader))
        verify_consistency(tree.size, tree.root, reader.size, reader.head.frontier.root, proof)
        return proof

    def _subtree(self, reader: JournalReader, start: int, stop: int) -> bytes:
        tree, at = Frontier(), start
        while at % BLOCK == 0 and at + BLOCK <= stop:
            tree = tree.append(self._block(reader, at), LEVEL)
            at += BLOCK
        for leaf in reader.leaves(at, stop):
            tree = tree.append(leaf)
        return tree.root

    def _block(self, reader: JournalReader, start: int) -> bytes:
        root = self._roots.get(start)
        if root is None:
            tree = Frontier()
            for leaf in reader.leaves(start, start + BLOCK):
                tree = tree.append(leaf)
            root = self._roots[start] = tree.root
        return root
