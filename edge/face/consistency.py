"""Checks that the frames of one burst show one living person.

No living person stands completely still. A photograph on a stand moves by the sensor's noise alone, and a
face that is swapped for another changes its embedding or jumps. This module measures a burst; a table holds
the rules. A photograph in a hand moves like a hand: the challenge and PAD detect it, not this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from edge.decision import Reason
from edge.face.geometry import similarity_transform, transform
from edge.face.motion import step, usable, width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Floats

MAX_LOOKS = 64  # four seconds at 15 frames a second; bounds the work that one burst can cause
MIN_LOOKS = 6  # two halves of three: fewer do not average out the sensor's noise
MIN_SPAN_MS = 300  # in less time a living person may not have moved
MAX_STILL_MS = 1_000  # after this time without movement it is a picture, not a person


class Objection(StrEnum):
    """The fault of a burst."""

    TOO_SHORT = "too few looks to tell"
    SWAPPED = "not the same person throughout"
    JUMPED = "the face jumped"
    INTERRUPTED = "the face was away"
    FROZEN = "nothing moved but the sensor's noise"

    @property
    def reason(self) -> Reason:
        """The reason for which the passage is denied."""
        mendable = self in (Objection.TOO_SHORT, Objection.INTERRUPTED)
        return Reason.FACE_QUALITY if mendable else Reason.FACE_ATTACK


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkFrame:
    """One frame of a burst: landmarks, float32 (468, 3) in px, its time, and its likeness to earlier frames.

    `alike`: cosine with the frames before it, None if it was not compared. Only frontal frames count: a head
    that is turned by 30 degrees is less like itself than MIN_ALIKE.
    """

    landmarks: Floats
    tick_ms: int
    alike: float | None = None


@dataclass(frozen=True, slots=True)
class Consistency:
    """The measures of a burst; lengths in face widths.

    `alike`: least cosine of a frame with those before it, None if none was compared; `fastest`: the greatest
    speed of a landmark between two frames, in widths a second; `gap_ms`: longest time between two frames;
    `sway`: from the mean position of the first half of the frames to that of the second; `drift`: RMS change
    of the landmarks between these halves after removal of shift, rotation and scale.
    """

    looks: int
    span_ms: int
    gap_ms: int
    alike: float | None
    fastest: float
    sway: float
    drift: float

    @property
    def still(self) -> bool:
        """Whether nothing moved but the sensor's noise."""
        return self.sway < STILL_SWAY and self.drift < STILL_DRIFT


# 100 successive frames of 7 people in NUAA: 0.73 and more, half above 0.93. 1,275 pairs of strangers before
# one camera (London): 0.52 at most.
MIN_ALIKE = 0.6
MAX_SPEED = 4.5  # face widths a second, as for the challenge
MAX_GAP_MS = 1_200  # as edge.passage.inputs.code_tracker: after a longer gap it is another visit
# 28 photographs on a stand: sway up to 0.0014, drift up to 0.0014. 28 rendered heads: from 0.004 and 0.0014;
# 37 live bursts of NUAA: from 0.017 and 0.0026. Both must be small, because a head may hold one still.
STILL_SWAY, STILL_DRIFT = 0.002, 0.002

# The first rule that matches gives the objection.
RULES: tuple[tuple[Objection, Callable[[Consistency], bool]], ...] = (
    (Objection.SWAPPED, lambda c: c.alike is not None and c.alike < MIN_ALIKE),
    (Objection.JUMPED, lambda c: c.fastest > MAX_SPEED),
    (Objection.INTERRUPTED, lambda c: c.gap_ms > MAX_GAP_MS),
    (Objection.TOO_SHORT, lambda c: c.looks < MIN_LOOKS or c.span_ms < MIN_SPAN_MS),
    (Objection.TOO_SHORT, lambda c: c.still and c.span_ms < MAX_STILL_MS),
    (Objection.FROZEN, lambda c: c.still),
)


def judge(evidence: Consistency) -> Objection | None:
    """The first objection to a burst, or None."""
    return next((objection for objection, objects in RULES if objects(evidence)), None)


def measure(looks: Sequence[LandmarkFrame]) -> Consistency:
    """The measures of a burst. `looks`: in order of time; the last MAX_LOOKS count, unusable ones do not."""
    seen = [look for look in looks[-MAX_LOOKS:] if usable(look.landmarks)]
    steps = list(pairwise(seen))
    gaps = [after.tick_ms - before.tick_ms for before, after in steps]
    sway, drift = _halves([look.landmarks for look in seen]) if len(seen) >= 2 else (0.0, 0.0)
    return Consistency(
        looks=len(seen),
        span_ms=sum(gaps),
        gap_ms=max(gaps, default=0),
        alike=min((look.alike for look in seen if look.alike is not None), default=None),
        fastest=max((_speed(before, after) for before, after in steps), default=0.0),
        sway=sway,
        drift=drift,
    )


def _speed(before: LandmarkFrame, after: LandmarkFrame) -> float:
    # a clock that stands still or goes back must not divide by zero; below 40 ms landmarks are noise
    return step(before.landmarks, after.landmarks) / (max(after.tick_ms - before.tick_ms, 40) / 1000)


def _halves(looks: Sequence[Floats]) -> tuple[float, float]:
    """Sway and drift from the first half of the frames to the second, in face widths."""
    half = len(looks) // 2
    scale = width(looks[0])
    middles = np.array([points[:, :2].mean(axis=0) for points in looks])
    aligned = np.array([_onto(points[:, :2], looks[0][:, :2]) for points in looks], dtype=np.float32)
    sway = middles[-half:].mean(axis=0) - middles[:half].mean(axis=0)
    early, late = aligned[:half].mean(axis=0), aligned[-half:].mean(axis=0)
    drift = np.sqrt(((_onto(late, early) - early) ** 2).sum(axis=1).mean())
    return float(np.hypot(*sway)) / scale, float(drift) / scale


def _onto(points: Floats, base: Floats) -> Floats:
    """`points` (n, 2) after the shift, rotation and scale that fit them best to `base`."""
    return transform(similarity_transform(points, base), points)
