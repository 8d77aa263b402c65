"""The reading cascade: reads a picture again, enlarged, when an engine found no code in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.ports import CodeReader, Pixels, Symbol

MAX_SYMBOLS = 255  # zxing-cpp's own limit; a door only tells one symbol from several
MAX_PAYLOAD_BYTES = 7_089  # digits in a version 40-L symbol, the largest content of any QR symbol
_MAX_ENLARGED_PIXELS = (
    16_000_000  # 2x of a 2304x1296 stream is 12; a larger picture costs 50 ms a step and gains nothing
)


@dataclass(frozen=True, slots=True)
class _Step:
    """One further attempt: enlarge, then blur (against noise) or sharpen (against blur)."""

    scale: float = 1.0
    blur_px: float = 0.0
    sharpen: float = 0.0

    def fits(self, luma: Pixels) -> bool:
        """Whether the enlarged picture is within the limit, and no side becomes 0 pixels."""
        return luma.size * self.scale**2 <= _MAX_ENLARGED_PIXELS and min(luma.shape) * self.scale >= 1

    def apply(self, luma: Pixels) -> Pixels:
        if self.scale != 1:
            how = cv2.INTER_CUBIC if self.scale > 1 else cv2.INTER_AREA
            luma = _pixels(cv2.resize(luma, None, fx=self.scale, fy=self.scale, interpolation=how))
        if self.blur_px:
            soft = _pixels(cv2.GaussianBlur(luma, (0, 0), self.blur_px))
            luma = (
                _pixels(cv2.addWeighted(luma, 1 + self.sharpen, soft, -self.sharpen, 0))
                if self.sharpen
                else soft
            )
        return luma


# qr.md 2b: at 3 pixels a module and 25 degrees of tilt, 80 % of frames are read at 1x, 100 % with this step.
_LIVE = (_Step(scale=2),)

# For still pictures, where no next frame gives a second attempt. Of 183 real pictures (all sets of
# tests/hw/codes/test_codes.py) zxing reads, at 1x / with 2x / with all steps: one third of the size
# 57 / 100 / 119, blurred by 2 px 56 / 70 / 102, with noise of 18 63 / 71 / 127.
_THOROUGH = (
    *_LIVE,
    _Step(blur_px=1.2),
    _Step(scale=2, blur_px=2, sharpen=1.5),
    _Step(scale=3, blur_px=3, sharpen=1.5),
    _Step(scale=4),
    _Step(scale=0.5),  # a photograph of 12 megapixels, soft at full size
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
                return tuple(_scaled(symbol, 1 / step.scale) for symbol in symbols)
        return ()


def accept(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """The symbols of a possible size, in reading order: from the top, then from the left."""
    real = [symbol for symbol in symbols if 0 < len(symbol.payload) <= MAX_PAYLOAD_BYTES]
    real.sort(key=lambda symbol: (min(y for _, y in symbol.corners), min(x for x, _ in symbol.corners)))
    return tuple(real[:MAX_SYMBOLS])


def _scaled(symbol: Symbol, factor: float) -> Symbol:
    return replace(symbol, corners=tuple((x * factor, y * factor) for x, y in symbol.corners))


def _pixels(image: object) -> Pixels:
    return np.asarray(image, dtype=np.uint8)
