"""Checks that corrected bytes have the structure of QR data: segments, terminator, padding (clause 7.4).

A correction that went wrong gives random bytes, which seldom have it.
"""

from __future__ import annotations

from typing import Final

_NUMERIC, _ALPHANUMERIC, _BYTE, _KANJI = 1, 2, 4, 8  # mode indicators
_FNC1_FIRST, _ECI = 5, 7
_MODE_BITS: Final = 4
_PADDING: Final = (0xEC, 0x11)
# bits of the character count, for versions 1 to 9, 10 to 26, 27 to 40
_COUNT_BITS: Final = {
    _NUMERIC: (10, 12, 14),
    _ALPHANUMERIC: (9, 11, 13),
    _BYTE: (8, 16, 16),
    _KANJI: (8, 10, 12),
}
# characters of a full group, its bits and its largest value; then those of the shorter groups
_GROUPS: Final = {
    _NUMERIC: ((3, 10, 999), (2, 7, 99), (1, 4, 9)),
    _ALPHANUMERIC: ((2, 11, 2024), (1, 6, 44)),
    _BYTE: ((1, 8, 255),),
    _KANJI: ((1, 13, 8191),),
}


class _Bits:
    """A cursor over bytes. `take` raises EOFError past the end."""

    def __init__(self, content: bytes) -> None:
        self._value = int.from_bytes(content, "big")
        self.left = 8 * len(content)

    def take(self, count: int) -> int:
        if count > self.left:
            raise EOFError
        self.left -= count
        return self._value >> self.left & (1 << count) - 1


def padding_of(content: bytes, version: int) -> int | None:
    """The number of padding bytes after well-formed QR data, or None if it is not well formed.

    Structured append and FNC1 in second position are refused: no door reads them.
    """
    bits = _Bits(content)
    try:
        if not _segments(bits, version):
            return None
    except EOFError:
        return None
    rest = bits.left // 8
    if bits.take(bits.left % 8):
        return None
    padding = content[len(content) - rest :]
    expected = bytes(_PADDING[place % 2] for place in range(rest))
    if padding in (expected, b"\0" + expected[:-1]):  # some encoders write a zero byte first
        return rest
    return None


def _segments(bits: _Bits, version: int) -> bool:
    """Reads segments up to the terminator, or to an end without room for one. Raises EOFError."""
    found = False
    while bits.left >= _MODE_BITS:
        mode = bits.take(_MODE_BITS)
        if mode == 0:
            return found
        if mode == _ECI:
            first = bits.take(8)
            bits.take(0 if first < 0x80 else 8 if first < 0xC0 else 16)
        elif mode in _GROUPS:
            if not _characters(bits, mode, version):
                return False
            found = True
        elif mode != _FNC1_FIRST:
            return False
    return found and bits.take(bits.left) == 0


def _characters(bits: _Bits, mode: int, version: int) -> bool:
    count = bits.take(_COUNT_BITS[mode][0 if version <= 9 else 1 if version <= 26 else 2])
    if count == 0 or count > bits.left:  # every character has more than one bit
        return False
    for size, width, largest in _GROUPS[mode]:
        while count >= size:
            if bits.take(width) > largest:
                return False
            count -= size
    return True
