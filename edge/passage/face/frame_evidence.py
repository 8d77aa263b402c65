"""The evidence of one frame about the holder: for, against, or missing with its cause.

A frame without a comparison is never evidence for the holder. Missing evidence proves nothing: the challenge
does not see that frame, and a challenge has a budget of time without a comparison.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Reason
from edge.face.motion import usable
from edge.face.quality import Component, shortfalls
from edge.policy.decide import Matches

if TYPE_CHECKING:
    from edge.face.engine import FaceEvidence
    from edge.policy.decide import FaceVerdict
    from edge.ports import Floats

# A turned head has a lower similarity to its holder, but never below this: none of 336 pairs of one person in
# LFW with heads 20 to 35 degrees apart is below it; 97 % of pairs of strangers are.
STRANGER: Final = 0.3
# Causes that the movement itself has: its blur, lowered lids, and a head turned beyond the limits of quality,
# of which the landmark network is unsure. Glasses, masks and hands before a straight head are no such causes.
_BY_MOVING: Final = frozenset({Component.SHARPNESS, Component.EYES_OPEN, Component.HEAD_POSE_ROLL})
_TURNED: Final = frozenset({Component.HEAD_POSE_YAW, Component.HEAD_POSE_PITCH})
_OBJECTIONS: Final = frozenset({Reason.FACE_ATTACK, Reason.FACE_TEMPLATE})


@dataclass(frozen=True, slots=True, eq=False)
class For:
    """A face that was compared and may be the holder's. `matches`: it reaches the threshold.

    `landmarks`: float32 (468, 3) in px.
    """

    landmarks: Floats = field(repr=False)
    matches: bool


@dataclass(frozen=True, slots=True)
class Against:
    """An attack, a stranger, or a reference that cannot be compared."""

    reason: Reason


@dataclass(frozen=True, slots=True, eq=False)
class Missing:
    """No comparison. `cause`: why; `landmarks`: only if a movement of the head can be the cause."""

    cause: Reason | Component
    landmarks: Floats | None = field(default=None, repr=False)


FrameEvidence = For | Against | Missing


def weigh_frame(evidence: FaceEvidence, verdict: FaceVerdict) -> FrameEvidence:
    """The evidence of this frame. Only a similarity of the frame's own, a finite number, can be for."""
    points = evidence.landmarks
    points = points if points is not None and usable(points) else None
    if evidence.reason in _OBJECTIONS:
        return Against(evidence.reason)
    if evidence.reason is not None or evidence.faces != 1:
        cause = evidence.fta or evidence.reason or Reason.FACE_SEVERAL
        return Missing(cause, points if evidence.faces == 1 and _moves(evidence) else None)
    if evidence.alone is None or not math.isfinite(evidence.alone) or points is None:
        return Missing(Reason.FACE_QUALITY)
    if evidence.alone < STRANGER:
        return Against(Reason.FACE_NO_MATCH)
    if isinstance(verdict, Deny) and verdict.reason is not Reason.FACE_NO_MATCH:
        return Against(verdict.reason)
    return For(points, isinstance(verdict, Matches))


def _moves(evidence: FaceEvidence) -> bool:
    """Whether a movement of the head can be why this face was not compared."""
    if evidence.fta in _BY_MOVING | _TURNED:
        return True
    unmet = shortfalls(evidence.quality) if evidence.quality is not None else ()
    return any(limit.component in _TURNED for limit in unmet)
