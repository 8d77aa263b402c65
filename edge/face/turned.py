"""Finds pictures that are not upright: of a camera on its side or upside down, or without EXIF data.

A face upside down is often found, with its mouth for eyes, and a face on its side has a roll of 90 degrees.
Neither is a face that a door compares. So a picture without an upright face is searched in three turned
copies; a picture with one is searched once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from edge.errors import InputError

if TYPE_CHECKING:
    from edge.ports import Pixels

TURNS: Final = (180, 90, 270)  # degrees clockwise; a camera with its cable on top is the most common of them
_HINT: Final = (
    "turn the picture by {turn} degrees clockwise; if a camera made it, set [camera] rotate = {turn}"
)


class FindsUpright(Protocol):
    """The part of a face engine that is used here."""

    def upright(self, rgb: Pixels) -> float:
        """The confidence that the largest face of a uint8 (H, W, 3) picture is upright; 0: it is not."""
        ...


def turn_to_upright(engine: FindsUpright, rgb: Pixels) -> int:
    """Degrees clockwise that make a uint8 (H, W, 3) picture upright: 90, 180 or 270.

    0: the picture shows an upright face, or no face at any turn. Raises InputError for another array.
    """
    if engine.upright(rgb):
        return 0
    found = {turn: engine.upright(np.rot90(rgb, -turn // 90).copy()) for turn in TURNS}
    best = max(TURNS, key=lambda turn: found[turn])
    return best if found[best] else 0


def expect_upright(engine: FindsUpright, rgb: Pixels, name: str = "the picture") -> None:
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
