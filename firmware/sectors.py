"""Two sectors of raw flash, the last two of the chip, behind what `keystore` asks for."""

import rp2
from micropython import const

_PAGE = const(256)  # what the chip programs at once
_COUNT = const(4)  # of the block protocol: how many sectors there are
_ERASE = const(6)  # and: erase this one


class Sectors:
    """Numbers 0 and 1. The firmware ends far below them; no file system has ever been there."""

    def __init__(self) -> None:
        self._flash = rp2.Flash()
        self._first = (self._flash.ioctl(_COUNT, 0) or 0) - 2

    def read(self, sector: int, buffer: bytearray) -> None:
        self._flash.readblocks(self._first + sector, buffer, 0)

    def write(self, sector: int, buffer: bytearray) -> None:
        """Erase, write and read back. Raises OSError if something else is there then."""
        page = bytearray(b"\xff" * _PAGE)
        page[: len(buffer)] = buffer
        self._flash.ioctl(_ERASE, self._first + sector)
        self._flash.writeblocks(self._first + sector, page, 0)
        written = bytearray(_PAGE)
        self.read(sector, written)
        if written != page:
            raise OSError("flash")
