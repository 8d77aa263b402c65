"""A bent grid: maps the unit square of a symbol to pixels by a homography with bent edges."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
CORNERS: Final = 8  # parameters: x and y of top left, top right, bottom right, bottom left
BENT: Final = 16  # and x and y of the quadratic and cubic bend along each of two axes
_FLAT: Final = 1e-9  # of a determinant: the corners lie on one line
UNIT_SQUARE: Final = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])


def unbent(corners: Doubles) -> Doubles:
    """The 16 parameters of a flat symbol with these corners, (4, 2)."""
    return np.concatenate([np.asarray(corners, float).ravel(), np.zeros(BENT - CORNERS)])


def homographies(corners: Doubles) -> Doubles:
    """(k, 4, 2) corners to (k, 3, 3) matrices from the unit square, in closed form (Heckbert 1989)."""
    x, y = corners[..., 0], corners[..., 1]
    right_x, left_x, sum_x = x[:, 1] - x[:, 2], x[:, 3] - x[:, 2], x[:, 0] - x[:, 1] + x[:, 2] - x[:, 3]
    right_y, left_y, sum_y = y[:, 1] - y[:, 2], y[:, 3] - y[:, 2], y[:, 0] - y[:, 1] + y[:, 2] - y[:, 3]
    area = _not_zero(right_x * left_y - left_x * right_y)
    g = (sum_x * left_y - left_x * sum_y) / area
    h = (right_x * sum_y - sum_x * right_y) / area
    rows = (
        (x[:, 1] - x[:, 0] + g * x[:, 1], x[:, 3] - x[:, 0] + h * x[:, 3], x[:, 0]),
        (y[:, 1] - y[:, 0] + g * y[:, 1], y[:, 3] - y[:, 0] + h * y[:, 3], y[:, 0]),
        (g, h, np.ones_like(g)),
    )
    return np.moveaxis(np.array(rows), 2, 0)


def bends(points: Doubles) -> Doubles:
    """(m, 4) weights of the four bends at each point: 0 on the corners, at most 1 between them."""
    u, v = np.clip(points, 0, 1).T
    across, down = 4 * u * (1 - u), 4 * v * (1 - v)
    return np.stack([across, down, 2 * across * (2 * u - 1), 2 * down * (2 * v - 1)], 1)


def place(grids: Doubles, points: Doubles, weights: Doubles | None = None) -> Doubles:
    """(k, 16) grids and (m, 2) points of the unit square to (k, m, 2) pixels. `weights`: bends(points)."""
    weights = bends(points) if weights is None else weights
    plane = np.stack([points[:, 0], points[:, 1], np.ones(len(points))])
    seen = homographies(grids[:, :CORNERS].reshape(-1, 4, 2)) @ plane
    depth = _not_zero(seen[:, 2])
    flat = np.stack([seen[:, 0] / depth, seen[:, 1] / depth], -1)
    pixels: Doubles = flat + weights @ grids[:, CORNERS:].reshape(-1, 4, 2)
    return pixels


def _not_zero(values: Doubles) -> Doubles:
    return np.where(np.abs(values) < _FLAT, _FLAT, values)
