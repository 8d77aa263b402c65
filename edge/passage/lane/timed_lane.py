"""The lane's machine with the time that a passage spends in each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.passage.lane.machine import LaneMachine, LaneState

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.passage.lane import events as e
    from edge.passage.lane.times import LaneTimes

# Stages whose time stands in the record of the inner door.
_STAGE: Final = {
    LaneState.ENTERING: "enter",
    LaneState.CLOSING: "shut",
    LaneState.INSIDE: "inside",
    LaneState.REFERRED: "officer",
    LaneState.REFERRED_ALONE: "officer",
}


class TimedLane(LaneMachine):
    """The machine with a stopwatch. `spent_ms`: by stage, of the current passage."""

    def __init__(self, times: LaneTimes | None, tick_ms: Callable[[], int]) -> None:
        super().__init__(times)
        self._tick_ms = tick_ms
        self._since_ms = tick_ms()
        self.spent_ms: dict[str, int] = {}

    def on(self, event: e.LaneEvent) -> list[e.LaneEffect]:
        before = self.state
        effects = super().on(event)
        if self.state is not before:
            self._left(before)
        return effects

    def _left(self, state: LaneState) -> None:
        now_ms = self._tick_ms()
        if stage := _STAGE.get(state):
            self.spent_ms[stage] = self.spent_ms.get(stage, 0) + now_ms - self._since_ms
        self._since_ms = now_ms
