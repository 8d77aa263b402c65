"""Reader of several files of one journal as one tree, in which each file continues the one before."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.audit.errors import AnotherKey, JournalBroken
from edge.audit.evidence import check_complete, check_reach, open_segment_reader
from edge.audit.segments import has_content, journal_files, reading_beside
from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from edge.audit.checkpoint import Checkpoint
    from edge.audit.evidence import RecordRow, SegmentReader, Verified
    from edge.audit.merkle import Frontier
    from edge.audit.record import JournalEntry

    Watch = Callable[[Iterable[RecordRow], int], Iterable[RecordRow]]


@dataclass(frozen=True, slots=True)
class Link:
    """One file as its signed notes describe it; its records are not verified yet."""

    path: Path
    device: str
    key: bytes
    base: Frontier
    head: Frontier


class Chain:
    """The files of one journal in order, each of which continues the one before. Use `open_chain`.

    It is a snapshot: records that a device writes during the reading are not part of it.
    """

    def __init__(self, links: Sequence[Link]) -> None:
        self.links = links
        self.device = links[0].device
        self.key = links[0].key

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(link.path for link in self.links)

    @property
    def first(self) -> int:
        """The seq of the oldest record in these files."""
        return self.links[0].base.size

    @property
    def size(self) -> int:
        """The seq after the newest record, which is the number of records since the device's first."""
        return self.links[-1].head.size

    def entries(self, last: int | None = None) -> Iterator[JournalEntry]:
        """The records in order, or the last few of them. Raises InputError, JournalBroken."""
        start = self.first if last is None else self.size - last
        for link in self.links:
            if link.head.size > start:
                with self.opened(link) as segment:
                    yield from segment.entries_between(start, link.head.size)

    def verify(
        self,
        *,
        key: bytes | None = None,
        previous: Checkpoint | None = None,
        watch: Watch = lambda rows, _: rows,
    ) -> Verified:
        """Verify every file and its records; see `SegmentReader.verify`, which has the same errors."""
        self.check_key(key)
        check_reach(previous, self.first, self.size)
        found = []
        for link in self.links:
            within = previous is not None and link.base.size <= previous.size <= link.head.size
            with self.opened(link) as segment:
                found.append(segment.verify(key=key, previous=previous if within else None, watch=watch))
        first = next((verified.first for verified in found if verified.first), None)
        last = next((verified.last for verified in reversed(found) if verified.last), None)
        erased = max(verified.erased for verified in found)
        return replace(found[-1], base=self.first, erased=erased, first=first, last=last)

    def check_key(self, key: bytes | None) -> None:
        """Check that this key, if it is known, signed the files. Raises AnotherKey."""
        if key is not None and key != self.key:
            raise AnotherKey(device=self.device, signed=self.key, expected=key)

    def check_complete(self) -> None:
        """Check that the device erased what was before these files, from unproven records: without `verify`.

        Raises JournalIncomplete, JournalBroken, InputError.
        """
        erased = 0
        for link in reversed(self.links if self.first else ()):
            with self.opened(link) as segment:
                if (found := segment.last_erasure()) is not None:  # an earlier one erased less
                    erased = found.upto
                    break
        check_complete(self.first, erased)

    @contextmanager
    def opened(self, link: Link) -> Iterator[SegmentReader]:
        """One of the files, which has to be as its link says. Raises InputError, JournalBroken."""
        try:
            with open_segment_reader(link.path) as segment:
                _check_same(link, segment)
                yield segment
        except JournalBroken as err:
            raise JournalBroken(self._where(link) + err.message) from err

    def _where(self, link: Link) -> str:
        return f"{link.path.name}: " if len(self.links) > 1 else ""


@contextmanager
def open_chain(paths: Sequence[Path]) -> Iterator[Chain]:
    """The journal in these files; a folder means every `.db` in it. The journal does not rotate meanwhile.

    Raises:
        InputError: a file cannot be read, or is no journal.
        JournalBroken: a file is damaged, or does not continue the one before.
    """
    with ExitStack() as stack:
        files = [file for path in paths for file in files_in(path)]
        for file in files:
            stack.enter_context(reading_beside(file))
        links = sorted(map(link_of, files), key=lambda link: (link.base.size, link.head.size))
        for before, after in pairwise(links):
            check_seam(before, after)
        yield Chain(links)


def files_of(journal: Path, *, last: int | None = None) -> tuple[Path, ...]:
    """The files of a journal, oldest first; with `last`, only those that hold the last records.

    Raises InputError, JournalBroken, StorageFault.
    """
    if not journal.parent.is_dir():
        return (journal,)
    needed: list[Path] = []
    count = 0
    for file in reversed(journal_files(journal)):
        needed.append(file)
        if last is not None:
            link = link_of(file)
            count += link.head.size - link.base.size
            if count >= last:
                break
    return tuple(reversed(needed))


def files_in(path: Path) -> list[Path]:
    """The file, or those of a folder. Raises InputError for a folder without one."""
    if not path.is_dir():
        return [path]
    # Every one: a file whose first bytes are destroyed must not count as absent. An empty file does: a power
    # cut leaves one when the next file was about to begin.
    files = sorted(filter(has_content, path.glob("*.db")))
    if not files:
        raise InputError(
            f"{path}: no journal in this folder", hint="name the folder of a journal, or its files"
        )
    return files


def link_of(path: Path) -> Link:
    """One file as its signed notes describe it. Raises InputError, JournalBroken."""
    try:
        with open_segment_reader(path) as segment:
            return Link(path, segment.device, segment.key, segment.base, segment.head.frontier)
    except JournalBroken as err:
        raise JournalBroken(f"{path.name}: {err.message}") from err


def _check_same(link: Link, segment: SegmentReader) -> None:
    if segment.base != link.base or segment.head.size < link.head.size:
        raise JournalBroken("the file changed while it was read")


def check_seam(before: Link, after: Link) -> None:
    """Check that one file continues the other. Raises JournalBroken."""
    one, other = before.path.name, after.path.name
    if (before.device, before.key) != (after.device, after.key):
        raise JournalBroken(f"{one} and {other} belong to different devices or keys")
    missing = after.base.size - before.head.size
    if missing > 0:
        raise JournalBroken(
            f"records {before.head.size} to {after.base.size - 1} are missing, between {one} and {other}"
        )
    if missing < 0:
        raise JournalBroken(f"{one} and {other} both hold record {after.base.size}")
    if before.head != after.base:
        raise JournalBroken(f"{other} does not continue the head of {one}")
