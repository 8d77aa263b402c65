"""Error level and mask of a symbol, from the soft modules of both copies of its format information."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.grid.layout import size_of
from hw.codes.grid.standard import LEVELS, MASKS, UNSET, format_only

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hw.codes.grid.sampling import Image

# Two words of the 15-bit BCH code differ in 7 bits or more, so 8 of 30 soft modules that agree with one word
# by half of their contrast are no proof; the correction that follows is. Less is noise.
_LEAST: Final = 0.125


@lru_cache(maxsize=40)
def _words(version: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Rows, columns and the 32 possible words of the format modules, as segno draws them."""
    size = size_of(version)
    drawn = [format_only(version, size, level, mask) for level in LEVELS for mask in range(MASKS)]
    used = drawn[0] != UNSET
    used[-8, 8] = False  # the dark module
    rows, columns = np.nonzero(used)
    words = np.array([1 - 2.0 * one[rows, columns] for one in drawn], np.float32)
    return rows, columns, words


def likely_formats(soft: Image, version: int, most: int = 2) -> list[tuple[float, int, int]]:
    """(agreement, level, mask), the likeliest first; agreement is -1 to 1."""
    rows, columns, words = _words(version)
    agreement = words @ soft[rows, columns] / len(rows)
    order = np.argsort(-agreement, kind="stable")[:most]
    return [
        (float(agreement[index]), LEVELS[index // MASKS], int(index % MASKS))
        for index in order
        if agreement[index] >= _LEAST
    ]
