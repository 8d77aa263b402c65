"""Live cameras: one thread reads, whoever looks takes the latest picture, and frames never queue up.

The thread never waits for whoever looks, so a slow passage sees the present and not the past. Whoever looks
never waits longer than a second, so a camera that stalls is a CameraFault and not a hang. After a fault the
thread goes on trying, less and less often; asking for `frames()` again is how to learn that it is back.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from edge.errors import CameraFault
from edge.ports import CameraHealth, Light
from hw.camera.light import LightWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.ports import Clock, Frame

# No driver keeps a picture longer than this before it is read; a stamp that says so is of another clock.
_OLDEST_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CaptureTimeouts:
    """How long to wait for a camera, in seconds.

    `stall_s`: for a picture; a camera that gives 10 a second has missed ten of them by then.
    `start_s`: for the first one; opening and the first exposure took up to 3 s with cheap UVC cameras.
    `hang_s`: until a thread that does not come back from its driver is left behind and another one begins;
    OpenCV's V4L2 gives up by itself after 10.
    `pauses_s`: before each attempt to open, the last one from then on. A USB hiccup heals at the second
    attempt; a cable that is out is looked for every 5 s, which nobody notices in the CPU time.
    """

    stall_s: float = 1.0
    start_s: float = 5.0
    hang_s: float = 15.0
    pauses_s: tuple[float, ...] = (0, 0, 0.5, 1, 2, 5)


class RawFrame(Protocol):
    """One moment as a driver holds it. Exactly one of the two is called, once."""

    def frame(self) -> Frame:
        """Make a Frame of it, in the thread of whoever looks. Raises CameraFault."""
        ...

    def drop(self) -> None:
        """Nobody looked, and a newer one came."""
        ...


class Driver(Protocol):
    """A camera while it is open, in the hands of one thread. Raises CameraFault and nothing else."""

    def shoot(self) -> RawFrame | None:
        """Wait for the next picture. None: a film is over."""
        ...

    def close(self) -> None: ...


class LiveCamera:
    """Implements Camera over a driver.

    Args:
        name: the camera in messages.
        open_driver: opens it, in the capture thread; its argument is set once the camera is to be closed.
        patience: how long to wait for what.
        is_film: ends as films do, and a fault of it is not retried.
    """

    def __init__(
        self,
        name: str,
        open_driver: Callable[[threading.Event], Driver],
        *,
        patience: CaptureTimeouts | None = None,
        is_film: bool = False,
    ) -> None:
        self._name = name
        self._open_driver = open_driver
        self._patience = patience or CaptureTimeouts()
        self._is_film = is_film
        self._reader: _Reader | None = None
        self._has_begun = False
        self._tick_ms = 0
        self._counts = _Counts()
        self._light = LightWatch(name)

    def wake(self) -> None:
        """Begin to open the camera while the rest of the device is opened."""
        self._reading()

    def frames(self) -> Iterator[Frame]:
        """The latest frame, each at most once, until a film is over. Raises CameraFault."""
        reader = self._reading()
        patience_s = self._patience.stall_s if self._has_begun else self._patience.start_s
        try:
            while shot := reader.next(patience_s):
                patience_s = self._patience.stall_s
                self._has_begun = True
                yield self._shown(shot.frame())
        except CameraFault:
            if self._is_film:
                self._leave_behind()
            raise
        self._reader = None

    def health(self) -> CameraHealth:
        """What became of the pictures so far, and the light in the latest one that was looked at."""
        return self._counts.health(self._light.now)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.end()
            # One that hangs in its driver is left behind, and ends with the program.
            self._reader.thread.join(self._patience.stall_s)
            self._reader = None

    def _reading(self) -> _Reader:
        """The reader at work, another one where it hangs."""
        if self._reader is not None and self._reader.silent_s() > self._patience.hang_s:
            self._leave_behind()
        if self._reader is None:
            pauses_s = self._patience.pauses_s
            self._reader = _Reader(
                self._name, self._open_driver, self._counts, pauses_s=pauses_s, is_film=self._is_film
            )
        return self._reader

    def _leave_behind(self) -> None:
        if self._reader is not None:
            self._reader.end()
            self._reader = None

    def _shown(self, frame: Frame) -> Frame:
        # A stamp may jitter where a camera was opened anew; time that runs backwards would rearm timers.
        if frame.tick_ms < self._tick_ms:
            frame = replace(frame, tick_ms=self._tick_ms)
        self._tick_ms = frame.tick_ms
        self._light.see(frame)
        return frame


def taken_ms(clock: Clock, age_ms: float) -> int:
    """The tick at which a picture was taken that its driver says is `age_ms` old; now, if that cannot be."""
    return clock.tick_ms() - (round(age_ms) if 0 <= age_ms <= _OLDEST_MS else 0)


class _Counts:
    """Pictures, and openings, of one camera over all its readers."""

    def __init__(self) -> None:
        self.arrived = 0
        self.unseen = 0
        self.openings = 0

    def health(self, light: Light) -> CameraHealth:
        return CameraHealth(self.arrived, self.unseen, max(0, self.openings - 1), light)


class _Reader:
    """The capture thread: it opens the camera, reads until told to stop, and opens it again if it fails."""

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
        self._pauses_s = pauses_s
        self._is_film = is_film
        self._news = threading.Condition()
        self._latest: RawFrame | None = None
        self._fault: CameraFault | None = None
        self._over = False
        self._stop = threading.Event()
        self._alive_s = time.monotonic()
        self.thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self.thread.start()

    def next(self, patience_s: float) -> RawFrame | None:
        """The latest picture that nobody took yet; None after the last of a film. Raises CameraFault."""
        with self._news:
            self._news.wait_for(lambda: self._latest or self._fault or self._over, patience_s)
            if self._latest is not None or self._over:
                shot, self._latest = self._latest, None
                return shot
            fault, self._fault = self._fault, None
        what = fault.message if fault else f"camera {self._name}: no frame for {patience_s:g} s"
        hint = fault.hint if fault else "plug the camera in again"
        raise CameraFault(what, hint=hint, passing=not self._is_film) from fault

    def silent_s(self) -> float:
        """For how long the thread has been inside its driver; 0 while it waits between two attempts."""
        return time.monotonic() - self._alive_s

    def end(self) -> None:
        """Ask the thread to end after the picture that it is reading."""
        self._stop.set()
        with self._news:
            self._over = True
            self._news.notify_all()

    def _run(self) -> None:
        failures = 0
        while not self._wait(self._pauses_s[min(failures, len(self._pauses_s) - 1)]):
            arrived = self._counts.arrived
            try:
                self._read()
            except CameraFault as fault:
                # One that gave pictures gets a second chance before anybody is told.
                failures = 1 if self._counts.arrived > arrived else failures + 1
                if failures > 1 or self._is_film:
                    self._tell(fault)
                if self._is_film:
                    return
            else:
                self.end()
                return

    def _wait(self, for_s: float) -> bool:
        """Let `for_s` pass; whether we are to stop."""
        end_s = time.monotonic() + for_s
        while not self._stop.is_set() and (left_s := end_s - time.monotonic()) > 0:
            self._alive_s = time.monotonic()
            self._stop.wait(min(left_s, 1))
        self._alive_s = time.monotonic()
        return self._stop.is_set()

    def _read(self) -> None:
        """Publish pictures until a film is over or we are to stop. Raises CameraFault."""
        driver = self._open_driver(self._stop)
        self._counts.openings += 1
        try:
            while not self._stop.is_set() and (shot := driver.shoot()):
                self._publish(shot)
            if self._stop.is_set():
                self._forget()
        except CameraFault:
            self._forget()  # what a camera leaves behind may point into its memory
            raise
        finally:
            driver.close()

    def _publish(self, shot: RawFrame) -> None:
        self._alive_s = time.monotonic()
        self._counts.arrived += 1
        with self._news:
            stale, self._latest = self._latest, shot
            self._fault = None  # it healed before anybody asked
            self._news.notify_all()
        if stale is not None:
            self._counts.unseen += 1
            stale.drop()

    def _forget(self) -> None:
        with self._news:
            stale, self._latest = self._latest, None
        if stale is not None:
            stale.drop()

    def _tell(self, fault: CameraFault) -> None:
        with self._news:
            self._fault = fault
            self._news.notify_all()
