"""Live cameras: one thread reads, a caller takes the latest picture, and frames never queue up.

The thread never waits for a caller, so a slow passage gets the present picture and not an old one. A caller
never waits longer than a second, so a camera that stalls is a CameraFault and not a hang. After a fault the
thread retries with longer and longer pauses; a caller calls `frames()` again to learn that it is back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from edge.errors import CameraFault
from edge.ports import CameraHealth, Light
from hw.camera.framing import upright
from hw.camera.light import LightWatch
from hw.camera.setting import Setting
from hw.system.reconnecting import ReconnectingReader

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from edge.ports import Clock, Frame

# No driver keeps a picture longer than this before it is read; an older stamp comes from another clock.
_OLDEST_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CaptureTimeouts:
    """Timeouts for a camera, in seconds.

    `stall_s`: for a picture; a camera that gives 10 a second has missed ten of them by then.
    `start_s`: for the first picture; opening and the first exposure took up to 3 s with cheap UVC cameras.
    `hang_s`: after it a thread that does not return from its driver is abandoned and a new one starts;
    OpenCV's V4L2 gives up by itself after 10.
    `pauses_s`: before each attempt to open; the last one repeats. A short USB error is over at the second
    attempt; an unplugged camera is tried every 5 s, which costs no measurable CPU time.
    """

    stall_s: float = 1.0
    start_s: float = 5.0
    hang_s: float = 15.0
    pauses_s: tuple[float, ...] = (0, 0, 0.5, 1, 2, 5)


class RawFrame(Protocol):
    """One picture as the driver holds it. The caller calls exactly one of the two methods, once."""

    def frame(self) -> Frame:
        """Make a Frame of it, in the caller's thread. Raises CameraFault."""
        ...

    def drop(self) -> None:
        """Free it unread: a newer picture came."""
        ...


class Driver(Protocol):
    """An open camera, used by one thread only. Raises CameraFault and nothing else."""

    def read(self) -> RawFrame | None:
        """Wait for the next picture. None: a film is over."""
        ...

    def close(self) -> None: ...


class LiveCamera:
    """Implements Camera over a driver.

    Args:
        name: the camera in messages.
        open_driver: opens it, in the capture thread; its argument is set when the camera must close.
        timeouts: the longest waits.
        is_film: the camera ends with its last picture, and a fault is not retried.
        setting: says how each frame is turned; left out: not at all.
    """

    def __init__(
        self,
        name: str,
        open_driver: Callable[[threading.Event], Driver],
        *,
        timeouts: CaptureTimeouts | None = None,
        is_film: bool = False,
        setting: Setting | None = None,
    ) -> None:
        self._name = name
        self._open_driver = open_driver
        self._timeouts = timeouts or CaptureTimeouts()
        self._is_film = is_film
        self._setting = setting or Setting()
        self._capture: _Capture | None = None
        self._has_begun = False
        self._tick_ms = 0
        self._counts = _Counts()
        self._light = LightWatch(name)

    def wake(self) -> None:
        """Start to open the camera, while the device opens its other parts."""
        self._capturing()

    def frames(self) -> Iterator[Frame]:
        """The latest frame, each at most once, until a film is over. Raises CameraFault."""
        capture = self._capturing()
        timeout_s = self._timeouts.stall_s if self._has_begun else self._timeouts.start_s
        try:
            while raw := capture.next(timeout_s):
                timeout_s = self._timeouts.stall_s
                self._has_begun = True
                turned = upright(raw.frame(), self._setting.rotate, mirror=self._setting.mirror)
                yield self._shown(turned)
        except CameraFault:
            if self._is_film:
                self._leave_behind()
            raise
        self._capture = None

    def health(self) -> CameraHealth:
        """Counts of the pictures so far, and the light in the latest one that a caller took."""
        return self._counts.health(self._light.now)

    def close(self) -> None:
        if self._capture is not None:
            # A thread that hangs in its driver is abandoned, and ends with the program.
            self._capture.reader.close(self._timeouts.stall_s)
            self._capture = None

    def _capturing(self) -> _Capture:
        """The capture thread; a new one where the old one hangs."""
        if self._capture is not None and self._capture.reader.busy_s() > self._timeouts.hang_s:
            self._leave_behind()
        if self._capture is None:
            self._capture = _Capture(
                self._name,
                self._open_driver,
                self._counts,
                pauses_s=self._timeouts.pauses_s,
                is_film=self._is_film,
            )
        return self._capture

    def _leave_behind(self) -> None:
        if self._capture is not None:
            self._capture.reader.stop()
            self._capture = None

    def _shown(self, frame: Frame) -> Frame:
        # A stamp may jitter after a camera was opened again; time that runs backwards would rearm timers.
        if frame.tick_ms < self._tick_ms:
            frame = frame.at(self._tick_ms)
        self._tick_ms = frame.tick_ms
        self._light.see(frame)
        return frame


