from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.proofs import proof

from edge.ports import DoorEvent, DoorEventKind
from hw.door.strike import MAX_RELEASE_MS
from hw.sim.clock import SimClock
from hw.sim.door import Leaf, SimDoor, Visitor

START = datetime(2026, 1, 2, 8, tzinfo=UTC)
K = DoorEventKind
RELEASED, OPENED, CLOSED, RELOCKED, FORCED = K.RELEASED, K.OPENED, K.CLOSED, K.RELOCKED, K.FORCED
LEAF = Leaf(coil_ms=40, contact_deg=2.0, open_deg=80.0, opening_ms=800, closer_ms=2_000)
# The contact opens 800 * 2 / 80 = 20 ms after the push, and closes 2000 * 78 / 80 = 1950 ms after the end of it.


def door(visitor: Visitor | None = None) -> tuple[SimDoor, SimClock]:
    clock = SimClock(START)
    return SimDoor(clock, leaf=LEAF, visitor=visitor), clock


@dataclass(frozen=True)
class Case:
    visitor: Visitor | None
    release_ms: int
    expect: list[tuple[DoorEventKind, int]]


CASES = {
    "without a visitor the time runs out": Case(None, 3_000, [(RELEASED, 0), (RELOCKED, 3_000)]),
    "a visitor walks through, and the strike relocks as the leaf opens": Case(
        Visitor(reaction_ms=600, dwell_ms=1_000),
        3_000,
        [(RELEASED, 0), (OPENED, 620), (RELOCKED, 620), (CLOSED, 600 + 800 + 1_000 + 1_950)],
    ),
    "a hand on the leaf waits for the coil": Case(
        Visitor(reaction_ms=0, dwell_ms=0),
        3_000,
        [(RELEASED, 0), (OPENED, 60), (RELOCKED, 60), (CLOSED, 40 + 800 + 1_950)],
    ),
    "a visitor who is too slow finds the door locked": Case(
        Visitor(reaction_ms=3_000), 3_000, [(RELEASED, 0), (RELOCKED, 3_000)]
    ),
    "a release shorter than the coil frees nothing": Case(
        Visitor(reaction_ms=0), 40, [(RELEASED, 0), (RELOCKED, 40)]
    ),
    "a push at the end opens although the contact opens after the relock": Case(
        Visitor(reaction_ms=990, dwell_ms=0),
        1_000,
        [(RELEASED, 0), (RELOCKED, 1_000), (OPENED, 1_010), (CLOSED, 990 + 800 + 1_950)],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_one_release(case: Case) -> None:
    sim, clock = door(case.visitor)
    sim.release(case.release_ms, proof())
    clock.advance(20_000)
    assert [(event.kind, event.tick_ms) for event in sim.events()] == case.expect


@given(st.lists(st.integers(1, 700), max_size=40))
def test_the_events_do_not_depend_on_the_number_of_calls(steps: list[int]) -> None:
    often, often_clock = door(Visitor())
    once, once_clock = door(Visitor())
    often.release(2_000, proof())
    once.release(2_000, proof())
    for step in steps:
        often_clock.advance(step)
        often.events()
    once_clock.advance(sum(steps))
    once.events()
    assert often.history == once.history


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["release", "relock", "force", "look"]),
            st.integers(1, 15_000),
            st.integers(0, 4_000),
        ),
        max_size=30,
    )
)
def test_the_strike_is_never_energised_without_a_release_nor_longer_than_the_cap(
    day: list[tuple[str, int, int]],
) -> None:
    sim, clock = door(Visitor())
    last_release: int | None = None
    for action, for_ms, pause in day:
        match action:
            case "release":
                sim.release(for_ms, proof())
                last_release = clock.tick_ms()
            case "relock":
                sim.relock()
                assert not sim.energised
            case "force":
                sim.force_open()
            case _:
                sim.events()
        clock.advance(pause)
        if sim.energised:
            assert last_release is not None
            assert clock.tick_ms() < last_release + MAX_RELEASE_MS
    ticks = [event.tick_ms for event in sim.history]
    assert ticks == sorted(ticks)
    assert _alternates(sim.history, {RELEASED}, {RELOCKED})
    assert _alternates(sim.history, {OPENED, FORCED}, {CLOSED})


def _alternates(history: list[DoorEvent], first: set[DoorEventKind], second: set[DoorEventKind]) -> bool:
    seen = [event.kind in first for event in history if event.kind in first | second]
    return all(is_first == (number % 2 == 0) for number, is_first in enumerate(seen))


def test_a_leaf_levered_open_is_forced_and_energises_nothing() -> None:
    sim, clock = door()
    clock.advance(1_000)
    sim.force_open(dwell_ms=500)
    clock.advance(10_000)
    assert [(e.kind, e.tick_ms) for e in sim.events()] == [
        (FORCED, 1_020),
        (CLOSED, 1_000 + 800 + 500 + 1_950),
    ]
    assert not any(sample.energised for sample in sim.trace(0, 11_000))


def test_a_closed_door_without_a_release_stays_closed_with_a_visitor() -> None:
    sim, clock = door(Visitor(reaction_ms=0))
    clock.advance(100_000)
    assert sim.events() == ()
    assert not sim.is_open


def test_the_trace_draws_coil_and_leaf_over_time() -> None:
    sim, clock = door(Visitor(reaction_ms=600, dwell_ms=1_000))
    sim.release(3_000, proof())
    clock.advance(10_000)
    at = {sample.tick_ms: sample for sample in sim.trace(0, 6_000)}
    assert (at[0].energised, at[0].angle_deg) == (True, 0.0)
    assert at[600].energised
    assert not at[620].energised
    assert at[1_000].angle_deg == pytest.approx(40.0)
    assert at[2_000].angle_deg == 80.0
    assert at[6_000].angle_deg == 0.0


def test_the_leaf_swings_again_for_a_second_release() -> None:
    sim, clock = door(Visitor(reaction_ms=100, dwell_ms=0))
    for _ in range(2):
        sim.release(1_000, proof())
        clock.advance(10_000)
    assert [event.kind for event in sim.events()] == [RELEASED, OPENED, RELOCKED, CLOSED] * 2


def test_a_jump_of_the_wall_clock_does_not_change_the_ticks() -> None:
    clock = SimClock(START, tick_ms=5)
    clock.advance(10)
    assert (clock.now(), clock.tick_ms()) == (START + timedelta(milliseconds=10), 15)
    clock.jump(START - timedelta(days=400))
    assert (clock.now(), clock.tick_ms()) == (START - timedelta(days=400), 15)


def test_a_release_ends_on_time_although_the_wall_clock_was_set_back() -> None:
    sim, clock = door()
    sim.release(1_000, proof())
    clock.jump(START - timedelta(days=1))
    clock.advance(1_000)
    assert not sim.energised
