"""Error rates of PAD, by ISO/IEC 30107-3: APCER of each PAI species, and BPCER.

The rates of species are never averaged, because an attacker uses the species that works best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.face.evaluation.intervals import wilson
from edge.face.evaluation.verification_rates import equal_error_rate
from edge.face.pad.fusion import fuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.face.evaluation.intervals import Interval
    from edge.face.pad.fusion import Measure, PadEvidence
    from edge.ports import Floats


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures of one kind: the evidence of those with a face, and the number of those without."""

    evidence: Sequence[PadEvidence]
    not_acquired: int = 0

    def refused(self) -> int:
        """The number of pictures that are classified as attacks."""
        return sum(evidence.reason is not None for evidence in self.evidence)

    def coached(self) -> int:
        """The number of pictures that are no attack, and cannot be judged: the holder is told what to do."""
        return sum(evidence.reason is None and evidence.shortfall is not None for evidence in self.evidence)

    def accepted(self) -> int:
        """The number of pictures that are classified as people."""
        return len(self.evidence) - self.refused() - self.coached()

    def by(self, measure: Measure) -> Shown:
        """These pictures with the evidence of one measure alone."""
        alone = [
            fuse(
                (reading.measure, reading.value)
                for reading in evidence.readings
                if reading.measure is measure
            )
            for evidence in self.evidence
        ]
        return Shown(alone, self.not_acquired)


def bpcer(bona_fide: Shown) -> float | None:
    """The share of people who are classified as attacks; None if no face was acquired."""
    return _share(bona_fide.refused(), bona_fide)


def apcer(species: Shown) -> float | None:
    """The share of attacks of one species that are classified as people; None if no face was acquired."""
    return _share(species.accepted(), species)


def interval(share: float | None, shown: Shown) -> Interval | None:
    """The 95 % interval of a share of these pictures."""
    return None if share is None else wilson(share, len(shown.evidence))


def eer(bona_fide: Shown, species: Shown) -> float | None:
    """The rate at which APCER equals BPCER, over all suspicion thresholds; None if a side is empty."""
    if not bona_fide.evidence or not species.evidence:
        return None
    return equal_error_rate(_innocence(bona_fide), _innocence(species))


def _innocence(shown: Shown) -> Floats:
    return np.sort(np.array([1 - evidence.suspicion for evidence in shown.evidence], np.float32))


def _share(count: int, shown: Shown) -> float | None:
    return count / len(shown.evidence) if shown.evidence else None
