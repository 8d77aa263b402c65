"""468 landmarks of a synthetic face, turned or flat, as a landmark network without noise would give them.

Only the points that have names in the product lie at their place in a face; the others fill the oval.
"""

from __future__ import annotations

import numpy as np

from edge.face.mesh import CHIN, FOREHEAD, LEFT_EYE_OUTER, NOSE_TIP, POINTS, RIGHT_EYE_OUTER
from edge.face.motion import LEFT_CHEEK, RIGHT_CHEEK

HALF = 75.0  # px, half the face's width
MIDDLE = (320.0, 240.0)
NECK = 1.2  # half widths behind the cheeks
NAMED = {
    RIGHT_CHEEK: (-1, 0),
    LEFT_CHEEK: (1, 0),
    FOREHEAD: (0, -1.25),
    CHIN: (0, 1.25),
    NOSE_TIP: (0, 0.1),
    RIGHT_EYE_OUTER: (-0.6, -0.35),
    LEFT_EYE_OUTER: (0.6, -0.35),
}


def _plan() -> np.ndarray:
    """Points of a golden-angle (sunflower) spiral over the oval: float (468, 2), in half widths."""
    k = np.arange(POINTS)
    r, a = np.sqrt((k + 0.5) / POINTS), k * np.pi * (3 - np.sqrt(5))
    plan = np.column_stack([r * np.cos(a), 1.25 * r * np.sin(a)])
    for index, place in NAMED.items():
        plan[index] = place
    return plan


PLAN = _plan()


def _relief() -> np.ndarray:
    """Depth of each point in half widths, of a rounded face with a nose; the nearest is the smallest."""
    u, v = PLAN.T
    return 0.9 * u**2 + 0.25 * v**2 - 0.5 * np.exp(-((u / 0.22) ** 2) - ((v - 0.1) / 0.35) ** 2)


RELIEF = _relief()


def face(
    yaw: float = 0,
    nod: float = 0,
    *,
    roll: float = 0,
    shift: tuple[float, float] = (0, 0),
    size: float = 1,
    depth: np.ndarray = RELIEF,
    mirrored: bool = False,
) -> np.ndarray:
    """Landmarks, float32 (468, 3), of a head turned to the right of the picture and nodding down, in degrees.

    With `depth` 0 it is a photograph that is turned. z is always that of a head, because FaceMesh too answers so.
    """
    a, b, c = np.radians([yaw, nod, roll])
    x, y, z = PLAN[:, 0], PLAN[:, 1], depth - NECK
    x, z = x * np.cos(a) - z * np.sin(a), x * np.sin(a) + z * np.cos(a)
    y, z = y * np.cos(b) - z * np.sin(b), y * np.sin(b) + z * np.cos(b)
    x, y = x * np.cos(c) - y * np.sin(c), x * np.sin(c) + y * np.cos(c)
    far = 6.5 / (6.5 + z + NECK)  # perspective at half a metre
    flat = np.column_stack([x * far, y * far]) * HALF * size + MIDDLE + np.array(shift)
    if mirrored:
        flat[:, 0] = 2 * MIDDLE[0] - flat[:, 0]
    return np.column_stack([flat, HALF * size * RELIEF]).astype(np.float32)


FLAT = np.zeros(POINTS)
BENT = 0.45 * PLAN[:, 0] ** 2  # a print bent to a cylinder that bulges to the camera
