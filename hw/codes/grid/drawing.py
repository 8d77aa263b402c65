"""Draws a corrected symbol again, for an engine to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.grid.layout import data_path_of, layout_of, mask_bits
from hw.codes.grid.standard import with_information

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hw.codes.grid.correction import Corrected

_QUIET: Final = 4  # modules of the quiet zone
_MODULE: Final = 3  # pixels


def dark_modules(symbol: Corrected) -> NDArray[np.bool_]:
    """(size, size): the modules of the whole symbol, with its format and version information."""
    path = data_path_of(symbol.version)
    mask = mask_bits(path, symbol.mask)
    bits = np.zeros(len(path.rows), bool)  # the last up to seven bits belong to no codeword
    bits[: 8 * len(symbol.codewords)] = np.unpackbits(np.frombuffer(symbol.codewords, np.uint8))
    modules = layout_of(symbol.version).dark.astype(np.uint8)
    modules[path.rows, path.columns] = bits ^ mask
    drawn = with_information(modules, symbol.version, symbol.level, symbol.mask)
    return np.asarray(drawn == 1, bool)


def picture(dark: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Dark on light, with a quiet zone."""
    luma = np.where(np.pad(dark, _QUIET), 0, 255).astype(np.uint8)
    return luma.repeat(_MODULE, 0).repeat(_MODULE, 1)
