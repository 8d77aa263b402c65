"""The face detector BlazeFace (Bazarevsky et al., 2019), in the graphs of Google MediaPipe.

A network has 896 anchors and gives for each the offsets to a face's box and its six key points. The
short-range network takes 128x128 and finds faces from about an eighth of the picture. The full-range one
takes 256x256, costs eight times as much and runs only if the first finds nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.errors import ModelFault
from edge.face.geometry import halve

if TYPE_CHECKING:
    from edge.ports import Floats, Network, Pixels

LEVELS = np.arange(256, dtype=np.float32) / 127.5 - 1.0  # the input of the graph for each grey level
LEVELS.flags.writeable = False  # so that a network converts them once
MIN_LOGIT = 0.0  # a score of 0.5, MediaPipe's own; every face of 7,701 LFW pictures has more
MIN_SIDE_PX = 32.0  # below this three quarters of a 112 px crop are interpolated
DUPLICATE_IOU = 0.3  # MediaPipe's weighted non-maximum suppression
DUPLICATE_INSIDE = 0.6  # a weaker box with this share inside a stronger one is a part of the same face
MAX_FACES = 16  # bounds the work for one picture; several faces are refused anyway

# Order of `Face.points`; "right" is the holder's right.
RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face that a detector found.

    `box`: x0, y0, x1, y1 in pixels, perhaps beyond the picture; `points`: float32 (6, 2) in pixels, in the
    order of the constants above, owned by the face; `score` in [0, 1].
    """

    box: tuple[float, float, float, float]
    points: Floats
    score: float

    @property
    def side(self) -> float:
        """The longer side of the box in pixels."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)

    @property
    def centre(self) -> Floats:
        """The middle of the box in pixels: float32 (2,), which the caller owns."""
        x0, y0, x1, y1 = self.box
        return np.array([(x0 + x1) / 2, (y0 + y1) / 2], dtype=np.float32)


def anchors(size: int, layers: tuple[tuple[int, int], ...]) -> Floats:
    """Centres of all anchors in [0, 1], for each (stride, anchors a cell), row by row.

    Returns float32 (n, 2), which the caller owns.
    """
    parts = []
    for stride, count in layers:
        cells = size // stride
        middle = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        y, x = np.meshgrid(middle, middle, indexing="ij")
        parts.append(np.stack([x, y], axis=-1).reshape(-1, 2).repeat(count, axis=0))
    return np.concatenate(parts)


# Input size to the layers of the published graph: fine cells have two anchors, coarse ones six.
_LAYERS = {128: ((8, 2), (16, 6)), 256: ((16, 2), (32, 6))}


class BlazeFace:
    """One BlazeFace network. Raises ModelFault if the graph is another one."""

    def __init__(self, network: Network) -> None:
        size = network.input_shape[1] if len(network.input_shape) == 4 else 0
        if size not in _LAYERS or network.input_shape != (1, size, size, 3):
            raise ModelFault(
                f"the face detector: input {network.input_shape}, not (1, 128, 128, 3) or (1, 256, 256, 3)"
            )
        self._network = network
        self._size = size
        self._anchors = anchors(size, _LAYERS[size])

    def find(self, rgb: Pixels) -> tuple[Face, ...]:
        """Faces of one picture, largest first, without duplicates and small ones.

        `rgb`: uint8 (H, W, 3), which is not changed.
        """
        picture, scale, offset = _letterbox(rgb, self._size)
        outputs = self._network.run(picture, LEVELS)
        shapes = [out.shape for out in outputs]
        if shapes != [(1, len(self._anchors), 16), (1, len(self._anchors), 1)]:
            raise ModelFault(f"the face detector: output {shapes}, not that of BlazeFace")
        scores, corners = decode(outputs[0][0], outputs[1][0, :, 0], self._anchors, self._size)
        found = [
            Face(_box(spots[:2]), spots[2:], score)
            for score, spots in suppress(scores, (corners * self._size - offset) / scale)
        ]
        return tidy(found)


def decode(regressors: Floats, logits: Floats, centres: Floats, size: int) -> tuple[Floats, Floats]:
    """Scores and points in [0, 1] of the faces found: box corners, then key points.

    `regressors` (n, 16), `logits` (n,) and `centres` (n, 2) are not changed. Returns (m,) and (m, 8, 2),
    which the caller owns. All are float32.
    """
    seen = np.flatnonzero(logits >= MIN_LOGIT)  # a few of 896: only these are decoded
    rows = regressors[seen]
    if not np.isfinite(rows).all():
        seen = seen[np.isfinite(rows).all(axis=1)]
        rows = regressors[seen]
    scores = 1.0 / (1.0 + np.exp(-np.minimum(logits[seen], 80.0)))  # beyond 80 float32 saturates
    points = rows.reshape(-1, 8, 2) / size
    half = points[:, 1] / 2
    points[:, 1] = 0
    points += centres[seen, np.newaxis]
    points[:, 1] = points[:, 0] + half
    points[:, 0] -= half
    return scores.astype(np.float32, copy=False), points.astype(np.float32, copy=False)


def suppress(scores: Floats, spots: Floats) -> list[tuple[float, Floats]]:
    """Weighted non-maximum suppression: overlapping faces become their mean, weighted by score.

    `scores` (n,) and `spots` (n, k, 2), which begins with the box's two corners, are not changed. Returns
    (best score, (k, 2)), best first; the caller owns the arrays. All are float32.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = spots[:, :2].reshape(-1, 4)
    kept: list[tuple[float, Floats]] = []
    while len(order) and len(kept) < MAX_FACES:
        same = _iou(boxes[order], boxes[order[0]]) > DUPLICATE_IOU
        same[0] = True  # a box without area has no overlap, not even with itself
        alike, order = order[same], order[~same]
        weights = scores[alike, np.newaxis, np.newaxis]
        mean = (spots[alike] * weights).sum(axis=0) / weights.sum()
        kept.append((float(scores[alike[0]]), mean.astype(np.float32, copy=False)))
    return kept


