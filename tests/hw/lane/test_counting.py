"""The count of people from two beams at each end of a lane."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ports import LaneView
from hw.lane.counting import CONTRADICTS_MS, MOST, STUCK_MS, Barrier, LaneCounter

# Successive states of the two beams ("." free, "#" broken), and the change of the count.
WALKS: dict[str, tuple[str, int | None]] = {
    "in": ("#. ## .# ..", 1),
    "out": (".# ## #. ..", -1),
    "in, and back again": ("#. ## #. ..", 0),
    "an arm through the first beam": ("#. ..", 0),
    "an arm through the second": (".# ..", 0),
    "in, swaying": ("#. ## #. ## .# ## .# ..", 1),
    "thin enough to be in neither": ("#. .# ..", 1),
    "both at once, as by a door leaf": ("## ..", None),
    "both at once, and one clears first": ("## .# ..", None),
    "no person": ("..", 0),
}


@pytest.mark.parametrize("walk", WALKS)
def test_the_order_of_two_beams_tells_the_direction(walk: str) -> None:
    seen, expected = WALKS[walk]
    barrier = Barrier()
    told = [barrier.see(first == "#", second == "#", 0) for first, second in seen.split()]
    assert told[-1] == expected
    assert not any(told[:-1])


def walk(counter: LaneCounter, name: str, *, at: str = "entry", tick_ms: int = 0) -> None:
    see = counter.at_entry if at == "entry" else counter.at_exit
    for first, second in WALKS[name][0].split():
        see(first == "#", second == "#", tick_ms)


def view(counter: LaneCounter, tick_ms: int = 0, *, outer: bool = True, inner: bool = True) -> LaneView:
    return counter.view(outer_shut=outer, inner_shut=inner, tick_ms=tick_ms)


def test_people_are_counted_in_and_out_at_both_ends() -> None:
    counter = LaneCounter(people=0)
    walk(counter, "in")
    walk(counter, "in")
    assert view(counter).people == 2
    walk(counter, "in", at="exit")
    walk(counter, "out")
    assert view(counter).people == 0


def test_after_a_power_cut_the_count_is_unknown_until_the_lane_is_reported_empty() -> None:
    counter = LaneCounter()
    walk(counter, "in")
    assert view(counter).people is None
    counter.emptied()
    assert view(counter).people == 0


@pytest.mark.parametrize(
    ("outer", "inner", "people"), [(True, True, 0), (False, True, None), (True, False, None)]
)
def test_a_presence_sensor_reports_an_empty_lane_with_both_leaves_closed(
    outer: bool, inner: bool, people: int | None
) -> None:
    assert view(LaneCounter(present=False), outer=outer, inner=inner).people == people
    assert view(LaneCounter(present=True)).people is None


# An impossible count is unknown, until a sensor or an operator reports the lane empty.
UNKNOWN: dict[str, tuple[int, list[tuple[str, str]]]] = {
    "one more out than came in": (0, [("out", "entry")]),
    "one more through than came in": (0, [("in", "exit")]),
    "beams that break at once": (1, [("both at once, as by a door leaf", "entry")]),
    "more than any lane holds": (MOST, [("in", "entry")]),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_impossible_count_is_unknown(case: str) -> None:
    people, walks = UNKNOWN[case]
    counter = LaneCounter(people=people)
    for name, at in walks:
        walk(counter, name, at=at)
    assert view(counter).people is None
    walk(counter, "in")
    assert view(counter).people is None


@pytest.mark.parametrize("at", ["entry", "exit"])
def test_a_beam_that_stays_broken_has_failed(at: str) -> None:
    counter = LaneCounter(people=0)
    (counter.at_entry if at == "entry" else counter.at_exit)(True, False, 1_000)
    assert view(counter, 1_000 + STUCK_MS).people == 0
    assert view(counter, 1_001 + STUCK_MS).people is None


@pytest.mark.parametrize(("people", "present"), [(0, True), (1, False)])
def test_a_presence_sensor_that_contradicts_makes_the_count_unknown_after_a_time(
    people: int, present: bool
) -> None:
    counter = LaneCounter(people=people, present=present)
    assert view(counter, 0).people == people
    assert view(counter, CONTRADICTS_MS).people == people
    counter.present = None if present else True  # the sensor is late, and then agrees
    assert view(counter, CONTRADICTS_MS + 1).people == people
    counter.present = present
    assert view(counter, CONTRADICTS_MS + 2).people == people
    assert view(counter, 2 * CONTRADICTS_MS + 3, outer=False).people is None


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=60))
def test_the_count_is_always_possible_or_unknown(steps: list[tuple[bool, bool, bool]]) -> None:
    counter = LaneCounter(people=0)
    for tick_ms, (at_entry, first, second) in enumerate(steps):
        (counter.at_entry if at_entry else counter.at_exit)(first, second, tick_ms)
        people = view(counter, tick_ms).people
        assert people is None or 0 <= people <= MOST
