"""Frames on the wire (LINK.md section 1): COBS with a delimiter, CRC-16 inside. Allocates nothing."""

from limits import MAX_FRAME
from micropython import const

_CRC_BYTES = const(2)
_LEAST = const(3)  # a type and its CRC

# CRC-16/CCITT-FALSE by half bytes: 16 numbers instead of 256, twice the steps.
_NIBBLES = (
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
    0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
)  # fmt: skip


def crc16(data: bytearray, length: int) -> int:
    """CRC of the first `length` bytes; "123456789" gives 0x29B1."""
    crc = 0xFFFF
    for index in range(length):
        byte = data[index]
        crc = (crc << 4 & 0xFFFF) ^ _NIBBLES[crc >> 12 ^ byte >> 4]
        crc = (crc << 4 & 0xFFFF) ^ _NIBBLES[crc >> 12 ^ byte & 15]
    return crc


class Receiver:
    """Takes bytes one at a time; `frame` holds the payload when one is complete."""

    def __init__(self) -> None:
        self.frame = bytearray(MAX_FRAME)
        self._length = 0
        self._left = 0  # bytes missing of this COBS block
        self._gap = False  # a zero is between this block and the next
        self._bad = False

    def feed(self, byte: int) -> int:
        """The length of the payload (type and body) that this byte has completed, or 0."""
        if byte == 0:
            length = self._length - _CRC_BYTES
            whole = not self._bad and self._left == 0 and self._length >= _LEAST and self._is_right(length)
            self._length = self._left = 0
            self._gap = self._bad = False
            return length if whole else 0
        if self._bad:
            return 0
        if self._left:
            self._left -= 1
            self._put(byte)
        else:
            if self._gap:
                self._put(0)
            self._left = byte - 1
            self._gap = True  # only a block of 254 bytes has none, and no frame is so long
        return 0

    def _put(self, byte: int) -> None:
        if self._length == MAX_FRAME:
            self._bad = True
        else:
            self.frame[self._length] = byte
            self._length += 1

    def _is_right(self, length: int) -> bool:
        return self.frame[length] | self.frame[length + 1] << 8 == crc16(self.frame, length)


def encode(payload: bytearray, length: int, out: bytearray) -> int:
    """Write the frame of a payload into `out`, with its delimiter; returns its length.

    `payload` needs space for the CRC behind `length`, `out` two bytes more than both.
    """
    crc = crc16(payload, length)
    payload[length], payload[length + 1] = crc & 0xFF, crc >> 8
    code, at = 0, 1
    for index in range(length + _CRC_BYTES):
        byte = payload[index]
        if byte:
            out[at] = byte
        else:
            out[code] = at - code
            code = at
        at += 1
    out[code] = at - code
    out[at] = 0
    return at + 1
