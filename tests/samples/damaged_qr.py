"""QR symbols as modules and as soft modules, drawn by segno, and damage of known kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import segno

if TYPE_CHECKING:
    from numpy.typing import NDArray

LETTERS = "abcdefghijkLMNOP0123456789:/."
LEVELS = "lmqh"


@dataclass(frozen=True)
class Drawn:
    """A symbol, its text, and which of its modules are dark."""

    text: str
    version: int
    level: str
    dark: NDArray[np.bool_]

    @property
    def soft(self) -> NDArray[np.float32]:
        """Certain readings: -1 dark, 1 light."""
        return np.where(self.dark, -1, 1).astype(np.float32)

    def corners(self, scale: int = 5, quiet: int = 4) -> NDArray[np.float64]:
        """The corners in `picture(scale)`."""
        size = len(self.dark)
        return np.array([(0, 0), (size, 0), (size, size), (0, size)], float) * scale + quiet * scale

    def picture(self, scale: int = 5, quiet: int = 4) -> NDArray[np.uint8]:
        """Dark on light with a quiet zone."""
        luma = np.where(np.pad(self.dark, quiet), 0, 255).astype(np.uint8)
        return luma.repeat(scale, 0).repeat(scale, 1)


def symbol(version: int, level: str = "m", text: str = "EC1:HELLO") -> Drawn:
    """A symbol of exactly this version and level."""
    made = segno.make(text, version=version, error=level, boost_error=False, micro=False)
    return Drawn(text, version, level, np.array([list(row) for row in made.matrix], bool))


def random_symbol(dice: np.random.Generator, versions: tuple[int, int]) -> Drawn:
    """A symbol of a random version, level and text."""
    while True:
        version, level = int(dice.integers(versions[0], versions[1] + 1)), str(dice.choice(list(LEVELS)))
        text = "".join(dice.choice(list(LETTERS), int(dice.integers(1, 60))))
        try:
            return symbol(version, level, text)
        except segno.DataOverflowError:
            continue


def damaged(dice: np.random.Generator, drawn: Drawn) -> NDArray[np.float32]:
    """Soft modules with noise, wrong modules, or a blot; the top left with the format stays: the harder test."""
    soft = drawn.soft.astype(float)
    kind = dice.integers(3)
    if kind == 0:
        soft = soft * dice.uniform(0.2, 1, soft.shape) + dice.normal(0, dice.uniform(0.3, 1.2), soft.shape)
    elif kind == 1:
        wrong = dice.random(soft.shape) < dice.uniform(0.02, 0.2)
        soft = np.where(wrong, -soft, soft) * dice.uniform(0.3, 1, soft.shape)
    else:
        side = int(len(soft) * dice.uniform(0.15, 0.55))
        y, x = dice.integers(0, len(soft) - side + 1, 2)
        soft[y : y + side, x : x + side] = dice.choice([-1, 1]) * dice.uniform(0.1, 1, (side, side))
        soft = soft + dice.normal(0, 0.3, soft.shape)
    soft[:9, :9] = drawn.soft[:9, :9]
    return np.clip(soft, -1, 1).astype(np.float32)
