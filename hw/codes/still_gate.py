"""Leaves out the search for codes in frames that equal the last one that was searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.ports import CodeReader, Pixels, Symbol

# A side of the squares whose means are compared. The smallest code that is read has 21 modules of 2
# pixels: it covers four of them.
_SQUARE_PX: Final = 16
_EVERY_ROW: Final = 2  # of the pixels: 0.11 ms of CPU time for 1280x720, where all rows take 0.21
# Grey levels. Noise with a standard deviation of 8 levels moves the mean of a square by 4, also after a JPEG
# of quality 70. A phone moves it by tens, and a code of a tenth of full contrast by 6.
_NOISE: Final = 4
# One frame in four is read whatever it shows: one in 0.27 s at 15 frames/s.
EVERY: Final = 4
# Frames that are all read after a change: `hw.codes.door.SCHEDULE` has four further attempts, and a
# hand that comes to rest blurs the first one.
AFTER_CHANGE: Final = 4
# And after a code: 2 s at 15 frames/s. A code that an engine reads only now and then so stays in view for the
# tracker, which forgets it after 1.2 s (`edge.passage.inputs.code_tracker.GAP_MS`), as without a gate.
AFTER_CODE: Final = 30


class StillGate:
    """A CodeReader around another one, for a live loop: of a still picture it reads every fourth frame.

    A frame is compared with the last one that was read, not with the last one that was seen: so a slow change
    adds up. The comparison decides when a frame is read, and nothing else: an attacker who holds up a still
    picture, or who knows the squares, delays a code by three frames at most. `has_suspect`: whether the
    reader found a code in a frame without reading it; then the next ones are read, as after a change.
    """

    def __init__(
        self,
        reader: CodeReader,
        *,
        every: int = EVERY,
        after_change: int = AFTER_CHANGE,
        after_code: int = AFTER_CODE,
        has_suspect: Callable[[], bool] = lambda: False,
    ) -> None:
        self._reader = reader
        self._every = every
        self._after_change = after_change
        self._after_code = after_code
        self._has_suspect = has_suspect
        self._last_read: Pixels | None = None
        self._open_for = 0  # frames that are still read whatever they show
        self._skipped = 0

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:
        means = _means(luma)
        if self._differs(means):
            self._open_for = max(self._open_for, self._after_change)
        if self._open_for == 0 and self._skipped < self._every - 1:
            self._skipped += 1
            return ()
        self._open_for = max(0, self._open_for - 1)
        self._skipped = 0
        self._last_read = means
        symbols = self._reader.read(luma)
        if symbols:
            self._open_for = self._after_code
        elif self._has_suspect():
            self._open_for = max(self._open_for, self._after_change)
        return symbols

    def _differs(self, means: Pixels | None) -> bool:
        last = self._last_read
        if means is None or last is None or means.shape != last.shape:
            return True
        return cv2.norm(means, last, cv2.NORM_INF) > _NOISE


def _means(luma: Pixels) -> Pixels | None:
    """The mean of each square; None where the picture is smaller than one."""
    rows = luma[::_EVERY_ROW]
    size = (luma.shape[1] // _SQUARE_PX, luma.shape[0] // _SQUARE_PX)
    if min(size) < 1:
        return None
    return cv2.resize(rows, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
