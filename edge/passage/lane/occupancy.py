"""Reduces the view of the lane's sensors to one `LaneOccupancy` for the lane's table."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.ports import LaneView


class LaneOccupancy(StrEnum):
    """The state between the doors. EMPTY and ONE also mean that both leaves are shut."""

    EMPTY = "empty"
    ONE = "one"
    SEVERAL = "several"
    OUTER_OPEN = "outer open"  # with at most one person in the lane
    INNER_OPEN = "inner open"  # with at most one person in the lane
    BOTH_OPEN = "both open"
    BLIND = "blind"  # the sensors cannot count the people


def lane_occupancy(view: LaneView) -> LaneOccupancy:
    """The occupancy of this view; the first line below that holds decides."""
    if not (view.outer_shut or view.inner_shut):
        return LaneOccupancy.BOTH_OPEN
    if view.people is None:
        return LaneOccupancy.BLIND
    if view.people > 1:
        return LaneOccupancy.SEVERAL
    if not view.outer_shut:
        return LaneOccupancy.OUTER_OPEN
    if not view.inner_shut:
        return LaneOccupancy.INNER_OPEN
    return LaneOccupancy.ONE if view.people else LaneOccupancy.EMPTY
