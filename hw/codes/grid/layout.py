"""Places and colours of the modules that the version of a QR symbol decides: ISO/IEC 18004, clause 6.3."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.grid.standard import UNSET, alignment_centres, function_patterns, mask_pattern

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_VERSION: Final = 1
MAX_VERSION: Final = 40
_TIMING_RUN: Final = 12  # modules of one group: light differs along a side of 177 modules


def size_of(version: int) -> int:
    """Modules a side."""
    return 17 + 4 * version


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One version. Arrays are (size, size), the row first."""

    version: int
    size: int
    known: NDArray[np.bool_]  # finder, separator, timing, alignment, and the one dark module
    dark: NDArray[np.bool_]  # the colour of a known module
    group: NDArray[np.intp]  # the pattern that a known module belongs to; -1 for the others


@lru_cache(maxsize=MAX_VERSION)
def layout_of(version: int) -> Layout:
    """The layout, built by segno, which draws our own codes: 2 ms for version 7, then kept."""
    assert MIN_VERSION <= version <= MAX_VERSION
    size = size_of(version)
    drawn = function_patterns(size, reserve=False)
    known, dark = drawn != UNSET, drawn == 1
    known[-8, 8] = dark[-8, 8] = True
    return Layout(version, size, known, dark, _groups(version, known))


@dataclass(frozen=True, slots=True, eq=False)
class DataPath:
    """Places of the data bits, in the order of the codewords."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


@lru_cache(maxsize=MAX_VERSION)
def data_path_of(version: int) -> DataPath:
    """The places, apart from the layout: they take 4 ms for version 7, 60 for version 40, once."""
    rows, columns = _data_path(function_patterns(size_of(version), reserve=True) == UNSET)
    return DataPath(rows, columns)


def _groups(version: int, known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Numbers the patterns: 0 to 2 the finders (top left, top right, bottom left), then the others."""
    size = len(known)
    group = np.full(known.shape, -1, np.intp)
    number = 3
    for run in np.array_split(np.arange(8, size - 8), max(1, (size - 16) // _TIMING_RUN)):
        group[6, run], group[run, 6] = number, number + 1
        number += 2
    centres = alignment_centres(version)
    for row in centres:
        for column in centres:
            if (row, column) not in {(6, 6), (6, centres[-1]), (centres[-1], 6)}:
                group[row - 2 : row + 3, column - 2 : column + 3] = number
                number += 1
    group[:8, :8], group[:8, -8:], group[-8:, :8] = 0, 1, 2
    group[-8, 8] = 2
    return np.where(known, group, -1)


def _data_path(free: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the data bits: two columns at a time from the right, up and down in turn (clause 7.7.3)."""
    size = len(free)
    places = []
    upwards = True
    for right in (*range(size - 1, 6, -2), *range(5, 0, -2)):  # column 6 is the timing pattern
        order = range(size - 1, -1, -1) if upwards else range(size)
        places += [(row, column) for row in order for column in (right, right - 1) if free[row, column]]
        upwards = not upwards
    rows, columns = np.array(places, np.intp).T
    return rows, columns


def mask_bits(path: DataPath, mask: int) -> NDArray[np.bool_]:
    """Whether mask pattern `mask` turns the colour of each data bit."""
    return mask_pattern(mask, path.rows, path.columns)
