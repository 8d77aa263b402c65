"""Drives the passage of a door, frame by frame; while its camera is away, it serves door and scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import CameraFault
from edge.log import log_line
from edge.passage.machine import PassageState

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from edge.passage.verifier import StepResult, Verifier
    from edge.ports import Camera, Frame

# A cable that is put back, or a hub that resets, takes seconds. After a minute only a new process may help,
# which the service manager starts: it has fresh drivers.
BLIND_MS: Final = 60_000
# In every other state a passage has begun and is not decided yet.
SETTLED: Final = (PassageState.IDLE, PassageState.RELEASED, PassageState.COOLDOWN, PassageState.HALTED)


def steps(
    camera: Camera, verifier: Verifier, *, stop: threading.Event, blind_ms: int | None = BLIND_MS
) -> Iterator[StepResult]:
    """A moment for each frame, and at least one each second while a camera that was at work gives none.

    Ends with the frames, or when `stop` is set: a visitor who is seen after that is not let in any more.
    Raises CameraFault where the camera never gave a frame, will not come back, was away for `blind_ms` (None:
    for ever), or where a film ends in the middle of a passage.
    """
    away_ms: int | None = None
    for look in looks(camera):
        if stop.is_set():
            return
        if isinstance(look, CameraFault):
            step = verifier.miss()
            if away_ms is None:
                away_ms = step.tick_ms
                log_camera(look)
            if blind_ms is not None and step.tick_ms - away_ms > blind_ms:
                raise look
        else:
            step = verifier.see(look)
            if away_ms is not None:
                away_ms = None
                log_camera(None)
        yield step
    if not stop.is_set() and verifier.state not in SETTLED:
        raise CameraFault(
            "the film ended in the middle of a passage", hint="film until the visitor has gone through"
        )


def looks(camera: Camera) -> Iterator[Frame | CameraFault]:
    """The camera's frames, and the fault of each attempt at one while it is away.

    Raises CameraFault where it never gave a frame, or will not come back.
    """
    has_seen = False
    while True:
        try:
            for frame in camera.frames():
                has_seen = True
                yield frame
        except CameraFault as fault:
            if not (has_seen and fault.passing):
                raise
            away = fault
        else:
            return
        yield away


def log_camera(fault: CameraFault | None) -> None:
    """One log line when the camera goes, and when it is back."""
    if fault is None:
        log_line("camera", state="seeing")
    else:
        log_line("camera", level="warning", state="fault", error=fault.message, hint=fault.hint)
