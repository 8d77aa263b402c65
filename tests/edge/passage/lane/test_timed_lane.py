"""The time that a passage spends in each stage of a lane."""

from __future__ import annotations

from edge.decision import Deny, Grant, Reason
from edge.passage.events import FaceWanted, Granted, Recorded
from edge.passage.lane import events as e
from edge.passage.lane.machine import LaneState
from edge.passage.lane.occupancy import LaneOccupancy
from edge.passage.lane.timed_lane import TimedLane
from edge.passage.lane.times import LaneTimes

GRANT = Grant(3_000)
# Each event, with the time at which it comes.
PASSAGE: list[tuple[int, e.LaneEvent]] = [
    (500, e.Saw(LaneOccupancy.EMPTY)),
    (1_000, FaceWanted()),
    (3_000, Granted(GRANT)),
    (3_001, Recorded()),
    (4_000, e.Saw(LaneOccupancy.OUTER_OPEN)),
    (7_000, e.Saw(LaneOccupancy.ONE)),
    (7_500, e.Saw(LaneOccupancy.ONE)),
    (9_000, e.LaneDenied(Deny(Reason.LANE_SWAPPED))),
    (9_001, Recorded()),
    (12_000, e.Saw(LaneOccupancy.ONE)),
    (13_000, e.Saw(LaneOccupancy.SEVERAL)),
    (17_000, e.SentBack("o-1")),
]


def test_the_stages_of_a_passage_add_up_from_one_state_to_the_next() -> None:
    now = [0]
    lane = TimedLane(LaneTimes(), lambda: now[0])
    for tick_ms, event in PASSAGE:
        now[0] = tick_ms
        lane.on(event)
    assert lane.state is LaneState.RECORDING_RULING
    assert lane.spent_ms == {"enter": 999, "shut": 3_000, "inside": 2_000, "officer": 7_999}
