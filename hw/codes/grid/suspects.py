"""Suspects: places where an engine found the patterns of a symbol and could not read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from hw.codes.grid.layout import MAX_VERSION, MIN_VERSION, size_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hw.codes.grid.warp import Doubles

_MIN_SIDE: Final = 20.0  # pixels: less than 1 pixel a module of version 1
_MAX_RATIO: Final = 4.0  # of the longest to the shortest side: a tilt of 75 degrees
_SAME: Final = 0.04  # of the diagonal: corners nearer than this are one suspect
_NEAR: Final = 2  # versions: the engine counted the modules between two finder patterns
_MIN_MODULE: Final = 1.7  # pixels: no reading succeeded with less


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    """Four corners (4, 2) in pixels, clockwise from the top left, and the engine's guess of the version."""

    corners: Doubles
    version: int | None = None

    @property
    def sides(self) -> Doubles:
        lengths: Doubles = np.linalg.norm(self.corners - np.roll(self.corners, 1, 0), axis=1)
        return lengths

    @property
    def area(self) -> float:
        return float(cv2.contourArea(self.corners.astype(np.float32)))

    def scaled(self, factor: float) -> Suspect:
        return Suspect(self.corners * factor, self.version)

    def versions(self) -> list[int]:
        """Versions whose modules are large enough to be read, near the engine's guess if it has one."""
        side = float(self.sides.mean())
        near = range(MIN_VERSION, MAX_VERSION + 1)
        if self.version is not None:
            near = range(max(MIN_VERSION, self.version - _NEAR), min(MAX_VERSION, self.version + _NEAR) + 1)
        return [version for version in near if side >= _MIN_MODULE * size_of(version)]


def plausible(suspect: Suspect, shape: tuple[int, ...]) -> bool:
    """Whether these corners can be those of a symbol in a picture of this shape."""
    corners = suspect.corners
    if not np.isfinite(corners).all():
        return False
    height, width = shape[:2]
    reach = max(height, width)
    if corners.min() < -reach or corners.max() > 2 * reach:
        return False
    sides = suspect.sides
    if sides.min() < _MIN_SIDE or sides.max() > _MAX_RATIO * sides.min() or sides.max() > 2 * reach:
        return False
    return bool(cv2.isContourConvex(corners.astype(np.float32).reshape(-1, 1, 2)))


def holds(corners: Doubles, point: Doubles) -> bool:
    """Whether a point is inside these corners."""
    outline = np.asarray(corners, np.float32).reshape(-1, 1, 2)
    return len(outline) > 0 and cv2.pointPolygonTest(outline, (float(point[0]), float(point[1])), False) >= 0


def distinct(
    suspects: Iterable[Suspect], read: Sequence[Doubles], shape: tuple[int, ...], most: int
) -> list[Suspect]:
    """The largest plausible suspects, at most `most`, one for each place, outside of what was `read`."""
    kept: list[Suspect] = []
    for suspect in sorted((one for one in suspects if plausible(one, shape)), key=lambda one: -one.area):
        if len(kept) == most:
            break
        middle = suspect.corners.mean(0)
        diagonal = float(np.linalg.norm(suspect.corners[0] - suspect.corners[2]))
        if any(holds(corners, middle) for corners in read):
            continue
        if any(np.abs(suspect.corners - other.corners).max() < _SAME * diagonal for other in kept):
            continue
        kept.append(suspect)
    return kept
