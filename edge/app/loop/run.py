"""A running device, door or lane, and the loop that works it until it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from edge.audit.record import DevicePart, StopCause
from edge.errors import (
    CameraFault,
    ClockFault,
    DoorLinkFault,
    Exit,
    Fault,
    HostFault,
    ModelFault,
    ReaderFault,
    StorageFault,
    TrustFault,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from edge.app.device_parts import DoorParts
    from edge.app.lane_parts import LaneParts
    from edge.audit.housekeeper import Housekeeper
    from edge.config import Config
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.lane.verifier import LaneVerifier
    from edge.passage.verifier import StepResult, Verifier

# The part that is recorded for a fault that ends the program.
PARTS: Final[dict[type[Fault], DevicePart]] = {
    CameraFault: DevicePart.CAMERA,
    ReaderFault: DevicePart.READER,
    ModelFault: DevicePart.MODEL,
    DoorLinkFault: DevicePart.DOOR,
    StorageFault: DevicePart.STORAGE,
    ClockFault: DevicePart.CLOCK,
    TrustFault: DevicePart.TRUST,
    HostFault: DevicePart.HOST,
}
# The state of a door and of a lane between two passages.
IDLE: Final = "idle"


M = TypeVar("M", "StepResult", "LaneStepResult")
V = TypeVar("V", "Verifier", "LaneVerifier")


@dataclass(frozen=True, slots=True)
class RunningDevice(Generic[V, M]):
    """A device whose parts are joined.

    `moments`: one step for each frame, until the event is set or the frames end. `watchers`: called with
    every step. `adopt`: applies the settings that can change between two passages (`edge.config.live`).
    `parts`: the parts that were joined.
    """

    verifier: V
    moments: Callable[[threading.Event], Iterator[M]]
    housekeepers: Sequence[Housekeeper] = ()
    watchers: Sequence[Callable[[M], None]] = ()
    adopt: Callable[[Config], None] = lambda _: None
    parts: DoorParts | LaneParts | None = None


def run_device(
    device: RunningDevice[V, M], *, stop: threading.Event, on_moment: Callable[[M], None] = lambda _: None
) -> int:
    """Work the device until `stop` is set or the frames end. Every strike relocks, also after an error.

    Raises the Fault of a failed part, after it was recorded.
    """
    verifier = device.verifier
    verifier.start()
    cause = StopCause.BUG
    try:
        for moment in device.moments(stop):
            for watcher in device.watchers:
                watcher(moment)
            on_moment(moment)
            if moment.state == IDLE:
                for housekeeper in device.housekeepers:
                    housekeeper.rest()
        cause = StopCause.SIGNAL if stop.is_set() else StopCause.END
    except Fault as fault:
        cause = StopCause.FAULT
        verifier.fault(PARTS.get(type(fault), DevicePart.PROGRAM))
        raise
    except BrokenPipeError:  # the reader of the rows has gone: this counts as a stop
        cause = StopCause.SIGNAL
        raise
    finally:
        verifier.stop(cause)
    return Exit.OK
