"""Finds finder patterns by their nested outlines, and suspects in triples of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from hw.codes.grid.layout import MAX_VERSION, MIN_VERSION, size_of
from hw.codes.grid.suspects import Suspect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from hw.codes.grid.warp import Doubles

_MAX_FINDERS: Final = 30  # the largest: 4,060 triples, 7 s at worst: so there is a deadline
_MAX_SUSPECTS: Final = 40
_MIN_AREA: Final = 60.0  # pixels: a ring of 1 pixel a module has 49
_HOLE: Final = (0.2, 0.85)  # area of the ring's hole to the outline's; 25 / 49 without blur
_STONE: Final = (0.05, 0.45)  # of the stone in the hole; 9 / 49 without blur
_OFF_CENTRE: Final = 0.22  # of the outline's side
_SAME: Final = 0.4  # of the side: nearer patterns are one
_MAX_OUTLINES: Final = 20_000  # of one binary picture: noise has more, a code has none of them
_MAX_ERROR: Final = 0.25  # of a finder's side, between its corners and those of the homography
_SQUARE: Final = np.array([(0.0, 0.0), (7.0, 0.0), (7.0, 7.0), (0.0, 7.0)])
_DIRECTIONS: Final = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])


@dataclass(frozen=True, slots=True, eq=False)
class Finder:
    """A finder pattern: its centre, its side in pixels and its four corners in no order."""

    centre: Doubles
    side: float
    corners: Doubles


def suspects(luma: NDArray[np.uint8], *, expired: Callable[[], bool] = lambda: False) -> list[Suspect]:
    """Symbols that three finder patterns can belong to, the most regular first."""
    found: list[tuple[float, Suspect]] = []
    for three in combinations(
        sorted(finders(luma, expired=expired), key=lambda one: -one.side)[:_MAX_FINDERS], 3
    ):
        if expired():
            break
        sides = [one.side for one in three]
        if max(sides) <= 2.5 * min(sides):
            for turn in range(3):
                found += _as_symbol(three[turn], three[(turn + 1) % 3], three[(turn + 2) % 3])
    found.sort(key=lambda one: one[0])
    return [suspect for _, suspect in found[:_MAX_SUSPECTS]]


def finders(luma: NDArray[np.uint8], *, expired: Callable[[], bool] = lambda: False) -> list[Finder]:
    """Dark outlines with a light hole that holds a dark stone, each place once."""
    found: list[Finder] = []
    for binary in _binaries(luma):
        outlines, tree = cv2.findContours(binary, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
        if tree is None or len(outlines) > _MAX_OUTLINES:
            continue
        for ring, stone in _nested(
            [np.asarray(one, np.int32) for one in outlines], np.asarray(tree[0], np.int32)
        ):
            if expired():  # 2,400 patterns take 18 s
                return found
            finder = _finder(ring, stone)
            if finder is not None and not any(
                np.hypot(*(finder.centre - other.centre)) < _SAME * other.side for other in found
            ):
                found.append(finder)
    return found


def _binaries(luma: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Dark as 255: against the mean of a large and of a small window, and against one threshold."""
    for part, least, below in ((8, 25, 4), (24, 15, 2)):
        side = max(least, min(luma.shape) // part | 1)
        mean = cv2.blur(luma, (side, side)).astype(np.int16)
        yield np.where(luma < mean - below, 255, 0).astype(np.uint8)
    _, dark = cv2.threshold(luma, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    yield np.asarray(dark, np.uint8)


def _nested(
    outlines: Sequence[NDArray[np.int32]], tree: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """(outline, stone): each stone in a hole of an outline, by area. A row ends with its parent."""
    areas = [cv2.contourArea(one) for one in outlines]
    for stone, row in enumerate(tree):
        hole = row[3]
        ring = tree[hole][3] if hole >= 0 else -1
        if ring < 0 or areas[ring] < _MIN_AREA:
            continue
        whole = areas[ring]
        if _HOLE[0] < areas[hole] / whole < _HOLE[1] and _STONE[0] < areas[stone] / whole < _STONE[1]:
            yield outlines[ring], outlines[stone]


def _finder(ring: NDArray[np.int32], stone: NDArray[np.int32]) -> Finder | None:
    (x, y), sides, _ = cv2.minAreaRect(ring)
    (stone_x, stone_y), _, _ = cv2.minAreaRect(stone)
    side = float(np.sqrt(cv2.contourArea(ring)))
    if np.hypot(x - stone_x, y - stone_y) >= _OFF_CENTRE * side or max(sides) >= 5 * min(sides):
        return None
    corners = _four_corners(ring)
    return Finder(corners.mean(0), side, corners)


def _four_corners(ring: NDArray[np.int32]) -> Doubles:
    hull = cv2.convexHull(ring)
    around = cv2.arcLength(hull, True)
    for tolerance in (0.04, 0.06, 0.08, 0.1):
        corners = cv2.approxPolyDP(hull, tolerance * around, True)
        if len(corners) == 4:
            return corners.reshape(4, 2).astype(float)
        if len(corners) < 4:
            break
    return np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), float)


def _as_symbol(corner: Finder, one: Finder, other: Finder) -> list[tuple[float, Suspect]]:
    """The two best versions of a symbol whose top left finder is `corner`: (error, suspect)."""
    right, below = one.centre - corner.centre, other.centre - corner.centre
    if right[0] * below[1] - right[1] * below[0] < 0:
        one, other, right, below = other, one, below, right
    long = np.array([np.linalg.norm(right), np.linalg.norm(below)])
    sides = [corner.side, one.side, other.side]
    if (
        long.min() < 1.2 * min(sides)
        or long.max() > 26 * max(sides)
        or long.max() > 3.5 * long.min()
        or abs(right @ below) > 0.9 * long.prod()
    ):
        return []
    axes = np.linalg.inv(np.stack([right, below], 1))
    ordered = [_ordered(finder, axes) for finder in (corner, one, other)]
    if any(four is None for four in ordered):
        return []
    seen = np.concatenate([four for four in ordered if four is not None])
    size = 7 + 7 * _distance_in_finders(seen, long)
    version = int(np.clip((size - 17) / 4, MIN_VERSION, MAX_VERSION))
    tries = []
    for candidate in range(max(MIN_VERSION, version - 1), min(MAX_VERSION, version + 2) + 1):
        found = _corners_of(seen, candidate, float(np.mean(sides)))
        if found is not None and np.abs(found[1] - found[1].mean(0)).max() < 6 * long.max():
            tries.append(found)
    tries.sort(key=lambda one: one[0])
    return [(error, Suspect(corners, None)) for error, corners in tries[:2] if error < _MAX_ERROR]


def _ordered(finder: Finder, axes: Doubles) -> Doubles | None:
    """The finder's corners from the symbol's top left clockwise."""
    placed = (finder.corners - finder.centre) @ axes.T
    placed = placed / np.maximum(np.abs(placed).max(0), 1e-9)
    order = [int(np.argmax(placed @ direction)) for direction in _DIRECTIONS]
    ordered: Doubles = finder.corners[order]
    return ordered if len(set(order)) == 4 else None


def _distance_in_finders(seen: Doubles, long: Doubles) -> float:
    """The mean distance of the finders' centres, in sides of a finder along the same direction."""

    def mean_side(finders: tuple[int, int], ends: tuple[int, int, int, int]) -> float:
        a, b, c, d = ends
        return float(
            np.mean(
                [
                    np.linalg.norm(seen[4 * k + a] - seen[4 * k + b])
                    + np.linalg.norm(seen[4 * k + c] - seen[4 * k + d])
                    for k in finders
                ]
            )
            / 2
        )

    across, down = mean_side((0, 1), (1, 0, 2, 3)), mean_side((0, 2), (3, 0, 2, 1))
    return float(long[0] / max(across, 1e-6) + long[1] / max(down, 1e-6)) / 2


def _corners_of(seen: Doubles, version: int, side: float) -> tuple[float, Doubles] | None:
    """The symbol's corners from the twelve corners of its finders, and how far these are off."""
    far = size_of(version) - 7
    modules = np.concatenate([_SQUARE, _SQUARE + np.array((far, 0)), _SQUARE + np.array((0, far))])
    homography, _ = cv2.findHomography(modules, seen, 0)
    if homography is None or not np.isfinite(homography).all():
        return None
    placed = cv2.perspectiveTransform(modules[None], homography)[0]
    corners = cv2.perspectiveTransform((_SQUARE * size_of(version) / 7)[None], homography)[0]
    return float(np.abs(placed - seen).mean()) / side, np.asarray(corners, float)
