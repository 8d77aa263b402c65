"""Typed access to the tables of ISO/IEC 18004 in segno, which also draws our own codes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNSET: Final = 2  # segno's mark for a module without a colour; 1 is dark
LEVELS: Final = (1, 0, 3, 2)  # L, M, Q, H as the format information has them
MASKS: Final = 8


@lru_cache(maxsize=1)
def _segno() -> tuple[Any, Any]:
    """Tables and encoder, without types; imported at the first suspect, because they bring ssl and http."""
    from segno import consts, encoder

    return consts, encoder


def _level(level: int) -> int:
    consts, _ = _segno()
    names = ("ERROR_LEVEL_L", "ERROR_LEVEL_M", "ERROR_LEVEL_Q", "ERROR_LEVEL_H")
    return int(getattr(consts, names[LEVELS.index(level)]))


def function_patterns(size: int, *, reserve: bool) -> NDArray[np.uint8]:
    """Finder, separator, timing and alignment patterns. `reserve`: also the places of format and version."""
    matrix = _segno()[1].make_matrix(size, size, reserve_regions=reserve)
    _segno()[1].add_finder_patterns(matrix, size, size)
    _segno()[1].add_alignment_patterns(matrix, size, size)
    return _as_array(matrix)


def alignment_centres(version: int) -> tuple[int, ...]:
    """Rows, and columns, of the centres of alignment patterns."""
    return tuple(_segno()[0].ALIGNMENT_POS[version - 2]) if version > 1 else ()


def data_lengths(version: int, level: int) -> tuple[list[int], int]:
    """The data bytes of each block, and the parity bytes of every block."""
    infos = _segno()[0].ECC[version][_level(level)]
    lengths = [int(info.num_data) for info in infos for _ in range(info.num_blocks)]
    return lengths, int(infos[0].num_total - infos[0].num_data)


def mask_pattern(mask: int, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the mask turns the colour of each of these modules."""
    return np.asarray(_segno()[1].get_data_mask_functions(is_micro=False)[mask](rows, columns), bool)


def with_information(modules: NDArray[np.uint8], version: int, level: int, mask: int) -> NDArray[np.uint8]:
    """The modules with format information and version information drawn over them."""
    matrix = tuple(bytearray(row.tobytes()) for row in modules)
    _segno()[1].add_format_info(matrix, version, _level(level), mask)
    _segno()[1].add_version_info(matrix, version)
    return _as_array(matrix)


def format_only(version: int, size: int, level: int, mask: int) -> NDArray[np.uint8]:
    """Nothing but format information."""
    matrix = tuple(bytearray([UNSET] * size) for _ in range(size))
    _segno()[1].add_format_info(matrix, version, _level(level), mask)
    return _as_array(matrix)


def _as_array(matrix: Sequence[bytearray]) -> NDArray[np.uint8]:
    return np.array([list(row) for row in matrix], np.uint8)
