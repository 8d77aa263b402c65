"""Reads the frames of a door: zxing at each frame, and one further attempt at each frame without a code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.cascade import scaled
from hw.codes.frames import FrameSum
from hw.codes.grid.mend import corrected_symbol, read_softly
from hw.codes.grid.suspects import Suspect, distinct
from hw.codes.mender import confirmed
from hw.codes.step import ReadingStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.ports import Pixels, Symbol
    from hw.codes.zxing import ZxingReader

# 2x costs 15 ms at 1280x720 and reads dense codes from afar: on every second frame, as before. Gamma costs
# 2.5 ms and half size with contrast 1.7 ms: they read screens in sunlight and under glare.
SCHEDULE: Final = (
    ReadingStep("gamma", gamma=0.5),
    ReadingStep("2x", scale=2),
    ReadingStep("half size, contrast", scale=0.5, contrast=6),
    ReadingStep("2x", scale=2),
)
FIT_S: Final = 0.028  # of CPU time 17 ms on average; a longer fit ends: the next frame is a better chance
_MAX_REST: Final = 8  # frames without a fit after four failures at one place: a poster is no visitor
_SAME_PLACE: Final = 0.25  # of the diagonal: a hand moves a phone by less between two frames


class DoorReader:
    """A CodeReader for the loop of a door: each frame costs zxing, and one step or one fit without a code.

    A frame with a suspect: the largest is mended, alone and then with the frames before it. A frame without
    one: the next step of SCHEDULE. Failed fits at one place rest for 1, 2, 4, then 8 frames. `mends`: False
    for a site that refuses mended codes. `has_suspect`: whether the last frame showed a code that was not
    read.
    """

    def __init__(
        self,
        reader: ZxingReader,
        *,
        schedule: tuple[ReadingStep, ...] = SCHEDULE,
        fit_s: float = FIT_S,
        together: bool = True,
        mends: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._schedule = schedule
        self._fit_s = fit_s
        self._clock = clock
        self._mends = mends
        self._frames = FrameSum() if together else None
        self._idle = 0
        self._failed: Suspect | None = None
        self._failures = 0
        self._rest = 0
        self.has_suspect = False

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:
        found = self._reader.search(luma)
        self.has_suspect = bool(found.suspects)
        if found.symbols or luma.size == 0:
            self._begin_again()
            return found.symbols
        self._rest = max(0, self._rest - 1)
        symbols = self._fit(luma, found.suspects)
        if symbols is not None:
            return symbols
        step = self._schedule[self._idle % len(self._schedule)]
        self._idle += 1
        if not step.fits(luma):
            return ()
        found = self._reader.search(step.apply(luma))
        self.has_suspect = self.has_suspect or bool(found.suspects)
        if found.symbols:
            self._begin_again()
            return tuple(scaled(symbol, 1 / step.scale) for symbol in found.symbols)
        return self._fit(luma, (one.scaled(1 / step.scale) for one in found.suspects)) or ()

    def _begin_again(self) -> None:
        self._idle = self._failures = self._rest = 0
        self._failed = None
        if self._frames is not None:
            self._frames.clear()

    def _fit(self, luma: Pixels, suspects: Iterable[Suspect]) -> tuple[Symbol, ...] | None:
        """The symbols after one fit of the largest suspect; None without a fit."""
        largest = distinct(suspects, [], luma.shape, 1)
        if not largest or not self._mends or self._rests(largest[0]):
            return None
        symbol = self._mended(luma, largest[0])
        if symbol is not None:
            self._begin_again()
            return (symbol,)
        self._failures += 1
        self._rest = min(_MAX_REST, 2 ** (self._failures - 1)) + 1  # this frame counts down once more
        return ()

    def _rests(self, suspect: Suspect) -> bool:
        """Whether the suspect waits after failures at its place."""
        if self._failed is None or not _same_place(self._failed, suspect):
            self._failures = self._rest = 0
        self._failed = suspect
        return self._rest > 0

    def _mended(self, luma: Pixels, suspect: Suspect) -> Symbol | None:
        now = self._clock()

        def expired() -> bool:
            return self._clock() >= now + self._fit_s

        soft = read_softly(luma, suspect, expired=expired)
        if soft is None:
            return None
        together = None if self._frames is None else self._frames.add(soft, now)
        for one in (soft, together):
            mended = None if one is None else corrected_symbol(one, thorough=False, expired=expired)
            symbol = None if mended is None else confirmed(self._reader, mended)
            if symbol is not None:
                return symbol
        return None


def _same_place(one: Suspect, other: Suspect) -> bool:
    diagonal = float(np.linalg.norm(one.corners[0] - one.corners[2]))
    return bool(np.linalg.norm(one.corners.mean(0) - other.corners.mean(0)) < _SAME_PLACE * diagonal)
