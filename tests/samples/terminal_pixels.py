"""The picture that a camera would take of a terminal."""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp

_LIT = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}


def pixels(printed: str) -> np.ndarray:
    """Half-block characters as luma, eight pixels for each module."""
    lines = [line for line in printed.splitlines() if line and set(line) <= set(_LIT)]
    rows = [[_LIT[char][half] for char in line] for line in lines for half in (0, 1)]
    luma = np.array(rows, np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    return cv2.copyMakeBorder(luma, 32, 32, 32, 32, cv2.BORDER_CONSTANT, value=255)


def text_of(luma: np.ndarray) -> str:
    """The text of the only symbol in the picture."""
    (symbol,) = zxingcpp.read_barcodes(luma, formats=zxingcpp.BarcodeFormat.QRCode)
    return symbol.text
