"""The capture thread with a driver that stalls, fails, hangs and returns under control of the test."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from peers.camera_script import Kept, Scripted

from edge.errors import CameraFault
from edge.ports import Light
from hw.camera.capture import CaptureTimeouts, Driver, LiveCamera, taken_ms
from hw.sim.clock import SimClock

CLOCK = SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC))
GONE = CameraFault("gone", hint="check the cable")
# Long enough for a slow machine where a frame must come, short where no frame comes.
SHORT = CaptureTimeouts(stall_s=0.05, start_s=30, hang_s=30, pauses_s=(0, 0, 0.001))


class Bench:
    """A LiveCamera and the commands to its driver. Each attempt to open it takes one entry of `openings`."""

    def __init__(self, *openings: CameraFault | None, timeouts: CaptureTimeouts = SHORT) -> None:
        self.orders: queue.Queue = queue.Queue()
        self.drivers: list[Scripted] = []
        self.attempts = threading.Semaphore(0)
        self._openings = itertools.chain(openings, itertools.repeat(None))
        self.camera = LiveCamera("bench", self._open, timeouts=timeouts)

    def _open(self, stop: threading.Event) -> Driver:
        fault = next(self._openings)
        self.attempts.release()
        if fault is not None:
            raise fault
        self.drivers.append(Scripted(CLOCK, stop, self.orders))
        return self.drivers[-1]

    def show(self, luma: int, tick_ms: int | None = None) -> Kept:
        shot = Kept(luma, CLOCK.tick_ms() if tick_ms is None else tick_ms)
        self.orders.put(shot)
        return shot

    def obeyed(self) -> None:
        """Wait until the driver has done every command up to here."""
        done = threading.Event()
        self.orders.put(done.set)
        assert done.wait(30)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.camera.close()


def test_of_a_burst_only_the_latest_frame_is_given_and_the_others_are_dropped(bench: Bench) -> None:
    shown = bench.camera.frames()
    first = bench.show(50)
    assert next(shown).luma[0, 0] == 50
    burst = [bench.show(100 + n) for n in range(5)]
    bench.obeyed()
    assert next(shown).luma[0, 0] == 104
    assert [shot.ends for shot in (first, *burst)] == [["seen"], *[["dropped"]] * 4, ["seen"]]
    health = bench.camera.health()
    assert (health.arrived, health.unseen, health.restarts) == (6, 4, 0)


def test_a_stalled_camera_is_a_fault_after_its_timeout_and_works_again_later(bench: Bench) -> None:
    shown = bench.camera.frames()
    bench.show(50)
    next(shown)
    with pytest.raises(CameraFault, match=r"bench: no frame for 0\.05 s") as caught:
        next(shown)
    assert "plug" in caught.value.hint
    bench.show(60)
    bench.obeyed()
    assert next(bench.camera.frames()).luma[0, 0] == 60
    assert bench.camera.health().restarts == 0  # it was never closed


def test_the_timeout_is_a_second() -> None:
    assert CaptureTimeouts().stall_s == 1


def test_one_short_failure_is_not_reported(bench: Bench) -> None:
    shown = bench.camera.frames()
    bench.show(50)
    next(shown)
    bench.orders.put(GONE)
    bench.show(60)
    assert next(shown).luma[0, 0] == 60
    assert [driver.closed for driver in bench.drivers] == [True, False]
    assert bench.camera.health().restarts == 1


def test_an_unplugged_camera_is_a_fault_with_its_reason_until_it_is_back() -> None:
    bench = Bench(None, GONE, GONE, GONE)
    shown = bench.camera.frames()
    bench.show(50)
    next(shown)
    bench.orders.put(CameraFault("no more"))
    with pytest.raises(CameraFault, match="gone"):
        next(shown)
    bench.show(60)  # it is plugged in again
    bench.obeyed()
    assert next(bench.camera.frames()).luma[0, 0] == 60
    bench.camera.close()


def test_a_missing_camera_is_a_fault_at_once() -> None:
    bench = Bench(GONE, GONE, GONE)
    with pytest.raises(CameraFault, match="gone"):
        next(bench.camera.frames())
    bench.camera.close()


def test_the_pauses_between_attempts_grow() -> None:
    waits = CaptureTimeouts().pauses_s
    assert list(waits) == sorted(waits)
    assert waits[:2] == (0, 0)  # the first attempt, and the one after one short failure
    assert waits[-1] <= 10


def test_a_frame_of_the_old_driver_is_dropped(bench: Bench) -> None:
    shown = bench.camera.frames()
    bench.show(50)
    next(shown)
    left = bench.show(60)
    bench.orders.put(GONE)
    bench.obeyed()  # by the second driver
    assert left.ends == ["dropped"]
    bench.show(70)
    assert next(shown).luma[0, 0] == 70


def test_a_driver_that_hangs_for_ever_is_given_up() -> None:
    bench = Bench(timeouts=CaptureTimeouts(stall_s=0.05, start_s=30, hang_s=0, pauses_s=(0, 0, 0.001)))
    shown = bench.camera.frames()
    bench.show(50)
    next(shown)
    gate = threading.Event()
    bench.orders.put(gate.wait)
    with pytest.raises(CameraFault, match="no frame"):
        next(shown)
    again = bench.camera.frames()
    bench.show(60)
    assert next(again).luma[0, 0] == 60
    assert len(bench.drivers) == 2
    gate.set()
    bench.camera.close()


def test_close_returns_although_the_camera_hangs() -> None:
    bench = Bench()
    shown = bench.camera.frames()
    bench.show(50)
    next(shown)
    gate = threading.Event()
    bench.orders.put(gate.wait)
    bench.camera.close()
    assert list(shown) == []
    gate.set()


def test_a_programming_error_of_a_driver_is_raised_to_the_caller(bench: Bench) -> None:
    bench.orders.put(lambda: 1 // 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            next(bench.camera.frames())


def test_ticks_never_go_back_even_with_wrong_stamps_of_a_driver(bench: Bench) -> None:
    shown = bench.camera.frames()
    bench.show(50, tick_ms=5_000)
    assert next(shown).tick_ms == 5_000
    bench.show(60, tick_ms=4_000)
    assert next(shown).tick_ms == 5_000


@pytest.mark.parametrize(
    ("age_ms", "taken"),
    [(0, 9_000), (35.4, 8_965), (1_000, 8_000), (1_001, 9_000), (-5, 9_000), (1e12, 9_000)],
    ids=["now", "a driver's delay", "a second", "too old", "in the future", "of another clock"],
)
def test_a_stamp_is_used_if_it_is_possible(age_ms: float, taken: int) -> None:
    clock = SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC), tick_ms=9_000)
    assert taken_ms(clock, age_ms) == taken


def test_black_and_saturated_pictures_are_reported_after_a_time(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = bench.camera.frames()
    for luma, tick_ms, now, told in [
        (90, 0, Light.FINE, ""),
        (5, 1_000, Light.BLACK, ""),
        (255, 2_000, Light.SATURATED, ""),
        (5, 3_000, Light.BLACK, ""),
        (5, 12_999, Light.BLACK, ""),
        (5, 13_000, Light.BLACK, '"light": "black"'),
        (5, 60_000, Light.BLACK, ""),
        (90, 61_000, Light.FINE, ""),
        (90, 71_000, Light.FINE, '"light": "fine"'),
    ]:
        bench.show(luma, tick_ms)
        next(shown)
        assert bench.camera.health().light is now
        said = capsys.readouterr().err
        assert told in said
        assert bool(told) == bool(said)
