"""The table of limits of PAD measures. There is no mean, and no measure overrules another.

Terms of ISO/IEC 30107-3: a PAI is the object that an attacker holds before the camera, a PAI species a kind
of it (a print, a phone), and bona fide is a person. A frame without an objection is no proof of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from edge.decision import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


THRESHOLD = 0.5  # on the common scale of suspicion


class Family(StrEnum):
    """The families of measures that a site may choose. Each finds attacks that others miss: models/pad.md."""

    GEOMETRY = "geometry"  # position of the face in the picture, and its surroundings
    TEXTURE = "texture"  # rasters of printers and screens in the face
    PASSIVE = "passive"  # a network's score of the face and its surroundings; optional weights


class Measure(StrEnum):
    """The measures of one face. The function that computes a measure says its meaning and unit."""

    SHARE = "share"
    BELOW = "below"
    BORDER = "border"
    MOIRE = "moire"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """The limit of a measure: it objects beyond `limit`, in the direction of `certain`.

    `clear` and `certain` only map the measures to a common scale for an EER: suspicion is 0 at `clear`,
    THRESHOLD at `limit`, 1 at `certain`, and linear between them.
    """

    family: Family
    clear: float
    limit: float
    certain: float

    def suspicion(self, value: float) -> float:
        """The suspicion of an attack, in [0, 1]; the rule objects above THRESHOLD."""
        sign = 1.0 if self.certain > self.clear else -1.0
        corners = [sign * self.clear, sign * self.limit, sign * self.certain]
        return float(np.interp(sign * value, corners, [0.0, THRESHOLD, 1.0]))


# Limits lie beyond the values of people: 111 bona fide pictures of NUAA, 102 of the London set, 1,583 of LFW.
TABLE: Mapping[Measure, MeasureRule] = {
    # The passive networks fail on faces that fill the frame, and no visitor stands so near a door camera.
    # People reach 0.499 (NUAA), 0.40 (London); LFW's press pictures are cropped closer, 2 % are beyond.
    Measure.SHARE: MeasureRule(Family.GEOMETRY, clear=0.2, limit=0.5, certain=1.0),
    # People have 0.49 (NUAA), 0.52 (London) and 99 % of LFW 0.30. A print ends under the chin.
    Measure.BELOW: MeasureRule(Family.GEOMETRY, clear=0.5, limit=0.2, certain=-0.1),
    # Desks, stripes and shoulders reach 0.86 (NUAA), 0.72 (London), 0.67 (99 % of LFW); a door frame 1.
    # More than half of NUAA's prints are below too: a hand or the edge of the picture hides their edges.
    Measure.BORDER: MeasureRule(Family.GEOMETRY, clear=0.2, limit=1.0, certain=2.0),
    # Skin, beards and JPEG reach 0.66 (NUAA, London), 0.65 (99 % of LFW); rasters of 3 to 5 % depth and
    # periods of 3 to 6 px, drawn on these same faces, begin at 0.94.
    Measure.MOIRE: MeasureRule(Family.TEXTURE, clear=0.3, limit=0.85, certain=1.5),
    # NUAA's prints reach 0.13, its people go down to 0.67, people of the London set to 0.37. The measure does
    # not suit other pictures: LFW's gray squares of 250 px have a median of 0.01.
    Measure.LIVE: MeasureRule(Family.PASSIVE, clear=1.0, limit=0.25, certain=0.0),
}


@dataclass(frozen=True, slots=True)
class PadPolicy:
    """The families a door needs. An empty one never objects."""

    families: frozenset[Family] = frozenset({Family.GEOMETRY, Family.TEXTURE})

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
    def objects(self) -> bool:
        """Whether this measure objects; a NaN, which no person has, objects too."""
        return not self.suspicion <= THRESHOLD


@dataclass(frozen=True, slots=True)
class PadEvidence:
    """The values of all measures of a policy for one face."""

    readings: tuple[Reading, ...]

    @property
    def objections(self) -> tuple[Measure, ...]:
        """The measures that object, in the order of the table."""
        return tuple(reading.measure for reading in self.readings if reading.objects)

    @property
    def suspicion(self) -> float:
        """The greatest suspicion; above THRESHOLD if any measure objects."""
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
    return PadEvidence(
        tuple(Reading(measure, value, TABLE[measure].suspicion(value)) for measure, value in values)
    )
