"""zxing-cpp as a CodeReader: the default engine, with exact bytes and a tenth of zbar's CPU time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edge.errors import ReaderFault
from edge.ports import Symbol
from hw.codes.cascade import accept
from hw.codes.grid.suspects import Suspect

if TYPE_CHECKING:
    import zxingcpp

    from edge.ports import Pixels


class Found(NamedTuple):
    """The symbols of a picture, and the places where the engine found a symbol and could not read it."""

    symbols: tuple[Symbol, ...]
    suspects: tuple[Suspect, ...]


class ZxingReader:
    """Reads QR Model 2, also inverted, mirrored and turned. Raises ReaderFault without zxing-cpp.

    A part of a structured append is returned as a symbol with its part of the text: edge/decisions/0003.
    `swallowed` counts the pictures on which the engine failed, for diagnostics.
    """

    name = "zxing"

    def __init__(self) -> None:
        try:
            import zxingcpp  # 32-bit boards have no wheel
        except ImportError as error:
            raise ReaderFault(
                "the code engine zxing is not installed",
                hint="pip install 'zxing-cpp>=3.1' (64-bit systems), or use the engine zbar",
            ) from error
        self._zxing = zxingcpp
        # Model 2 alone: the family filter `QRCode` also lets Micro QR, rMQR and Model 1 through.
        self._formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCodeModel2])
        self.swallowed = 0

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:
        return self._find(luma, suspects=False, one_threshold=False).symbols

    def search(self, luma: Pixels, *, one_threshold: bool = False) -> Found:
        """The symbols and the suspects, for the price of `read`. `one_threshold`: for the whole picture."""
        return self._find(luma, suspects=True, one_threshold=one_threshold)

    def _find(self, luma: Pixels, *, suspects: bool, one_threshold: bool) -> Found:
        if luma.size == 0:
            return Found((), ())  # ImageView refuses a side of 0
        try:
            options: dict[str, Any] = (
                {"binarizer": self._zxing.Binarizer.GlobalHistogram} if one_threshold else {}
            )
            barcodes = self._zxing.read_barcodes(
                np.ascontiguousarray(luma),
                formats=self._formats,
                text_mode=self._zxing.TextMode.Plain,  # no change of characters for display
                return_errors=suspects,
                **options,
            )
            return Found(
                accept(self._symbol(barcode) for barcode in barcodes if barcode.valid),
                tuple(_suspect(barcode) for barcode in barcodes if not barcode.valid),
            )
        except Exception:  # noqa: BLE001  a picture on which the engine fails has no symbols
            self.swallowed += 1
            return Found((), ())

    def _symbol(self, barcode: zxingcpp.Barcode) -> Symbol:
        return Symbol(
            text=barcode.text,
            payload=barcode.bytes,
            engine=self.name,
            corners=_corners(barcode),
        )


def _corners(barcode: zxingcpp.Barcode) -> tuple[tuple[float, float], ...]:
    at = barcode.position
    corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    return tuple((float(point.x), float(point.y)) for point in corners)


def _suspect(barcode: zxingcpp.Barcode) -> Suspect:
    extra: Any = barcode.extra or {}
    version = str(extra.get("Version", ""))
    return Suspect(np.array(_corners(barcode)), int(version) if version.isdecimal() else None)
