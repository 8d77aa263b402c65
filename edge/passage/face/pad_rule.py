"""The PAD rule of a door: the movements and the consistency that it requires of a face besides a match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.policy.obligations import Factor

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet


@dataclass(frozen=True, slots=True)
class PadRule:
    """The proofs of a living face that a door requires.

    `prompts`: the number of movements, 0 for none; `random_below(k)` returns one of 0 .. k-1, at random.
    `pin_in_place`: a holder who must give a PIN makes none of them; a PIN is in no picture of the holder.
    `flash`: the face must answer to a light of changing colours; the ports need such a light.
    `needs_colour`: the measures of the engine judge colours, so no frame without colour is judged.
    `consistency`: several frames must show one face that moves like a living one. `mirrored`: the camera's
    picture is mirrored.
    """

    prompts: int = 0
    pin_in_place: bool = False
    flash: bool = False
    needs_colour: bool = False
    consistency: bool = False
    mirrored: bool = False
    random_below: Callable[[int], int] | None = None

    def prompts_beside(self, asked: AbstractSet[Factor]) -> int:
        """The movements of a visit that must give the factors `asked` too."""
        return 0 if self.pin_in_place and Factor.PIN in asked else self.prompts
