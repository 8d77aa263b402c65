"""Drives the passage of a door frame by frame; while the camera fails, door and scanner still work."""

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

# A cable that is plugged in again, or a USB hub that resets, takes seconds. After a minute only a new process
# can help, which the service manager starts: it opens the drivers again.
BLIND_MS: Final = 60_000
# In every other state a passage has begun and is not decided.
SETTLED: Final = (PassageState.IDLE, PassageState.RELEASED, PassageState.COOLDOWN, PassageState.HALTED)


def steps(
    camera: Camera, verifier: Verifier, *, stop: threading.Event, blind_ms: int | None = BLIND_MS
) -> Iterator[StepResult]:
    """One step for each frame, and at least one each second while a camera that worked gives none.

    Ends with the frames, or when `stop` is set: a visitor who comes after that is not let in.
    Raises CameraFault if the camera never gave a frame, is lost for good, gave none for `blind_ms` (None: no
    limit), or if a film ends in the middle of a passage.
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
            "the film ended in the middle of a passage", hint="use a film that ends with an empty doorway"
        )


def looks(camera: Camera) -> Iterator[Frame | CameraFault]:
    """The camera's frames, and a fault for each failed attempt to get one.

    Raises CameraFault if the camera never gave a frame, or is lost for good.
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
    """Write one log line when the camera fails, and one when it works again."""
    if fault is None:
        log_line("camera", state="seeing")
    else:
        log_line("camera", level="warning", state="fault", error=fault.message, hint=fault.hint)
