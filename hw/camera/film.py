"""A film in real time: a video file, or a folder of pictures. A caller that is late misses pictures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import cv2

from edge.errors import CameraFault, InputError
from hw.camera.capture import CaptureTimeouts, LiveCamera
from hw.camera.framing import frame_from_bgr, frame_from_jpeg, frame_from_rgb
from hw.camera.images import read_rgb
from hw.camera.setting import Setting
from hw.camera.webcam import Picture, expect_readable, silence_opencv

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge.ports import Clock, Frame
    from hw.camera.capture import Driver

_PICTURES: Final = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class Film(LiveCamera):
    """The video at `path`, at its own rate, or the pictures in that folder by name, at the setting's rate.

    It starts when a caller asks for its first frame; each later call of `frames` starts it again from the
    beginning. Raises CameraFault where there is nothing to play.
    """

    def __init__(self, path: Path, *, clock: Clock, setting: Setting | None = None) -> None:
        expect_readable(path)
        setting = setting or Setting()
        play: Callable[[threading.Event], Driver]
        if path.is_dir():
            pictures = sorted(file for file in path.iterdir() if _is_picture(file))
            if not pictures:
                raise CameraFault(
                    f"camera: {path} holds no pictures", hint="copy jpg, png, webp or bmp files into it"
                )
            play = lambda stop: _Pictures(pictures, clock, _Beat(setting.fps, stop))  # noqa: E731
        else:
            play = lambda stop: _Video(path, clock, max(setting.size), stop)  # noqa: E731
        # Films may be slow: the next picture of one with 0.2 a second is due in 5 s.
        timeouts = CaptureTimeouts(stall_s=max(5.0, 2 / setting.fps), start_s=max(5.0, 2 / setting.fps))
        super().__init__(str(path), play, timeouts=timeouts, is_film=True, setting=setting)


def _is_picture(file: Path) -> bool:
    """Whether this is a picture file: not a pipe of that name, which would stop the camera."""
    return file.suffix.lower() in _PICTURES and file.is_file()


class _Beat:
    """Waits until the next picture is due, counted from the first: rounding must not add up."""

    def __init__(self, fps: float, stop: threading.Event) -> None:
        self._fps = fps
        self._stop = stop
        self._start_s = time.monotonic()
        self._number = 0

    def wait(self) -> None:
        due_s = self._start_s + self._number / self._fps
        self._number += 1
        self._stop.wait(max(0.0, due_s - time.monotonic()))


class _Video:
    """A Driver that plays a video file. JPEGs are taken as they are stored, as those of a webcam."""

    def __init__(self, path: Path, clock: Clock, luma_px: int, stop: threading.Event) -> None:
        silence_opencv()
        self._path = path
        self._clock = clock
        self._luma_px = luma_px
        self._played = 0
        self._film = cv2.VideoCapture(str(path))
        fps = self._film.get(cv2.CAP_PROP_FPS) if self._film.isOpened() else 0
        if not fps > 0:
            self._film.release()
            raise CameraFault(f"camera {path}: OpenCV cannot open it", hint="name a video file, such as mp4")
        self._beat = _Beat(fps, stop)
        self._shape = [self._film.get(side) for side in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)]
        is_jpegs = int(self._film.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter.fourcc(*"MJPG")
        self._is_raw = is_jpegs and self._film.set(cv2.CAP_PROP_FORMAT, -1)

    def read(self) -> Picture | None:
        frame = self._next()
        if frame is None:
            if self._played:
                return None
            raise CameraFault(
                f"camera {self._path}: the video has no frames", hint="save the video in another format"
            )
        self._beat.wait()
        self._played += 1
        return Picture(frame.at(self._clock.tick_ms()))

    def _next(self) -> Frame | None:
        """The next picture, without its time; None at the end. JPEGs that are damaged are left out."""
        while True:
            try:
                arrived, pixels = self._film.read()
            except cv2.error as err:
                raise CameraFault(
                    f"camera {self._path}: OpenCV cannot decode it", hint="save the video in another format"
                ) from err
            if not arrived:
                return None
            picture = pixels.astype("uint8", copy=False)
            if not self._is_raw:
                return frame_from_bgr(picture, 0, luma_px=self._luma_px)
            frame = frame_from_jpeg(picture.reshape(-1), 0, luma_px=self._luma_px)
            if frame is not None and self._is_whole(frame):
                return frame
            if not self._played:
                self._leave_to_opencv()

    def _is_whole(self, frame: Frame) -> bool:
        """Whether it has the shape of the film: of interlaced films, one JPEG holds every second row."""
        (height, width), (film_height, film_width) = frame.luma.shape, self._shape
        return abs(width * film_height - height * film_width) <= max(film_height, film_width)

    def _leave_to_opencv(self) -> None:
        """Play the film from its beginning, and let OpenCV decode what we cannot."""
        self._film.release()
        self._film = cv2.VideoCapture(str(self._path))
        self._is_raw = False

    def close(self) -> None:
        self._film.release()


class _Pictures:
    """A Driver that plays picture files; a file that no caller takes is never read."""

    def __init__(self, files: Sequence[Path], clock: Clock, beat: _Beat) -> None:
        self._files = iter(files)
        self._clock = clock
        self._beat = beat

    def read(self) -> _File | None:
        file = next(self._files, None)
        if file is None:
            return None
        self._beat.wait()
        return _File(file, self._clock.tick_ms())

    def close(self) -> None:
        """Nothing to do: no file is open."""


class _File:
    """A RawFrame that is still on the disk."""

    def __init__(self, path: Path, tick_ms: int) -> None:
        self._path = path
        self._tick_ms = tick_ms

    def frame(self) -> Frame:
        try:
            return frame_from_rgb(read_rgb(self._path), self._tick_ms)
        except InputError as err:
            raise CameraFault(err.message, hint=err.hint) from err

    def drop(self) -> None:
        """Nothing to free."""
