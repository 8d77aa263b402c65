"""libzbar as a CodeReader: the second engine, and the only one on 32-bit boards.

pyzbar finds and declares the library, but its `decode` is not used: it raises ValueError on any part
of a structured append (pyzbar#139), and it cannot set CFG_BINARY (pyzbar#82). Without CFG_BINARY zbar
guesses an encoding and returns re-encoded text instead of the bytes.
"""

from __future__ import annotations

from ctypes import POINTER, c_void_p, string_at
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.errors import ReaderFault
from edge.ports import Symbol
from hw.codes.cascade import MAX_PAYLOAD_BYTES, MAX_SYMBOLS, accept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.ports import Pixels

# zbar.h 0.23.92; pyzbar's enums stop at 0.20
_ALL, _QR = 0, 64
_ENABLE, _BINARY, _TEST_INVERTED = 0, 4, 0x81
_Y800 = int.from_bytes(b"Y800", "little")


class ZbarReader:
    """Reads QR, also mirrored and turned; inverted in a second pass. Raises ReaderFault without libzbar.

    The second pass doubles the cost of an idle frame. `swallowed` counts the pictures on which the
    engine failed, for diagnostics.
    """

    name = "zbar"

    def __init__(self) -> None:
        try:
            from pyzbar import wrapper  # raises ImportError where libzbar is missing
        except ImportError as error:
            raise ReaderFault(
                "the code engine zbar is not installed",
                hint="sudo apt-get install libzbar0",
            ) from error
        self._zbar: Any = wrapper
        self._components = wrapper.zbar_function(
            "zbar_symbol_get_components", c_void_p, POINTER(wrapper.zbar_symbol)
        )
        self.swallowed = 0

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:
        if luma.size == 0:
            return ()
        try:
            return accept(self._scan(np.ascontiguousarray(luma)))
        except Exception:  # noqa: BLE001  a failure of native code must not stop the loop
            self.swallowed += 1
            return ()

    def _scan(self, luma: Pixels) -> list[Symbol]:
        """One scan with a new scanner, so that threads share nothing: it costs 0.02 ms."""
        zbar = self._zbar
        scanner, image = zbar.zbar_image_scanner_create(), zbar.zbar_image_create()
        try:
            for symbology, setting, value in (
                (_ALL, _ENABLE, 0),
                (_QR, _ENABLE, 1),
                (_QR, _BINARY, 1),
                (_ALL, _TEST_INVERTED, 1),
            ):
                zbar.zbar_image_scanner_set_config(scanner, symbology, setting, value)
            height, width = luma.shape
            zbar.zbar_image_set_format(image, _Y800)
            zbar.zbar_image_set_size(image, width, height)
            zbar.zbar_image_set_data(image, luma.ctypes.data, luma.size, None)
            zbar.zbar_scan_image(scanner, image)
            return list(self._symbols(image))
        finally:
            zbar.zbar_image_destroy(image)
            zbar.zbar_image_scanner_destroy(scanner)

    def _symbols(self, image: object) -> Iterator[Symbol]:
        zbar = self._zbar
        at = zbar.zbar_image_first_symbol(image)
        for _ in range(MAX_SYMBOLS):
            if not at:
                return
            # A structured append, complete or not, is a container of components; a part without the other
            # parts also has type 1 (partial). Both are left out, or libzbar would join the parts.
            if at.contents.type == _QR and not self._components(at):
                length = min(zbar.zbar_symbol_get_data_length(at), MAX_PAYLOAD_BYTES + 1)
                payload = string_at(zbar.zbar_symbol_get_data(at), length)
                yield Symbol(_text(payload), payload, self.name, self._corners(at))
            at = zbar.zbar_symbol_next(at)

    def _corners(self, symbol: object) -> tuple[tuple[float, float], ...]:
        """The corners, clockwise; libzbar gives: top left, bottom left, bottom right, top right."""
        zbar = self._zbar
        points = [
            (float(zbar.zbar_symbol_get_loc_x(symbol, i)), float(zbar.zbar_symbol_get_loc_y(symbol, i)))
            for i in range(min(zbar.zbar_symbol_get_loc_size(symbol), 4))
        ]
        return tuple(points[:1] + points[:0:-1])


def _text(payload: bytes) -> str:
    """The payload as text: UTF-8, else Shift JIS (QR comes from Japan), else one character a byte."""
    for encoding in ("utf-8", "shift_jis"):
        try:
            return payload.decode(encoding)
        except UnicodeDecodeError:
            continue
    return payload.decode("latin-1")
