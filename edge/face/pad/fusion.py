"""From measures to an objection: one table. Nothing is averaged, and no measure outvotes another.

ISO/IEC 30107-3 words: a PAI is what is held up to the camera, a PAI species a kind of it (a print, a
phone); bona fide is a person. A frame without an objection is no proof of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from edge.decision import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


THRESHOLD = 0.5  # on the one scale of suspicion that all measures are put on


class Family(StrEnum):
    """What a site may ask for. Each holds where the others do not: models/pad.md."""

    GEOMETRY = "geometry"  # where in the picture the face is, and what surrounds it
    TEXTURE = "texture"  # what print rasters and screens leave in the face
    PASSIVE = "passive"  # what a network makes of the face and its surroundings; optional weights


class Measure(StrEnum):
    """One number about one face. What it means and its unit: in the function that computes it."""

    SHARE = "share"
    BELOW = "below"
    BORDER = "border"
    MOIRE = "moire"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """When a measure objects: beyond `limit`, on the side where `certain` lies.

    `clear` and `certain` only say how numbers of different measures are put on one scale for an EER:
    suspicion is 0 at `clear`, THRESHOLD at `limit`, 1 at `certain`, straight lines between.
    """

    family: Family
    clear: float
    limit: float
    certain: float

    def suspicion(self, value: float) -> float:
        """How much this value speaks for an attack, in [0, 1]; the rule objects above THRESHOLD."""
        sign = 1.0 if self.certain > self.clear else -1.0
        corners = [sign * self.clear, sign * self.limit, sign * self.certain]
        return float(np.interp(sign * value, corners, [0.0, THRESHOLD, 1.0]))


# Limits lie beyond what people show: 111 bona fide pictures of NUAA, 102 of the London set, 1,583 of LFW.
TABLE: Mapping[Measure, MeasureRule] = {
    # The passive networks fail on faces that fill the frame, and nobody stands so near a door camera.
    # People reach 0.499 (NUAA), 0.40 (London); LFW's press pictures are cut closer, 2 % are beyond.
    Measure.SHARE: MeasureRule(Family.GEOMETRY, clear=0.2, limit=0.5, certain=1.0),
    # People have 0.49 (NUAA), 0.52 (London) and 99 % of LFW 0.30. A picture's end under the chin is a print.
    Measure.BELOW: MeasureRule(Family.GEOMETRY, clear=0.5, limit=0.2, certain=-0.1),
    # Desks, stripes and shoulders come to 0.86 (NUAA), 0.72 (London), 0.67 (99 % of LFW); a door frame to 1.
    # More than half of NUAA's prints are below as well: a hand or the picture's end hides their edges.
    Measure.BORDER: MeasureRule(Family.GEOMETRY, clear=0.2, limit=1.0, certain=2.0),
    # Skin, beards and JPEG come to 0.66 (NUAA, London), 0.65 (99 % of LFW); rasters of 3 to 5 % depth and
    # periods of 3 to 6 px, drawn on these same faces, begin at 0.94.
    Measure.MOIRE: MeasureRule(Family.TEXTURE, clear=0.3, limit=0.85, certain=1.5),
    # NUAA's prints reach 0.13, its people go down to 0.67, Londoners in a studio to 0.37. Pictures that no
    # door camera makes are another matter: LFW's gray squares of 250 px have a median of 0.01.
    Measure.LIVE: MeasureRule(Family.PASSIVE, clear=1.0, limit=0.25, certain=0.0),
}


@dataclass(frozen=True, slots=True)
class PadPolicy:
    """The families a door needs. An empty one never objects."""

    families: frozenset[Family] = frozenset({Family.GEOMETRY, Family.TEXTURE})

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What has to be measured, in the order of the table."""
        return tuple(measure for measure, rule in TABLE.items() if rule.family in self.families)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one measure said about one face."""

    measure: Measure
    value: float
    suspicion: float

    @property
    def objects(self) -> bool:
        """Whether this speaks against a person; so does a NaN, which no person has."""
        return not self.suspicion <= THRESHOLD


@dataclass(frozen=True, slots=True)
class PadEvidence:
    """What all measures of a policy said about one face."""

    readings: tuple[Reading, ...]

    @property
    def objections(self) -> tuple[Measure, ...]:
        """The measures that object, in the order of the table."""
        return tuple(reading.measure for reading in self.readings if reading.objects)

    @property
    def suspicion(self) -> float:
        """The greatest suspicion of all; above THRESHOLD where any objects."""
        return max((reading.suspicion for reading in self.readings), default=0.0)

    @property
    def reason(self) -> Reason | None:
        """FACE_ATTACK where a measure objects, else None."""
        return Reason.FACE_ATTACK if self.objections else None

    def value(self, measure: Measure) -> float | None:
        """What one measure came to, None where the policy did not ask for it."""
        return next((reading.value for reading in self.readings if reading.measure is measure), None)


def fuse(values: Iterable[tuple[Measure, float]]) -> PadEvidence:
    """The evidence of measured values."""
    return PadEvidence(
        tuple(Reading(measure, value, TABLE[measure].suspicion(value)) for measure, value in values)
    )
