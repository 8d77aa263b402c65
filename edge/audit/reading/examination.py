"""Reads all files of one journal as far as they can be read, and names what does not fit."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from edge.audit.chain import Chain, check_seam, files_in, link_of
from edge.audit.errors import JournalBroken
from edge.audit.reading.examined import ExaminedRecord, Misfit, examined
from edge.audit.segments import journal_files, reading_beside
from edge.errors import EdgeError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.audit.chain import Link


class Examination:
    """One journal, opened for reading; it does not rotate meanwhile.

    `title`: the device and the number of its records. `misfits`: what does not fit, in the order in which it
    was found; those in a file are known once its records were read.
    """

    def __init__(self, path: Path) -> None:
        """Open the folder, or the file with the closed files next to it. Raises InputError, StorageFault."""
        self._files = files_in(path) if path.is_dir() else _beside(path)
        self._stack = ExitStack()
        for file in self._files:
            self._stack.enter_context(reading_beside(file))
        self._found: dict[Misfit, None] = {}
        links = self._links()
        self.title = f"{links[0].device}: {links[-1].head.size} records" if links else path.name
        for before, after in pairwise(links):
            self._check(after.path, partial(check_seam, before, after))
        self._chain = Chain(links) if links else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def misfits(self) -> tuple[Misfit, ...]:
        return tuple(self._found)

    def check_complete(self) -> None:
        """Check that the device erased what was before these files. Raises JournalIncomplete."""
        if self._chain is not None:
            self._check(self._chain.paths[0], self._chain.check_complete)

    def records(
        self,
        wanted: Callable[[ExaminedRecord], bool] | None = None,
        *,
        last: int | None = None,
        since_ms: int | None = None,
    ) -> Iterator[ExaminedRecord]:
        """The records that are wanted (None: all), or the last few of them.

        `since_ms`: files whose newest record is older are not read. With `last` only as many files are read
        as are needed. So the misfits of other files are not found.
        """
        if last is None:
            for file in self._files:
                yield from filter(wanted, self._read(file, since_ms))
            return
        taken: deque[deque[ExaminedRecord]] = deque()
        for file in reversed(self._files):
            if last > 0:
                rows = self._read(file, since_ms, last=None if wanted else last)
                taken.appendleft(deque(filter(wanted, rows), maxlen=last))
                last -= len(taken[0])
        for part in taken:
            yield from part

    def _read(self, file: Path, since_ms: int | None, *, last: int | None = None) -> Iterator[ExaminedRecord]:
        try:
            with examined(file) as part:
                newest_ms = part.last_ms() if since_ms is not None else None
                if since_ms is None or newest_ms is None or newest_ms >= since_ms:
                    yield from part.records(last=last)
                self._found |= dict.fromkeys(part.misfits)
        except InputError as error:  # the other files are read
            self._add(file, error)

    def _links(self) -> list[Link]:
        """The files that can be opened, in their order. Raises InputError if there is none."""
        links: list[Link] = []
        unread: list[EdgeError] = []
        broken = False
        for file in self._files:
            try:
                links.append(link_of(file))
            except InputError as error:
                unread.append(error)
                self._add(file, error)
            except JournalBroken as error:  # some of its records may be readable
                broken = True
                self._add(file, error)
        if unread and not links and not broken:
            raise unread[0]
        order = {link.path: (link.base.size, link.head.size) for link in links}
        if len(order) == len(self._files):
            self._files = sorted(self._files, key=order.__getitem__)
        return sorted(links, key=lambda link: order[link.path])

    def _check(self, file: Path, check: Callable[[], None]) -> None:
        try:
            check()
        except JournalBroken as broken:
            self._add(file, broken)

    def _add(self, file: Path, error: EdgeError) -> None:
        what = error.message.removeprefix(f"{file}: ").removeprefix(f"{file.name}: ")
        self._found[Misfit(file.name, None, None, what)] = None


def _beside(path: Path) -> list[Path]:
    return list(journal_files(path)) if path.parent.is_dir() else [path]
