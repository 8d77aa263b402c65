"""The key of the pair in two sectors of raw flash: a power cut cannot damage both, as it could a file system.

A sector holds magic, generation, lock, key and a CRC. A new key is written into the older sector; the newest
whole sector counts. `flash`: `read(sector, buffer)`, `write(sector, buffer)` for sectors 0 and 1.
"""

from frame import crc16
from limits import KEY_BYTES
from micropython import const

_MAGIC = b"DWK1"
_GENERATION_AT = const(4)
_LOCK_AT = const(5)
_KEY_AT = const(6)
_CRC_AT = const(38)
_LENGTH = const(40)


class KeyStore:
    """Key and kind of lock from commissioning."""

    def __init__(self, flash) -> None:  # noqa: ANN001
        self._flash = flash
        self._buffer = bytearray(_LENGTH)

    def load(self):  # noqa: ANN201
        """The stored (lock, key), or None if no whole one is stored."""
        sector = self._newest()
        if sector < 0:
            return None
        self._flash.read(sector, self._buffer)
        lock = self._buffer[_LOCK_AT]
        return (lock, bytes(self._buffer[_KEY_AT : _KEY_AT + KEY_BYTES])) if lock else None

    def save(self, lock: int, key: bytes) -> None:
        """Store a key; durable when it returns, and until then the old key stays."""
        newest = self._newest()
        generation = 0
        if newest >= 0:
            self._flash.read(newest, self._buffer)
            generation = (self._buffer[_GENERATION_AT] + 1) & 0xFF
        buffer = self._buffer
        buffer[:_GENERATION_AT] = _MAGIC
        buffer[_GENERATION_AT], buffer[_LOCK_AT] = generation, lock
        buffer[_KEY_AT : _KEY_AT + KEY_BYTES] = key
        crc = crc16(buffer, _CRC_AT)
        buffer[_CRC_AT], buffer[_CRC_AT + 1] = crc & 0xFF, crc >> 8
        self._flash.write(1 - newest if newest >= 0 else 0, buffer)

    def erase(self) -> None:
        """Erase the key in both sectors: a lock of kind 0 means no key."""
        self.save(0, bytes(KEY_BYTES))
        self.save(0, bytes(KEY_BYTES))

    def _newest(self) -> int:
        """The sector that counts, or -1."""
        found, generation = -1, 0
        for sector in range(2):
            self._flash.read(sector, self._buffer)
            if self._is_whole() and (found < 0 or (self._buffer[_GENERATION_AT] - generation) & 0xFF < 0x80):
                found, generation = sector, self._buffer[_GENERATION_AT]
        return found

    def _is_whole(self) -> bool:
        buffer = self._buffer
        crc = buffer[_CRC_AT] | buffer[_CRC_AT + 1] << 8
        return buffer[:_GENERATION_AT] == _MAGIC and crc == crc16(buffer, _CRC_AT)
