"""The records of a period, verified without the files that lie before and after it.

A file is closed under a trusted clock, so the time of its newest record is right, and records of the file are
not later. That record is proven by the signed head, and then the file need not be read. A record whose own
time is wrong, of a clock that was ahead for a while, is therefore found only in the files of the period.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from edge.audit.errors import JournalBroken
from edge.audit.evidence import check_complete
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.record import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from edge.audit.chain import Chain, Link, Watch
    from edge.audit.evidence import RecordRow, SegmentReader
    from edge.audit.record import JournalEntry

_TIME: Final = re.compile(rb'"time_ms":([0-9]{1,18})')  # no text of a record can hold it


@dataclass(frozen=True, slots=True)
class Period:
    """From `since_ms` on, before `until_ms`, in milliseconds since 1970; None: without this end."""

    since_ms: float | None = None
    until_ms: float | None = None

    @classmethod
    def between(cls, since: datetime | None, until: datetime | None) -> Period:
        """The period between two aware times."""
        since_ms, until_ms = (None if end is None else end.timestamp() * 1_000 for end in (since, until))
        return cls(since_ms, until_ms)

    def holds(self, time_ms: int) -> bool:
        """Whether this time is in the period."""
        return (self.since_ms is None or self.since_ms <= time_ms) and (
            self.until_ms is None or time_ms < self.until_ms
        )


class Excerpt:
    """The records of a period in a journal; `verify` proves those that `entries` gives after it."""

    def __init__(self, chain: Chain, period: Period) -> None:
        self._chain = chain
        self._period = period
        self._spans = {link: (link.base.size, link.head.size) for link in self._links()}

    def __len__(self) -> int:
        """The number of records that `entries` reads."""
        return sum(stop - start for start, stop in self._spans.values())

    def verify(self, *, watch: Watch = lambda rows, _: rows) -> None:
        """Verify the files of the period, and that the device erased what is missing before the first file.

        Raises JournalBroken, JournalIncomplete.
        """
        erased = 0
        for link in self._spans:
            within = _Span(self._period)
            with self._chain.opened(link) as segment:
                found = segment.verify(watch=partial(within.watch, watch))
            erased = max(erased, found.erased)
            self._spans[link] = within.start, min(within.stop, link.head.size)
        if self._chain.first > erased:
            erased = self._erased(watch)
        check_complete(self._chain.first, erased)

    def entries(self) -> Iterator[JournalEntry]:
        """The records of the period in order. Raises JournalBroken."""
        for link, (start, stop) in self._spans.items():
            if start < stop:
                with self._chain.opened(link) as segment:
                    for entry in segment.entries_between(start, stop):
                        if self._period.holds(entry.record.time_ms):
                            yield entry

    def _links(self) -> Iterator[Link]:
        """The files that may hold records of the period."""
        *closed, newest = self._chain.links
        since, until = self._period.since_ms, self._period.until_ms
        for link in closed if (since, until) != (None, None) else ():
            ended_ms = None
            with suppress(JournalBroken), self._chain.opened(link) as segment:  # its verification says so
                ended_ms = _newest_ms(segment)
            if ended_ms is None or since is None or ended_ms >= since:
                yield link
            if ended_ms is not None and until is not None and ended_ms >= until:
                return
        if (since, until) == (None, None):
            yield from closed
        yield newest

    def _erased(self, watch: Watch) -> int:
        """The seq before which the device erased its records, from the newest file that says so."""
        for link in reversed(self._chain.links):
            with self._chain.opened(link) as segment:
                if link not in self._spans and segment.last_erasure() is not None:
                    return segment.verify(watch=watch).erased
        return 0


class _Span:
    """The first and the last record of a period, among rows that a verification reads."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self.start = self.stop = 0

    def watch(self, watch: Watch, rows: Iterable[RecordRow], total: int) -> Iterator[RecordRow]:
        for row in watch(rows, total):
            seq, body, _ = row
            # a row of other types, or without a time, ends the verification
            time = _TIME.search(body) if isinstance(body, bytes) else None
            if time and isinstance(seq, int) and self._period.holds(int(time[1])):
                self.start, self.stop = (self.start if self.stop else seq), seq + 1
            yield row


def _newest_ms(segment: SegmentReader) -> int | None:
    """The time of the newest record, proven by the signed head; None: there is none, or it is not proven."""
    size, tree = segment.head.size, Frontier()
    start = size - (size & -size)  # of the last peak, which is over one leaf in half of all files
    if start < segment.base.size:
        start, tree = segment.base.size, segment.base
    leaf = b""
    for leaf in segment.leaves(start, size):
        tree = tree.append(leaf)
    if not tree.peaks or tree.peaks[-1] != segment.head.frontier.peaks[-1]:
        return None
    bodies = list(segment.bodies(size - 1, size))
    return decode(bodies[0]).record.time_ms if bodies and leaf_hash(bodies[0]) == leaf else None
