"""Compares how a picture lies with how it should lie, and finds the settings that make it upright. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.doctor import findings as f

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.doctor.findings import Finding

_HINT: Final = "hold the card, or your head, upright; if it was, set [camera] {settings}"


@dataclass(frozen=True, slots=True)
class Lies:
    """A turn of a picture: clockwise by `rotate` degrees, a multiple of 90, then left and right exchanged."""

    rotate: int = 0
    mirror: bool = False

    def undone(self) -> Lies:
        """The turn that makes a picture that lies so upright. A mirrored turn undoes itself."""
        return self if self.mirror else Lies(-self.rotate % 360)

    def after(self, first: Lies) -> Lies:
        """The one turn that is equal to `first` and then this one. A mirror turns the second's direction."""
        turned = first.rotate + (-self.rotate if first.mirror else self.rotate)
        return Lies(turned % 360, self.mirror != first.mirror)


def lies(placed: NDArray[np.float64]) -> Lies:
    """The nearest turn to a linear map from the card to the picture, (2, 2), x to the right and y down."""
    every = [Lies(rotate, mirror) for rotate in (0, 90, 180, 270) for mirror in (False, True)]
    return max(every, key=lambda each: float(np.vdot(_matrix(each), placed)))


def turned(seen: Lies | None, setting: Lies) -> list[Finding]:
    """The finding for a picture that lies as `seen` under this setting; none if it is upright or unknown."""
    if seen is None or seen == Lies():
        return []
    right = seen.undone().after(setting)
    words = f"turned by {seen.rotate} degrees" if seen.rotate else ""
    words += (" and " if words else "") + "mirrored" if seen.mirror else ""
    settings = f"rotate = {right.rotate}"
    if right.mirror != setting.mirror:
        settings += f" and mirror = {str(right.mirror).lower()}"
    return [f.CAMERA_TURNED.found(f"the picture is {words}", _HINT.format(settings=settings))]


def _matrix(turn: Lies) -> NDArray[np.float64]:
    angle = np.radians(turn.rotate)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rotation[0] *= -1.0 if turn.mirror else 1.0
    return rotation
