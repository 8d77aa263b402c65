"""Milliseconds that wrap at 2^30, 12.4 days: they are small integers on every port."""

from micropython import const

_MASK = const(0x3FFFFFFF)


def wrapped(ticks: int) -> int:
    """Ticks of `time.ticks_ms()`, with one period for every port."""
    return ticks & _MASK


def elapsed(now: int, then: int) -> int:
    """Milliseconds from `then` to `now`; right only for less than 12.4 days."""
    return (now - then) & _MASK


def left(then: int, now: int) -> int:
    """Milliseconds from `now` until `then`; 0 once it is past, and for a number that is no tick."""
    ahead = (then - now) & _MASK
    return ahead if then <= _MASK and ahead <= _MASK >> 1 else 0
