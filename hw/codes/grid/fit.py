"""Fits a bent grid to the patterns of a symbol that are known before it is read.

The score of a grid is the correlation between expected and seen brightness, pattern by pattern: a shadow or
a reflection changes the brightness of a pattern, not its correlation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.grid.layout import layout_of, size_of
from hw.codes.grid.sampling import Image, sample
from hw.codes.grid.warp import BENT, CORNERS, Doubles, bends, place, unbent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FINDER_WEIGHT: Final = 3.0  # a finder has 64 modules, an alignment pattern 25
_FLAT: Final = 9.0  # variance of brightness (3 grey levels) under which a pattern shows nothing
_GAIN: Final = 1e-4  # smaller gains of the score are noise
_TRIES: Final = 3  # versions that are searched: the second best at the start is often the right one
_HOPELESS: Final = 0.25  # after the first steps: nothing read in 1,078 suspects under it
_GOOD: Final = 0.85  # the other versions are not tried
_STEPS: Final = ((1.0, CORNERS), (0.5, CORNERS), (0.5, BENT), (0.25, BENT))  # modules, free parameters
_ROUNDS: Final = 14  # of a step; 5 on average


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Points of the unit square with a known colour, and the pattern that each belongs to."""

    points: Doubles
    bends: Doubles
    colour: Doubles  # -1 dark, 1 light
    mean: Doubles  # (points, patterns): a product with it is the mean of each pattern
    weight: Doubles  # of each pattern
    colour_mean: Doubles
    colour_variance: Doubles


@lru_cache(maxsize=40)
def references(version: int) -> References:
    """The known modules, and the quiet zone beside the finders, which stops a drift outwards."""
    layout = layout_of(version)
    size = layout.size
    rows, columns = np.nonzero(layout.known)
    places = [np.stack([columns, rows], 1)]
    colours = [np.where(layout.dark[rows, columns], -1.0, 1.0)]
    groups = [layout.group[rows, columns]]
    near, far, out = np.arange(7), np.arange(size - 7, size), np.full(7, -1)
    for x, y, finder in (
        (near, out, 0), (far, out, 1), (out, near, 0), (out, far, 2),
        (near, out + size + 1, 2), (out + size + 1, near, 1),
    ):  # fmt: skip
        places.append(np.stack([x, y], 1))
        colours.append(np.ones(7))
        groups.append(np.full(7, finder))
    points = (np.concatenate(places) + 0.5) / size
    colour, group = np.concatenate(colours), np.concatenate(groups)
    mean = (group[:, None] == np.arange(group.max() + 1)).astype(float)
    mean /= mean.sum(0)
    weight = np.ones(mean.shape[1])
    weight[:3] = _FINDER_WEIGHT
    colour_mean = colour @ mean
    return References(
        points, bends(points), colour, mean, weight / weight.sum(), colour_mean, 1 - colour_mean**2
    )


def score(image: Image, grids: Doubles, known: References) -> Doubles:
    """(k, 16) grids to (k,) scores, -1 to 1."""
    seen = sample(image, place(grids, known.points, known.bends)).astype(np.float64)
    mean = seen @ known.mean
    variance = (seen * seen) @ known.mean - mean * mean
    common = (seen * known.colour) @ known.mean - mean * known.colour_mean
    scale = np.sqrt(np.maximum(variance, _FLAT) * known.colour_variance + 1e-6)
    weighted: Doubles = np.clip(common / scale, -1, 1) @ known.weight
    return weighted


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The best grid that was found."""

    score: float
    version: int
    grid: Doubles


def fit(
    image: Image, corners: Doubles, versions: Sequence[int], *, expired: Callable[[], bool] = lambda: False
) -> Fit | None:
    """The best grid near `corners` over these versions; the best so far when `expired`."""
    start = unbent(corners)
    at_start = [
        -1.0 if expired() else float(score(image, start[None], references(version))[0])
        for version in versions
    ]
    best: Fit | None = None
    for index in np.argsort(at_start)[::-1][:_TRIES]:
        if expired():
            break
        found = _search(image, start, versions[index], at_start[index], expired)
        if best is None or found.score > best.score:
            best = found
        if best.score > _GOOD:
            break
    return best


def _search(image: Image, grid: Doubles, version: int, reached: float, expired: Callable[[], bool]) -> Fit:
    """Moves one parameter at a time, or all that help together, by ever smaller steps."""
    known = references(version)
    corners = grid[:CORNERS].reshape(4, 2)
    module = float(np.linalg.norm(corners - np.roll(corners, 1, 0), axis=1).mean()) / size_of(version)
    for step, free in _STEPS:
        moves = _moves(free) * step * module
        for _ in range(_ROUNDS):
            if expired():
                return Fit(reached, version, grid)
            scores = score(image, grid + moves, known)
            helping = np.nonzero(scores > reached + _GAIN)[0]
            if not len(helping):
                break
            best = int(scores.argmax())
            gains = (scores[helping] - reached) / (scores[best] - reached)
            together = grid + (moves[helping] * gains[:, None]).sum(0)
            reached_together = float(score(image, together[None], known)[0])
            if reached_together > scores[best]:
                grid, reached = together, reached_together
            else:
                grid, reached = grid + moves[best], float(scores[best])
        if step == _STEPS[0][0] and reached < _HOPELESS:
            break
    return Fit(reached, version, grid)


@lru_cache(maxsize=2)
def _moves(free: int) -> Doubles:
    """Each free parameter up and down; for the corners also the whole symbol in each direction."""
    one = np.eye(BENT)[:free]
    if free > CORNERS:
        return np.concatenate([one, -one])
    whole = np.zeros((2, BENT))
    whole[0, 0:CORNERS:2] = whole[1, 1:CORNERS:2] = 1
    return np.concatenate([one, -one, whole, -whole])