def tidy(faces: list[Face]) -> tuple[Face, ...]:
    """The faces, largest first, without those below MIN_SIDE_PX and boxes inside a better one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        if face.side < MIN_SIDE_PX:
            continue
        if not any(_inside(face.box, other.box) > DUPLICATE_INSIDE for other in kept):
            kept.append(face)
    return tuple(sorted(kept, key=lambda f: -f.side))


def _letterbox(rgb: Pixels, size: int) -> tuple[Pixels, float, Floats]:
    """The picture in the middle of a black square; its scale, and its offset in the square."""
    height, width = rgb.shape[:2]
    scale = size / max(height, width)
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    # 640x480 to 128x96: one exact halving, then bilinear takes 0.25 ms; INTER_AREA alone takes 0.75 ms
    halvings = max(0, int(math.log2(1 / scale)))
    small = cv2.resize(halve(rgb, halvings), (w, h), interpolation=cv2.INTER_LINEAR)
    top, left = (size - h) // 2, (size - w) // 2
    square = np.zeros((size, size, 3), dtype=np.uint8)
    square[top : top + h, left : left + w] = small
    return square, scale, np.array([left, top], dtype=np.float32)


def _box(corners: Floats) -> tuple[float, float, float, float]:
    (x0, y0), (x1, y1) = corners.tolist()
    return x0, y0, x1, y1


def _overlap(boxes: Floats, box: Floats) -> Floats:
    """The area that each of `boxes` (n, 4) shares with `box` (4,)."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    width, height = np.maximum(high - low, 0).T
    return np.asarray(width * height, dtype=np.float32)


def _area(boxes: Floats) -> Floats:
    width, height = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).T
    return np.asarray(width * height, dtype=np.float32)


def _iou(boxes: Floats, box: Floats) -> Floats:
    shared = _overlap(boxes, box)
    union = _area(boxes) + _area(box[np.newaxis]) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float32)


def _inside(box: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The share of `box` that lies in `other`, in [0, 1]."""
    a, b = np.array([box], dtype=np.float32), np.array(other, dtype=np.float32)
    return float(_overlap(a, b)[0] / max(float(_area(a)[0]), 1e-9))
