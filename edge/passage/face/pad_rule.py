"""The PAD rule of a door: the movements and the consistency that it asks of a face besides a match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class PadRule:
    """The proofs of life that a door asks for.

    `prompts`: how many movements, 0 for none; `random_below(k)` returns one of 0 .. k-1, unforeseeable.
    `consistency`: several looks that show one face which moves as the living do. `mirrored`: the camera
    shows a looking-glass picture.
    """

    prompts: int = 0
    consistency: bool = False
    mirrored: bool = False
    random_below: Callable[[int], int] | None = None
