"""Compares a reference with a probe, and holds the thresholds from which a similarity is a match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.decision import Reason
from edge.errors import ConfigError, ModelFault, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.face.template import Reference
    from edge.ports import Floats


@dataclass(frozen=True, slots=True)
class Threshold:
    """A match is a similarity of at least `cosine`; one stranger in 1 / `fmr` reaches it.

    `fmr` holds for the pictures it was measured on (LFW): where all pictures share a camera and a
    background it is several times higher.
    """

    fmr: float
    cosine: float


def threshold_at(rows: Sequence[Threshold], cosine: float) -> Threshold:
    """`cosine` with the FMR that is known to hold there: the row at or next below it. Raises ModelFault."""
    below = [row for row in rows if row.cosine <= cosine]
    if not below:
        raise ModelFault(
            f"no measured false match rate at cosine {cosine}", hint="models/manifest.toml, [face]"
        )
    return Threshold(max(below, key=lambda row: row.cosine).fmr, cosine)


def threshold_for(rows: Sequence[Threshold], one_in: int) -> Threshold:
    """The lowest cosine that at most one stranger in `one_in` reaches. Else ConfigError."""
    strict = [row for row in rows if row.fmr * one_in <= 1 + 1e-9]
    if not strict:
        known = ", ".join(str(int(1 / row.fmr)) for row in sorted(rows, key=lambda row: -row.fmr))
        raise ConfigError(f"no threshold was measured for 1 in {one_in}", hint=f"measured: 1 in {known}")
    return min(strict, key=lambda row: row.cosine)


def similarity(reference: Reference, probe: Floats, *, model: str) -> float:
    """Cosine in [-1, 1] of a reference and a projected probe, unit float32 (64,), made by `model`.

    Raises Refused(face.template) where the reference is another model's, or was wiped.
    """
    if reference.model != model:
        raise Refused(Reason.FACE_TEMPLATE, "made by another model than this device's")
    return min(1.0, max(-1.0, float(reference.vector @ probe)))
