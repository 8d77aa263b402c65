"""QR symbols as pictures, and the readers under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import segno

from edge.errors import ReaderFault
from hw.codes.cascade import Cascade
from hw.codes.door import DoorReader
from hw.codes.still_gate import StillGate
from hw.codes.zbar import ZbarReader
from hw.codes.zxing import ZxingReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.ports import CodeReader, Pixels

TEXT = "EC1:6BF+70790T9WJWG.FKY*4GO0.O1CV2 O5 N2FBBRW1*70HS8WY04AC*WIFN0AHCD8KD97TK0F90KECTHGWJC0FDC:5AIA%G7X+AQB9"


def zbar() -> ZbarReader:
    """The second engine, or a skip: its library is a system package, which pip cannot install."""
    try:
        return ZbarReader()
    except ReaderFault as fault:
        pytest.skip(f"{fault}: {fault.hint}")


ENGINES: dict[str, Callable[[], CodeReader]] = {"zxing": ZxingReader, "zbar": zbar}
READERS: dict[str, Callable[[], CodeReader]] = {
    **ENGINES,
    "zxing, as a door reads": lambda: StillGate(DoorReader(ZxingReader())),
    "zxing cascade": lambda: Cascade(ZxingReader()),
    "zbar cascade": lambda: Cascade(zbar()),
    "zxing thorough": lambda: Cascade(ZxingReader(), thorough=True),
    "zbar thorough": lambda: Cascade(zbar(), thorough=True),
}


def draw(text: str | bytes, *, scale: int = 4, **options: object) -> Pixels:
    """A QR symbol with its quiet zone, dark on light."""
    symbol = segno.make(text, micro=False, error="m", **options)
    return picture(symbol.matrix, scale)


def picture(matrix: object, scale: int = 4) -> Pixels:
    dark = np.pad(np.array([list(row) for row in matrix], dtype=np.uint8), 4)
    return np.kron(np.where(dark, 0, 255).astype(np.uint8), np.ones((scale, scale), dtype=np.uint8))
