"""95 % intervals of error rates, and the scale of a DET plot."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Interval = tuple[float, float]

_EXACT = 400  # errors; from this number on Wilson's interval is within a hundredth of the exact one


def wilson(share: float, count: int) -> Interval:
    """The 95 % interval of a share seen in `count` trials. Source: Wilson, JASA 22(158), 1927."""
    z2 = 1.959964**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = math.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def rare(errors: int, count: int) -> Interval:
    """The 95 % interval of a rate of rare errors, never too narrow: Clopper and Pearson, Biometrika 26, 1934.

    With no error in `count` trials all 5 % are above the interval: the rule of three, about 3 / count.
    """
    if errors == 0:
        return 0.0, -math.expm1(math.log(0.05) / count)
    if errors == count:
        return math.exp(math.log(0.05) / count), 1.0
    if errors > _EXACT:
        return wilson(errors / count, count)
    low = _solve(lambda p: 1 - _at_most(errors - 1, count, p), 0.025)
    high = _solve(lambda p: 1 - _at_most(errors, count, p), 0.975)
    return low, high


def deviate(rate: float, least: float) -> float:
    """The position of a rate on the normal-deviate axis of a DET plot; `least` is its distance from 0 and 1.

    Source: Martin et al., The DET curve in assessment of detection task performance, Eurospeech 1997.
    """
    return NormalDist().inv_cdf(min(1 - least, max(least, rate)))


def _solve(rising: Callable[[float], float], target: float) -> float:
    """The p in (0, 1) at which a rising function of p reaches `target`."""
    low, high = 0.0, 1.0
    for _ in range(60):  # 60 halvings give 1e-18; the rarest rate in use is 1e-7
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2


def _at_most(errors: int, count: int, p: float) -> float:
    """The probability of at most `errors` in `count` trials of probability `p`, 0 < p < 1."""
    term = count * math.log1p(-p)  # logarithm of the probability of none, which may be below the least float
    odds = math.log(p) - math.log1p(-p)
    total = math.exp(term)
    for k in range(errors):
        term += math.log((count - k) / (k + 1)) + odds
        total += math.exp(term)
    return min(1.0, total)
