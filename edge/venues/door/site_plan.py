"""Doors, areas and permits of a whole site, as its file names them: for the manager, not for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.venues.door.rules import Area


@dataclass(frozen=True, slots=True)
class WrittenPermit:
    """One entry of `[[permits]]`. `places`: doors, or places with all their doors; `after`: a group."""

    groups: frozenset[str]
    places: tuple[str, ...]
    schedule: str
    after: str | None


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A site. `doors`: those that the file names; a place that holds one of them is no door."""

    doors: tuple[str, ...]
    areas: tuple[Area, ...]
    permits: tuple[WrittenPermit, ...]

    def permits_of(self, groups: frozenset[str]) -> tuple[WrittenPermit, ...]:
        """The permits of these groups, as they are written."""
        return tuple(permit for permit in self.permits if permit.groups & groups)


def doors_among(places: Iterable[str]) -> tuple[str, ...]:
    """The places that hold no other place of these, in order."""
    names = sorted(set(places))
    holding = {name.rpartition("/")[0] for name in names}
    while above := {name.rpartition("/")[0] for name in holding if "/" in name} - holding:
        holding |= above
    return tuple(name for name in names if name not in holding)
