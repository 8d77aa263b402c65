"""Several looks at one face, and when they are enough to decide.

A single frame is enough as soon as it matches. A single frame never denies by itself: people blink, turn
and step into the light. How often an objection must be seen before it ends the passage is a table.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from edge.decision import Deny, Reason
from edge.policy.decide import Matches

if TYPE_CHECKING:
    from edge.policy.decide import FaceVerdict

# Looks after which the objection is final. Three comparisons keep the false match rate of a passage
# within three times that of one comparison; two attack frames are past the single-frame accident of
# somebody leaning in; a reference that cannot be compared stays so however often we look.
FINAL_AFTER = {Reason.FACE_NO_MATCH: 3, Reason.FACE_ATTACK: 2, Reason.FACE_TEMPLATE: 1}

# What a passage that ran out of time is denied with: the gravest objection seen.
GRAVEST_FIRST = (
    Reason.FACE_TEMPLATE,
    Reason.FACE_ATTACK,
    Reason.FACE_NO_MATCH,
    Reason.FACE_SEVERAL,
    Reason.FACE_QUALITY,
)


class AttemptCounter:
    """The looks of one passage."""

    def __init__(self) -> None:
        self._seen: Counter[Reason] = Counter()

    def add(self, verdict: FaceVerdict) -> FaceVerdict | None:
        """Take the verdict on one look; return that of the whole burst once it is final.

        After an attack frame nothing matches any more: stepping back from the lens with the same
        picture must not turn an attack into a match.
        """
        if isinstance(verdict, Matches):
            return None if self._seen[Reason.FACE_ATTACK] else verdict
        reason = verdict.reason
        self._seen[reason] += 1
        return verdict if self._seen[reason] >= FINAL_AFTER.get(reason, 1 << 30) else None

    def give_up(self) -> Deny:
        """Time is over."""
        for reason in GRAVEST_FIRST:
            if self._seen[reason]:
                return Deny(reason)
        return Deny(Reason.FACE_ABSENT)
