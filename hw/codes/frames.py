"""Adds up the soft modules of one symbol over several frames, until they can be corrected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.grid.layout import data_path_of

if TYPE_CHECKING:
    from hw.codes.grid.mend import SoftSymbol
    from hw.codes.grid.sampling import Image

_MAX_AGE_S: Final = 2.0  # between two frames: later the visitor may have gone
_MAX_FRAMES: Final = 30  # the weight of earlier frames; then older ones fade
_ALIKE: Final = 0.2  # correlation of data modules; two unlike symbols have 0 +- 0.07 at version 1, less above


class FrameSum:
    """The mean of one symbol's readings. Another symbol, version or a pause begins a new one.

    Noise, and glare that moves, differ from frame to frame; the modules do not.
    """

    def __init__(self) -> None:
        self._total: Image | None = None
        self._frames = 0
        self._last_s = 0.0

    def add(self, soft: SoftSymbol, now_s: float) -> SoftSymbol | None:
        """The readings of all frames so far, or None if this is the first."""
        best = soft.softs[0]
        if self._total is None or now_s - self._last_s > _MAX_AGE_S or not _alike(self._total, best):
            self._total, self._frames = np.zeros_like(best), 0
        self._last_s = now_s
        if self._frames == _MAX_FRAMES:
            self._total = self._total * np.float32(1 - 1 / _MAX_FRAMES)
        else:
            self._frames += 1
        self._total = self._total + best
        return replace(soft, softs=[self._total / self._frames]) if self._frames > 1 else None

    def clear(self) -> None:
        self._total = None


def _alike(one: Image, other: Image) -> bool:
    if one.shape != other.shape:
        return False
    path = data_path_of((len(one) - 17) // 4)
    a, b = one[path.rows, path.columns], other[path.rows, path.columns]
    scale = float(a.std() * b.std())
    return scale > 0 and float(((a - a.mean()) * (b - b.mean())).mean()) > _ALIKE * scale