def taken_ms(clock: Clock, age_ms: float) -> int:
    """The tick of a picture that is `age_ms` old by its driver; now, if that age is impossible."""
    return clock.tick_ms() - (round(age_ms) if 0 <= age_ms <= _OLDEST_MS else 0)


@dataclass(slots=True)
class _Counts:
    """Counts of pictures and openings of one camera, over all its threads."""

    arrived: int = 0
    unseen: int = 0
    openings: int = 0

    def health(self, light: Light) -> CameraHealth:
        return CameraHealth(self.arrived, self.unseen, max(0, self.openings - 1), light)


class _Capture:
    """One thread at a camera, and the latest picture of it."""

    def __init__(
        self,
        name: str,
        open_driver: Callable[[threading.Event], Driver],
        counts: _Counts,
        *,
        pauses_s: tuple[float, ...],
        is_film: bool,
    ) -> None:
        self._name = name
        self._open_driver = open_driver
        self._counts = counts
        self._is_film = is_film
        self._latest: RawFrame | None = None
        self._fault: CameraFault | None = None
        self._is_over = False
        self.reader = ReconnectingReader(
            "camera", self._open, take=self._take, lost=self._lost, faults=CameraFault, pauses_s=pauses_s
        )
        self.reader.start()

    def next(self, timeout_s: float) -> RawFrame | None:
        """The latest picture that was not taken yet; None after the last of a film. Raises CameraFault."""
        with self.reader.guard:
            self.reader.wait_for(self._has_news, timeout_s)
            raw, self._latest = self._latest, None
            fault, self._fault = self._fault, None
            if raw is not None or (fault is None and self.reader.stopped.is_set()):
                return raw
        what = fault.message if fault else f"camera {self._name}: no frame for {timeout_s:g} s"
        hint = fault.hint if fault else "plug the camera in again"
        raise CameraFault(what, hint=hint, passing=not self._is_film) from fault

    def _has_news(self) -> bool:
        return self._latest is not None or self._fault is not None or self.reader.stopped.is_set()

    # -- in the reader's thread --------------------------------------------------------------------

    def _open(self) -> Driver:
        driver = self._open_driver(self.reader.stopped)
        self._counts.openings += 1
        return driver

    def _take(self, raw: RawFrame | None) -> None:
        if raw is None:
            self._is_over = True
            self.reader.stop()
            return
        self._counts.arrived += 1
        with self.reader.guard:
            stale, self._latest = self._latest, raw
            self._fault = None  # the camera works again, and no caller has seen the fault
        if stale is not None:
            self._counts.unseen += 1
            stale.drop()

    def _lost(self, fault: CameraFault | None) -> None:
        if self._is_over:
            return  # the last picture of a film may still be taken
        with self.reader.guard:
            stale, self._latest = self._latest, None
            # A camera that gave pictures gets a second attempt before its fault is raised.
            if self._is_film or self.reader.failures > 1:
                self._fault = fault
        if stale is not None:
            stale.drop()  # before its camera is closed: it may lie in the camera's memory
        if self._is_film:
            self.reader.stop()
