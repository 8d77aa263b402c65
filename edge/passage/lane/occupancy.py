"""Reduces the view of the lane's sensors to one `LaneOccupancy`, by which the lane's table decides."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.ports import LaneView


class LaneOccupancy(StrEnum):
    """The state between the doors. EMPTY and ONE say of both leaves that they are shut."""

    EMPTY = "empty"
    ONE = "one"
    SEVERAL = "several"
    OUTER_OPEN = "outer open"  # with nobody in the lane, or one
    INNER_OPEN = "inner open"  # likewise
    BOTH_OPEN = "both open"
    BLIND = "blind"  # nobody can tell how many there are


def lane_occupancy(view: LaneView) -> LaneOccupancy:
    """The gravest thing that this view shows, in the order of the lines below."""
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
