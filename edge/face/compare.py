"""Compares a reference with a probe, and holds the thresholds of a match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.errors import ConfigError, ModelFault, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.face.template import Reference
    from edge.ports import Floats

_ONE: Final = 1 + 1e-9  # 1 / 1e-5 is a little less than 100,000 in floating point


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least similarity of a match, `cosine`; one stranger in 1 / `fmr` reaches it.

    `fmr` was measured on LFW. It is several times higher if all pictures share a camera and a background.
    """

    fmr: float
    cosine: float


def threshold_at(rows: Sequence[Threshold], cosine: float) -> Threshold:
    """`cosine` with its FMR, which is that of the row at or next below it. Raises ModelFault."""
    below = [row for row in rows if row.cosine <= cosine]
    if not below:
        raise ModelFault(
            f"no measured false match rate at cosine {cosine}",
            hint="set default_cosine in models/manifest.toml, [face], to a measured row or above",
        )
    return Threshold(max(below, key=lambda row: row.cosine).fmr, cosine)


def threshold_for(rows: Sequence[Threshold], one_in: int) -> Threshold:
    """The lowest cosine that at most one stranger in `one_in` reaches. Raises ConfigError."""
    strict = [row for row in rows if row.fmr * one_in <= _ONE]
    if not strict:
        known = ", ".join(str(int(_ONE / row.fmr)) for row in sorted(rows, key=lambda row: -row.fmr))
        raise ConfigError(f"no threshold was measured for 1 in {one_in}", hint=f"use 1 in one of {known}")
    return min(strict, key=lambda row: row.cosine)


def similarity(reference: Reference, probe: Floats, *, model: str) -> float:
    """Cosine in [-1, 1] of a reference and a projected probe, unit float32 (64,), made by `model`.

    Raises Refused(face.template) if another model made the reference, or if it was wiped.
    """
    if reference.model != model:
        raise Refused(Reason.FACE_TEMPLATE, "another model than this device's made the template")
    return min(1.0, max(-1.0, float(reference.vector @ probe)))
