"""Brightness of a picture at points between pixels, and of each module of a symbol."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.codes.grid.layout import size_of
from hw.codes.grid.warp import Doubles, place

Image = NDArray[np.float32]
_ROW: Final = 8_192  # cv2.remap takes at most 32,767 points a row
_FAR: Final = 30_000.0  # cv2.remap keeps places in 16 bits
# 3x3 places inside a module. The outer fifth is left out: blur mixes it with its neighbours.
_INSIDE: Final = np.array([(x, y) for x in (-0.22, 0, 0.22) for y in (-0.22, 0, 0.22)])


def sample(image: Image, pixels: Doubles) -> Image:
    """The brightness at (..., 2) pixels, bilinear; points outside take the nearest pixel of the border."""
    places = np.clip(np.nan_to_num(pixels.reshape(-1, 2), nan=-_FAR) - 0.5, -_FAR, _FAR)
    count = len(places)
    rows = -(-count // _ROW)
    maps = np.zeros((2, rows * _ROW if rows > 1 else count), np.float32)
    maps[:, :count] = places.T
    x, y = maps.reshape(2, rows, -1)
    seen = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.float32).ravel()[:count].reshape(pixels.shape[:-1])


def centres(version: int, margin: int = 0) -> Doubles:
    """The centres of the modules in the unit square, row by row; `margin` modules more on each side."""
    size = size_of(version)
    line = (np.arange(-margin, size + margin) + 0.5) / size
    points: Doubles = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    return points


def module_brightness(image: Image, grid: Doubles, version: int) -> Image:
    """(size, size): the mean of nine points in each module."""
    size = size_of(version)
    points = (centres(version)[:, None] + _INSIDE[None] / size).reshape(-1, 2)
    seen = sample(image, place(grid[None], points)[0])
    brightness: Image = seen.reshape(size, size, len(_INSIDE)).mean(2)
    return brightness
