"""Similarity transforms and warps, from landmarks to an aligned crop. Points are (x, y) in pixels, y down."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from edge.ports import Floats, Pixels

# Positions of eyes, nose tip and mouth corners in a 112x112 crop: the alignment in the training of ArcFace
# and MobileFaceNet (insightface, face_align.py).
ARCFACE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    dtype=np.float32,
)
CROP_PX = 112

_AS_COMPLEX = np.array([1, 1j])  # (x, y) -> x + iy


def similarity_transform(source: Floats, target: Floats) -> Floats:
    """The rotation, uniform scale and shift that best map `source` to `target`, both (n, 2).

    Least squares, never a reflection; float32 (2, 3), as cv2.warpAffine takes it. Umeyama's solution
    (PAMI 13(4), 1991) in the plane: with points as complex numbers it is one quotient, without an SVD.
    """
    z, w = (np.dot(points, _AS_COMPLEX).tolist() for points in (source, target))
    mean_z, mean_w = sum(z) / len(z), sum(w) / len(w)
    z, w = [one - mean_z for one in z], [one - mean_w for one in w]
    # five equal points give an empty crop, not a crash
    spread = max(sum(one.real**2 + one.imag**2 for one in z), 1e-6)
    turn = sum(one.conjugate() * other for one, other in zip(z, w, strict=True)) / spread
    shift = mean_w - turn * mean_z
    return np.array(
        [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], dtype=np.float32
    )


def rotated_square(centre: Floats, side: float, angle: float, out_px: int) -> Floats:
    """The (2, 3) transform that maps a square, rotated by `angle` radians, to (out_px, out_px)."""
    k = out_px / side
    cos, sin = math.cos(angle) * k, math.sin(angle) * k
    x, y = centre.tolist()
    return np.array(
        [[cos, sin, out_px / 2 - cos * x - sin * y], [-sin, cos, out_px / 2 + sin * x - cos * y]],
        dtype=np.float32,
    )


def transform(matrix: Floats, points: Floats) -> Floats:
    """`points` (n, 2) after a (2, 3) transform."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float32)


def invert(matrix: Floats) -> Floats:
    """The inverse of the transform `matrix` (2, 3)."""
    return np.asarray(cv2.invertAffineTransform(matrix), dtype=np.float32)


def warp(rgb: Pixels, matrix: Floats, out_px: int) -> Pixels:
    """`rgb` mapped by `matrix` to a square of `out_px`; black beyond the edges of the picture.

    The warp is bilinear, so a face that shrinks to less than half is averaged first. Otherwise one pixel in
    four would count, and a 12-megapixel frame would alias.
    """
    shrink = int(1 / max(math.hypot(*matrix[:, 0].tolist()), 1e-3))
    if shrink >= 2:
        rgb, matrix = _shrunk(rgb, matrix, out_px, shrink)
    return np.asarray(cv2.warpAffine(rgb, matrix, (out_px, out_px), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def halve(rgb: Pixels, times: int) -> Pixels:
    """`rgb` averaged to half size, `times` times: OpenCV is fastest for exactly 2:1."""
    for _ in range(times):
        height, width = rgb.shape[:2]
        if min(height, width) < 2:
            break
        even = rgb[: height // 2 * 2, : width // 2 * 2]
        rgb = shrink_to(even, width // 2, height // 2)
    return rgb


def shrink_to(rgb: Pixels, width: int, height: int) -> Pixels:
    """`rgb` averaged to a smaller size."""
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _shrunk(rgb: Pixels, matrix: Floats, out_px: int, by: int) -> tuple[Pixels, Floats]:
    """The part of `rgb` that the warp reads, `by` times smaller, and the transform for it."""
    (a, b, c), (d, e, f) = invert(matrix).tolist()
    ends = (0, out_px)
    xs, ys = ([k * x + m * y + n for x in ends for y in ends] for k, m, n in ((a, b, c), (d, e, f)))
    high_x, high_y = rgb.shape[1], rgb.shape[0]
    x0, y0 = (
        min(max(math.floor(min(spots)) - by, 0), high - 1) for spots, high in ((xs, high_x), (ys, high_y))
    )
    x1, y1 = (min(max(math.ceil(max(spots)) + by, 1), high) for spots, high in ((xs, high_x), (ys, high_y)))
    width, height = max(1, (x1 - x0) // by), max(1, (y1 - y0) // by)
    part = rgb[y0 : y0 + height * by, x0 : x0 + width * by]
    small = shrink_to(part, width, height)
    # pixel centres: x = x0 + by * x' + (by - 1) / 2
    (a, b, c), (d, e, f) = matrix.tolist()
    x, y = x0 + (by - 1) / 2, y0 + (by - 1) / 2
    moved = [[a * by, b * by, a * x + b * y + c], [d * by, e * by, d * x + e * y + f]]
    return small, np.array(moved, dtype=np.float32)
