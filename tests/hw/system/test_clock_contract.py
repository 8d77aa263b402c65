"""The contract of every Clock: the simulated one, and the one of this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from peers.waiting import until

from edge.ports import Clock
from hw.sim.clock import SimClock
from hw.system.clock import SystemClock


def sim() -> tuple[Clock, Callable[[], object]]:
    clock = SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC), tick_ms=500)
    return clock, lambda: clock.advance(1)


def system() -> tuple[Clock, Callable[[], object]]:
    return SystemClock(), lambda: None


@pytest.fixture(params=[sim, system], ids=["sim", "system"])
def at(request: pytest.FixtureRequest) -> tuple[Clock, Callable[[], object]]:
    """A clock, and a function that lets time pass on a simulated clock."""
    return request.param()


def test_now_is_utc(at: tuple[Clock, Callable[[], object]]) -> None:
    clock, _ = at
    assert clock.now().utcoffset() == timedelta(0)


def test_ticks_are_whole_milliseconds_and_never_go_back(
    at: tuple[Clock, Callable[[], object]],
) -> None:
    clock, pass_time = at
    first = last = clock.tick_ms()
    assert isinstance(first, int)

    def later() -> bool:
        nonlocal last
        pass_time()
        before, last = last, clock.tick_ms()
        assert last >= before
        return last >= first + 20

    until(later, for_s=60)


def test_setting_the_wall_clock_does_not_change_the_ticks() -> None:
    clock = SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC), tick_ms=500)
    clock.jump(datetime(2001, 1, 1, tzinfo=UTC))
    assert (clock.now().year, clock.tick_ms()) == (2001, 500)
