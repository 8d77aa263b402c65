"""The last two sectors of the chip's flash, with the methods that `keystore` needs."""

import rp2
from micropython import const

_PAGE = const(256)  # the chip programs whole pages
_COUNT = const(4)  # of the block protocol: the number of sectors
_ERASE = const(6)  # of the block protocol: erase a sector


class Sectors:
    """Sectors 0 and 1. The firmware ends far below them, and no file system uses them."""

    def __init__(self) -> None:
        self._flash = rp2.Flash()
        self._first = (self._flash.ioctl(_COUNT, 0) or 0) - 2

    def read(self, sector: int, buffer: bytearray) -> None:
        self._flash.readblocks(self._first + sector, buffer, 0)

    def write(self, sector: int, buffer: bytearray) -> None:
        """Erase, write and read back. Raises OSError if the result differs."""
        page = bytearray(b"\xff" * _PAGE)
        page[: len(buffer)] = buffer
        self._flash.ioctl(_ERASE, self._first + sector)
        self._flash.writeblocks(self._first + sector, page, 0)
        written = bytearray(_PAGE)
        self.read(sector, written)
        if written != page:
            raise OSError("flash")
