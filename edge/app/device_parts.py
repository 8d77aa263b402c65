"""Opened hardware of a door, from the configuration or from a simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.passage.snapshot import Ports

if TYPE_CHECKING:
    from edge.ports import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts(Ports):
    """The opened hardware of one door: the ports of its passages, and the camera."""

    camera: Camera
