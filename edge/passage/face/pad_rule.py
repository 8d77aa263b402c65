"""The PAD rule of a door: the movements and the consistency that it requires of a face besides a match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class PadRule:
    """The proofs of a living face that a door requires.

    `prompts`: the number of movements, 0 for none; `random_below(k)` returns one of 0 .. k-1, at random.
    `consistency`: several frames must show one face that moves like a living one. `mirrored`: the camera's
    picture is mirrored.
    """

    prompts: int = 0
    consistency: bool = False
    mirrored: bool = False
    random_below: Callable[[int], int] | None = None
