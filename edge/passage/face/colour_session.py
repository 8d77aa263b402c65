"""The colour challenge of one passage: the colour of the light now, and the verdict after the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Reason
from edge.face.pad.colour_challenge import (
    MAX_DELAY_MS,
    STEP_MS,
    ColourLook,
    ColourObjection,
    LampColour,
    draw_colours,
    judge_colours,
    measure_colours,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.ports import Pixels

# A light that does not reach the face, and a face that was lost, are no signs of an attack.
_UNSEEN: Final = frozenset({ColourObjection.FEW, ColourObjection.FAINT})


@dataclass(frozen=True, slots=True)
class ColoursAnswered:
    """The face that was compared answered to the colours."""


class ColourSession:
    """Colours drawn at random from one moment on. Pass every frame to `see` until it returns a verdict."""

    def __init__(self, random_below: Callable[[int], int], started_ms: int) -> None:
        self._colours = draw_colours(random_below)
        self._started_ms = started_ms
        self._looks: list[ColourLook] = []

    def colour(self, tick_ms: int) -> LampColour:
        """The colour of the light at this time; the last one stays until the verdict."""
        step = (tick_ms - self._started_ms) // STEP_MS
        return self._colours[min(max(step, 0), len(self._colours) - 1)]

    def see(
        self, rgb: Pixels, box: tuple[float, float, float, float] | None, tick_ms: int
    ) -> ColoursAnswered | Deny | None:
        """Take one frame. None while the light goes on; then the verdict.

        `box`: of the face that was compared in this frame; None: the frame shows none.
        """
        if box is not None and (look := measure_colours(rgb, box, tick_ms)) is not None:
            self._looks.append(look)
        if tick_ms - self._started_ms < len(self._colours) * STEP_MS + MAX_DELAY_MS:
            return None
        objection = judge_colours(self._looks, self._colours, self._started_ms).objection
        if objection is None:
            return ColoursAnswered()
        return Deny(Reason.FACE_QUALITY if objection in _UNSEEN else Reason.FACE_ATTACK)
