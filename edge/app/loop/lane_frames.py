"""Reads the two cameras of a lane in threads, and hands on the latest frame of each."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Self

from edge.app.loop.frames import log_camera, looks
from edge.errors import CameraFault
from edge.passage.lane.events import Side
from edge.passage.lane.snapshot import LaneFrames

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.lane.verifier import LaneVerifier
    from edge.ports import Camera, Frame

# Sensors, officers and clocks are read at least this often, also without a frame.
BEAT_S: Final = 0.1


class _CameraThread:
    """One camera in its own thread. The condition that both cameras share guards its frames."""

    def __init__(self, side: Side, camera: Camera, changed: threading.Condition) -> None:
        self.side = side
        self.latest: Frame | None = None
        self.is_lost = False
        self.is_over = False
        self.failed: BaseException | None = None
        self._camera = camera
        self._changed = changed
        self._closing = False
        self._thread = threading.Thread(target=self._watch, name=f"camera {side.value}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._camera.close()
        self._thread.join()

    def _watch(self) -> None:
        try:
            for look in looks(self._camera):
                if self._closing:
                    return
                self._take(look)
            with self._changed:
                self.is_over = True
                self._changed.notify()
        except BaseException as error:  # noqa: BLE001  raised again in the lane's loop
            with self._changed:
                self.failed = error
                self._changed.notify()

    def _take(self, look: Frame | CameraFault) -> None:
        fault = look if isinstance(look, CameraFault) else None
        if self.is_lost != (fault is not None):
            log_camera(fault)
        with self._changed:
            self.latest, self.is_lost = None if isinstance(look, CameraFault) else look, fault is not None
            self._changed.notify()


class CameraPair:
    """Both cameras of a lane. Call `next` from one thread."""

    def __init__(self, cameras: Mapping[Side, Camera]) -> None:
        self._changed = threading.Condition()
        self._eyes = [_CameraThread(side, camera, self._changed) for side, camera in cameras.items()]

    @contextmanager
    def looking(self) -> Iterator[Self]:
        """Start both cameras; they are closed at the end."""
        with ExitStack() as stack:
            for eye in self._eyes:
                eye.start()
                stack.callback(eye.close)
            yield self

    def next(self) -> LaneFrames | None:
        """The new frames since the last call, after `BEAT_S` at the latest; None: the outer film is over.

        Raises the fault of a camera that is lost for good.
        """
        with self._changed:
            self._changed.wait_for(self._has_news, BEAT_S)
            for eye in self._eyes:
                if eye.failed is not None:
                    raise eye.failed
            if any(eye.is_over and eye.side is Side.OUTER and eye.latest is None for eye in self._eyes):
                return None
            frames = {eye.side: eye.latest for eye in self._eyes}
            for eye in self._eyes:
                eye.latest = None
            lost = frozenset(eye.side for eye in self._eyes if eye.is_lost)
        return LaneFrames(frames[Side.OUTER], frames[Side.INNER], lost)

    def _has_news(self) -> bool:
        return any(eye.latest is not None or eye.failed or eye.is_over for eye in self._eyes)


def lane_steps(
    cameras: CameraPair, verifier: LaneVerifier, *, stop: threading.Event
) -> Iterator[LaneStepResult]:
    """One step for new frames or each `BEAT_S`, until `stop` is set or the outer film ends. Raises Faults."""
    while not stop.is_set():
        sights = cameras.next()
        if sights is None:
            return
        yield verifier.see(sights)
