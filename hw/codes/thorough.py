"""Reads a still picture by every step within a deadline; each step adds what earlier ones did not read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.cascade import accept, scaled
from hw.codes.grid import finders
from hw.codes.grid.suspects import Suspect, distinct, holds
from hw.codes.mender import mended_symbol
from hw.codes.step import ReadingStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.ports import CodeReader, Pixels, Symbol
    from hw.codes.zxing import ZxingReader

# By gain for cost. Of 1,232 codes of BoofCV's set 980 are read at 1x; with suspects these steps add 52, 15,
# 26, 38, 3 and 10 (the last three together).
STEPS: Final = (
    ReadingStep("1x"),
    ReadingStep("2x", scale=2),
    ReadingStep("half size, contrast", scale=0.5, contrast=6),
    ReadingStep("gamma", gamma=0.5),
    ReadingStep("one threshold", one_threshold=True),
    ReadingStep("half size", scale=0.5),
    ReadingStep("blurred", blur_px=2.5),
    ReadingStep("3x", scale=3),
    # read in pictures at one third of their size, or blurred by 2 pixels: see tests/hw/codes/test_codes.py
    ReadingStep("slightly blurred", blur_px=1.2),
    ReadingStep("2x, sharpened", scale=2, blur_px=2, sharpen=1.5),
    ReadingStep("3x, sharpened", scale=3, blur_px=3, sharpen=1.5),
    ReadingStep("4x", scale=4),
)
BUDGET_S: Final = 10.0  # for one picture; a photograph of 12 megapixels without a code takes 1 to 2 s
_SUSPECTS_A_STEP: Final = 12
_TRIPLES: Final = 8
_FINDER_SIDE: Final = 1_600.0  # pixels: finder patterns are searched in a picture of this size
_MIN_SIDE: Final = 24  # pixels: version 1 with 1 pixel a module


class ThoroughReader:
    """A CodeReader for still pictures.

    `every_code`: goes on after the first code, for pictures with several. `last`: another engine, which reads
    the picture after all steps. `budget_s`: no step begins that would take longer.
    """

    def __init__(
        self,
        reader: ZxingReader,
        *,
        last: CodeReader | None = None,
        every_code: bool = True,
        budget_s: float = BUDGET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._last = last
        self._every_code = every_code
        self._budget_s = budget_s
        self._clock = clock

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:
        end = self._clock() + self._budget_s

        def expired() -> bool:
            return self._clock() >= end

        read: list[Symbol] = []
        for stage in self._stages(luma, read, expired, end):
            _add(read, stage)
            if expired() or (read and not self._every_code):
                break
        return accept(read)

    def _stages(
        self, luma: Pixels, read: list[Symbol], expired: Callable[[], bool], end: float
    ) -> Iterable[Iterable[Symbol]]:
        """Symbols of each stage; `read` grows between them. A step too long for the deadline is left out."""
        first_s = 0.0
        for step in STEPS:
            if step != STEPS[0] and (not step.fits(luma) or min(luma.shape) < _MIN_SIDE):
                continue
            started = self._clock()
            if started + first_s * max(1.0, step.scale**2) > end:
                continue  # noise or 500 suspects: 2x takes 8 to 20 s where 1x takes 0.5 s
            found = self._reader.search(step.apply(luma), one_threshold=step.one_threshold)
            first_s = first_s or self._clock() - started
            yield [scaled(symbol, 1 / step.scale) for symbol in found.symbols]
            suspects = [suspect.scaled(1 / step.scale) for suspect in found.suspects]
            yield from self._mended(luma, suspects, _SUSPECTS_A_STEP, read, expired)
        if min(luma.shape, default=0) >= _MIN_SIDE:
            scale = min(2.0, _FINDER_SIDE / max(luma.shape))
            triples = finders.suspects(ReadingStep(scale=scale).apply(luma), expired=expired)
            yield from self._mended(luma, [one.scaled(1 / scale) for one in triples], _TRIPLES, read, expired)
        if self._last is not None:
            yield self._last.read(luma)

    def _mended(
        self,
        luma: Pixels,
        suspects: Iterable[Suspect],
        most: int,
        read: list[Symbol],
        expired: Callable[[], bool],
    ) -> Iterable[Iterable[Symbol]]:
        for suspect in distinct(suspects, [_corners(symbol) for symbol in read], luma.shape, most):
            if any(holds(_corners(symbol), suspect.corners.mean(0)) for symbol in read):
                continue
            symbol = mended_symbol(self._reader, luma, suspect, thorough=True, expired=expired)
            yield () if symbol is None else (symbol,)


def _corners(symbol: Symbol) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(symbol.corners, float).reshape(-1, 2)


def _add(read: list[Symbol], more: Iterable[Symbol]) -> None:
    """Adds symbols at places that no earlier stage read: the centre of one inside the other is one symbol."""
    places = [_corners(one) for one in read if one.corners]
    for symbol in more:
        corners = _corners(symbol)
        if not any(holds(place, corners.mean(0)) or holds(corners, place.mean(0)) for place in places):
            read.append(symbol)
