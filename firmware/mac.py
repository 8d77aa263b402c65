"""HMAC-SHA256 (RFC 2104) over hashlib: the firmware of Debian's MicroPython has no hmac module."""

import hashlib

from limits import TAG_BYTES
from micropython import const

_BLOCK = const(64)


class Mac:
    """One key that tags messages. The key has 32 bytes, so it is never hashed first."""

    def __init__(self, key: bytes) -> None:
        block = key + bytes(_BLOCK - len(key))
        self._inner = bytes(byte ^ 0x36 for byte in block)
        self._outer = bytes(byte ^ 0x5C for byte in block)

    def digest(self, message: bytes | bytearray | memoryview) -> bytes:
        """All 32 bytes of the MAC."""
        inner = hashlib.sha256(self._inner)
        inner.update(message)
        outer = hashlib.sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()

    def tag(self, message: bytes | bytearray | memoryview) -> bytes:
        """The first 8 bytes, which are sent."""
        return self.digest(message)[:TAG_BYTES]

    def derive(self, label: bytes) -> "Mac":
        """A key made from this one and a label."""
        return Mac(self.digest(label))


def same(tag: bytes, data: bytearray, at: int) -> bool:
    """Whether `data` has this tag from `at` on; a wrong tag takes equally long."""
    difference = 0
    for index in range(TAG_BYTES):
        difference |= tag[index] ^ data[at + index]
    return difference == 0
