"""Tracks presentations: a code that stays in view over many frames is one presentation.

Symbols that are not ours do not count beside one that is, and codes of the background never count. Only
digests of the texts are kept: a text holds a face template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.card.numbers import PREFIX
from edge.passage.inputs.background_codes import BackgroundCodes, code_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from edge.ports import Symbol

# A phone that leaves the picture for this long and comes back is a new presentation. Motion blur
# hides a code for a few frames at a time (66 ms each at 15 frames/s); 1.2 s is longer than that.
GAP_MS = 1_200
# A phone that is turned or unlocked shows other codes for a moment, and a shirt or a poster passes by.
HELD_MS = 500
# A denial blocks the door for its cooldown, and is a record. Five seconds leave most of the time to visitors,
# and a visitor can show a second wrong code.
FOREIGN_EVERY_MS = 5_000


class PresentationTracker:
    """Lets each presentation through once.

    `gap_ms`: longer for a scanner that reports a code in view more rarely than a camera.
    """

    def __init__(self, gap_ms: int = GAP_MS) -> None:
        self._gap_ms = gap_ms
        self._background = BackgroundCodes(gap_ms)
        self._in_view: dict[bytes, int] = {}  # digests of the texts that were presented, and their last time
        self._foreign: dict[bytes, tuple[int, int]] = {}  # codes of other systems: first and last time
        self._told_ms: int | None = None  # the last presentation of one of them
        self._clear_ms: int | None = None  # after a release: the last time at which a code was in view

    def hold(self, tick_ms: int) -> None:
        """Codes are not read at this moment: those in view count as still there."""
        self._in_view = dict.fromkeys(self._in_view, tick_ms)
        self._foreign = {}
        self._clear_ms = None if self._clear_ms is None else tick_ms

    def passed(self, tick_ms: int) -> None:
        """After a release: the phone must leave the picture before any code counts again.

        A phone that stays in view makes its next code after 20 s; its holder does not mean to pass twice.
        """
        self._clear_ms = tick_ms

    def take_background(self) -> int:
        """The number of codes that were found to be background since the last call."""
        return self._background.take_found()

    def fresh(self, symbols: Sequence[Symbol], tick_ms: int, sent: Collection[str] = ()) -> Sequence[Symbol]:
        """The symbols if they are a new presentation, else none. `sent`: the texts that a scanner has sent.

        A second code that joins the first is new. One of two codes that stays behind is not: if a visitor
        takes a phone away, the remaining code is not a presentation of its own. A code that is not ours is
        one only if no code of ours is in view, and if it is held before the camera or sent by a scanner.
        """
        seen = self._background.foreground(symbols, tick_ms)
        ours = tuple(symbol for symbol in seen if symbol.text.startswith(PREFIX))
        if self._clear_ms is not None:
            if ours:
                self._clear_ms = tick_ms
            elif tick_ms - self._clear_ms > self._gap_ms:
                self._clear_ms = None
            return ()
        before = {key: at for key, at in self._in_view.items() if tick_ms - at <= self._gap_ms}
        counted = ours or self._held(seen, before, tick_ms, sent)
        told = (
            seen if ours else [each for each in seen if each in counted or code_digest(each.text) in before]
        )
        self._in_view = before | dict.fromkeys((code_digest(each.text) for each in told), tick_ms)
        return counted if any(code_digest(each.text) not in before for each in counted) else ()

    def _held(
        self, seen: Sequence[Symbol], before: Collection[bytes], tick_ms: int, sent: Collection[str]
    ) -> Sequence[Symbol]:
        """The symbols of other systems that a visitor holds up; before a camera once in FOREIGN_EVERY_MS.

        A visitor holds a phone to a scanner on purpose, and a scanner sends a code once.
        """
        held = {key: at for key, at in self._foreign.items() if tick_ms - at[1] <= self._gap_ms}
        for symbol in seen:
            key = code_digest(symbol.text)
            held[key] = (held.get(key, (tick_ms, tick_ms))[0], tick_ms)
        self._foreign = held
        waits = self._told_ms is not None and tick_ms - self._told_ms < FOREIGN_EVERY_MS
        counted = [
            each
            for each in seen
            if each.text in sent or not (waits or tick_ms - held[code_digest(each.text)][0] < HELD_MS)
        ]
        if any(code_digest(each.text) not in before for each in counted):
            self._told_ms = tick_ms
        return counted
