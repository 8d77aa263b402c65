"""Opened devices of a door and of a lane, as the configuration or a simulation fills them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.passage.lane.snapshot import LanePorts
from edge.passage.snapshot import Ports

if TYPE_CHECKING:
    from edge.app.loop.lane_frames import CameraPair
    from edge.ports import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts(Ports):
    """The opened devices of one door: those of its passages, and the camera that their frames come from."""

    camera: Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneParts(LanePorts):
    """The opened devices of one lane: two doors, two cameras, and the sensors between them."""

    cameras: CameraPair
