"""The simulated camera follows its script, in simulated time."""

from __future__ import annotations

import numpy as np
import pytest
from worlds.trust import NOW

from edge.errors import CameraFault
from edge.ports import Frame, Light
from hw.sim.camera import FrameBurst, Scene, SimCamera, Stall, Unplug, black, saturated
from hw.sim.clock import SimClock

FRAME = Frame(np.full((16, 16), 90, np.uint8), np.full((8, 8, 3), 90, np.uint8), 0)


def camera(*script: Scene) -> tuple[SimCamera, SimClock]:
    clock = SimClock(NOW, tick_ms=1_000)
    return SimCamera(script, clock=clock, fps=10), clock


def test_frames_come_at_a_constant_rate() -> None:
    sim, _ = camera(FRAME, FRAME, FRAME)
    assert [frame.tick_ms for frame in sim.frames()] == [1_100, 1_200, 1_300]


def test_of_a_burst_the_last_frame_is_given_and_the_others_are_counted() -> None:
    sim, _ = camera(FRAME, FrameBurst((FRAME, FRAME, black(FRAME))))
    shown = list(sim.frames())
    assert [frame.luma.mean() < 30 for frame in shown] == [False, True]
    assert (sim.health().arrived, sim.health().unseen, sim.health().light) == (4, 2, Light.BLACK)


@pytest.mark.parametrize(("for_ms", "faults"), [(999, 0), (1_000, 1), (2_500, 2)])
def test_a_stall_is_a_fault_for_each_second_of_it(for_ms: int, faults: int) -> None:
    sim, clock = camera(FRAME, Stall(for_ms), saturated(FRAME))
    assert next(sim.frames()).tick_ms == 1_100
    for _ in range(faults):
        with pytest.raises(CameraFault, match="no frame for 1 s") as caught:
            next(sim.frames())
        assert caught.value.passing
    (last,) = sim.frames()
    assert last.tick_ms == clock.tick_ms() == 1_200 + for_ms
    assert sim.health().light is Light.SATURATED


def test_unplugged_it_fails_until_it_is_back() -> None:
    sim, clock = camera(FRAME, Unplug(500), FRAME)
    next(sim.frames())
    for _ in range(5):
        with pytest.raises(CameraFault, match="unplugged"):
            next(sim.frames())
    assert len(list(sim.frames())) == 1
    assert sim.health().restarts == 5
    assert clock.tick_ms() == 1_100 + 500 + 100
