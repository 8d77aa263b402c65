"""Opens the venue `lane`: its sensors, its officers, and the documents that it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from edge.app.parts.camera import system_clock
from edge.app.venues.officer_socket import OfficerSocket, roles_of
from edge.card.documents import BY_WORD
from edge.config.zones import zone_of
from edge.errors import ConfigError
from edge.passage.lane.documents import LaneVenue
from edge.passage.lane.events import Side
from edge.passage.lane.times import LaneTimes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from datetime import tzinfo
    from pathlib import Path

    from edge import config
    from edge.ports import LaneSensors, Strike


def lane_venue(words: Sequence[str], zone: tzinfo) -> LaneVenue:
    """The documents that an authority requires. Raises ConfigError for an unknown type."""
    unknown = [word for word in words if word not in BY_WORD]
    if unknown:
        raise ConfigError(
            f'[lane] documents: "{unknown[0]}" is not a type of document',
            hint=f"choose from {', '.join(BY_WORD)}",
        )
    return LaneVenue(tuple(BY_WORD[word] for word in words), zone)


def venue_of(root: config.Config) -> LaneVenue:
    """The venue of a configuration. Raises ConfigError."""
    return lane_venue(root.lane.documents, zone_of(root.door.zone))


def inner_door(root: config.Config) -> config.Config:
    """The configuration of the inner door: its strike and camera, and all else unchanged."""
    lane = root.lane
    strike = structs.replace(
        root.strike,
        kind=lane.inner,
        pin=lane.inner_pin,
        port=lane.inner_port,
        lock=lane.inner_lock,
        key=lane.inner_key,
    )
    kind = "picamera2" if root.camera.kind == "picamera2" else None
    camera = structs.replace(
        root.camera,
        kind=kind,
        device=lane.inner_camera,
        rotate=lane.inner_rotate,
        mirror=lane.inner_mirror,
    )
    return structs.replace(root, strike=strike, camera=camera)


def open_simulated(
    lane: config.LaneConfig, stack: ExitStack
) -> tuple[dict[Side, Strike], LaneSensors] | None:
    """A simulated lane: two doors, and visitors who walk through; None for a real lane."""
    if lane.sensors != "sim":
        return None
    from hw.sim.lane import SimLane

    simulated = SimLane(system_clock(), always="a visitor")
    stack.callback(simulated.close)
    return {Side.OUTER: simulated.outer, Side.INNER: simulated.inner}, simulated


def open_sensors(lane: config.LaneConfig, stack: ExitStack) -> LaneSensors:
    """The sensors that count the people between real doors. Raises DoorLinkFault."""
    from hw.lane.gpiozero import GpioLane, LanePins  # loaded for sensors on pins only

    pins = LanePins(
        outer=lane.outer_contact,
        inner=lane.inner_contact,
        entry=lane.entry_beams,
        exit=lane.exit_beams,
        presence=lane.presence_pin,
    )
    sensors = GpioLane(pins, clock=system_clock())
    stack.callback(sensors.close)
    return sensors


def open_officers(
    path: str | None, officers: Sequence[str], base: Path, stack: ExitStack
) -> OfficerSocket | None:
    """The screens of one authority's officers; None: it has none. Raises ConfigError."""
    if path is None:
        return None
    served = OfficerSocket(base / path, roles_of(officers))
    stack.callback(served.close)
    return served


def times_of(root: config.Config) -> LaneTimes:
    """The time limits of the lane's stages."""
    lane = root.lane
    push_ms = root.door.release_ms + 2_000  # after that the door is locked again
    return LaneTimes(
        face_ms=root.face.time_ms,
        enter_ms=push_ms,
        leave_ms=push_ms,
        shut_ms=1_000 * lane.shut_s,
        through_ms=1_000 * lane.shut_s,
        inside_ms=1_000 * lane.inside_s,
        officer_ms=1_000 * lane.officer_s,
    )
