"""Opened devices of a door and of a lane, as the configuration or a simulation fills them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.app.loop.lane_frames import CameraPair
    from edge.passage.lane.events import Side
    from edge.ports import Camera, Clock, CodeReader, Keypad, LaneSensors, Scanner, Signals, Strike


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts:
    """The opened devices of one door."""

    camera: Camera
    reader: CodeReader
    strike: Strike
    signals: Signals
    clock: Clock
    scanner: Scanner | None = None
    keypad: Keypad | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneParts:
    """The opened devices of one lane: two doors, two cameras, and the sensors between them."""

    cameras: CameraPair
    reader: CodeReader
    strikes: dict[Side, Strike]
    signals: dict[Side, Signals]
    sensors: LaneSensors
    clock: Clock
    scanner: Scanner | None = None
