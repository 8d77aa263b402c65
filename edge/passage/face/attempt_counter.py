"""Counts the comparisons of one passage that speak against the holder, and says when they are final.

One frame that matches is enough. One frame alone does not deny a face that does not match: people blink, turn
and step into the light. FINAL_AFTER says how often each objection must occur before it ends the passage.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Reason
from edge.policy.decide import Matches

if TYPE_CHECKING:
    from edge.policy.decide import FaceVerdict

# Frames after which the objection is final. Three comparisons keep the false match rate of a passage within
# three times that of one comparison. One attack frame may be an accident, such as a visitor who leans in; two
# are not. A reference that cannot be compared stays so in every frame.
FINAL_AFTER = {Reason.FACE_NO_MATCH: 3, Reason.FACE_ATTACK: 2, Reason.FACE_TEMPLATE: 1}

# Frames with one objection count only if they are this far apart: three successive frames of a fast camera
# are nearly one picture, and would end a passage within a tenth of a second.
APART_MS: Final = 150

# A passage that runs out of time is denied with the gravest objection that occurred.
GRAVEST_FIRST = (
    Reason.FACE_TEMPLATE,
    Reason.FACE_ATTACK,
    Reason.FACE_NO_MATCH,
    Reason.FACE_SEVERAL,
    Reason.FACE_QUALITY,
)


class AttemptCounter:
    """The comparisons of one passage, through all its captures: an attack stays until the passage ends."""

    def __init__(self) -> None:
        self._seen: Counter[Reason] = Counter()
        self._last_ms: dict[Reason, int] = {}

    @property
    def attacked(self) -> bool:
        """Whether an attack was seen in this passage."""
        return self._seen[Reason.FACE_ATTACK] > 0

    def add(self, verdict: FaceVerdict, tick_ms: int) -> FaceVerdict | None:
        """Take the verdict on one frame; return the verdict of the passage once it is final.

        After an attack frame no frame matches any more: an attacker who steps back from the lens with the
        same picture must not get a match. No other objection hides an attack of the same moment.
        """
        if isinstance(verdict, Matches):
            return None if self.attacked else verdict
        reason = verdict.reason
        last_ms = self._last_ms.get(reason)
        if last_ms is not None and tick_ms - last_ms < APART_MS:
            return None
        self._last_ms[reason] = tick_ms
        self._seen[reason] += 1
        return verdict if self._seen[reason] >= FINAL_AFTER.get(reason, 1 << 30) else None

    def begin_again(self) -> None:
        """Begin a new burst: the comparisons before it no longer count; an attack does."""
        for reason in [each for each in self._seen if each is not Reason.FACE_ATTACK]:
            del self._seen[reason]

    def give_up(self) -> Deny:
        """The denial when the time is over."""
        for reason in GRAVEST_FIRST:
            if self._seen[reason]:
                return Deny(reason)
        return Deny(Reason.FACE_ABSENT)
