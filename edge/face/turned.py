"""Finds pictures that are not upright: of a camera on its side or upside down, or without EXIF data.

A face upside down is often found, with its mouth for eyes, and a face on its side has a roll of 90 degrees.
Neither is a face that a door compares. So a picture without an upright face is searched in three turned
copies; a picture with one is searched once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edge.errors import InputError
from edge.face import quality

if TYPE_CHECKING:
    from edge.face.engine import FaceEngine
    from edge.ports import Pixels

TURNS: Final = (180, 90, 270)  # degrees clockwise; a camera with its cable on top is the most common of them
# Half way between upright and on its side. The other limits are those of a face upside down, in quality.py.
_MAX_ROLL: Final = 45.0
_HINT: Final = (
    "turn the picture by {turn} degrees clockwise; if a camera made it, set [camera] rotate = {turn}"
)


def turn_to_upright(engine: FaceEngine, rgb: Pixels) -> int:
    """Degrees clockwise that make a uint8 (H, W, 3) picture upright: 90, 180 or 270.

    0: the picture shows an upright face, or no face at any turn. Raises InputError for another array.
    """
    if _upright(engine, rgb):
        return 0
    found = {turn: _upright(engine, np.rot90(rgb, -turn // 90).copy()) for turn in TURNS}
    best = max(TURNS, key=lambda turn: found[turn])
    return best if found[best] else 0


def expect_upright(engine: FaceEngine, rgb: Pixels, name: str = "the picture") -> None:
    """Raise InputError for a picture that shows a face only where it is turned. `name`: in the error."""
    turn = turn_to_upright(engine, rgb)
    if turn:
        lies = {
            90: "on its side, its top on the left",
            180: "upside down",
            270: "on its side, its top on the right",
        }
        raise InputError(
            f"{name} is turned by {360 - turn} degrees clockwise: {lies[turn]}", hint=_HINT.format(turn=turn)
        )


def _upright(engine: FaceEngine, rgb: Pixels) -> float:
    """The detector's confidence in the largest face, if it is surely an upright one; else 0."""
    for face in engine.people(rgb)[:1]:
        seen = engine.probe(rgb, face).quality
        sure = seen.presence >= quality.SURE_PRESENCE and seen.found >= quality.MIN_FOUND
        if sure and abs(seen.roll) <= _MAX_ROLL:
            return seen.found
    return 0.0
