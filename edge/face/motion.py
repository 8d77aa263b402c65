"""Measures the movement of a face since a frontal frame: a head shows parallax, a flat picture shows none.

If a head turns, its nose, which is nearer to the camera, moves more than its outline: parallax. From far away
a rigid body maps x' = L x + p z + t with depths z, and the two rows of [L | p] have equal length and are at
right angles (Koenderink and van Doorn, JOSA A 8(2), 1991). A plane has no depth z: p is 0, and when it tilts,
one row of [L] becomes shorter.

Only the positions of the 468 points in the picture are used. FaceMesh gives every picture the depths of a
head, a flat picture too; its depths at rest are used only as the pattern that parallax must have. A surface
of second order, such as a plane in perspective or a sheet bent into a cylinder, is removed from that pattern
first. The nose remains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.face.mesh import POINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.ports import Floats

    Reals = NDArray[np.floating[Any]]  # float32 from the network, float64 for means

RIGHT_CHEEK, LEFT_CHEEK = 234, 454  # the widest points of the outline
MIN_RELIEF = 0.02  # RMS of the pattern in half widths; the flattest face of 51 has 0.08


@dataclass(frozen=True, slots=True)
class Motion:
    """The difference between one frame and the face at rest.

    `turn`, `nod`: parallax to the right and downwards in the picture, corrected for the head's own tilt; for
    a head it is the sine of the angle; `rigidity` in [0, 1]: shorter over longer row of [L | p], 1 for a
    head; `stretch` in [0, 1]: the same without p, the cosine of the tilt for a plane; `relief`: RMS, in half
    widths, of the part that no surface of second order explains.
    """

    turn: float
    nod: float
    rigidity: float
    stretch: float
    relief: float


class Rest:
    """A face that looks into the camera: the base with which later frames are compared."""

    def __init__(self, looks: Sequence[Floats]) -> None:
        """`looks`: landmarks, float32 (468, 3) each, of one face that holds still."""
        points = np.mean(looks, axis=0, dtype=np.float64)
        self._middle = points[:, :2].mean(axis=0)
        self._half = max(width(points) / 2, 1.0)
        u, v = ((points[:, :2] - self._middle) / self._half).T
        depth = points[:, 2] / self._half
        smooth, _ = np.linalg.qr(np.column_stack([np.ones(POINTS), u, v, u * u, u * v, v * v]))
        nose = depth - smooth @ (smooth.T @ depth)
        self._smooth = smooth
        power = max(float(nose @ nose), MIN_RELIEF**2 * POINTS)  # a flat pattern must not divide by zero
        self._pattern = -nose / power  # near points have small depths and move more
        plane, _ = np.linalg.qr(np.column_stack([np.ones(POINTS), u, v]))
        self._plane = np.linalg.solve(plane.T @ np.column_stack([np.ones(POINTS), u, v]), plane.T)

    def motion(self, landmarks: Floats) -> Motion:
        """The motion of the face of `landmarks`, float32 (468, 3). About 0.1 ms."""
        place = (landmarks[:, :2] - self._middle) / self._half
        parallax = self._pattern @ place
        linear = (self._plane @ place)[1:].T  # row: picture axis; column: axis of the face at rest
        tilt = math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])
        size = max(math.sqrt(abs(float(np.linalg.det(linear)))), 1e-6)
        cos, sin = math.cos(tilt), math.sin(tilt)
        x, y = parallax.tolist()
        # a head that turns does not grow: its size is that along its axis
        long = max(float(np.linalg.norm(linear, 2)), size)
        full = np.linalg.svd(np.column_stack([linear, parallax]), compute_uv=False)
        bare = np.linalg.svd(linear, compute_uv=False)
        rest = place - self._smooth @ (self._smooth.T @ place)
        return Motion(
            turn=(cos * x + sin * y) / long,
            nod=(cos * y - sin * x) / long,
            rigidity=_ratio(full),
            stretch=_ratio(bare),
            relief=float(np.sqrt((rest**2).sum() / POINTS)) / long,
        )


def width(landmarks: Reals) -> float:
    """The distance from cheek to cheek in px."""
    across = landmarks[LEFT_CHEEK, :2] - landmarks[RIGHT_CHEEK, :2]
    return math.hypot(float(across[0]), float(across[1]))


def step(before: Floats, after: Floats) -> float:
    """The distance by which the fastest landmark moved, in face widths."""
    ways = np.hypot(*(after[:, :2] - before[:, :2]).T)
    return float(ways.max()) / max(width(before), 1.0)


def usable(landmarks: Floats | None) -> bool:
    """Whether these can be landmarks of a face: 468 finite points, not all in one place."""
    return (
        landmarks is not None
        and landmarks.shape == (POINTS, 3)
        and bool(np.isfinite(landmarks).all())
        and width(landmarks) > 1.0
    )


def _ratio(lengths: Reals) -> float:
    return float(lengths[1] / max(float(lengths[0]), 1e-9))
