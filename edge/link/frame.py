"""Encoder and decoder of frames of the door link (firmware/LINK.md section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PAYLOAD_BYTES: Final = 56  # a type and at most 55 bytes of body
CRC_BYTES: Final = 2
MAX_WIRE_BYTES: Final = MAX_PAYLOAD_BYTES + CRC_BYTES + 2  # the first code byte and the delimiter
DELIMITER: Final = b"\0"

_POLYNOMIAL: Final = 0x1021


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = crc << 1 ^ (_POLYNOMIAL if crc & 0x8000 else 0)
        rows.append(crc & 0xFFFF)
    return tuple(rows)


_CRC: Final = _table()


def crc16(data: bytes) -> int:
    """The CRC-16/CCITT-FALSE of `data`; b"123456789" gives 0x29B1."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _CRC[crc >> 8 ^ byte]
    return crc


def encode(payload: bytes) -> bytes:
    """The frame of a payload of 1 to 56 bytes, with its delimiter."""
    assert 1 <= len(payload) <= MAX_PAYLOAD_BYTES
    checked = payload + crc16(payload).to_bytes(CRC_BYTES, "little")
    # It is shorter than 254 bytes, so each block of COBS ends at a zero.
    return b"".join(bytes([len(block) + 1]) + block for block in checked.split(b"\0")) + DELIMITER


def decode(encoded: bytes) -> bytes | None:
    """The payload of a frame without its delimiter; None for noise."""
    if not 2 <= len(encoded) < MAX_WIRE_BYTES:
        return None
    blocks, at = [], 0
    while at < len(encoded):
        code = encoded[at]
        block = encoded[at + 1 : at + code]
        if code == 0 or len(block) != code - 1:
            return None
        blocks.append(block)
        at += code
    checked = b"\0".join(blocks)
    payload, crc = checked[:-CRC_BYTES], checked[-CRC_BYTES:]
    return payload if payload and crc == crc16(payload).to_bytes(CRC_BYTES, "little") else None


class FrameReceiver:
    """Collects bytes to frames. It keeps at most one frame; a longer one is noise."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The payloads that these bytes complete."""
        *ends, rest = data.split(DELIMITER)
        for end in ends:
            whole = bytes(self._bytes) + end
            self._bytes.clear()
            payload = decode(whole)
            if payload is not None:
                yield payload
        self._bytes += rest[: MAX_WIRE_BYTES - len(self._bytes)]
