"""Events of a controller as events of the door: each has a kind, and a tick of the host's clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link import messages as m
from edge.ports import Cause, DoorEventKind, EventMark
from hw.door.events import ControllerTicks, door_event

K = DoorEventKind
WRAP = 2**30

MEANS = {
    (m.LinkEventKind.BOOT, 0): K.BOOT,
    (m.LinkEventKind.BOOT, 1): K.WATCHDOG,
    (m.LinkEventKind.RELEASED, 41): K.RELEASED,
    (m.LinkEventKind.RELOCKED, 1): K.RELOCKED,
    (m.LinkEventKind.OPENED, 0): K.OPENED,
    (m.LinkEventKind.CLOSED, 0): K.CLOSED,
    (m.LinkEventKind.REX, 0): K.REX,
    (m.LinkEventKind.FORCED_OPEN, 0): K.FORCED,
    (m.LinkEventKind.PRE_ALARM, 0): K.PRE_ALARM,
    (m.LinkEventKind.OPEN_TOO_LONG, 0): K.OPEN_TOO_LONG,
    (m.LinkEventKind.TAMPER, 1): K.TAMPER,
    (m.LinkEventKind.TAMPER, 0): K.TAMPER_OVER,
    (m.LinkEventKind.FIRE, 1): K.FIRE,
    (m.LinkEventKind.FIRE, 0): K.FIRE_OVER,
    (m.LinkEventKind.MODE, 0): K.NORMAL_MODE,
    (m.LinkEventKind.MODE, 1): K.LOCK_DOWN,
    (m.LinkEventKind.MODE, 2): K.FREE_ACCESS,
    (m.LinkEventKind.MODE, 9): None,  # of a later firmware
    (m.LinkEventKind.FAULT, 3): K.FAULT,
    (m.LinkEventKind.FAULT, 0): K.FAULT_OVER,
    (m.LinkEventKind.SESSION, 1): None,  # about the link, which the host knows already
    (m.LinkEventKind.SESSION, 0): None,
    (m.LinkEventKind.ALARM_OVER, 0): K.ALARM_OVER,
    (m.LinkEventKind.EVENTS_LOST, 12): None,  # the numbers tell, which nothing on the cable can hide
    (m.LinkEventKind.REX_STUCK, 0): K.REX_STUCK,
    (m.LinkEventKind.KEY_SET, 1): K.KEY_SET,
}


@pytest.mark.parametrize(("told", "kind"), MEANS.items(), ids=str)
def test_every_event_of_a_controller_has_a_kind(told, kind: DoorEventKind | None) -> None:
    event = door_event(m.Happened(7, told[0], 500, told[1]), 9_000)
    if kind is None:
        assert event is None
    else:
        assert (event.kind, event.tick_ms, event.mark) == (kind, 9_000, EventMark(7, 500))


def test_no_kind_is_forgotten() -> None:
    assert {kind for kind, _ in MEANS} == set(m.LinkEventKind)
    assert {kind for kind in MEANS.values() if kind} == set(K) - {K.PRESENTED, K.DENIED, K.EVENTS_LOST}


CAUSES = [
    Cause.TIMEOUT, Cause.OPENED, Cause.CLOSED, Cause.COMMAND, Cause.HEARTBEAT, Cause.MODE, Cause.FAULT, Cause.TAMPER, Cause.FIRE,
]  # fmt: skip


@pytest.mark.parametrize(("data", "cause"), [*enumerate(CAUSES, 1), (0, None), (99, None)])
def test_a_relock_has_its_cause(data: int, cause: Cause | None) -> None:
    assert door_event(m.Happened(1, m.LinkEventKind.RELOCKED, 0, data), 0).cause is cause


def test_only_a_release_has_a_record_number_above_zero() -> None:
    assert door_event(m.Happened(1, m.LinkEventKind.RELEASED, 0, 41), 0).grant == 41
    assert door_event(m.Happened(1, m.LinkEventKind.RELEASED, 0, 0), 0).grant is None


def status(tick_ms: int) -> m.ControllerStatus:
    return m.ControllerStatus(m.DoorState.NORMAL, m.ControllerInputs(0), m.Outputs(0), m.Mode.NORMAL, tick_ms)


@given(st.integers(0, WRAP - 1), st.integers(10**9, 10**12), st.integers(-50_000, 10**9))
def test_an_event_has_its_real_age_also_across_a_wrap(theirs: int, ours: int, ago_ms: int) -> None:
    ticks = ControllerTicks()
    assert not ticks.are_known
    ticks.learn(status(theirs), ours)
    assert ticks.are_known
    assert ticks.place((theirs - ago_ms) % WRAP) == ours - ago_ms


def test_an_event_before_the_start_of_the_clock_is_at_its_start() -> None:
    ticks = ControllerTicks()
    ticks.learn(status(50_000_000), 2_000)
    assert ticks.place(1_000) == 0
