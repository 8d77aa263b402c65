"""The reading cascade: reads a picture again, enlarged, when an engine found no code in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hw.codes.step import ReadingStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.ports import CodeReader, Pixels, Symbol

MAX_SYMBOLS = 255  # zxing-cpp's own limit; a door only tells one symbol from several
MAX_PAYLOAD_BYTES = 7_089  # digits in a version 40-L symbol, the largest content of any QR symbol
# qr.md 2b: at 3 pixels a module and 25 degrees of tilt, 80 % of frames are read at 1x, 100 % with this step.
_LIVE = (ReadingStep(scale=2),)

# For still pictures, where no next frame gives a second attempt. Of 183 real pictures (all sets of
# tests/hw/codes/test_codes.py) zxing reads, at 1x / with 2x / with all steps: one third of the size
# 57 / 100 / 119, blurred by 2 px 56 / 70 / 102, with noise of 18 63 / 71 / 127.
_THOROUGH = (
    *_LIVE,
    ReadingStep(blur_px=1.2),
    ReadingStep(scale=2, blur_px=2, sharpen=1.5),
    ReadingStep(scale=3, blur_px=3, sharpen=1.5),
    ReadingStep(scale=4),
    ReadingStep(scale=0.5),  # a photograph of 12 megapixels, soft at full size
)


class Cascade:
    """A CodeReader around another one: reads at 1x first, then enlarged where it found nothing.

    One idle 1280x720 frame costs 1.7 ms with zxing (51 ms with zbar, which also reads the inverse), and the
    second step another 15 ms (185 ms), on one core of an EPYC VM. So a live loop can take the second step on
    every `second_step_every`-th idle frame only: with 2, an idle frame costs 9 ms on average, and half of the
    codes that need the step are read one frame later. `thorough` adds steps for still pictures: 0.1 s with
    zxing, 1.3 s with zbar for 12 megapixels without a code.
    """

    def __init__(self, reader: CodeReader, *, second_step_every: int = 1, thorough: bool = False) -> None:
        assert second_step_every >= 1
        self._reader = reader
        self._every = second_step_every
        self._steps = _THOROUGH if thorough else _LIVE
        self._unread = 0

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:
        symbols = self._reader.read(luma)
        if symbols or luma.size == 0:
            self._unread = 0
            return symbols
        self._unread += 1
        if self._unread % self._every:
            return ()
        for step in self._steps:
            if step.fits(luma) and (symbols := self._reader.read(step.apply(luma))):
                return tuple(scaled(symbol, 1 / step.scale) for symbol in symbols)
        return ()


def accept(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """The symbols of a possible size, in reading order: from the top, then from the left."""
    real = [symbol for symbol in symbols if 0 < len(symbol.payload) <= MAX_PAYLOAD_BYTES]
    real.sort(key=lambda symbol: (min(y for _, y in symbol.corners), min(x for x, _ in symbol.corners)))
    return tuple(real[:MAX_SYMBOLS])


def scaled(symbol: Symbol, factor: float) -> Symbol:
    """The symbol with its corners in another picture's pixels."""
    return replace(symbol, corners=tuple((x * factor, y * factor) for x, y in symbol.corners))
