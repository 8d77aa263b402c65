"""How a QR symbol is divided: its blocks, and where its alignment patterns are.

Source: ISO/IEC 18004:2015, tables 9 and E.1. The tests compare them with those of segno, which draws codes.
At a door, for these numbers alone, it would take 4 MB: it can write XML, with what reads the web behind that.
"""

from __future__ import annotations

from typing import Final

# By error correction level, then by version from 1: codewords for correction in each block, and blocks.
# fmt: off
_PARITY: Final = {
    "L": (
        7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
        28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ),
    "M": (
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
        26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ),
    "Q": (
        13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
        28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ),
    "H": (
        17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
        30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ),
}
_BLOCKS: Final = {
    "L": (
        1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
        8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
    ),
    "M": (
        1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
        17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
    ),
    "Q": (
        1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20,
        23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
    ),
    "H": (
        1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
        25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
    ),
}
# fmt: on


def blocks(version: int, level: str) -> tuple[int, int, int]:
    """How many blocks a symbol has, and of the shortest of them the codewords of data and of correction."""
    count, parity = _BLOCKS[level][version - 1], _PARITY[level][version - 1]
    return count, _codewords(version) // count - parity, parity


def data_codewords(version: int, level: str) -> int:
    """How many codewords of data a symbol has."""
    count, _, parity = blocks(version, level)
    return _codewords(version) - count * parity


def alignment(version: int) -> tuple[int, ...]:
    """Rows, and columns, of the centres of alignment patterns; the first is always 6."""
    if version == 1:
        return ()
    count = version // 7 + 2
    step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2  # even, and as regular as the table is
    last = version * 4 + 10
    return (6, *(last - step * place for place in reversed(range(count - 1))))


def _codewords(version: int) -> int:
    """Of data and correction together: every module that is not part of a pattern, eight to a codeword."""
    modules = (16 * version + 128) * version + 64
    if version >= 2:
        count = version // 7 + 2
        modules -= (25 * count - 10) * count - 55
    return (modules - (36 if version >= 7 else 0)) // 8
