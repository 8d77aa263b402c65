"""A USB webcam through V4L2: OpenCV streams, `hw.camera.v4l2` sets the other controls."""

from __future__ import annotations

import os
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2

from edge.errors import CameraFault
from edge.log import log_line
from hw.camera.capture import CaptureTimeouts, LiveCamera, taken_ms
from hw.camera.framing import frame_from_bgr, frame_from_jpeg, frame_from_yuyv
from hw.camera.setting import Setting
from hw.camera.v4l2 import Control, VideoDevice, set_controls, video_devices

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from edge.ports import Clock, Frame

# One damaged JPEG is a short USB error, and most webcams start with one; after three the camera is gone.
_BAD_IN_A_ROW: Final = 3
# 5 ms: a hand at 0.1 m/s moves 0.5 mm, less than a module of a phone's code (0.7 mm). A dark room gets 66 ms.
_SHORT_100_US: Final = 50

# Opens a device by its path and OpenCV's number of V4L2, as `cv2.VideoCapture` does.
OpenDevice: TypeAlias = "Callable[[str, int], Any]"


class Webcam(LiveCamera):
    """Camera number `source`, the camera at that path, or the only camera of the machine.

    Raises CameraFault at once where there is no such device, where there are several and none is named, or
    where the user may not open it.
    """

    def __init__(
        self,
        source: int | Path | None,
        *,
        clock: Clock,
        setting: Setting | None = None,
        timeouts: CaptureTimeouts | None = None,
        devices: Callable[[], Sequence[VideoDevice]] = video_devices,
        open_device: OpenDevice = cv2.VideoCapture,
    ) -> None:
        path = only_webcam(devices()) if source is None else _path(source)
        expect_readable(path, writable=True)
        setting = setting or Setting()

        def open_driver(_: threading.Event) -> _Usb:
            expect_readable(path, writable=True)
            return _Usb(path, clock, setting, open_device)

        super().__init__(str(path), open_driver, timeouts=timeouts, setting=setting)
        self.wake()


def only_webcam(devices: Sequence[VideoDevice]) -> Path:
    """The one webcam of this machine. Raises CameraFault where there is none, or where there are several."""
    found = [device for device in devices if device.is_webcam]
    if len(found) == 1:
        return found[0].path
    if found:
        names = ", ".join(f"{device.path} ({device.card})" for device in found)
        raise CameraFault(
            f"there are {len(found)} cameras: {names}",
            hint="set [camera] device to one, best by its path in /dev/v4l/by-id, which does not change",
        )
    raise CameraFault(
        "no webcam was found", hint="plug one in, or set [camera] device; `ls /dev/video*` lists the devices"
    )


def expect_readable(path: Path, *, writable: bool = False) -> None:
    """Raise CameraFault where a device or film is missing or forbidden; OpenCV does not say which."""
    if not os.path.exists(path):  # noqa: PTH110  Path.exists raises where the name is invalid
        raise CameraFault(
            f"camera: {path} does not exist",
            hint="plug the camera in, or set [camera] device; `ls /dev/video*` lists the devices",
        )
    if not os.access(path, os.R_OK | os.W_OK if writable else os.R_OK):
        raise CameraFault(
            f"camera: no permission to open {path}",
            hint="add the user to the group `video` (sudo usermod -aG video USER) and log in again",
        )


def silence_opencv() -> None:
    """Stop OpenCV and FFmpeg from writing to standard error: every failure is raised instead."""
    logging = getattr(cv2.utils, "logging", cv2)  # OpenCV 4.14 moved setLogLevel there
    logging.setLogLevel(0)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when FFmpeg is loaded


class _RawForm(Enum):
    """The form of a picture as it comes over USB."""

    JPEG = "jpeg"
    YUYV = "yuyv"


# Numbers of linux/videodev2.h.
_RAW_FORMS: Final[Mapping[int, _RawForm]] = {
    cv2.VideoWriter.fourcc(*"MJPG"): _RawForm.JPEG,
    cv2.VideoWriter.fourcc(*"JPEG"): _RawForm.JPEG,
    cv2.VideoWriter.fourcc(*"YUYV"): _RawForm.YUYV,
}


