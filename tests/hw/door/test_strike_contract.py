"""The contract of every Strike.

It runs on the simulated door, on a place without a lock, on the relay with gpiozero's mock pins and
on a simulated GPIO chip, and on the door link, which has the controller's own program at the other end of a pty.

With `--hardware` it also runs on the relay at the pin of DOORWARD_RELAY, and on the controller at the port of
DOORWARD_CONTROLLER, with its key in DOORWARD_CONTROLLER_KEY, and DOORWARD_CONTROLLER_LOCK=fail-safe for a
fail-safe lock. The lock moves about thirty times, for up to ten seconds.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gpiozero.pins.mock import MockFactory
from peers.cpython_controller import KEY, OnPty, PushedClock, let_it_crawl
from peers.pins import Board
from peers.waiting import until
from samples.proofs import proof
from ticks import elapsed, wrapped

from edge.errors import ConfigError, DoorLinkFault
from edge.link.messages import DoorState, Lock
from edge.link.session import LinkPairing
from edge.on_record import LockMovement, OnRecord
from edge.ports import DoorEvent, DoorEventKind
from hw.door.panel import PanelStrike
from hw.door.relay_gpiozero import GpioRelay
from hw.door.strike import MAX_RELEASE_MS
from hw.door.strike_none import NoStrike
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.system.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.ports import Strike

PIN = 17
RELEASED, RELOCKED = DoorEventKind.RELEASED, DoorEventKind.RELOCKED


@dataclass
class Bench:
    """A strike with a probe on its output, and a function that lets its release run out."""

    strike: Strike
    energised: Callable[[], bool]
    run_out: Callable[[], None]
    left_ms: Callable[[], int]
    all_told: Callable[[], object] = lambda: None  # waits for events on their way

    def events(self) -> list[DoorEvent]:
        """Events of the strike, without those of the controller itself."""
        self.all_told()
        return [event for event in self.strike.events() if event.kind in (RELEASED, RELOCKED)]

    def kinds(self) -> list[DoorEventKind]:
        return [event.kind for event in self.events()]


def sim_clock() -> SimClock:
    return SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC))


def sim_bench() -> Bench:
    clock = sim_clock()
    door = SimDoor(clock)
    return timed_bench(door, clock, lambda: door.energised)


def none_bench() -> Bench:
    clock = sim_clock()
    strike = NoStrike(clock)
    return timed_bench(strike, clock, lambda: strike.released)


def timed_bench(strike: Strike, clock: SimClock, energised: Callable[[], bool]) -> Bench:
    def left_ms() -> int:
        spent = 0
        while energised():
            clock.advance(1)
            spent += 1
        return spent

    return Bench(strike, energised, lambda: clock.advance(MAX_RELEASE_MS), left_ms)


class Alarms:
    """Makes timers that end when the test calls `run_out`; otherwise as threading.Timer."""

    def __init__(self) -> None:
        self.made: list[Alarm] = []

    def __call__(self, interval: float, function: Callable[[], None]) -> Alarm:
        self.made.append(Alarm(interval, function))
        return self.made[-1]

    def left_ms(self) -> int:
        return round(self.made[-1].interval * 1000)

    def run_out(self) -> None:
        self.made[-1].ring()


class Alarm(threading.Timer):
    def __init__(self, interval: float, function: Callable[[], None]) -> None:
        super().__init__(interval, function)
        self._over = threading.Event()

    def run(self) -> None:
        self._over.wait(60)
        if not self.finished.is_set():
            self.function()

    def cancel(self) -> None:
        super().cancel()
        self._over.set()

    def ring(self) -> None:
        self._over.set()
        self.join(60)


def relay_bench(factory: MockFactory) -> Bench:
    alarms = Alarms()
    relay = GpioRelay(PIN, clock=sim_clock(), factory=factory, timer=alarms)
    return Bench(relay, lambda: bool(factory.pin(PIN).state), alarms.run_out, alarms.left_ms)


def chip_bench(board: Board) -> Bench:
    alarms = Alarms()
    relay = GpioRelay(PIN, clock=sim_clock(), factory=board.factory, timer=alarms)
    return Bench(relay, lambda: board.chip.level(PIN), alarms.run_out, alarms.left_ms)


def link_bench(controller: OnPty) -> Bench:
    from hw.door.link import DoorLink  # a machine without pyserial tests the others

    link = DoorLink(str(controller.path), LinkPairing(KEY, Lock.FAIL_SECURE), clock=controller.clock)
    link.wait_until_ready()
    link.recount(None)

    def run_out() -> None:
        # In steps that leave the host time for its PINGs: without them the release ends too early.
        while controller.energised:
            controller.clock.push(200)
            now = wrapped(controller.clock.tick_ms())
            until(lambda now=now: not controller.energised or elapsed(now, link.status.tick_ms) < 300)

    def all_told() -> None:
        until(lambda: link._line.is_closed or link._feed._next == controller.next_event)

    return Bench(
        link, lambda: controller.energised, run_out, lambda: controller.controller.door._for_ms, all_told
    )


def real_relay_bench() -> Bench:
    pin = os.environ.get("DOORWARD_RELAY") or pytest.skip("DOORWARD_RELAY names no pin")
    relay = GpioRelay(int(pin), clock=SystemClock())

    def run_out() -> None:
        timer = relay._timer
        assert timer is not None
        timer.join(30)

    def left_ms() -> int:
        assert relay._timer is not None
        return round(relay._timer.interval * 1000)

    return Bench(relay, lambda: not relay._device.closed and bool(relay._device.value), run_out, left_ms)


def real_link_bench() -> Bench:
    from hw.door.link import DoorLink  # a machine without pyserial tests the others

    port = os.environ.get("DOORWARD_CONTROLLER") or pytest.skip("DOORWARD_CONTROLLER names no port")
    key = Path(os.environ.get("DOORWARD_CONTROLLER_KEY", "door.key")).read_bytes()
    lock = Lock.FAIL_SAFE if os.environ.get("DOORWARD_CONTROLLER_LOCK") == "fail-safe" else Lock.FAIL_SECURE
    link = DoorLink(port, LinkPairing(key, lock), clock=SystemClock())
    link.wait_until_ready()
    link.recount(None)
    link.wait_until_told()
    link.events()

    def energised() -> bool:
        seen: list[int] = []

        def fresh() -> bool:  # three answers from now on: the first one may be an old one
            if link.status and (not seen or seen[-1] != link.status.tick_ms):
                seen.append(link.status.tick_ms)
            return len(seen) > 2 or link._line.is_closed

        until(fresh, for_s=30)
        return not link._line.is_closed and bool(link.status and link.status.state is DoorState.RELEASED)

    def left_ms() -> int:
        began = time.monotonic()
        until(lambda: not energised(), for_s=60)
        spent_ms = round((time.monotonic() - began) * 1_000)
        return MAX_RELEASE_MS if abs(spent_ms - MAX_RELEASE_MS) < 1_500 else spent_ms

    return Bench(link, energised, lambda: until(lambda: not energised(), for_s=60), left_ms)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.close()


real = [pytest.param(kind, marks=pytest.mark.hardware) for kind in ("real relay", "real link")]


@pytest.fixture(params=["sim", "none", "relay", "relay on a chip", "link", *real])
def bench(
    request: Any, factory: MockFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    with ExitStack() as stack:
        match request.param:
            case "sim":
                bench = sim_bench()
            case "none":
                bench = none_bench()
            case "relay":
                bench = relay_bench(factory)
            case "relay on a chip":
                board = Board()
                stack.callback(board.close)
                bench = chip_bench(board)
            case "real relay":
                bench = real_relay_bench()
            case "real link":
                bench = real_link_bench()
            case _:
                let_it_crawl(monkeypatch)
                controller = OnPty(tmp_path, clock=PushedClock(frozen=True))
                stack.callback(controller.close)
                bench = link_bench(controller)
        stack.callback(bench.strike.close)
        yield bench


def test_nothing_is_energised_before_an_explicit_release(bench: Bench) -> None:
    assert not bench.energised()
    assert bench.kinds() == []


def test_a_release_energises_and_relocks_by_itself(bench: Bench) -> None:
    bench.strike.release(20, proof())
    bench.run_out()
    assert not bench.energised()
    assert bench.kinds() == [RELEASED, RELOCKED]


def test_a_release_energises_at_once(bench: Bench) -> None:
    bench.strike.release(MAX_RELEASE_MS, proof())
    assert bench.energised()
    assert bench.kinds() == [RELEASED]


def test_events_come_once_and_their_ticks_never_go_back(bench: Bench) -> None:
    bench.strike.release(20, proof())
    bench.run_out()
    events = bench.events()
    assert [event.kind for event in events] == [RELEASED, RELOCKED]
    assert events[0].tick_ms <= events[1].tick_ms
    assert bench.kinds() == []


@pytest.mark.parametrize("end", ["relock", "close"])
def test_relock_and_close_end_a_release_early(bench: Bench, end: str) -> None:
    bench.strike.release(MAX_RELEASE_MS, proof())
    getattr(bench.strike, end)()
    assert not bench.energised()
    assert bench.kinds() == [RELEASED, RELOCKED]


def test_relock_may_be_called_at_any_time_and_any_number_of_times(bench: Bench) -> None:
    bench.strike.relock()
    bench.strike.relock()
    bench.strike.release(MAX_RELEASE_MS, proof())
    bench.strike.relock()
    bench.strike.relock()
    assert bench.kinds() == [RELEASED, RELOCKED]
    assert not bench.energised()


def test_every_release_is_capped(bench: Bench) -> None:
    bench.strike.release(3_600_000, proof())
    assert bench.left_ms() == MAX_RELEASE_MS


def test_a_second_release_replaces_the_end_of_the_first_without_a_gap(bench: Bench) -> None:
    bench.strike.release(MAX_RELEASE_MS, proof())
    bench.strike.release(1_000, proof())
    assert bench.energised()
    assert bench.left_ms() <= 1_000
    bench.run_out()
    assert not bench.energised()
    # If a release has its grant, the second one is an event too; it relocks once.
    assert [kind for kind, _ in groupby(bench.kinds())] == [RELEASED, RELOCKED]


@pytest.mark.parametrize("for_ms", [0, -1, -60_000])
def test_a_release_of_no_time_is_a_fault_without_effect(bench: Bench, for_ms: int) -> None:
    with pytest.raises(DoorLinkFault, match="is not above 0"):
        bench.strike.release(for_ms, proof())
    assert not bench.energised()
    assert bench.kinds() == []


def test_a_closed_strike_cannot_be_released(bench: Bench) -> None:
    bench.strike.close()
    with pytest.raises(DoorLinkFault, match="closed"):
        bench.strike.release(1_000, proof())
    assert not bench.energised()


def test_a_closed_strike_may_be_closed_and_relocked_again(bench: Bench) -> None:
    bench.strike.close()
    bench.strike.close()
    bench.strike.relock()
    assert not bench.energised()


# -- the proof that a record allows it ---------------------------------------------------------------------


@dataclass(frozen=True)
class Unproved:
    """A release that no record allows, after releases by these records."""

    before: tuple[int, ...]
    offered: object
    why: str


UNPROVED = {
    "none": Unproved((), None, "no record allows it"),
    "only a number": Unproved((), 7, "no record allows it"),
    "a record of free access": Unproved((), proof(7, LockMovement.FREE_ACCESS), "no record allows it"),
    "used twice": Unproved((7,), proof(7), "used before"),
    "an earlier record": Unproved((7,), proof(6), "older than the last one"),
    "used, with another in between": Unproved((7, 8), proof(7), "used before"),
    "another door": Unproved((7,), proof(8, door="tower-1/inner"), "another door"),
    "the journal of another device": Unproved((7,), proof(8, journal=b"other"), "another door or journal"),
}


@pytest.mark.parametrize("case", UNPROVED.values(), ids=UNPROVED)
def test_a_release_that_no_record_allows_is_a_fault_without_effect(bench: Bench, case: Unproved) -> None:
    for seq in case.before:
        bench.strike.release(20, proof(seq))
        bench.run_out()
    bench.events()
    with pytest.raises(DoorLinkFault, match=case.why):
        bench.strike.release(MAX_RELEASE_MS, case.offered)
    assert not bench.energised()
    assert bench.kinds() == []


def test_relock_needs_no_proof(bench: Bench) -> None:
    bench.strike.release(MAX_RELEASE_MS, proof(7))
    with pytest.raises(DoorLinkFault):
        bench.strike.release(MAX_RELEASE_MS, proof(7))
    bench.strike.relock()
    assert not bench.energised()


# -- a third-party panel ----------------------------------------------------------------------------
#
# The panel owns the lock, so the rules of energising, of the cap and of the relock do not apply here. The only
# rule left is the time at which the card number may be sent.


@dataclass
class Shown:
    """A panel that accepts numbers until its wires are cut."""

    numbers: int = 0
    fails: bool = False

    def present(self, _: OnRecord) -> None:
        if self.fails:
            raise DoorLinkFault("the panel did not fetch the card number", hint="check the wires")
        self.numbers += 1


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def panel(shown: Shown) -> Iterator[PanelStrike]:
    panel = PanelStrike(shown.present, lambda: None, clock=sim_clock())
    yield panel
    panel.close()


def test_a_panel_gets_one_number_for_each_release_and_none_before(panel: PanelStrike, shown: Shown) -> None:
    panel.relock()
    assert (shown.numbers, panel.events()) == (0, ())
    panel.release(3_000, proof())
    panel.relock()
    panel.relock()
    assert shown.numbers == 1
    assert [event.kind for event in panel.events()] == [DoorEventKind.PRESENTED]
    assert panel.events() == ()


@pytest.mark.parametrize("for_ms", [0, -1])
def test_a_release_of_no_time_sends_no_number(panel: PanelStrike, shown: Shown, for_ms: int) -> None:
    with pytest.raises(DoorLinkFault, match="is not above 0"):
        panel.release(for_ms, proof())
    assert shown.numbers == 0


@pytest.mark.parametrize("case", UNPROVED.values(), ids=UNPROVED)
def test_a_panel_gets_no_number_that_no_record_allows(
    panel: PanelStrike, shown: Shown, case: Unproved
) -> None:
    for seq in case.before:
        panel.release(3_000, proof(seq))
    with pytest.raises(DoorLinkFault, match=case.why):
        panel.release(3_000, case.offered)
    assert shown.numbers == len(case.before)


def test_a_number_that_did_not_arrive_is_a_fault_without_an_event(panel: PanelStrike, shown: Shown) -> None:
    shown.fails = True
    with pytest.raises(DoorLinkFault, match="did not fetch"):
        panel.release(3_000, proof())
    assert panel.events() == ()


def test_a_closed_panel_gets_no_number_and_may_be_closed_again(panel: PanelStrike, shown: Shown) -> None:
    panel.close()
    panel.close()
    panel.relock()
    with pytest.raises(DoorLinkFault, match="closed"):
        panel.release(3_000, proof())
    assert shown.numbers == 0


# -- the relay alone ------------------------------------------------------------------------------


def test_an_active_low_relay_is_refused_before_its_pin_is_touched(factory: MockFactory) -> None:
    with pytest.raises(ConfigError, match="active-low") as caught:
        GpioRelay(PIN, clock=sim_clock(), active_high=False, factory=factory)
    assert "pull-down" in caught.value.hint
    assert PIN not in {pin.info.name for pin in factory.pins.values()}
    assert not factory.pins


def test_a_pin_in_use_is_a_fault_with_a_hint(factory: MockFactory) -> None:
    first = GpioRelay(PIN, clock=sim_clock(), factory=factory)
    with pytest.raises(DoorLinkFault, match="GPIO 17") as caught:
        GpioRelay(PIN, clock=sim_clock(), factory=factory)
    assert "a pin of its own" in caught.value.hint
    first.close()


def test_a_pin_that_does_not_exist_is_a_fault(factory: MockFactory) -> None:
    with pytest.raises(DoorLinkFault, match="GPIO 99"):
        GpioRelay(99, clock=sim_clock(), factory=factory)


def test_the_pin_floats_after_close_as_the_relay_board_must_expect(factory: MockFactory) -> None:
    relay = GpioRelay(PIN, clock=sim_clock(), factory=factory)
    relay.release(MAX_RELEASE_MS, proof())
    relay.close()
    assert factory.pin(PIN).function == "input"
    assert [state.state for state in factory.pin(PIN).states][-1] is False


def test_an_old_timer_that_runs_late_does_not_end_a_new_release(factory: MockFactory) -> None:
    alarms = Alarms()
    relay = GpioRelay(PIN, clock=sim_clock(), factory=factory, timer=alarms)
    relay.release(MAX_RELEASE_MS - 1, proof())
    relay.release(MAX_RELEASE_MS, proof())
    first, _ = alarms.made
    first.join(60)  # it was cancelled
    first.function()  # the old timer's thread calls this if it passed its cancel check before
    assert factory.pin(PIN).state
    relay.close()


def test_the_relays_line_never_pulses_when_a_program_starts_or_ends() -> None:
    board = Board()
    relay = GpioRelay(PIN, clock=sim_clock(), factory=board.factory)
    relay.close()
    assert board.chip.levels(PIN) == (False,)
    alarms = Alarms()
    relay = GpioRelay(PIN, clock=sim_clock(), factory=board.factory, timer=alarms)
    relay.release(MAX_RELEASE_MS, proof())
    board.close()  # as gpiozero does at the end of a program that was not closed
    alarms.made[-1].cancel()  # the program ends here
    assert board.chip.levels(PIN) == (False, True, False)
    assert not board.chip.is_held(PIN)
