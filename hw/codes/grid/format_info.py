"""Error level and mask of a symbol, from the soft modules of both copies of its format information."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from segno import consts, encoder

from hw.codes.grid.layout import as_array, size_of
from hw.codes.grid.sampling import Image

LEVELS: Final = (
    consts.ERROR_LEVEL_L,
    consts.ERROR_LEVEL_M,
    consts.ERROR_LEVEL_Q,
    consts.ERROR_LEVEL_H,
)
_MASKS: Final = 8
# Two words of the 15-bit BCH code differ in 7 bits or more, so 8 of 30 soft modules that agree with one word
# by half of their contrast are no proof; the correction that follows is. Less is noise.
_LEAST: Final = 0.125


@lru_cache(maxsize=40)
def _words(version: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Rows, columns and the 32 possible words of the format modules, as segno draws them."""
    size = size_of(version)
    drawn = []
    for level in LEVELS:
        for mask in range(_MASKS):
            matrix = tuple(bytearray([2] * size) for _ in range(size))
            encoder.add_format_info(matrix, version, level, mask)
            drawn.append(as_array(matrix))
    used = drawn[0] != 2
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
        (float(agreement[index]), LEVELS[index // _MASKS], int(index % _MASKS))
        for index in order
        if agreement[index] >= _LEAST
    ]