class Picture:
    """A RawFrame whose luma is decoded, which tells a damaged picture; its colours may not be."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def frame(self) -> Frame:
        return self._frame

    def drop(self) -> None:
        """Nothing to free but memory."""


class _Usb:
    """A Driver over one open webcam: takes its pictures as they come over USB, and decodes grey alone.

    If the driver refuses, OpenCV decodes each picture in colour: the same frames for more CPU time.
    """

    def __init__(self, path: Path, clock: Clock, setting: Setting, open_device: OpenDevice) -> None:
        silence_opencv()
        self._path = path
        self._clock = clock
        self._luma_px = max(setting.size)
        # 900 and not 1000: a camera at exactly this rate jitters by some milliseconds.
        self._period_ms = 900 / setting.fps
        self._due_ms = 0.0
        self._device = open_device(str(path), cv2.CAP_V4L2)
        if not self._device.isOpened():
            self._device.release()
            raise CameraFault(
                f"camera {path}: it cannot be opened",
                hint=f"end the program that uses it: `fuser {path}` names it",
            )
        # MJPG first: uncompressed 1280x720 does not fit through USB 2 at more than 10 frames a second. A
        # camera that has only one of the two keeps it.
        self._device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._device.set(cv2.CAP_PROP_FRAME_WIDTH, setting.size[0])
        self._device.set(cv2.CAP_PROP_FRAME_HEIGHT, setting.size[1])
        self._device.set(cv2.CAP_PROP_FPS, setting.fps)
        self._device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        set_controls(path, controls(setting))
        # Last: a change of format or size sets it back. The format is the camera's own where it has no MJPG.
        self._form = _RAW_FORMS.get(int(self._device.get(cv2.CAP_PROP_FOURCC)))
        if self._form is None or not self._device.set(cv2.CAP_PROP_CONVERT_RGB, 0):
            self._leave_to_opencv("the driver gives no raw pictures")

    def read(self) -> Picture:
        for _ in range(_BAD_IN_A_ROW):
            if not self._grab():
                continue
            taken = taken_ms(self._clock, self._age_ms())
            frame = self._frame(taken)
            if frame is not None:
                return Picture(frame)
        raise CameraFault(
            f"camera {self._path}: it gives no more frames", hint="check the cable; `dmesg` shows USB errors"
        )

    def close(self) -> None:
        self._device.release()

    def _grab(self) -> bool:
        """Wait for the next picture that is due; the pictures before it are never decoded."""
        while self._device.grab():
            now_ms = time.monotonic() * 1000
            if now_ms >= self._due_ms:
                self._due_ms = now_ms + self._period_ms
                return True
        return False

    def _frame(self, tick_ms: int) -> Frame | None:
        """The picture that was grabbed; None where it is damaged, as over a cable that is too long."""
        try:
            arrived, pixels = self._device.retrieve()
        except cv2.error:  # raised for a JPEG of no bytes at all
            return None
        if not arrived or pixels is None or pixels.size == 0:
            return None
        pixels = pixels.astype("uint8", copy=False)
        if pixels.ndim == 3 and pixels.shape[2] == 3:
            if self._form is not None:
                self._leave_to_opencv("the driver decodes although raw pictures were set")
            return frame_from_bgr(pixels, tick_ms, luma_px=self._luma_px)
        if self._form is _RawForm.YUYV and pixels.ndim == 3 and pixels.shape[2] == 2:
            return frame_from_yuyv(pixels, tick_ms, luma_px=self._luma_px)
        if self._form is _RawForm.JPEG and pixels.size == max(pixels.shape):
            return frame_from_jpeg(pixels.reshape(-1), tick_ms, luma_px=self._luma_px)
        if self._form is not None:
            self._leave_to_opencv(f"the driver gives raw pictures of the shape {pixels.shape}")
        return None

    def _leave_to_opencv(self, why: str) -> None:
        self._form = None
        self._device.set(cv2.CAP_PROP_CONVERT_RGB, 1)
        log_line("camera", camera=str(self._path), decoding="colour", why=why)

    def _age_ms(self) -> float:
        """Age of the picture by the kernel's stamp, which is monotonic with all webcams (UVC)."""
        return time.monotonic() * 1000 - float(self._device.get(cv2.CAP_PROP_POS_MSEC))


def controls(setting: Setting) -> Mapping[Control, int]:
    """Values for the controls of a webcam."""
    exposure = (
        {Control.EXPOSURE_AUTO: 1, Control.EXPOSURE_100_US: _SHORT_100_US}
        if setting.exposure == "short"
        else {Control.EXPOSURE_AUTO: 3, Control.EXPOSURE_MAY_SLOW: 0}
    )
    # Focus stays automatic: webcams have no unit in which 20 cm could be set.
    lamps = {0: 0, 50: 1, 60: 2}[setting.mains_hz]
    return {Control.POWER_LINE_HZ: lamps, Control.FOCUS_AUTO: 1, **exposure}


def _path(source: int | Path) -> Path:
    return Path(f"/dev/video{source}") if isinstance(source, int) else source
