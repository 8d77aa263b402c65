"""Changes of a picture before it is read again: size, blur, sharpness, brightness, contrast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from edge.ports import Pixels

_MAX_ENLARGED_PIXELS: Final = (
    16_000_000  # 2x of a 2304x1296 stream is 12; a larger picture costs 50 ms a step and gains nothing
)
_TILES: Final = 12  # of CLAHE, a side: a glare on a phone covers one or two


@dataclass(frozen=True, slots=True)
class ReadingStep:
    """One further attempt: resize, stretch local contrast, then blur (against noise) or sharpen.

    `gamma` under 1 spreads dark tones. `contrast` is the clip limit of CLAHE. `one_threshold` tells the
    engine to take one threshold for the whole picture. `name`: for tables of measurements.
    """

    name: str = ""
    scale: float = 1.0
    blur_px: float = 0.0
    sharpen: float = 0.0
    gamma: float = 1.0
    contrast: float = 0.0
    one_threshold: bool = False

    def fits(self, luma: Pixels) -> bool:
        """Whether the resized picture is within the limit, and no side becomes 0 pixels."""
        within = self.scale <= 1 or luma.size * self.scale**2 <= _MAX_ENLARGED_PIXELS
        return within and min(luma.shape) * self.scale >= 1

    def apply(self, luma: Pixels) -> Pixels:
        """The changed picture."""
        if self.scale != 1:
            how = cv2.INTER_CUBIC if self.scale > 1 else cv2.INTER_AREA
            luma = _pixels(cv2.resize(luma, None, fx=self.scale, fy=self.scale, interpolation=how))
        if self.gamma != 1:
            luma = _pixels(cv2.LUT(luma, _curve(self.gamma)))
        if self.contrast:
            luma = _pixels(cv2.createCLAHE(self.contrast, (_TILES, _TILES)).apply(luma))
        if self.blur_px:
            soft = _pixels(cv2.GaussianBlur(luma, (0, 0), self.blur_px))
            luma = (
                _pixels(cv2.addWeighted(luma, 1 + self.sharpen, soft, -self.sharpen, 0))
                if self.sharpen
                else soft
            )
        return luma


@lru_cache(maxsize=4)
def _curve(gamma: float) -> Pixels:
    return _pixels(255 * (np.arange(256) / 255) ** gamma)


def _pixels(image: object) -> Pixels:
    return np.asarray(image, dtype=np.uint8)
