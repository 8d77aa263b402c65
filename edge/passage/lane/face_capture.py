"""Who came in, and who stands inside: two looks at one holder, and whether they are at one person.

Either look compares with the card's reference. The second is compared with the first as well: two people who
are both like the reference, as relatives may be, are still two, and may not change places between the doors.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.face.fusion import Fused, Fusion, FusionRule
from edge.face.template import unit
from edge.passage.face_capture import APART_MS, FaceCapture
from edge.passage.stages import Presented, Stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.decision import Deny
    from edge.face.engine import FaceEvidence
    from edge.policy.decide import FaceVerdict
    from edge.ports import Floats, Pixels

# Two pictures of one face are never this little alike, though taken by two cameras: none of 336 pairs of one
# person in LFW with heads 20 to 35 degrees apart, but 97 % of pairs of strangers (edge/face/fusion.py).
ANOTHER: Final = FusionRule().newcomer
# Looks with two faces or more, apart from each other, that are not somebody on a poster in passing.
SEVERAL_LOOKS: Final = 3


class LaneFusion(Fusion):
    """A burst that can be compared with another one."""

    __slots__ = ()

    def mean(self) -> Floats:
        """The mean of what is kept, a unit vector; null where nothing is."""
        kept = [vector for _, vector in self._kept]
        return unit(np.sum(kept, axis=0)) if kept else np.zeros(1, np.float32)


@dataclass(frozen=True, slots=True)
class _Watching(Stages):
    """The same stages, whose bursts are kept at hand."""

    seen: list[LaneFusion] = field(default_factory=list)

    def burst(self, presented: Presented) -> Fusion:
        assert presented.reference is not None, "who has none is not looked at"
        self.seen.append(LaneFusion(presented.reference, threshold=presented.policy.similarity))
        return self.seen[-1]


class LaneFaceCapture:
    """An encounter at one camera of the lane."""

    def __init__(self, stages: Stages, presented: Presented) -> None:
        watching = _Watching(**{part.name: getattr(stages, part.name) for part in fields(Stages)})
        self._encounter = FaceCapture(watching, presented)
        self._sight = watching.seen[-1]
        self._several: list[int] = []

    @property
    def challenged(self) -> bool:
        return self._encounter.challenged

    @property
    def prompt(self) -> str | None:
        return self._encounter.prompt

    @property
    def shows_several(self) -> bool:
        """Whether more than one person was seen, again and again."""
        return len(self._several) >= SEVERAL_LOOKS

    def look(self, rgb: Pixels, tick_ms: int) -> tuple[FaceEvidence, FaceVerdict | None]:
        evidence, verdict = self._encounter.look(rgb, tick_ms)
        if evidence.faces > 1 and not (self._several and tick_ms - self._several[-1] < APART_MS):
            self._several.append(tick_ms)
        return evidence, verdict

    def mean(self) -> Floats:
        """Whom it saw, as a vector to compare; overwrite it after use."""
        return self._sight.mean()

    def give_up(self) -> Deny:
        return self._encounter.give_up()

    def wipe(self) -> None:
        self._encounter.wipe()


def are_two(before: Floats, after: Floats) -> bool:
    """Whether these two looks are at two people."""
    return before.shape != after.shape or float(before @ after) < ANOTHER


def strictest(presented: Sequence[Presented]) -> tuple[int, Presented] | None:
    """What everybody asks of a face, as one: whose reference it is, and the highest of each demand.

    None where nobody holds a reference. It borrows the reference, and is not to be wiped by itself.
    """
    holding = [(at, each) for at, each in enumerate(presented) if each.reference is not None]
    if not holding:
        return None
    at, first = holding[0]
    similarity = max(each.policy.similarity for _, each in holding)
    liveness = replace(
        first.liveness,
        prompts=max(each.liveness.prompts for _, each in holding),
        consistency=any(each.liveness.consistency for _, each in holding),
    )
    return at, replace(first, policy=replace(first.policy, similarity=similarity), liveness=liveness)


__all__ = ["Fused", "LaneFaceCapture", "LaneFusion", "are_two", "strictest"]
