"""Risk signals with the level that a site gives each, and the factors that a level requires of the holder.

    signals of this visit -> the highest level (two raised ones are high) -> the first of `step_ups`

There is no score: each signal has a reason code that goes on record, so that a site can read why a holder had
to give more. A level only adds to the factors that the door requires of every holder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.policy.obligations import Factor, Obligation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet


class RiskLevel(IntEnum):
    """The weight of all signals of a visit together."""

    NONE = 0
    RAISED = 1
    HIGH = 2
    SEVERE = 3


# The level of each signal where a site sets none; the order is that in which signals are reported.
DEFAULT: Final[Mapping[Reason, RiskLevel]] = MappingProxyType(
    {
        Reason.RISK_ISSUER: RiskLevel.HIGH,  # the site put this issuer on its list for a reason
        Reason.RISK_VELOCITY: RiskLevel.HIGH,  # two people use one card
        Reason.RISK_DOCUMENT: RiskLevel.RAISED,
        Reason.RISK_FAILURES: RiskLevel.RAISED,
        Reason.RISK_NEW_KEY: RiskLevel.RAISED,  # most often a new phone
        Reason.RISK_CLOCK: RiskLevel.RAISED,
        Reason.RISK_MARGIN: RiskLevel.RAISED,
        Reason.RISK_HOUR: RiskLevel.RAISED,
        Reason.RISK_ASSURANCE: RiskLevel.RAISED,
        Reason.RISK_LIST_AGE: RiskLevel.NONE,  # the age policy answers it: edge/trust/time/TIME.md
    }
)
SIGNALS: Final = tuple(DEFAULT)

# Factors of a step-up, the lightest first. RAISED requires one, HIGH requires two different ones.
# A second document is not among them: the visitors of a lobby carry none. A site may add it.
STEP_UP_ORDER: Final = (Factor.CHALLENGE, Factor.NONCE, Factor.PIN)
_HOW_MANY: Final = {RiskLevel.NONE: 0, RiskLevel.RAISED: 1, RiskLevel.HIGH: 2}


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """A site's limits for risk signals, and the level of each signal.

    `levels`: levels that differ from DEFAULT. `step_ups`: the factors of a step-up, the lightest first.
    A visit has a signal if the card was shown at `velocity` doors within `velocity_min` minutes, and would
    have it without the word of any one other device; if it was refused
    `failures` times within `failures_min`; if the similarity is less than `margin` above the threshold; if
    the suspicion of an attack, in [0, 1], is less than `pad_margin` below its own; if the assurance is below
    `assurance`; in the local hours `quiet` (from, to); if the issuer is one of `issuers`.
    """

    levels: Mapping[Reason, RiskLevel] = field(default_factory=lambda: DEFAULT)
    step_ups: tuple[Factor, ...] = STEP_UP_ORDER
    velocity: int = 3
    velocity_min: int = 10
    failures: int = 3
    failures_min: int = 60
    margin: float = 0.0
    pad_margin: float = 0.0
    assurance: int = 0
    quiet: tuple[int, int] | None = None
    issuers: frozenset[str] = frozenset()

    def is_quiet(self, hour: int) -> bool:
        """Whether this local hour lies at or after the first and before the second, perhaps over midnight."""
        if self.quiet is None:
            return False
        start, end = self.quiet
        return start <= hour < end if start <= end else hour >= start or hour < end

    def level(self, signs: Sequence[Reason]) -> RiskLevel:
        """The level of these signals together."""
        levels = [self.levels.get(sign, DEFAULT.get(sign, RiskLevel.SEVERE)) for sign in signs]
        raised = sum(level is RiskLevel.RAISED for level in levels)
        return max([*levels, RiskLevel.HIGH if raised > 1 else RiskLevel.NONE])

    def steps(self, signs: Sequence[Reason], able: AbstractSet[Factor]) -> tuple[Obligation, ...]:
        """The factors that these signals require, of those in `able`; staff if there are too few."""
        level = self.level(signs)
        if level is RiskLevel.NONE:
            return ()
        reason = self._gravest(signs)
        steps = [factor for factor in self.step_ups if factor in able]
        count = _HOW_MANY.get(level)
        if count is None or len(steps) < count:
            return (Obligation(Factor.STAFF, reason),)
        return tuple(Obligation(factor, reason) for factor in steps[:count])

    def _gravest(self, signs: Sequence[Reason]) -> Reason:
        return max(signs, key=lambda sign: (self.levels.get(sign, RiskLevel.SEVERE), -SIGNALS.index(sign)))
