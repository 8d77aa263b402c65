"""Where the face is and what surrounds it: a picture of a face ends somewhere, a person does not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.face.detect import LEFT_EYE, RIGHT_EYE
from edge.face.geometry import rotated_square, warp

if TYPE_CHECKING:
    from edge.face.detect import Face
    from edge.ports import Floats, Pixels

# The surroundings: four face sides across, the eyes level, so that the edges of a portrait, which are
# cut along the face, are upright too. 40 px a face side tell NUAA's papers from its rooms as well as 56 do.
SIDES, SIDE_PX = 4, 40
PATCH_PX = SIDES * SIDE_PX
PADDING = 4  # grey levels of 255: a camera sees no such black; software fills up pictures with it
NEAR_PADDING = np.ones((9, 9), np.uint8)  # px a line must keep away from padding, or it is padding's edge

TILT = math.tan(math.radians(14))  # held in hands and seen at an angle, edges lean this far
COLLINEAR = 0.05  # face sides: two segments of one edge, 2 px apart at most
STEPS = 64  # an edge is looked for at this many places
MAX_SEGMENTS = 64  # the longest; a patch full of books has three hundred, and the work grows with the square

Bools = NDArray[np.bool_]


def share(rgb: Pixels, face: Face) -> float:
    """The face box's longer side over the picture's short side. Large: held to the lens."""
    return float(face.side / min(rgb.shape[:2]))


def below(rgb: Pixels, face: Face) -> float:
    """Room for a neck: from the face box down to the picture's end, in face sides. Small: no body.

    Negative where the face reaches beyond the picture.
    """
    return float((rgb.shape[0] - face.box[3]) / face.side)


def border(rgb: Pixels, face: Face) -> float:
    """How much of a frame stands around the face, in [0, 2]. Large: paper or a screen.

    For each side the straight line that is there for the longest part of the face's own height or
    width, as a share of it. The lower side counts as much as the other three together: a door, a window
    or a shelf behind somebody ends at their shoulders, and all of its three sides come to 1. Fingers
    take away from it, desks and stripes give to it.
    """
    lines = segments(rgb, face)
    # left and right of the ears, from the brow to under the chin; above the brow and below the chin
    left = _covered(lines, 0, -1, 0.55, -0.7, 0.9)
    right = _covered(lines, 0, 1, 0.55, -0.7, 0.9)
    upper = _covered(lines, 1, -1, 0.6, -0.7, 0.7)
    lower = _covered(lines, 1, 1, 0.7, -0.7, 0.7)
    return (left + right + upper) / 3 + lower


def segments(rgb: Pixels, face: Face) -> Floats:
    """Straight edges around a face: float32 (n, 4) as x0, y0, x1, y1 in face sides from its centre."""
    dx, dy = face.points[LEFT_EYE] - face.points[RIGHT_EYE]
    matrix = rotated_square(face.centre, face.side * SIDES, math.atan2(dy, dx), PATCH_PX)
    green = warp(rgb[..., 1], matrix, PATCH_PX)
    seen = cv2.erode((green > PADDING).astype(np.uint8), NEAR_PADDING)
    found: object = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(green)[0]
    if found is None:  # nothing straight at all
        return np.zeros((0, 4), np.float32)
    ends = np.asarray(found, np.float32)[:, 0]
    longest = np.argsort(-np.hypot(*(ends[:, 2:] - ends[:, :2]).T), kind="stable")[:MAX_SEGMENTS]
    ends = ends[longest]
    column, row = ((ends[:, :2] + ends[:, 2:]) / 2).astype(int).clip(0, PATCH_PX - 1).T
    return np.asarray((ends[seen[row, column] > 0] - PATCH_PX / 2) / SIDE_PX, dtype=np.float32)


def _covered(lines: Floats, axis: int, towards: int, near: float, first: float, last: float) -> float:
    """The share of `first`..`last` along which one straight line stands across `axis`, beyond `near`."""
    along = 1 - axis
    a, b = lines[:, :2], lines[:, 2:]
    steep = np.abs(b - a)[:, axis] < TILT * np.abs(b - a)[:, along]
    chosen = steep & (towards * (a + b)[:, axis] / 2 > near)
    if not chosen.any():
        return 0.0
    a, b = a[chosen], b[chosen]
    line = _same_line(a, b)
    places = np.linspace(first, last, STEPS)
    low, high = np.minimum(a, b)[:, along, np.newaxis], np.maximum(a, b)[:, along, np.newaxis]
    there = (low <= places) & (places <= high)
    # (i, j) x (j, place): is there any segment j of line i at this place
    return float(((line.astype(np.float32) @ there.astype(np.float32)) > 0).mean(axis=1).max())


def _same_line(a: Floats, b: Floats) -> Bools:
    """Whether segment j (column) continues segment i (row), for all pairs: bool (n, n)."""
    direction = (b - a) / np.maximum(np.linalg.norm(b - a, axis=1, keepdims=True), 1e-6)
    normal = np.stack([-direction[:, 1], direction[:, 0]])
    offset = (a * normal.T).sum(axis=1)
    far = np.maximum(np.abs(a @ normal - offset), np.abs(b @ normal - offset))
    return np.asarray(far.T < COLLINEAR)
