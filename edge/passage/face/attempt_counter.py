"""Counts the comparisons of one passage that speak against the holder, and says when they are final.

One frame that matches is enough. One frame alone does not deny a face that does not match: people blink, turn
and step into the light. FINAL_AFTER says how often each objection must occur before it ends the passage.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from edge.decision import Deny, Reason
from edge.policy.decide import Matches

if TYPE_CHECKING:
    from edge.policy.decide import FaceVerdict

# Frames after which the objection is final. Three comparisons keep the false match rate of a passage within
# three times that of one comparison. One attack frame may be an accident, such as a visitor who leans in; two
# are not. A reference that cannot be compared stays so in every frame.
FINAL_AFTER = {Reason.FACE_NO_MATCH: 3, Reason.FACE_ATTACK: 2, Reason.FACE_TEMPLATE: 1}

# A passage that runs out of time is denied with the gravest objection that occurred.
GRAVEST_FIRST = (
    Reason.FACE_TEMPLATE,
    Reason.FACE_ATTACK,
    Reason.FACE_NO_MATCH,
    Reason.FACE_SEVERAL,
    Reason.FACE_QUALITY,
)


class AttemptCounter:
    """The comparisons of one passage."""

    def __init__(self) -> None:
        self._seen: Counter[Reason] = Counter()

    def add(self, verdict: FaceVerdict) -> FaceVerdict | None:
        """Take the verdict on one frame; return the verdict of the passage once it is final.

        After an attack frame no frame matches any more: an attacker who steps back from the lens with the
        same picture must not get a match.
        """
        if isinstance(verdict, Matches):
            return None if self._seen[Reason.FACE_ATTACK] else verdict
        reason = verdict.reason
        self._seen[reason] += 1
        return verdict if self._seen[reason] >= FINAL_AFTER.get(reason, 1 << 30) else None

    def give_up(self) -> Deny:
        """The denial when the time is over."""
        for reason in GRAVEST_FIRST:
            if self._seen[reason]:
                return Deny(reason)
        return Deny(Reason.FACE_ABSENT)
