"""Tells a whole QR symbol from one part of a structured append, by the header of its bit stream.

zxing-cpp 3.1.1 decodes a part like any symbol and its Python binding does not say which it was. But
the binding hands out the modules as they were sampled, the error correction level and the mask, and
a header stands in the first codewords: so the first block is read here, corrected, and looked at.
Source: ISO/IEC 18004:2015, sections 7.4 (modes), 7.5 (error correction), 7.7 (placement), 8 (append).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from hw.codes.qr_layout import alignment, blocks, data_codewords

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Modules = NDArray[np.bool_]
    Indices = NDArray[np.intp]

# Section 7.8.2: a module at row i, column j is flipped where the mask's expression is zero.
_MASKS: tuple[Callable[[Indices, Indices], Indices], ...] = (
    lambda i, j: (i + j) % 2,
    lambda i, _: i % 2,
    lambda _, j: j % 3,
    lambda i, j: (i + j) % 3,
    lambda i, j: (i // 2 + j // 3) % 2,
    lambda i, j: i * j % 2 + i * j % 3,
    lambda i, j: (i * j % 2 + i * j % 3) % 2,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2,
)


def parts_of_message(dark: Modules, *, level: str, mask: int) -> int:
    """How many symbols hold the message that this symbol belongs to: 1 for a whole symbol, else 2 to 16.

    `dark`: (side, side), as sampled, perhaps mirrored (transposed) and with damage that the error
    correction mends; `level`: L, M, Q or H; `mask`: 0 to 7. Raises ValueError if it is no QR symbol.
    """
    side = len(dark)
    if dark.shape != (side, side) or side not in range(21, 178, 4) or mask not in range(8):
        raise ValueError(f"no QR symbol: {dark.shape}, mask {mask}")
    block = _first_block((side - 17) // 4, level)
    flipped = _MASKS[mask](block.rows, block.columns) == 0
    best = _mend(dark[block.rows, block.columns] ^ flipped, block.parity)
    if best is None or best.wrong > 0:
        # The wrong orientation may pass as a heavily damaged symbol, never as a less damaged one.
        mirrored = _mend(dark.T[block.rows, block.columns] ^ flipped, block.parity)
        best = min(filter(None, (best, mirrored)), key=lambda mended: mended.wrong, default=None)
    if best is None:
        raise ValueError("the first block does not decode")
    return _parts_in_header(best.codewords[: -block.parity])


@dataclass(frozen=True, slots=True)
class _Block:
    """Where the bits of the first block lie in a symbol, first bit of the first codeword first."""

    rows: Indices
    columns: Indices
    parity: int


@dataclass(frozen=True, slots=True)
class _Mended:
    codewords: bytes
    wrong: int  # how many codewords had to be corrected


@lru_cache(maxsize=160)  # 40 versions of 4 levels: 1 MB when all have been seen
def _first_block(version: int, level: str) -> _Block:
    count, data, parity = blocks(version, level)
    # Codewords of all blocks take turns, data first; the first block is one of the shortest.
    codewords = np.r_[np.arange(data) * count, data_codewords(version, level) + np.arange(parity) * count]
    bits = (codewords[:, None] * 8 + np.arange(8)).ravel()
    rows, columns = _data_path(version)
    return _Block(rows[bits], columns[bits], parity)


def _data_path(version: int) -> tuple[Indices, Indices]:
    """Rows and columns of all data modules in the order in which bits are placed."""
    side = 17 + 4 * version
    free = np.ones((side, side), dtype=bool)
    free[:9, :9] = free[:9, -8:] = free[-8:, :9] = False  # finders and format information
    free[6, :] = free[:, 6] = False  # timing
    if version >= 7:
        free[:6, -11:-8] = free[-11:-8, :6] = False  # version information
    if version >= 2:
        centres = alignment(version)
        finders = {(centres[0], centres[0]), (centres[0], centres[-1]), (centres[-1], centres[0])}
        for i, j in set(product(centres, repeat=2)) - finders:
            free[i - 2 : i + 3, j - 2 : j + 3] = False
    rows, columns = [], []
    for turn, right in enumerate((*range(side - 1, 6, -2), 5, 3, 1)):  # pairs of columns, up then down
        down = np.arange(side)
        row, column = np.repeat(down if turn % 2 else down[::-1], 2), np.tile([right, right - 1], side)
        keep = free[row, column]
        rows.append(row[keep])
        columns.append(column[keep])
    return np.concatenate(rows), np.concatenate(columns)


def _parts_in_header(stream: bytes) -> int:
    """Walk the headers that may stand before the first data: FNC1, ECI, structured append."""
    bits = int.from_bytes(stream[:16])  # 128 bits: all headers together need at most 60
    left = 8 * len(stream[:16])

    def take(count: int) -> int:
        nonlocal left
        left = max(left - count, 0)
        return bits >> left & ((1 << count) - 1)

    for _ in range(4):  # each of the four headers may stand there once
        match take(4):
            case 0b0011:  # structured append: this part's number, parts less one, parity
                take(4)
                return take(4) + 1
            case 0b0101:  # FNC1 in first position
                continue
            case 0b1001:  # FNC1 in second position: application indicator
                take(8)
            case 0b0111:  # ECI: one, two or three bytes
                first = take(8)
                take(0 if first < 0x80 else 8 if first < 0xC0 else 16)
            case _:
                break
    return 1


def _powers() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Powers of 2 in GF(256) modulo x^8+x^4+x^3+x^2+1, and their logarithms (that of 0 unused)."""
    power, log = np.zeros(255, dtype=np.intp), np.zeros(256, dtype=np.intp)
    value = 1
    for exponent in range(255):
        power[exponent], log[value] = value, exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return power, log


