"""Waits between tries that fail: exponential backoff with jitter (Brooker, AWS Architecture Blog, 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_DOUBLINGS: Final = 30  # of a millisecond are 12 days; a float ends at a thousand


def _no_chance() -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """A wait of `first_s` after the first failure, twice as long after each one more, at most `longest_s`.

    `jitter`: the share of a wait that is left to chance, so that callers which failed together do not all
    come back at once; 0: none, 1: the whole wait ("full jitter").
    """

    first_s: float
    longest_s: float
    jitter: float = 0.0

    def wait_s(
        self, failures: int, *, uniform: Callable[[], float] = _no_chance, asked_s: float = 0.0
    ) -> float:
        """Seconds until the next try, after so many failures in a row, the last one included.

        `uniform`: a random number in [0, 1). `asked_s`: how long the other side asked to be left alone; the
        wait is added to it, or all whom it asked would come back together.
        """
        longest = min(self.first_s * 2.0 ** min(failures - 1, _MAX_DOUBLINGS), self.longest_s)
        return asked_s + longest * (1.0 - self.jitter * (1.0 - uniform()))
