"""Opened hardware of a lane, from the configuration or from a simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.passage.lane.snapshot import LanePorts

if TYPE_CHECKING:
    from edge.app.loop.lane_frames import CameraPair


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneParts(LanePorts):
    """The opened hardware of one lane: two doors, two cameras, and the sensors between the doors."""

    cameras: CameraPair
