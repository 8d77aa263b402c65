"""Measures the test card in a picture: pixels a millimetre, and the width of an edge.

The width is that from 10 to 90 % across a slanted edge, sampled finer than pixels. Source: the slanted edge
of ISO 12233, without its spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from edge.doctor import card_layout as layout
from edge.doctor.orientation import Lies, lies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge.ports import Pixels, Symbol

_Array = NDArray[np.float64]
_BIN_PX: Final = 0.25
_LEAST_CONTRAST: Final = 30.0  # grey levels; a lower contrast is a shadow, not the edge
_APART_MM: Final = 20.0  # symbols in one row differ by 9 mm across it, those of two rows by 87
_LEAST_PIXELS: Final = 200  # pixels of the edge: four for each bin


@dataclass(frozen=True, slots=True)
class View:
    """The measures of one frame. `spread_px`: None without an edge; `finest_mm`: the finest module read.

    `lies`: the turn of the card in the picture; None from fewer than three symbols, or from one row of them.
    """

    px_per_mm: float
    spread_px: float | None
    finest_mm: float
    lies: Lies | None = None


def view_of(luma: Pixels, symbols: Iterable[Symbol]) -> View | None:
    """The card in a picture, uint8 (H, W), from the symbols that were read in it; None without a card."""
    seen = [
        (printed, np.array(symbol.corners, np.float64))
        for symbol in symbols
        if len(symbol.corners) == 4 and (printed := layout.symbol_of(symbol.text)) is not None
    ]
    if not seen:
        return None
    # Corners are accurate to a third of a pixel, which matters less for a larger symbol.
    largest = max(printed.module_mm for printed, _ in seen)
    scales = [
        _perimeter(corners) / (4 * layout.MODULES * printed.module_mm)
        for printed, corners in seen
        if printed.module_mm == largest
    ]
    ends = _project(seen)
    spread = None if ends is None else edge_spread(luma, ends, reach_px=layout.EDGE_HALF_MM * median(scales))
    return View(median(scales), spread, min(printed.module_mm for printed, _ in seen), _lies(seen))


def _lies(seen: Sequence[tuple[layout.Printed, _Array]]) -> Lies | None:
    """The turn of the card, by the middles of its symbols: engines differ in the corners of mirrored ones."""
    printed = np.array([np.mean(each.corners, axis=0) for each, _ in seen])
    placed = np.array([corners.mean(axis=0) for _, corners in seen])
    from_middle = printed - printed.mean(axis=0)
    if np.linalg.matrix_rank(from_middle, tol=_APART_MM) < 2:
        return None
    found, *_ = np.linalg.lstsq(from_middle, placed - placed.mean(axis=0), rcond=None)
    return lies(found.T)


def edge_spread(luma: Pixels, ends: _Array, *, reach_px: float) -> float | None:
    """The width of a straight edge from 10 to 90 %, in pixels; None if there is no edge.

    `ends`: two (x, y) near its ends, accurate to a few pixels; `reach_px`: the searched distance on each
    side.
    """
    away, along, grey = _near(luma, ends, reach_px)
    if grey.size < _LEAST_PIXELS:
        return None
    dark, bright = np.percentile(grey, (10, 90))
    if bright - dark < _LEAST_CONTRAST:
        return None
    if grey[away < 0].mean() > grey[away > 0].mean():
        away = -away
    profile = _profile(_straightened(away, along, grey, float(dark + bright) / 2), grey)
    return None if profile is None else _rise(*profile)


def _perimeter(corners: _Array) -> float:
    return float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).sum())


def _project(seen: Sequence[tuple[layout.Printed, _Array]]) -> _Array | None:
    """The ends of the edge in the picture, by a least-squares homography through all corners."""
    rows, values = [], []
    for printed, corners in seen:
        for (x, y), (u, v) in zip(printed.corners, corners, strict=True):
            rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
            values += [u, v]
    h, _, rank, _ = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)
    if rank < 8:
        return None
    ends = np.array([(x, y, 1.0) for x, y in layout.EDGE]) @ np.append(h, 1.0).reshape(3, 3).T
    if not np.all(np.abs(ends[:, 2]) > 1e-6):
        return None
    return np.asarray(ends[:, :2] / ends[:, 2:])


def _near(luma: Pixels, ends: _Array, reach_px: float) -> tuple[_Array, _Array, _Array]:
    """Pixels near the middle of an edge: distance from it, distance along it, and grey level."""
    first, last = ends
    length = max(float(np.linalg.norm(last - first)), 1e-6)
    (ux, uy) = (last - first) / length
    low = np.floor(np.clip(ends.min(axis=0) - reach_px, 0, None)).astype(int)
    high = np.ceil(np.clip(ends.max(axis=0) + reach_px, 0, luma.shape[::-1])).astype(int)
    patch = luma[low[1] : high[1], low[0] : high[0]]
    # Corners of symbols are measured from the edge of the picture, so the centre of a pixel is at + 0.5.
    x, y = np.meshgrid(
        np.arange(low[0], low[0] + patch.shape[1]) + 0.5 - first[0],
        np.arange(low[1], low[1] + patch.shape[0]) + 0.5 - first[1],
    )
    along, away = x * ux + y * uy, x * uy - y * ux
    # The corners of the block are left out, even if the ends are wrong by some pixels.
    used = (np.abs(away) < reach_px) & (along > 0.15 * length) & (along < 0.85 * length)
    return away[used], along[used], patch[used].astype(np.float64)


def _straightened(away: _Array, along: _Array, grey: _Array, middle: float) -> _Array:
    """Distances from the true line of the edge, which is found in eight pieces."""
    places, offsets = [], []
    for piece in np.array_split(np.argsort(along), 8):
        # The line divides the grey: it has as many dark pixels beyond it as bright ones before it.
        reach = np.abs(away[piece]).max()
        bright = np.count_nonzero(grey[piece] > middle) / piece.size
        places.append(along[piece].mean())
        offsets.append(reach * (1 - 2 * bright))
    slope, offset = np.polyfit(places, offsets, 1)
    return np.asarray(away - (offset + slope * along))


def _profile(away: _Array, grey: _Array) -> tuple[_Array, _Array] | None:
    """Mean grey, from 0 to 1, at each distance from the edge."""
    bins = np.round(away / _BIN_PX).astype(int)
    places, index = np.unique(bins, return_inverse=True)
    counts = np.bincount(index)
    means = np.bincount(index, weights=grey) / counts
    means, places = means[counts >= 4], places[counts >= 4]
    if places.size < 8:
        return None
    outer = max(2, places.size // 5)
    dark, bright = means[:outer].mean(), means[-outer:].mean()
    if bright - dark < _LEAST_CONTRAST:
        return None
    return places * _BIN_PX, (means - dark) / (bright - dark)


def _rise(away: _Array, grey: _Array) -> float | None:
    """The distance from the last point below 0.1 before the middle to the first above 0.9 after it."""
    below, above = np.flatnonzero(grey < 0.1), np.flatnonzero(grey > 0.9)
    centre = int(np.argmin(np.abs(grey - 0.5)))
    below, above = below[below < centre], above[above > centre]
    if not below.size or not above.size:
        return None
    start, end = int(below[-1]), int(above[0])
    return _crossing(away, grey, end - 1, 0.9) - _crossing(away, grey, start, 0.1)


def _crossing(away: _Array, grey: _Array, before: int, level: float) -> float:
    step = grey[before + 1] - grey[before]
    part = (level - grey[before]) / step if step > 0 else 0.5
    return float(away[before] + part * (away[before + 1] - away[before]))
