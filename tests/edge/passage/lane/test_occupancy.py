"""The occupancy of each view of the lane's sensors."""

from __future__ import annotations

import itertools

from edge.passage.lane.occupancy import LaneOccupancy, lane_occupancy
from edge.ports import LaneView

# people, outer shut, inner shut
VIEWS = {
    (0, True, True): LaneOccupancy.EMPTY,
    (1, True, True): LaneOccupancy.ONE,
    (2, True, True): LaneOccupancy.SEVERAL,
    (None, True, True): LaneOccupancy.BLIND,
    (0, False, True): LaneOccupancy.OUTER_OPEN,
    (1, False, True): LaneOccupancy.OUTER_OPEN,
    (2, False, True): LaneOccupancy.SEVERAL,
    (None, False, True): LaneOccupancy.BLIND,
    (0, True, False): LaneOccupancy.INNER_OPEN,
    (1, True, False): LaneOccupancy.INNER_OPEN,
    (2, True, False): LaneOccupancy.SEVERAL,
    (None, True, False): LaneOccupancy.BLIND,
} | {(people, False, False): LaneOccupancy.BOTH_OPEN for people in (None, 0, 1, 2)}


def test_every_view_has_one_occupancy() -> None:
    for view in itertools.product((None, 0, 1, 2), (True, False), (True, False)):
        assert lane_occupancy(LaneView(*view)) is VIEWS[view]


def test_both_leaves_are_shut_for_one_and_for_empty() -> None:
    shut = {view for view, word in VIEWS.items() if word in (LaneOccupancy.ONE, LaneOccupancy.EMPTY)}
    assert all(outer and inner for _, outer, inner in shut)
