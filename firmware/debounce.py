"""Debounces inputs: a bit counts after it has been equal for DEBOUNCE_MS."""

from limits import DEBOUNCE_MS
from micropython import const
from ticks import elapsed

_BITS = const(5)


class Debounce:
    """Raw bits in, quiet bits out. Each bit has its own clock: a noisy contact must not block REX."""

    def __init__(self, raw: int, now: int) -> None:
        self.quiet = raw
        self._raw = raw
        self._since = [now] * _BITS

    def step(self, raw: int, now: int) -> int:
        """Take the raw inputs; returns the debounced ones."""
        changed = raw ^ self._raw
        self._raw = raw
        for bit in range(_BITS):
            mask = 1 << bit
            if changed & mask:
                self._since[bit] = now
            elif (raw ^ self.quiet) & mask and elapsed(now, self._since[bit]) >= DEBOUNCE_MS:
                self.quiet ^= mask
        return self.quiet
