"""Milliseconds that wrap: 2^30 of them, 12.4 days, are a small integer on every port."""

from micropython import const

_MASK = const(0x3FFFFFFF)


def wrapped(ticks: int) -> int:
    """What `time.ticks_ms()` says, with the same period on every port."""
    return ticks & _MASK


def elapsed(now: int, then: int) -> int:
    """Milliseconds from `then` to `now`, right for less than 12.4 days: who asks must ask often enough."""
    return (now - then) & _MASK


def left(then: int, now: int) -> int:
    """Milliseconds from `now` until `then`; 0 once it is past, and for a number that is no tick."""
    ahead = (then - now) & _MASK
    return ahead if then <= _MASK and ahead <= _MASK >> 1 else 0
