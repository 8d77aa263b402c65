"""Similarity transforms and warps, from landmarks to an aligned crop. Points are (x, y) in pixels, y down."""

from __future__ import annotations

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
    z, w = source @ _AS_COMPLEX, target @ _AS_COMPLEX
    mean_z, mean_w = z.mean(), w.mean()
    z, w = z - mean_z, w - mean_w
    spread = max(float((z * z.conj()).real.sum()), 1e-6)  # five equal points give an empty crop, not a crash
    turn = (z.conj() * w).sum() / spread
    shift = mean_w - turn * mean_z
    return np.array(
        [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], dtype=np.float32
    )


def rotated_square(centre: Floats, side: float, angle: float, out_px: int) -> Floats:
    """The (2, 3) transform that maps a square, rotated by `angle` radians, to (out_px, out_px)."""
    k = out_px / side
    cos, sin = np.cos(angle) * k, np.sin(angle) * k
    linear = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([linear, out_px / 2 - linear @ centre]).astype(np.float32)


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
    shrink = int(1 / max(float(np.hypot(*matrix[:, 0])), 1e-3))
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
    corners = np.array([[0, 0], [out_px, 0], [0, out_px], [out_px, out_px]], dtype=np.float32)
    spots = transform(invert(matrix), corners)
    high = np.array([rgb.shape[1], rgb.shape[0]])
    x0, y0 = np.clip(np.floor(spots.min(axis=0)) - by, 0, high - 1).astype(int)
    x1, y1 = np.clip(np.ceil(spots.max(axis=0)) + by, 1, high).astype(int)
    width, height = max(1, (x1 - x0) // by), max(1, (y1 - y0) // by)
    part = rgb[y0 : y0 + height * by, x0 : x0 + width * by]
    small = shrink_to(part, width, height)
    # pixel centres: x = x0 + by * x' + (by - 1) / 2
    linear = matrix[:, :2] * by
    shift = matrix[:, :2] @ (np.array([x0, y0]) + (by - 1) / 2) + matrix[:, 2]
    return small, np.column_stack([linear, shift]).astype(np.float32)
