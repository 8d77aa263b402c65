"""Draws a picture over a bent, turned or solid mesh before the camera, in perspective.

Units: pixels of the frame. A point at depth 0 is drawn at its own x and y, smaller depths are nearer; the
lens is `focal` in front of depth 0, so that nearer points look larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from edge.ports import Floats

Indices = NDArray[np.int32]
_FINE = 4  # fractional bits of fillConvexPoly: a vertex is placed to 1/16 px, so nothing steps


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """A pinhole camera: `focal` in px and the frame's middle, (x, y) in px."""

    focal: float
    middle: tuple[float, float]

    def project(self, solid: Floats) -> Floats:
        """Points (n, 3) -> pixels (n, 2)."""
        return np.asarray(
            (solid[:, :2] - self.middle) * (self.focal / (self.focal + solid[:, 2:])) + self.middle,
            dtype=np.float32,
        )

    def unproject(self, seen: Floats, depth: Floats) -> Floats:
        """Pixels (n, 2) at known depths (n,) -> points (n, 3): what `project` takes back to `seen`."""
        flat = (seen - self.middle) * ((self.focal + depth) / self.focal)[:, None] + self.middle
        return np.column_stack([flat, depth]).astype(np.float32)


def turn(solid: Floats, pivot: Floats, *, yaw: float = 0, pitch: float = 0, roll: float = 0) -> Floats:
    """Points (n, 3) turned about `pivot` (3,), in degrees.

    In the picture a positive yaw turns the side that faces the camera to the right, a positive pitch turns
    it up, and a positive roll turns it clockwise.
    """
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray((solid - pivot) @ (about_z @ about_y @ about_x).T + pivot, dtype=np.float32)


def triangulate(points: Floats) -> Indices:
    """Delaunay triangles of distinct points (n, 2): indices (m, 3)."""
    low, high = np.floor(points.min(axis=0)) - 2, np.ceil(points.max(axis=0)) + 2
    plan = cv2.Subdiv2D((int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])))
    names: dict[tuple[float, float], int] = {}
    for index, (x, y) in enumerate(points.astype(np.float32).tolist()):
        plan.insert((x, y))
        names[x, y] = index
    corners = np.asarray(plan.getTriangleList(), np.float32).reshape(-1, 3, 2).tolist()
    # Subdiv2D adds a triangle around all points: its corners are not among our points
    rows = [[names.get((x, y), -1) for x, y in corner] for corner in corners]
    found = np.array(rows, dtype=np.int32).reshape(-1, 3)
    return np.asarray(found[(found >= 0).all(axis=1)], dtype=np.int32)


def grid(columns: int, rows: int) -> tuple[Floats, Indices]:
    """A sheet to bend: points in the unit square, (columns * rows, 2), and their triangles."""
    x, y = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    upper = np.column_stack([corner, corner + 1, corner + columns])
    lower = np.column_stack([corner + 1, corner + columns + 1, corner + columns])
    return (
        np.column_stack([x.ravel(), y.ravel()]).astype(np.float32),
        np.concatenate([upper, lower]).astype(np.int32),
    )


def drape(
    scene: Floats, picture: Floats, spots: Floats, solid: Floats, triangles: Indices, lens: Lens
) -> Floats:
    """The `scene` with `picture` laid over a mesh in it: float32 (H, W, 3).

    `spots` (n, 2): the place of each vertex in the picture; `solid` (n, 3): its place in space. Far
    triangles are drawn first. Two passes avoid visible seams: the first finds the triangle of each pixel, the
    second the pixel of the picture.
    """
    height, width = scene.shape[:2]
    seen = lens.project(solid)
    owner = np.full((height, width), -1, np.int32)
    order = np.argsort(-solid[triangles, 2].mean(axis=1), kind="stable")
    corners = np.rint(seen[triangles[order]] * (1 << _FINE)).astype(np.int32)
    for index, corner in zip(order.tolist(), corners, strict=True):
        cv2.fillConvexPoly(owner, corner, (index,), lineType=cv2.LINE_8, shift=_FINE)
    columns, rows, width, height = cv2.boundingRect((owner >= 0).view(np.uint8))
    part = slice(rows, rows + height), slice(columns, columns + width)
    owned = owner[part]  # -1 selects the last transform, whose result is not drawn
    a, b, c, d, e, f = np.moveaxis(_affines(seen[triangles], spots[triangles]).reshape(-1, 6)[owned], 2, 0)
    x = np.arange(columns, columns + width, dtype=np.float32)
    y = np.arange(rows, rows + height, dtype=np.float32)[:, None]
    taken = cv2.remap(
        picture, a * x + b * y + c, d * x + e * y + f, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    drawn = np.array(scene, dtype=np.float32)
    np.copyto(drawn[part], taken, where=(owned >= 0)[..., None])
    return drawn


def _affines(source: Floats, target: Floats) -> Floats:
    """The transforms (m, 2, 3) of each `source` triangle (m, 3, 2) to its `target` triangle."""
    edges = (source[:, 1:] - source[:, :1]).transpose(0, 2, 1).astype(np.float64)
    area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    area[np.abs(area) < 1e-6] = np.inf  # seen edge-on: no pixel is inside
    inverse = np.empty_like(edges)  # by hand: np.linalg takes 18 ms for the 1,152 triangles of a sheet
    inverse[:, 0, 0], inverse[:, 0, 1] = edges[:, 1, 1], -edges[:, 0, 1]
    inverse[:, 1, 0], inverse[:, 1, 1] = -edges[:, 1, 0], edges[:, 0, 0]
    linear = (target[:, 1:] - target[:, :1]).transpose(0, 2, 1) @ (inverse / area[:, None, None])
    shift = target[:, 0] - np.einsum("mij,mj->mi", linear, source[:, 0])
    return np.asarray(np.concatenate([linear, shift[:, :, None]], axis=2), dtype=np.float32)
