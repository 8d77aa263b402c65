"""Similarity transforms and warps, from landmarks to an aligned crop. Points are (x, y) in pixels, y down."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Part(NamedTuple):
    """A part of a warped square, in its pixels; `right` and `bottom` are beyond it."""

    left: int
    top: int
    right: int
    bottom: int


def similarity_transform(source: Floats, target: Floats) -> Floats:
    """The rotation, uniform scale and shift that best map `source` to `target`, both (n, 2).

    Least squares, never a reflection; float32 (2, 3), as cv2.warpAffine takes it. Umeyama's solution
    (PAMI 13(4), 1991) in the plane: with points as complex numbers it is one quotient, without an SVD.
    """
    z, w = ([complex(x, y) for x, y in points.tolist()] for points in (source, target))
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


def warp(
    rgb: Pixels, matrix: Floats, out_px: int, *, part: Part | None = None, channel: int | None = None
) -> Pixels:
    """`rgb` mapped by `matrix` to a square of `out_px`; black beyond the edges of the picture.

    `part`: make only this part of the square, and read only what it shows. `channel`: make only this channel.
    The warp is bilinear, so a face that shrinks to less than half is averaged first. Otherwise one pixel in
    four would count, and a 12-megapixel frame would alias.
    """
    part = part or Part(0, 0, out_px, out_px)
    shrink = int(1 / max(math.hypot(*matrix[:, 0].tolist()), 1e-3))
    if shrink >= 2:
        rgb, matrix = _shrunk(rgb, matrix, out_px, shrink, part, channel)
    if part.left or part.top:
        matrix = matrix - np.array([[0, 0, part.left], [0, 0, part.top]], dtype=np.float32)
    size = part.right - part.left, part.bottom - part.top
    return _only(channel, cv2.warpAffine(rgb, matrix, size, flags=cv2.INTER_LINEAR))


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


def _only(channel: int | None, picture: Any) -> Pixels:  # noqa: ANN401  OpenCV's wider type of arrays
    """One channel of a picture that has several, or the picture itself."""
    if channel is not None and picture.ndim == 3:
        picture = cv2.extractChannel(picture, channel)
    return np.asarray(picture, dtype=np.uint8)


def _shrunk(
    rgb: Pixels, matrix: Floats, out_px: int, by: int, part: Part, channel: int | None
) -> tuple[Pixels, Floats]:
    """The part of `rgb` that the warp reads, `by` times smaller, and the transform for it."""
    back = invert(matrix)
    x0, y0, x1, y1 = _reads(back, Part(0, 0, out_px, out_px), rgb, by)
    width, height = max(1, (x1 - x0) // by), max(1, (y1 - y0) // by)
    # A part has the cells of the whole, so that it has the pixels of the whole too.
    left, top, right, bottom = _reads(back, part, rgb, by)
    left, right = _cells(left - x0, right - x0, by, width)
    top, bottom = _cells(top - y0, bottom - y0, by, height)
    x0, y0 = x0 + left * by, y0 + top * by
    width, height = right - left, bottom - top
    read = _only(channel, rgb[y0 : y0 + height * by, x0 : x0 + width * by])
    small = shrink_to(read, width, height)
    # pixel centres: x = x0 + by * x' + (by - 1) / 2
    (a, b, c), (d, e, f) = matrix.tolist()
    x, y = x0 + (by - 1) / 2, y0 + (by - 1) / 2
    moved = [[a * by, b * by, a * x + b * y + c], [d * by, e * by, d * x + e * y + f]]
    return small, np.array(moved, dtype=np.float32)


def _reads(back: Floats, part: Part, rgb: Pixels, by: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a part of the warp shows of the picture, and a cell around it."""
    corners = [(x, y) for x in (part.left, part.right) for y in (part.top, part.bottom)]
    xs, ys = transform(back, np.array(corners, dtype=np.float32)).T.tolist()
    height, width = rgb.shape[:2]
    return (
        min(max(math.floor(min(xs)) - by, 0), width - 1),
        min(max(math.floor(min(ys)) - by, 0), height - 1),
        min(max(math.ceil(max(xs)) + by, 1), width),
        min(max(math.ceil(max(ys)) + by, 1), height),
    )


def _cells(low: int, high: int, by: int, count: int) -> tuple[int, int]:
    """The first cell, and the one after the last, of what is read from `low` to `high`; at least one."""
    first = min(low // by, count - 1)
    return first, min(max(-(-high // by), first + 1), count)
