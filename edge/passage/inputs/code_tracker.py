"""Tracks presentations: a code that stays in view over many frames is one presentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.ports import Symbol

# A phone that leaves the picture for this long and comes back is a new presentation. Motion blur
# hides a code for a few frames at a time (66 ms each at 15 frames/s); 1.2 s is longer than that.
GAP_MS = 1_200


class PresentationTracker:
    """Lets each presentation through once.

    `gap_ms`: longer for a scanner that reports a code in view more rarely than a camera.
    """

    def __init__(self, gap_ms: int = GAP_MS) -> None:
        self._gap_ms = gap_ms
        self._texts: frozenset[str] = frozenset()
        self._last_ms = 0
        self._until_clear = False

    def hold(self, tick_ms: int) -> None:
        """Codes are not read at this moment: those in view count as still there."""
        self._last_ms = tick_ms

    def passed(self) -> None:
        """After a release: the phone must leave the picture before any code counts again.

        A phone that stays in view makes its next code after 20 s; its holder does not mean to pass twice.
        """
        self._until_clear = True

    def fresh(self, symbols: Sequence[Symbol], tick_ms: int) -> Sequence[Symbol]:
        """The symbols if they are a new presentation, else none.

        A second code that joins the first is new. One of two codes that stays behind is not: if a visitor
        takes a phone away, the remaining code is not a presentation of its own.
        """
        if self._until_clear:
            self._until_clear = bool(symbols) or tick_ms - self._last_ms <= self._gap_ms
            self._last_ms = tick_ms if symbols else self._last_ms
            return ()
        if not symbols:
            return ()
        texts = frozenset(symbol.text for symbol in symbols)
        gone = tick_ms - self._last_ms > self._gap_ms
        known = texts <= self._texts and not gone
        self._texts = texts | self._texts if known else texts
        self._last_ms = tick_ms
        return () if known else symbols
