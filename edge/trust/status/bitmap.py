"""Operations on the bits of a buffer, in bounded memory: find set bits, find differences, flip bits.

Bit `i` is bit `i mod 8`, counted from the least significant, of byte `i div 8` (STATUS.md section 1).
Positions come in blocks: int64 arrays of at most 2**19, in ascending order within and across blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from typing_extensions import Buffer

    Bytes: TypeAlias = NDArray[np.uint8]
    Positions: TypeAlias = NDArray[np.int64]

CHUNK_BYTES: Final = 1 << 16  # its positions take 4 MB if every bit is set


def as_bytes(bits: Buffer) -> Bytes:
    """The bytes of a buffer without a copy, writable if the buffer is."""
    return np.frombuffer(memoryview(bits), np.uint8)


def positions(bits: Bytes) -> Iterator[Positions]:
    """The positions of the set bits."""
    for start in range(0, bits.size, CHUNK_BYTES):
        found = _set_in(bits[start : start + CHUNK_BYTES], start)
        if found.size:
            yield found


def differences(old: Bytes, new: Bytes) -> Iterator[Positions]:
    """The positions at which two bitmaps of one length differ."""
    assert old.size == new.size, "bitmaps of one list"
    for start in range(0, old.size, CHUNK_BYTES):
        part = slice(start, start + CHUNK_BYTES)
        found = _set_in(old[part] ^ new[part], start)
        if found.size:
            yield found


def flip(bits: Bytes, places: Positions) -> None:
    """Flip the bits at `places` in place; all must lie within `bits`. 0.3 ms for 12,000 of them."""
    np.bitwise_xor.at(bits, places >> 3, np.left_shift(1, places & 7).astype(np.uint8))


def _set_in(part: Bytes, start: int) -> Positions:
    """The positions of set bits in `part`, whose first byte is byte `start`; zero bytes are skipped."""
    filled = np.flatnonzero(part != 0)
    places = np.flatnonzero(np.unpackbits(part[filled], bitorder="little").view(np.bool_))
    found: Positions = ((filled[places >> 3] + start) << 3) | (places & 7)
    return found
