"""The table of limits of PAD measures. There is no mean of measures: one objection is enough.

Two measures do not object: they say that a frame cannot be judged, and the holder is told to step back or to
find more light. Such a frame never matches. A third, `border`, objects only if the passive networks are not
sure of a person. A fourth, `clipped`, takes the objection of the networks back, and asks for less light.

Terms of ISO/IEC 30107-3: a PAI is the object that an attacker holds before the camera, a PAI species a kind
of it (a print, a phone), and bona fide is a person. A frame without an objection is no proof of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from edge.decision import Reason
from edge.face.quality import Coaching, Component

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


THRESHOLD = 0.5  # on the common scale of suspicion


class Family(StrEnum):
    """The families of measures that a site may choose. Each finds attacks that others miss: models/pad.md."""

    GEOMETRY = "geometry"  # position of the face in the picture, and its surroundings
    TEXTURE = "texture"  # rasters of printers and screens in the face
    PASSIVE = "passive"  # the score of two networks for the face and its surroundings


class Measure(StrEnum):
    """The measures of one face. The function that computes a measure says its meaning and unit."""

    SHARE = "share"
    NOISE = "noise"
    BELOW = "below"
    BORDER = "border"
    MOIRE = "moire"
    CLIPPED = "clipped"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """The limit of a measure: it objects beyond `limit`, in the direction of `certain`.

    `clear` and `certain` only map the measures to a common scale for an EER: suspicion is 0 at `clear`,
    THRESHOLD at `limit`, 1 at `certain`, and linear between them.

    A rule with `coaching` does not object: beyond `limit` the frame cannot be judged, `component` is the
    reason of the failure to acquire, and the holder gets the coaching. A rule with `unless_live` does not
    object where the passive networks give at least this score. A rule `instead_of_live` coaches where the
    networks object, in place of their objection, and does nothing where they do not.
    """

    family: Family
    clear: float
    limit: float
    certain: float
    component: Component | None = None
    coaching: Coaching | None = None
    unless_live: float | None = None
    instead_of_live: bool = False

    def suspicion(self, value: float) -> float:
        """The suspicion of an attack, in [0, 1]; the rule objects above THRESHOLD."""
        sign = 1.0 if self.certain > self.clear else -1.0
        corners = [sign * self.clear, sign * self.limit, sign * self.certain]
        return float(np.interp(sign * value, corners, [0.0, THRESHOLD, 1.0]))


# Limits lie beyond the values of people: 111 bona fide pictures of NUAA, 102 of the London set, 1,583 of LFW.
TABLE: Mapping[Measure, MeasureRule] = {
    # The passive networks fail on faces that fill the frame, and no visitor stands so near a door camera.
    # People reach 0.499 (NUAA), 0.40 (London); LFW's press pictures are cropped closer, 2 % are beyond.
    Measure.SHARE: MeasureRule(
        Family.GEOMETRY,
        clear=0.2,
        limit=0.5,
        certain=1.0,
        component=Component.HEAD_SIZE,
        coaching=Coaching.STEP_BACK,
    ),
    # The passive networks fail in noise: of NUAA's prints 1 of 162 passes at 6 grey levels, 9 at 13, 43 at
    # 20, 114 at 30. Pictures of all three sets have at most 0.74.
    Measure.NOISE: MeasureRule(
        Family.PASSIVE,
        clear=0.0,
        limit=8.0,
        certain=30.0,
        component=Component.UNDER_EXPOSURE,
        coaching=Coaching.MORE_LIGHT,
    ),
    # People have 0.49 (NUAA), 0.52 (London) and 99 % of LFW 0.30. A print ends under the chin.
    Measure.BELOW: MeasureRule(Family.GEOMETRY, clear=0.5, limit=0.2, certain=-0.1),
    # Desks, stripes and shoulders reach 0.86 (NUAA), 0.72 (London), 0.67 (99 % of LFW); a door frame 1.
    # More than half of NUAA's prints are below too: a hand or the edge of the picture hides their edges. The
    # room behind one man of NUAA's other half exceeds it in nearly all his pictures; the networks are sure of
    # him, and give no print more than 0.13.
    Measure.BORDER: MeasureRule(Family.GEOMETRY, clear=0.2, limit=1.0, certain=2.0, unless_live=0.6),
    # Skin, beards and JPEG reach 0.66 (NUAA, London), 0.65 (99 % of LFW); rasters of 3 to 5 % depth and
    # periods of 3 to 6 px, drawn on these same faces, begin at 0.94.
    Measure.MOIRE: MeasureRule(Family.TEXTURE, clear=0.3, limit=0.85, certain=1.5),
    # A face of which most pixels have lost a part of their colour looks like a print, whatever the balance:
    # under a cast of two eighths the networks object to 4 of 111 people of NUAA, whose faces have 0.64 to
    # 0.68. No picture of any set as it was taken has more than 0.40.
    Measure.CLIPPED: MeasureRule(
        Family.PASSIVE,
        clear=0.0,
        limit=0.5,
        certain=1.0,
        component=Component.OVER_EXPOSURE,
        coaching=Coaching.LESS_LIGHT,
        instead_of_live=True,
    ),
    # NUAA's prints reach 0.13, its people go down to 0.68, people of the London set to 0.38. The measure does
    # not suit other pictures: LFW's gray squares of 250 px have a median of 0.01.
    Measure.LIVE: MeasureRule(Family.PASSIVE, clear=1.0, limit=0.25, certain=0.0),
}


@dataclass(frozen=True, slots=True)
class PadPolicy:
    """The families a door needs. An empty one never objects.

    `exact`: every measure has its value, as error rates and the margin of a risk policy need them. Without it
    the decisions are equal, but what cannot change a decision is not measured: a value of `border` below its
    limit is an upper bound, and there is none if the networks are sure of a person.
    """

    families: frozenset[Family] = frozenset(Family)
    exact: bool = True

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures of these families, in the order of the table."""
        return tuple(measure for measure, rule in TABLE.items() if rule.family in self.families)


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of one measure for one face."""

    measure: Measure
    value: float
    suspicion: float

    @property
    def is_beyond(self) -> bool:
        """Whether the value is beyond its limit; a NaN, which no person has, is beyond too."""
        return not self.suspicion <= THRESHOLD

    @property
    def objects(self) -> bool:
        """Whether this measure objects."""
        return self.is_beyond and TABLE[self.measure].coaching is None


@dataclass(frozen=True, slots=True)
class PadEvidence:
    """The values of all measures of a policy for one face."""

    readings: tuple[Reading, ...]

    @property
    def objections(self) -> tuple[Measure, ...]:
        """The measures that object, in the order of the table."""
        return tuple(reading.measure for reading in self.readings if reading.objects)

    @property
    def shortfall(self) -> MeasureRule | None:
        """The first rule that says that the frame cannot be judged, or None. It has a coaching."""
        rules = (TABLE[reading.measure] for reading in self.readings if reading.is_beyond)
        return next((rule for rule in rules if rule.coaching), None)

    @property
    def suspicion(self) -> float:
        """The greatest suspicion; above THRESHOLD if any measure objects or has a shortfall."""
        return max((reading.suspicion for reading in self.readings), default=0.0)

    @property
    def reason(self) -> Reason | None:
        """FACE_ATTACK if a measure objects, else None."""
        return Reason.FACE_ATTACK if self.objections else None

    def value(self, measure: Measure) -> float | None:
        """The value of one measure; None if the policy does not include it."""
        return next((reading.value for reading in self.readings if reading.measure is measure), None)


def fuse(values: Iterable[tuple[Measure, float]]) -> PadEvidence:
    """The evidence of measured values."""
    measured = dict(values)
    alone = {measure: TABLE[measure].suspicion(value) for measure, value in measured.items()}
    live = measured.get(Measure.LIVE, 0.0)
    return PadEvidence(
        tuple(Reading(measure, value, _counted(measure, alone, live)) for measure, value in measured.items())
    )


def _counted(measure: Measure, alone: Mapping[Measure, float], live: float) -> float:
    """The suspicion that counts: held at THRESHOLD where another measure overrules this one. A NaN stays."""
    rule, suspicion = TABLE[measure], alone[measure]
    is_person = rule.unless_live is not None and live >= rule.unless_live
    has_no_colour = measure is Measure.LIVE and alone.get(Measure.CLIPPED, 0.0) > THRESHOLD
    is_needless = rule.instead_of_live and alone.get(Measure.LIVE, 0.0) <= THRESHOLD
    return min(suspicion, THRESHOLD) if is_person or has_no_colour or is_needless else suspicion
