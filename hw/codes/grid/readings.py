"""Soft readings: several ways from the brightness of modules to confidence, -1 (dark) to 1 (light)."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from hw.codes.grid.layout import layout_of
from hw.codes.grid.sampling import Image, centres, sample
from hw.codes.grid.warp import Doubles, place

_GREY: Final = 4.0  # grey levels of contrast that noise alone makes
_TAPS: Final = 5  # modules a side that the equaliser takes together
_RIDGE: Final = 3.0  # pulls the equaliser to the module itself: some 200 known modules train 26 numbers


def readings(softened: Image, grid: Doubles, version: int, brightness: Image) -> list[Image]:
    """All readings, the best first; the first is the mean of the others.

    Of 52 hard symbols that were mended, the mean read 31, the equaliser 12 and the others the rest.
    """
    ways = [
        against_extremes(brightness),
        against_mean(brightness),
        against_mean(sharpened(brightness), side=9),
        against_surfaces(brightness, version),
        against_threshold(brightness),
        equalised(softened, grid, version),
    ]
    mean = np.mean(ways, axis=0, dtype=np.float32)
    return [mean, *ways[::-1]]


def against_extremes(brightness: Image, side: int = 9) -> Image:
    """Against the middle between the darkest and the lightest module nearby."""
    window = np.ones((side, side), np.uint8)
    edge = side // 2
    padded = cv2.copyMakeBorder(brightness, edge, edge, edge, edge, cv2.BORDER_REFLECT)
    light = cv2.blur(cv2.dilate(padded, window), (side, side))[edge:-edge, edge:-edge]
    dark = cv2.blur(cv2.erode(padded, window), (side, side))[edge:-edge, edge:-edge]
    return _soft(brightness - (light + dark) / 2, (light - dark) / 2 + _GREY)


def against_mean(brightness: Image, side: int = 11) -> Image:
    """Against the mean of the modules nearby."""
    mean, spread = _local(brightness, side)
    return _soft(brightness - mean, 1.3 * spread + _GREY)


def sharpened(brightness: Image) -> Image:
    """Each module's difference from its eight neighbours doubled, against blur."""
    return np.asarray(2 * brightness - _mean(brightness, 3), np.float32)


def against_surfaces(brightness: Image, version: int) -> Image:
    """Against two smooth surfaces, through the known dark and the known light modules."""
    layout = layout_of(version)
    y, x = np.mgrid[0 : layout.size, 0 : layout.size] / (layout.size - 1) - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], -1)
    light, dark = (
        terms @ _surface(terms[chosen], brightness[chosen])
        for chosen in (layout.known & ~layout.dark, layout.known & layout.dark)
    )
    return _soft(brightness - (light + dark) / 2, np.abs(light - dark) / 2 + _GREY)


def _surface(terms: Doubles, seen: Image) -> Doubles:
    """Least squares, three rounds: a module far off counts less in the next round."""
    weight = np.ones(len(seen))
    factors: Doubles = np.zeros(terms.shape[1])
    for _ in range(3):
        factors = np.linalg.lstsq(terms * weight[:, None], seen * weight, rcond=None)[0]
        away = np.abs(terms @ factors - seen)
        weight = 1 / (1 + away / (np.median(away) + 2))
    return factors


def against_threshold(brightness: Image) -> Image:
    """Against one threshold for all modules (Otsu)."""
    grey = np.clip(brightness, 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    return _soft(brightness - threshold - 0.5, np.full_like(brightness, brightness.std() + _GREY))


def equalised(softened: Image, grid: Doubles, version: int) -> Image:
    """A linear equaliser of 5x5 modules, trained on the known modules of this very symbol.

    It undoes blur and motion that mix neighbours.
    """
    layout = layout_of(version)
    edge, wide = _TAPS // 2, layout.size + _TAPS - 1
    seen = sample(softened, place(grid[None], centres(version, edge))[0]).reshape(wide, wide)
    mean, spread = _local(seen, 11)
    seen = (seen - mean) / (spread + 3)
    taps = np.lib.stride_tricks.sliding_window_view(seen, (_TAPS, _TAPS)).reshape(-1, _TAPS * _TAPS)
    taps = np.column_stack([taps, np.ones(len(taps))]).astype(np.float64)
    known = layout.known.ravel()
    truth = np.where(layout.dark, -1.0, 1.0).ravel()[known]
    prior = np.zeros(taps.shape[1])
    prior[_TAPS * _TAPS // 2] = 0.8  # the module itself
    trained = taps[known]
    factors = np.linalg.solve(
        trained.T @ trained + _RIDGE * np.eye(len(prior)), trained.T @ truth + _RIDGE * prior
    )
    soft: Image = np.clip(taps @ factors, -1, 1).reshape(layout.size, layout.size).astype(np.float32)
    return soft


def _local(values: Image, side: int) -> tuple[Image, Image]:
    """Mean and standard deviation of a square window around each value."""
    mean = _mean(values, side)
    return mean, np.sqrt(np.maximum(_mean(values * values, side) - mean * mean, 0))


def _mean(values: Image, side: int) -> Image:
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _soft(difference: Doubles | Image, scale: Doubles | Image) -> Image:
    soft: Image = np.clip(difference / np.maximum(scale, 1e-3), -1, 1).astype(np.float32)
    return soft
