"""Computes the PAD measures of a face that a door's policy includes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edge.errors import ModelFault
from edge.face.pad import geometry, light_colour, texture
from edge.face.pad.fusion import TABLE, Family, Measure, PadPolicy, fuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge.face.detect import Face
    from edge.face.pad.fusion import PadEvidence
    from edge.face.pad.passive import PassivePair
    from edge.ports import Pixels

NO_WEIGHTS = "build the models again: doorward models fetch"


class PadDetector:
    """The measures of one policy. Raises ModelFault if its networks are not installed."""

    def __init__(self, policy: PadPolicy, passive: PassivePair | None = None) -> None:
        if Family.PASSIVE in policy.families and passive is None:
            raise ModelFault("the networks of passive PAD are not installed", hint=NO_WEIGHTS)
        measures: Mapping[Measure, Callable[[Pixels, Face], float]] = {
            Measure.SHARE: geometry.share,
            Measure.NOISE: texture.noise,
            Measure.BELOW: geometry.below,
            Measure.BORDER: partial(
                geometry.border, enough=0.0 if policy.exact else TABLE[Measure.BORDER].limit
            ),
            Measure.MOIRE: texture.moire,
            Measure.CLIPPED: light_colour.clipped,
        }
        if passive is not None:
            measures = {**measures, Measure.LIVE: passive.live}
        # Last the measures that the networks overrule: LIVE is known then.
        order = sorted(policy.measures, key=lambda measure: TABLE[measure].unless_live is not None)
        self._measures = tuple((measure, measures[measure]) for measure in order)
        self._exact = policy.exact
        self._without_networks = tuple(
            (measure, function)
            for measure, function in self._measures
            if TABLE[measure].family is not Family.PASSIVE
            and (Family.PASSIVE not in policy.families or TABLE[measure].unless_live is None)
        )

    def look(self, rgb: Pixels, face: Face, *, is_clear: bool = True) -> PadEvidence:
        """The evidence of one face in a uint8 (H, W, 3) picture. Raises ModelFault.

        `is_clear`: whether the quality of the face is sufficient. Without it the networks, which take a
        blurred person for a picture, are not asked; such a frame never matches.
        """
        measures = self._measures if is_clear else self._without_networks
        found: dict[Measure, float] = {}
        for measure, function in measures:
            unless = TABLE[measure].unless_live
            if not self._exact and unless is not None and found.get(Measure.LIVE, 0.0) >= unless:
                continue
            found[measure] = function(rgb, face)
        return fuse((measure, found[measure]) for measure in TABLE if measure in found)
