"""The contract of LaneSensors, on pins and simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory
from peers.pins import Board
from worlds.trust import NOW

from edge.errors import DoorLinkFault
from edge.ports import LaneSensors, LaneView
from hw.lane.gpiozero import GpioLane, LanePins
from hw.sim.clock import SimClock
from hw.sim.lane import SimLane

PINS = LanePins(outer=5, inner=6, entry=(13, 19), exit=(20, 21), presence=26)


@dataclass
class Bench:
    """Sensors, and functions that move people and leaves in front of them."""

    sensors: LaneSensors
    come_in: Callable[[], None]
    go_through: Callable[[], None]
    open_outer: Callable[[], None]
    fail: Callable[[], None]


@pytest.fixture(params=["pins", "chip", "simulated"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with ExitStack() as stack:
        match request.param:
            case "pins":
                made = on_pins()
            case "chip":
                board = Board()
                stack.callback(board.close)
                made = on_chip(board)
            case _:
                made = simulated()
        stack.callback(made.sensors.close)
        yield made


def on_pins() -> Bench:
    factory = MockFactory()

    def drive(number: int, level: bool) -> None:
        pin = factory.pin(number)
        pin.drive_high() if level else pin.drive_low()

    return wired(factory, drive)


def on_chip(board: Board) -> Bench:
    return wired(board.factory, board.drive)


def wired(factory: Any, drive: Callable[[int, bool], object]) -> Bench:
    clock = SimClock(NOW)
    sensors = GpioLane(PINS, clock=clock, factory=factory)
    for number in (5, 6, 13, 19, 20, 21, 26):
        drive(number, False)  # leaves closed, beams free

    def walk(first: int, second: int) -> None:
        for pin in (first, second):
            drive(pin, True)
        for pin in (first, second):
            drive(pin, False)

    def come_in() -> None:
        walk(13, 19)
        drive(26, True)

    def go_through() -> None:
        walk(20, 21)
        drive(26, False)

    def fail() -> None:
        drive(13, True)
        clock.advance(20_000)

    return Bench(sensors, come_in, go_through, lambda: drive(5, True), fail)


def simulated() -> Bench:
    clock = SimClock(NOW)
    lane = SimLane(clock)

    def pass_through(door: object) -> None:
        lane.approach("Erin")
        (lane.outer if door == "outer" else lane.inner).leave()
        for _ in range(60):
            clock.advance(100)
            lane.view()

    def fail() -> None:
        lane.blind = True

    def open_outer() -> None:
        lane.outer.leave()
        clock.advance(500)

    return Bench(lane, lambda: pass_through("outer"), lambda: pass_through("inner"), open_outer, fail)


def test_an_empty_lane_is_empty_and_shut(bench: Bench) -> None:
    assert bench.sensors.view() == LaneView(0, outer_shut=True, inner_shut=True)


def test_a_person_is_counted_until_they_have_left(bench: Bench) -> None:
    bench.sensors.view()
    bench.come_in()
    assert bench.sensors.view().people == 1
    bench.go_through()
    assert bench.sensors.view().people == 0


def test_a_leaf_that_opens_is_seen(bench: Bench) -> None:
    bench.sensors.view()
    bench.open_outer()
    assert bench.sensors.view() == LaneView(0, outer_shut=False, inner_shut=True)


def test_a_sensor_that_fails_leaves_the_number_unknown(bench: Bench) -> None:
    bench.sensors.view()
    bench.fail()
    assert bench.sensors.view().people is None


def test_an_operator_may_report_the_lane_empty(bench: Bench) -> None:
    bench.sensors.view()
    bench.come_in()
    bench.sensors.emptied()
    assert bench.sensors.view().people == 0


def test_a_cut_wire_reads_as_open_and_broken() -> None:
    """The pull-ups hold the pin of a missing wire high."""
    clock = SimClock(NOW)
    sensors = GpioLane(PINS, clock=clock, factory=MockFactory())
    assert sensors.view() == LaneView(None, outer_shut=False, inner_shut=False)
    sensors.close()


def test_a_pin_in_use_is_named_and_the_others_are_free_again() -> None:
    factory = MockFactory()
    with pytest.raises(DoorLinkFault, match="GPIO 5 cannot be read"):
        GpioLane(
            LanePins(outer=5, inner=5, entry=(13, 19), exit=(20, 21)), clock=SimClock(NOW), factory=factory
        )
    GpioLane(PINS, clock=SimClock(NOW), factory=factory).close()
