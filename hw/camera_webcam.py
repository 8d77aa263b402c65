"""A USB webcam, or a film file, through OpenCV: a thread reads, the latest frame wins.

The thread never waits for whoever looks, so a slow passage sees the present and not the past. Whoever looks
never waits for the thread for more than a second, so a stalled camera is a CameraFault and not a hang; asking
for `frames()` again opens the device anew.
"""

from __future__ import annotations

import os
import threading
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
        self._capture: _Capture | None = _Capture(source, clock)

    def frames(self) -> Iterator[Frame]:
        """The latest frame, each at most once, for as long as there are new ones. Raises CameraFault."""
        capture = self._restarted()
        patience_s = max(START_S, self._stall_s)
        try:
            while True:
                rgb, tick_ms = capture.next(patience_s)
                patience_s = self._stall_s
                yield frame_from_rgb(rgb, tick_ms)
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
        self._restarts = RESTARTS if _is_device(source) else 0  # a film that is over stays over
        self._restarts_left = self._restarts
        self._news = threading.Condition()
        self._latest: tuple[Pixels, int] | None = None
        self._fault: CameraFault | None = None
        self._stopping = False
        self.thread = threading.Thread(target=self._run, name="webcam", daemon=True)
        self.thread.start()

    def next(self, patience_s: float) -> tuple[Pixels, int]:
        """The latest picture that nobody took yet, as RGB, and its tick. Raises CameraFault."""
        with self._news:
            self._news.wait_for(lambda: self._latest is not None or self._fault is not None, patience_s)
            if self._latest is not None:
                latest, self._latest = self._latest, None
                return latest
            raise self._fault or CameraFault(
                f"camera {self._source}: no frame for {patience_s:g} s", hint="plug the camera in again"
            )

    def end(self) -> None:
        """Ask the thread to end after the frame that it is reading."""
        self._stopping = True

    def _run(self) -> None:
        try:
            while self._read_until_it_fails() and self._restarts_left > 0:
                self._restarts_left -= 1
            self._fail("it gives no more frames", "check the cable; `dmesg` tells about USB")
        except cv2.error:
            self._fail("OpenCV cannot decode it", "try another camera or another film")

    def _read_until_it_fails(self) -> bool:
        """Read frames until the device fails or we are told to stop; whether to try again."""
        device = cv2.VideoCapture(self._source if isinstance(self._source, int) else str(self._source))
        try:
            if not device.isOpened():
                self._fail("it cannot be opened", "is another program using it? `fuser /dev/video*` tells")
                return False
            if _is_device(self._source):
                _set_up(device)
            while not self._stopping:
                arrived, bgr = device.read()
                if not arrived:
                    return True
                self._publish(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype("uint8", copy=False))
        finally:
            device.release()
        return False

    def _publish(self, rgb: Pixels) -> None:
        self._restarts_left = self._restarts
        picture = rgb, self._clock.tick_ms()
        with self._news:
            self._latest = picture
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


def _path(source: int | Path) -> Path:
    return Path(f"/dev/video{source}") if isinstance(source, int) else source


def _is_device(source: int | Path) -> bool:
    return isinstance(source, int) or source.is_char_device()


def _expect_source(source: int | Path) -> None:
    """Say what OpenCV does not: whether the device is missing or merely not ours."""
    path = _path(source)
    if not path.exists():
        raise CameraFault(
            f"camera {source}: there is no {path}",
            hint="`ls /dev/video*` lists the cameras; plug one in, or name another in camera.device",
        )
    if not os.access(path, os.R_OK | os.W_OK if _is_device(source) else os.R_OK):
        raise CameraFault(
            f"camera {source}: {path} may not be opened",
            hint="add the user to the group `video` (sudo usermod -aG video USER) and log in again",
        )