_POWER, _LOG = _powers()


def _times(a: int, b: int) -> int:
    return int(_POWER[(_LOG[a] + _LOG[b]) % 255]) if a and b else 0


def _over(a: int, b: int) -> int:
    return int(_POWER[(_LOG[a] - _LOG[b]) % 255]) if a else 0


def _value(polynomial: list[int], exponent: int) -> int:
    """A polynomial, lowest coefficient first, at 2**exponent."""
    total = 0
    for degree, coefficient in enumerate(polynomial):
        total ^= _times(coefficient, int(_POWER[exponent * degree % 255]))
    return total


def _mend(bits: Modules, parity: int) -> _Mended | None:
    """One block after Reed-Solomon correction; None where it cannot be corrected."""
    block = np.packbits(bits)
    degrees = np.arange(len(block))[::-1]
    present = block > 0
    exponents = _LOG[block[present]] + np.arange(parity)[:, None] * degrees[present]
    syndromes = [int(value) for value in np.bitwise_xor.reduce(_POWER[exponents % 255], axis=1)]
    if not any(syndromes):
        return _Mended(block.tobytes(), 0)
    locator = _locator(syndromes)
    wrong = [int(degree) for degree in degrees if _value(locator, -int(degree)) == 0]
    if len(locator) - 1 != len(wrong) or len(wrong) > parity // 2:
        return None
    evaluator = [0] * parity
    for (i, a), (j, b) in product(enumerate(locator), enumerate(syndromes)):
        if i + j < parity:
            evaluator[i + j] ^= _times(a, b)
    slope = [c if degree % 2 == 0 else 0 for degree, c in enumerate(locator[1:])]
    for degree in wrong:  # Forney: the size of each error
        size = _over(_value(evaluator, -degree), _value(slope, -degree))
        block[len(block) - 1 - degree] ^= _times(size, int(_POWER[degree]))
    return _Mended(block.tobytes(), len(wrong))


def _locator(syndromes: list[int]) -> list[int]:
    """Berlekamp-Massey: the shortest polynomial that produces the syndromes, lowest coefficient first."""
    locator, before = [1], [1]
    errors, gap, last = 0, 1, 1
    for step, syndrome in enumerate(syndromes):
        discrepancy = syndrome
        for i in range(1, min(errors, len(locator) - 1) + 1):
            discrepancy ^= _times(locator[i], syndromes[step - i])
        if discrepancy == 0:
            gap += 1
            continue
        scale = _over(discrepancy, last)
        shifted = [0] * gap + [_times(scale, c) for c in before]
        size = max(len(locator), len(shifted))
        grown = [a ^ b for a, b in zip(_padded(locator, size), _padded(shifted, size), strict=True)]
        if 2 * errors <= step:
            errors, before, last, gap = step + 1 - errors, locator, discrepancy, 1
        else:
            gap += 1
        locator = grown
    while locator[-1] == 0:
        locator.pop()
    return locator


def _padded(polynomial: list[int], size: int) -> list[int]:
    return polynomial + [0] * (size - len(polynomial))
