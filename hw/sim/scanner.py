"""A scanner in memory: a test shows it codes and can pull its cable."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.errors import ReaderFault
from edge.ports import Scan, Symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.ports import Clock


class SimScanner:
    """The Scanner port in memory. `is_there`: whether the cable is plugged in."""

    def __init__(self, clock: Clock) -> None:
        self.is_there = True
        self._clock = clock
        self._unread: deque[Scan] = deque(maxlen=16)

    def show(self, text: str) -> None:
        """Hold a code before the scanner, which reads it once."""
        if self.is_there:
            self._unread.append(Scan(Symbol(text, text.encode(), "sim"), self._clock.tick_ms()))

    def scans(self) -> Sequence[Scan]:
        scans = tuple(self._unread)
        self._unread.clear()
        if not self.is_there:
            raise ReaderFault("the simulated scanner was unplugged", hint="plug it in again")
        return scans

    def close(self) -> None:
        self.is_there = False
