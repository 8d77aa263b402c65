"""Detects a camera that sees nothing: its frames are all black or all white for ten seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edge.log import log_line
from edge.ports import Light

if TYPE_CHECKING:
    from edge.ports import Frame, Pixels

# Luma of most cameras goes from 16 to 235; with a lens cap and the noise of full gain it stays below 24.
_BLACK: Final = 24
_WHITE: Final = 250
# The white screen of a phone at the lens fills half of the picture; more is a lamp or a broken exposure.
_MUCH: Final = 0.7
# A hand covers the lens, or a phone fills the picture, for some seconds only.
_LASTING_MS: Final = 10_000
# Every 8th pixel both ways: 14,400 of 1280x720, 20 us.
_STEP: Final = 8


def light_of(luma: Pixels) -> Light:
    """The light in a picture, luma uint8 (H, W)."""
    sample = luma[::_STEP, ::_STEP]
    if np.count_nonzero(sample >= _WHITE) > _MUCH * sample.size:
        return Light.SATURATED
    # 1 in 100 may be hot pixels, or light at the edge of a cover.
    if np.count_nonzero(sample < _BLACK) > 0.99 * sample.size:
        return Light.BLACK
    return Light.FINE


class LightWatch:
    """Logs once that a camera has seen nothing for ten seconds, and once that it sees again."""

    def __init__(self, camera: str) -> None:
        self.now = Light.FINE
        self._camera = camera
        self._told = Light.FINE
        self._since_ms: int | None = None

    def see(self, frame: Frame) -> None:
        """Take one more frame into account."""
        light = light_of(frame.luma)
        if light is not self.now or self._since_ms is None:
            self.now, self._since_ms = light, frame.tick_ms
        if self.now is not self._told and frame.tick_ms - self._since_ms >= _LASTING_MS:
            self._told = self.now
            log_line("camera", level="warning", camera=self._camera, light=self.now.value)
