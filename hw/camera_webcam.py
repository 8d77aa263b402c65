"""A USB webcam, or a film file, through OpenCV: a thread reads, the latest frame wins.

A film plays in true time, from when its first frame is asked for, and ends as films do.

The thread never waits for whoever looks, so a slow passage sees the present and not the past. Whoever looks
never waits for the thread for more than a second, so a stalled camera is a CameraFault and not a hang; asking
for `frames()` again opens the device anew.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2

from edge.errors import CameraFault
from hw.framing import LUMA_LONG_PX, frame_from_rgb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.ports import Clock, Frame, Pixels

# A webcam that gives 10 frames a second has missed ten of them by then.
STALL_S: Final = 1.0
# Opening and the first exposure: up to 3 s were seen with cheap UVC cameras.
START_S: Final = 5.0
# A USB hiccup heals at the first try; after three the cable or the camera has to be looked at.
RESTARTS: Final = 3


class Webcam:
    """Camera number `source`, or the device or film at that path.

    Raises CameraFault at once where there is no such device or it may not be opened.
    """

    def __init__(self, source: int | Path, *, clock: Clock, stall_s: float = STALL_S) -> None:
        self._source = source
        self._clock = clock
        self._stall_s = stall_s
        _expect_source(source)
        # A camera wakes up while the rest of the device is opened; a film waits for its audience.
        self._capture = _Capture(source, clock) if _is_device(source) else None

    def frames(self) -> Iterator[Frame]:
        """The latest frame, each at most once, until a film is over. Raises CameraFault."""
        capture = self._restarted()
        patience_s = max(START_S, self._stall_s)
        try:
            while latest := capture.next(patience_s):
                patience_s = self._stall_s
                yield frame_from_rgb(*latest)
            self._capture = None
        except CameraFault:
            capture.end()  # not waited for: it may hang, and the fault is due now
            self._capture = None
            raise

    def close(self) -> None:
        if self._capture is not None:
            self._capture.end()
            # One that hangs in the driver is left behind, and ends with the program.
            self._capture.thread.join(STALL_S)
            self._capture = None

    def _restarted(self) -> _Capture:
        if self._capture is None:
            _expect_source(self._source)
            self._capture = _Capture(self._source, self._clock)
        return self._capture


class _Capture:
    """One run of the capture thread: it opens the device, reads until told to stop, and lets it go."""

    def __init__(self, source: int | Path, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._is_film = not _is_device(source)
        self._restarts = 0 if self._is_film else RESTARTS  # a film that is over stays over
        self._restarts_left = self._restarts
        self._news = threading.Condition()
        self._latest: tuple[Pixels, int] | None = None
        self._fault: CameraFault | None = None
        self._played = 0
        self._over = False
        self._stopping = False
        self.thread = threading.Thread(target=self._run, name="webcam", daemon=True)
        self.thread.start()

    def next(self, patience_s: float) -> tuple[Pixels, int] | None:
        """The latest picture that nobody took yet, as RGB, and its tick; None after the last of a film.

        Raises CameraFault.
        """
        with self._news:
            self._news.wait_for(lambda: self._latest or self._fault or self._over, patience_s)
            if self._latest is not None or self._over:
                latest, self._latest = self._latest, None
                return latest
            raise self._fault or CameraFault(
                f"camera {self._source}: no frame for {patience_s:g} s", hint="plug the camera in again"
            )

    def end(self) -> None:
        """Ask the thread to end after the frame that it is reading."""
        with self._news:
            self._stopping = True
            self._news.notify_all()

    def _run(self) -> None:
        try:
            while self._read_until_it_fails() and self._restarts_left > 0:
                self._restarts_left -= 1
            if self._is_film and self._played:
                self._finish()
            else:
                self._fail("it gives no more frames", "check the cable; `dmesg` tells about USB")
        except cv2.error:
            self._fail("OpenCV cannot decode it", "try another camera or another film")

    def _read_until_it_fails(self) -> bool:
        """Read frames until the device fails or we are told to stop; whether to try again."""
        _hush()
        device = cv2.VideoCapture(self._source if isinstance(self._source, int) else str(self._source))
        try:
            if not device.isOpened():
                self._fail("it cannot be opened", "is another program using it? `fuser /dev/video*` tells")
                return False
            if not self._is_film:
                _set_up(device)
            fps = device.get(cv2.CAP_PROP_FPS) if self._is_film else 0.0
            start_s = time.monotonic()
            while not self._stopping:
                arrived, bgr = device.read()
                if not arrived:
                    return True
                if fps > 0:
                    self._wait_until(start_s + self._played / fps)
                self._publish(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype("uint8", copy=False))
                self._played += 1
        finally:
            device.release()
        return False

    def _publish(self, rgb: Pixels) -> None:
        self._restarts_left = self._restarts
        picture = rgb, self._clock.tick_ms()
        with self._news:
            self._latest = picture
            self._news.notify_all()

    def _wait_until(self, due_s: float) -> None:
        with self._news:
            self._news.wait_for(lambda: self._stopping, due_s - time.monotonic())

    def _finish(self) -> None:
        with self._news:
            self._over = True
            self._news.notify_all()

    def _fail(self, what: str, hint: str) -> None:
        with self._news:
            self._fault = self._fault or CameraFault(f"camera {self._source}: {what}", hint=hint)
            self._news.notify_all()


def _set_up(device: cv2.VideoCapture) -> None:
    # MJPG first: uncompressed 1280x720 does not fit through USB 2 at more than 10 frames a second.
    device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    device.set(cv2.CAP_PROP_FRAME_WIDTH, LUMA_LONG_PX)
    device.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)


def _hush() -> None:
    """Let OpenCV and FFmpeg say nothing on standard error: what went wrong is raised."""
    logging = getattr(cv2.utils, "logging", cv2)  # OpenCV 4.14 moved setLogLevel there
    logging.setLogLevel(0)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when FFmpeg is loaded


def _path(source: int | Path) -> Path:
    return Path(f"/dev/video{source}") if isinstance(source, int) else source


def _is_device(source: int | Path) -> bool:
    return isinstance(source, int) or source.is_char_device()


def _expect_source(source: int | Path) -> None:
    """Say what OpenCV does not: whether the device is missing or merely not ours."""
    path = _path(source)
    if not os.path.exists(path):  # noqa: PTH110  Path.exists raises for what can be no name
        raise CameraFault(
            f"camera {source}: there is no {path}",
            hint="`ls /dev/video*` lists the cameras; plug one in, or name another in camera.device",
        )
    if not os.access(path, os.R_OK | os.W_OK if _is_device(source) else os.R_OK):
        raise CameraFault(
            f"camera {source}: {path} may not be opened",
            hint="add the user to the group `video` (sudo usermod -aG video USER) and log in again",
        )
