"""PAD measures of a face's surroundings, which find the edges of a picture of a face."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.detect import LEFT_EYE, RIGHT_EYE
from edge.face.geometry import Part, rotated_square, shrink_to, warp

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.face.detect import Face
    from edge.ports import Floats, Pixels

GREEN = 1  # a camera has most green pixels
# The surroundings: four face sides across, with level eyes, so that the edges of an upright portrait are
# upright too. 40 px a face side tell NUAA's papers from its rooms as well as 48 px.
SIDES, SIDE_PX = 4, 40
PATCH_PX = SIDES * SIDE_PX
PADDING = 4  # grey levels of 255: no camera sees such black; software pads pictures with it
NEAR_PADDING = np.ones((9, 9), np.uint8)  # px; a line nearer to padding is the edge of the padding

# Two pixels along an edge are averaged to one: half the work, and short edges disappear. With it people reach
# 0.86 instead of 0.90, and prints 0.98 (median) instead of 0.93.
ALONG = 2
RIM = 0.05  # face sides of extra picture on each side: LSD finds no line at the edge of its picture
TILT = math.tan(math.radians(14))  # edges of a print that is held at an angle lean this far
COLLINEAR = 0.05  # face sides: two segments of one edge, 2 px apart at most
STEPS = 64  # the number of positions at which an edge is looked for

# The four sides of a face: left and right of the ears, from the brow to under the chin; above the brow; below
# the chin. Each is turned to the right of the picture, so that its edges are upright. In face sides from the
# middle of the face, lines count from NEAR outwards and between FIRST and LAST along the side.
TURNS: tuple[Callable[[Pixels], Pixels], ...] = (
    lambda square: square[:, ::-1],
    lambda square: square,
    lambda square: square.T[:, ::-1],
    lambda square: square.T,
)
# The part of the surroundings that becomes columns from x0 on and rows from y0 to y1 of the turned picture.
_PARTS: tuple[Callable[[int, int, int], Part], ...] = (
    lambda x0, y0, y1: Part(0, y0, PATCH_PX - x0, y1),
    lambda x0, y0, y1: Part(x0, y0, PATCH_PX, y1),
    lambda x0, y0, y1: Part(y0, 0, y1, PATCH_PX - x0),
    lambda x0, y0, y1: Part(y0, x0, y1, PATCH_PX),
)
NEAR = np.array([0.55, 0.55, 0.6, 0.7], np.float32)
FIRST = np.array([-0.7, -0.7, -0.7, -0.7], np.float32)
LAST = np.array([0.9, 0.9, 0.7, 0.7], np.float32)
SEARCH = (3, 0, 1, 2)  # the lower side first: without it the others reach 1 at most
_CUTS = np.rint((SIDES / 2 + np.stack([NEAR - RIM, FIRST - RIM, LAST + RIM], axis=1)) * SIDE_PX).astype(int)
_AROUND = len(NEAR_PADDING) // 2  # px around a cut that decide whether its pixels are near to padding
_PLACES = np.linspace(FIRST, LAST, STEPS, axis=1)

BoolArray = NDArray[np.bool_]


def share(rgb: Pixels, face: Face) -> float:
    """The face box's longer side over the picture's short side. Large: a picture close to the lens."""
    return float(face.side / min(rgb.shape[:2]))


def below(rgb: Pixels, face: Face) -> float:
    """The space below the face box to the end of the picture, in face sides. Small: no body.

    It is negative if the face reaches beyond the picture.
    """
    return float((rgb.shape[0] - face.box[3]) / face.side)


def border(rgb: Pixels, face: Face, *, enough: float = 0.0) -> float:
    """The amount of straight edges around the face, in [0, 2]. Large: paper or a screen.

    For each side it takes the longest straight line, as a share of the face's height or width. The lower side
    counts as much as the other three together: a door, a window or a shelf behind a person ends at the
    shoulders, so its three sides reach 1 together. Fingers reduce it; desks and stripes increase it.

    The search ends when the value is certainly not above `enough`; the result is then an upper bound.
    """
    dx, dy = face.points[LEFT_EYE] - face.points[RIGHT_EYE]
    matrix = rotated_square(face.centre, face.side * SIDES, math.atan2(dy, dx), PATCH_PX)
    shares = [1.0] * len(TURNS)  # no side has more
    for side in SEARCH:
        shares[side] = _longest(_lines(rgb, matrix, side), side)
        if _border(*shares) <= enough:
            break
    return _border(*shares)


def _border(left: float, right: float, upper: float, lower: float) -> float:
    return (left + right + upper) / 3 + lower


def _lines(rgb: Pixels, matrix: Floats, side: int) -> Floats:
    """Upright edges on one side of a face: float32 (n, 4) as x0, y0, x1, y1 in face sides.

    Only this side of the surroundings is warped: a third of their pixels.
    """
    left, top, bottom = _CUTS[side].tolist()
    x0, y0 = left - _AROUND, max(0, top - _AROUND)
    part = _PARTS[side](x0, y0, min(PATCH_PX, bottom + _AROUND))
    green = TURNS[side](warp(rgb, matrix, PATCH_PX, part=part, channel=GREEN))
    cut = green[top - y0 : bottom - y0, left - x0 :]
    ends = _segments(cut) + np.array([left, top] * 2, np.float32)
    middle = (ends[:, :2] + ends[:, 2:]) / 2
    lean, length = np.abs(ends[:, 2:] - ends[:, :2]).T
    beyond = middle[:, 0] > (SIDES / 2 + NEAR[side]) * SIDE_PX
    chosen = beyond & (lean < TILT * length)
    if chosen.any():
        column, row = middle.astype(int).clip(0, PATCH_PX - 1).T
        unpadded = cv2.erode((green > PADDING).astype(np.uint8), NEAR_PADDING)
        chosen &= np.asarray(unpadded)[row - y0, column - x0] > 0
    return np.asarray((ends[chosen] - PATCH_PX / 2) / SIDE_PX, dtype=np.float32)


def _segments(cut: Pixels) -> Floats:
    """Straight edges in one cut of the surroundings: float32 (n, 4) in pixels of the cut.

    A cut has 2,000 pixels after shrinking, and the shortest edge of LSD has ten, so n is bounded.
    """
    part = np.ascontiguousarray(cut)
    low = shrink_to(part, part.shape[1], part.shape[0] // ALONG)
    found: object = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE, scale=1.0).detect(low)[0]
    if found is None:  # no straight edge
        return np.zeros((0, 4), np.float32)
    return np.asarray(found, np.float32)[:, 0] * np.array([1, ALONG] * 2, np.float32)


def _longest(lines: Floats, side: int) -> float:
    """The share of the length of a side that its longest straight line covers, in [0, 1]."""
    if not len(lines):
        return 0.0
    low, high = np.sort(lines[:, 1::2]).T[..., np.newaxis]
    there = (low <= _PLACES[side]) & (_PLACES[side] <= high)
    line = _same_line(lines[:, :2], lines[:, 2:])
    # (i, j) x (j, place): whether a segment j of line i is at this place
    covered = ((line.astype(np.float32) @ there.astype(np.float32)) > 0).mean(axis=1)
    return float(covered.max())


def _same_line(a: Floats, b: Floats) -> BoolArray:
    """Whether segment j (column) continues segment i (row), for all pairs: bool (n, n)."""
    direction = (b - a) / np.maximum(np.hypot(*(b - a).T), 1e-6)[:, np.newaxis]
    normal = np.stack([-direction[:, 1], direction[:, 0]])
    offset = (a * normal.T).sum(axis=1)
    far = np.maximum(np.abs(a @ normal - offset), np.abs(b @ normal - offset))
    return np.asarray(far.T < COLLINEAR)
