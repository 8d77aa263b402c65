"""People in the simulated lane: they go only through open doors, and their positions are right."""

from __future__ import annotations

import pytest
from samples.proofs import proof
from worlds.trust import NOW

from edge.ports import DoorEventKind
from hw.sim.clock import SimClock
from hw.sim.door import Visitor
from hw.sim.lane import SimLane


class Hall:
    def __init__(self, **how: object) -> None:
        self.clock = SimClock(NOW)
        self.lane = SimLane(self.clock, **how)

    def wait(self, for_ms: int) -> None:
        for _ in range(for_ms // 100):
            self.clock.advance(100)
            self.lane.view()


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_a_visitor_goes_in_after_the_release(hall: Hall) -> None:
    hall.lane.approach("Erin")
    hall.wait(5_000)
    assert hall.lane.inside == []
    hall.lane.outer.release(3_000, proof())
    hall.wait(8_000)
    assert (hall.lane.inside, hall.lane.view().people) == (["Erin"], 1)
    hall.lane.inner.release(3_000, proof())
    hall.wait(8_000)
    assert (hall.lane.inside, hall.lane.gone) == ([], ["Erin"])


def test_a_second_visitor_follows_closely(hall: Hall) -> None:
    hall.lane.approach("Erin", "Mallory")
    hall.lane.outer.release(3_000, proof())
    hall.wait(8_000)
    assert hall.lane.view().people == 2


def test_the_third_visitor_finds_the_door_closed(hall: Hall) -> None:
    hall.lane.approach(*("Erin", "Mallory") * 5)
    hall.lane.outer.release(3_000, proof())
    hall.wait(12_000)
    assert 2 <= len(hall.lane.inside) < 10


def test_a_door_that_is_held_stays_open(hall: Hall) -> None:
    hall.lane.hold(hall.lane.outer, 20_000)
    hall.lane.outer.release(3_000, proof())
    hall.wait(15_000)
    assert not hall.lane.view().outer_shut


def test_the_handle_opens_without_a_strike_and_is_not_forced(hall: Hall) -> None:
    hall.lane.approach("Erin")
    hall.lane.outer.release(3_000, proof())
    hall.wait(8_000)
    hall.lane.turn_back()
    hall.wait(8_000)
    assert (hall.lane.back, hall.lane.inside) == (["Erin"], [])
    assert DoorEventKind.FORCED not in [event.kind for event in hall.lane.outer.history]
    assert len([event for event in hall.lane.outer.history if event.kind == "released"]) == 1


def test_a_visitor_who_stays_does_not_leave_through_the_inner_door(hall: Hall) -> None:
    hall.lane.stays = True
    hall.lane.approach("Erin")
    hall.lane.outer.release(3_000, proof())
    hall.wait(8_000)
    hall.lane.inner.release(3_000, proof())
    hall.wait(8_000)
    assert hall.lane.inside == ["Erin"]


def test_without_a_presence_sensor_the_count_is_lost_with_the_power() -> None:
    hall = Hall(presence=False)
    assert hall.lane.view().people is None
    hall.lane.emptied()
    assert hall.lane.view().people == 0
    hall.lane.power_cut()
    assert hall.lane.view().people is None


def test_a_permanent_visitor_goes_in_at_each_release() -> None:
    hall = Hall(always="a visitor")
    hall.lane.outer.visitor = Visitor()
    for _ in range(2):
        hall.lane.outer.release(3_000, proof())
        hall.wait(8_000)
    assert hall.lane.inside == ["a visitor"] * 2
