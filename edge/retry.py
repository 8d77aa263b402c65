"""Exponential backoff with jitter, for waits between retries (Brooker, AWS Architecture Blog, 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_DOUBLINGS: Final = 30  # 30 doublings of a millisecond are 12 days; a float allows a thousand


def _no_chance() -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """A wait of `first_s` after the first failure, doubled after each further one, at most `longest_s`.

    `jitter`: the random share of a wait, so that callers that failed together do not retry together; 0: none,
    1: the whole wait ("full jitter").
    """

    first_s: float
    longest_s: float
    jitter: float = 0.0

    def wait_s(
        self, failures: int, *, uniform: Callable[[], float] = _no_chance, asked_s: float = 0.0
    ) -> float:
        """Seconds until the next try, after this many failures in a row.

        `uniform`: a random number in [0, 1). `asked_s`: the delay that the server asked for; the wait is
        added to it, so that its clients do not all return together.
        """
        longest = min(self.first_s * 2.0 ** min(failures - 1, _MAX_DOUBLINGS), self.longest_s)
        return asked_s + longest * (1.0 - self.jitter * (1.0 - uniform()))
