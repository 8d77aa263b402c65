"""Renders what a camera sees while a light at the door changes colour: heads, prints and screens.

The photograph is taken for the scene under its own lamps. In linear light a surface gains `share` of it at
the distance of the face, in the colour of the light: by the cosine of its angle to the front, and by the
square of its distance. A head is half of an ellipsoid before a far wall. A print is one flat sheet. A screen
shines by itself, and its glass reflects a twenty-fifth. Nothing here was compared with a real lamp.

Pixels only; a seed fixes all random values. Films are iterators of (uint8 RGB frame (H, W, 3), tick_ms).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from hw.sim.pictures.head import FRAME_MS, wander
from hw.sim.pictures.optics import sense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.ports import Floats, Pixels
    from hw.sim.pictures.head import Subject

    LightAt = Callable[[int], tuple[float, float, float]]

WALL: Final = (0.5 / 3) ** 2  # light on a wall at 3 m, where a face at 0.5 m has 1
GLASS: Final = 0.04
_GAMMA: Final = 2.2


class LitSpecies(StrEnum):
    """Kinds of attack on the colour challenge."""

    LARGE_PRINT = "print that fills the picture"
    SMALL_PRINT = "print of the head before a far wall"
    SCREEN = "picture on a screen"
    REPLAY = "film of the holder under other colours, on a screen"


def lit_head(
    subject: Subject, light: LightAt, *, frames: int, share: float, seed: int = 0
) -> Iterator[tuple[Pixels, int]]:
    """A film of a head that stands still. `light(ms)`: red, green and blue of the light, each 0 to 1."""
    reach = _reach(subject, _dome(subject), behind=WALL)
    return _film(subject, lambda ms: _gain(reach, light(ms), share), frames, seed)


def lit_attack(
    species: LitSpecies,
    subject: Subject,
    light: LightAt,
    *,
    other: LightAt,
    frames: int,
    share: float,
    seed: int = 0,
) -> Iterator[tuple[Pixels, int]]:
    """A film of an attack. `other`: the colours under which an attacker filmed the holder before."""
    height, width = subject.photo.shape[:2]
    flat = np.ones((height, width), np.float32)
    if species is LitSpecies.LARGE_PRINT:
        return _film(subject, lambda ms: _gain(flat, light(ms), share), frames, seed)
    if species is LitSpecies.SMALL_PRINT:
        reach = _reach(subject, flat, behind=WALL)
        return _film(subject, lambda ms: _gain(reach, light(ms), share), frames, seed)
    filmed = _reach(subject, _dome(subject), behind=WALL)

    def on_screen(ms: int) -> Floats:
        shown = _gain(filmed, other(ms), share) if species is LitSpecies.REPLAY else np.float32(1)
        return np.asarray(shown * np.ones(3) + GLASS * share * np.array(light(ms)), dtype=np.float32)

    return _film(subject, on_screen, frames, seed)


def _film(
    subject: Subject, gain: Callable[[int], Floats], frames: int, seed: int
) -> Iterator[tuple[Pixels, int]]:
    linear = (subject.photo.astype(np.float32) / 255) ** _GAMMA
    height, width = subject.photo.shape[:2]
    for number, (x, y) in enumerate(wander(frames, seed)[:, :2].tolist()):
        scene = 255 * np.clip(linear * gain(number * FRAME_MS), 0, 1) ** (1 / _GAMMA)
        shift = np.array([[1, 0, 1.5 * x], [0, 1, 1.5 * y]], np.float64)
        moved = cv2.warpAffine(
            scene.astype(np.float32), shift, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        yield sense(np.asarray(moved), blur_px=0.4, noise=2, seed=seed * 10_007 + number), number * FRAME_MS


def _gain(reach: Floats, light: tuple[float, float, float], share: float) -> Floats:
    return np.asarray(1 + share * reach[..., None] * np.array(light, np.float32), dtype=np.float32)


def _dome(subject: Subject) -> Floats:
    """The cosine of a head's surface to the front: 1 in the middle of the face, and 0.25 at its outline."""
    height, width = subject.photo.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    centre = subject.landmarks[:, :2].mean(axis=0)
    wide, high = 0.56 * subject.width, 0.95 * subject.width
    square = ((x - centre[0]) / wide) ** 2 + ((y - centre[1]) / high) ** 2
    return np.asarray(np.sqrt(np.clip(1 - square, 0.0625, 1)), dtype=np.float32)


def _reach(subject: Subject, near: Floats, *, behind: float) -> Floats:
    """`near` on head and shoulders, `behind` on the rest; a soft edge of 2 % of the width."""
    height, width = near.shape
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    centre = subject.landmarks[:, :2].mean(axis=0)
    head = ((x - centre[0]) / (0.65 * subject.width)) ** 2 + (
        (y - centre[1]) / (1.0 * subject.width)
    ) ** 2 < 1
    body = (y - centre[1] > 0.8 * subject.width) & (abs(x - centre[0]) < 1.5 * subject.width)
    mask = cv2.GaussianBlur((head | body).astype(np.float32), (0, 0), 0.02 * width)
    return np.asarray(behind + (near - behind) * mask, dtype=np.float32)
