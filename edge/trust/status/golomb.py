"""Golomb-Rice coding of a set of positions in [0, size), such as the changes of a list (STATUS.md section 3).

    set    = count (u32)  length of the unary part in bytes (u32)  low part  unary part

A position is coded as its gap: the number of positions skipped since the one before. The low part holds the
low `k` bits of every gap, one after the other. The unary part holds the rest of each gap: as many zeros as
gap >> k, then a one. Bits count from the least significant, as in a bitmap; unused bits of a last byte are
zero. `k` follows from `size` and `count`, so there is one encoding of a set. For positions drawn at random,
up to half of all, it takes 1.001 to 1.04 times the theoretical minimum; never more than 1.1 bits a position
of the list.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.errors import UpdateRejected
from edge.trust.status import bitmap
from edge.trust.status.status import bitmap_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge.trust.status.bitmap import Positions

_HEAD: Final = struct.Struct(">II")
HINT: Final = "fetch the file again, or take the full list"


def parameter(count: int, size: int) -> int:
    """The number of low bits of a gap: the least k with 2**k >= ln(0.618) / ln(1 - count / size).

    It is the best for gaps of that density (Gallager and van Voorhis, 1975). Whole numbers, with 1 / p - 1 /
    2 for -1 / ln(1 - p), give the same k on every machine. From 39 % on k is 0, and the unary part is the
    bitmap.
    """
    k = 0
    while count and (count << k) * 20_000 < 4_812 * (2 * size - count):
        k += 1
    return k


def encode(blocks: Iterable[Positions], *, count: int, size: int) -> bytes:
    """The encoding of `count` positions below `size`, ascending within and across blocks."""
    k = parameter(count, size)
    low = np.zeros(bitmap_bytes(count * k), np.uint8)
    unary = np.zeros(_most_unary_bytes(count, size), np.uint8)
    done, last, end = 0, -1, -1
    for places in blocks:
        gaps = np.diff(places, prepend=last) - 1
        ends = end + np.cumsum((gaps >> k) + 1)
        bitmap.flip(unary, ends)
        _write_low(low, gaps, k, done * k)
        done, last, end = done + places.size, int(places[-1]), int(ends[-1])
    assert done == count, "count is the number of positions"
    assert last < size, "positions are below size"
    filled = unary[: bitmap_bytes(end + 1)]
    return b"".join((_HEAD.pack(count, filled.size), low.tobytes(), filled.tobytes()))


@dataclass(frozen=True, slots=True)
class CodedSet:
    """A set as received: its lengths are checked; its positions are checked when they are read."""

    size: int
    count: int
    low: memoryview = field(repr=False)
    unary: memoryview = field(repr=False)

    def positions(self) -> Iterator[Positions]:
        """The positions, in blocks. Raises UpdateRejected, perhaps after some blocks."""
        k = parameter(self.count, self.size)
        done, last, end = 0, -1, -1
        for ends in bitmap.positions(bitmap.as_bytes(self.unary)):
            if done + ends.size > self.count:
                raise malformed("more positions than its count")
            high = np.diff(ends, prepend=end) - 1
            gaps = (high << k) | _read_low(self.low, ends.size, k, done * k)
            places = last + np.cumsum(gaps + 1)
            if places[-1] >= self.size:
                raise malformed("a position past the end of the list")
            yield places
            done, last, end = done + places.size, int(places[-1]), int(ends[-1])
        if done != self.count:
            raise malformed("fewer positions than its count")


def parse(data: memoryview, size: int) -> tuple[CodedSet, memoryview]:
    """The set at the beginning of `data`, and the bytes after it. Raises UpdateRejected.

    Nothing is copied or allocated before `count` and both lengths are checked against `size` and `data`.
    """
    if len(data) < _HEAD.size:
        raise malformed("cut off")
    count, unary_bytes = _HEAD.unpack_from(data)
    if count > size:
        raise malformed("more positions than the list has cards")
    if unary_bytes > _most_unary_bytes(count, size):
        raise malformed("a unary part longer than any set of this size has")
    low_bits = count * parameter(count, size)
    middle = _HEAD.size + bitmap_bytes(low_bits)
    end = middle + unary_bytes
    if len(data) < end:
        raise malformed("cut off")
    low, unary = data[_HEAD.size : middle], data[middle:end]
    if unary_bytes and not unary[-1]:
        raise malformed("an empty byte at the end")
    if low_bits % 8 and low[-1] >> low_bits % 8:
        raise malformed("bits past the end of the low part")
    return CodedSet(size, count, low, unary), data[end:]


def malformed(detail: str) -> UpdateRejected:
    """The refusal of a coded file; `detail` says what is wrong."""
    return UpdateRejected(f"not a list in this format: {detail}", hint=HINT)


def _most_unary_bytes(count: int, size: int) -> int:
    """The greatest length: a one for each position, and a zero for every 2**k skipped positions."""
    return bitmap_bytes(count + (size - count >> parameter(count, size))) if count else 0


def _write_low(low: bitmap.Bytes, values: Positions, k: int, start: int) -> None:
    """Write the low `k` bits of each value into `low`, from bit `start` on."""
    first, ahead = divmod(start, 8)
    bits = np.zeros(ahead + values.size * k, np.uint8)
    table = bits[ahead:].reshape(values.size, k)
    for j in range(k):
        table[:, j] = (values >> j) & 1
    packed = np.packbits(bits, bitorder="little")
    low[first : first + packed.size] |= packed


def _read_low(low: memoryview, count: int, k: int, start: int) -> Positions:
    """`count` values of `k` bits each, from bit `start` on."""
    first, ahead = divmod(start, 8)
    packed = bitmap.as_bytes(low[first : bitmap_bytes(start + count * k)])
    bits = np.unpackbits(packed, bitorder="little")[ahead : ahead + count * k].reshape(count, k)
    values = np.zeros(count, np.int64)
    for j in range(k):
        values |= bits[:, j].astype(np.int64) << j
    return values
