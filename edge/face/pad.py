"""Is it a picture of a face: the presentation attacks that one frame without a model can tell.

ISO/IEC 30107-3 words. A screen or print held up to the lens fills the frame where a person standing
at a door does not. NUAA in the test data (112 bona fide, 163 prints, BlazeFace box over short side):
bona fide reach 0.497, 0.5 refuses the prints beyond; smaller prints pass this gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.decision import Reason

if TYPE_CHECKING:
    from edge.face.quality import Quality

MAX_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class PadEvidence:
    """What the gates saw.

    `share`: longer side of the face box over the picture's short side; `sharpness` as in Quality;
    `reason`: FACE_ATTACK, or None where no gate objects, which is no proof of a living face.
    """

    share: float
    sharpness: float
    reason: Reason | None


def judge(quality: Quality) -> PadEvidence:
    """What one frame says about presentation attacks."""
    attack = quality.share > MAX_SHARE
    return PadEvidence(quality.share, quality.sharpness, Reason.FACE_ATTACK if attack else None)
