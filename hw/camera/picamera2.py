"""The camera of a Raspberry Pi through picamera2: codes from the main stream, faces from the small one.

Both streams come from the ISP as YUV. The Y plane of `main` is the luma as it is: nothing is computed.
`lores` is 640 pixels wide, so that only the picture for faces is converted to RGB. The roles cannot be
exchanged: no stream may be larger than `main`, and up to the Pi 4 the small stream has no RGB.

A lens that can move is kept at one place: `hw.camera.setting` says where and why. Modules whose lens cannot
move (1, 2, HQ, global shutter) leave the factory focused far away; a technician turns them to 20 cm by hand.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import cv2

from edge.errors import CameraFault
from edge.ports import Frame
from hw.camera.capture import CaptureTimeouts, LiveCamera, taken_ms
from hw.camera.framing import RGB_LONG_PX, fit
from hw.camera.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge.ports import Clock, Pixels

# As `CaptureTimeouts.stall_s`: by then the caller has got a CameraFault.
_WAIT_S: Final = 1.0
_TO_RGB: Final = {"YUV420": cv2.COLOR_YUV2RGB_I420, "NV12": cv2.COLOR_YUV2RGB_NV12}


class PiCamera(LiveCamera):
    """Camera `source` by number or id, or the only camera of the board.

    Raises CameraFault at once where picamera2 is not installed, or where there is no such camera.
    """

    def __init__(
        self,
        source: int | str | None,
        *,
        clock: Clock,
        setting: Setting | None = None,
        timeouts: CaptureTimeouts | None = None,
    ) -> None:
        picamera2 = _picamera2()
        number = chosen(source, picamera2.Picamera2.global_camera_info())
        setting = setting or Setting()
        name = f"module {number}"

        def open_driver(_: threading.Event) -> _Module:
            return _Module(name, lambda: picamera2.Picamera2(number), clock, setting)

        super().__init__(name, open_driver, timeouts=timeouts, setting=setting)
        self.wake()


def chosen(source: int | str | None, cameras: Sequence[Mapping[str, Any]]) -> int:
    """The number of the camera that `source` names. Raises CameraFault for none, and for several unnamed."""
    names = ", ".join(f"{number}: {camera['Id']}" for number, camera in enumerate(cameras)) or "none"
    if source is None:
        # libcamera also lists webcams, behind the others.
        modules = [number for number, camera in enumerate(cameras) if "/usb" not in camera["Id"]]
        if len(modules) > 1:
            raise CameraFault(
                f"there are {len(modules)} cameras: {names}", hint="set [camera] device to the id of one"
            )
    elif isinstance(source, int) or source.isdecimal():
        modules = [number for number in range(len(cameras)) if number == int(source)]
    else:
        modules = [number for number, camera in enumerate(cameras) if camera["Id"] == source]
    if not modules:
        raise CameraFault(
            f"there is no camera {'' if source is None else f'{source} '}on this board (there are: {names})",
            hint="check the flat cable and its latches; `rpicam-hello --list-cameras` lists the cameras",
        )
    return modules[0]


def controls(available: Mapping[str, tuple[Any, Any, Any]], setting: Setting) -> dict[str, Any]:
    """Values for the controls that the camera has; `available`: their least, greatest and usual value.

    Source of names and numbers: libcamera's control_ids_core.yaml.
    """
    frame_us = round(1_000_000 / setting.fps)
    wanted: dict[str, Any] = {
        # A fixed rate: a dark lobby must not slow the passage down, and a long exposure smears a moving hand.
        "FrameDurationLimits": (frame_us, frame_us),
        "AeEnable": True,
        "AwbEnable": True,
        "AeMeteringMode": 0,  # centre-weighted: visitors hold phones there
        "AeConstraintMode": 1,  # highlights: the phone's screen is the brightest thing, and must not saturate
        "AeExposureMode": 1 if setting.exposure == "short" else 0,
        "AfMode": 0,  # manual
    }
    if setting.mains_hz:
        # Lamps flash twice in a mains period; an exposure of whole flashes shows no bands.
        wanted |= {"AeFlickerMode": 1, "AeFlickerPeriod": round(1_000_000 / (2 * setting.mains_hz))}
    if "LensPosition" in available:
        least, greatest, _ = available["LensPosition"]
        wanted["LensPosition"] = min(max(setting.lens_dpt, least), greatest)
    return {name: value for name, value in wanted.items() if name in available}


def lores_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size of the small stream beside a main one of `size`: equal in shape, or faces are squeezed."""
    width, height = size
    # YUV420 halves both sides.
    return min(RGB_LONG_PX, width), min(round(RGB_LONG_PX * height / width / 2) * 2, height)


class _Module:
    """A Driver over one open Picamera2."""

    def __init__(self, name: str, open_camera: Callable[[], Any], clock: Clock, setting: Setting) -> None:
        self._name = name
        self._clock = clock
        self._guard = threading.Lock()
        self._camera: Any = None
        try:
            self._camera = open_camera()
            self._begin(setting)
        except Exception as error:  # picamera2 passes on every exception of its libraries
            self.close()
            raise CameraFault(
                f"camera {name}: it cannot be opened", hint="end other programs that use it; see `dmesg`"
            ) from error

    def read(self) -> _Request:
        try:
            request = self._camera.capture_request(wait=_WAIT_S)
        except Exception as error:
            raise CameraFault(
                f"camera {self._name}: no frame for {_WAIT_S:g} s", hint="check the flat cable; see `dmesg`"
            ) from error
        stamp_ns = request.get_metadata().get("SensorTimestamp", 0)
        age_ms = (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - stamp_ns) / 1e6
        return _Request(request, taken_ms(self._clock, age_ms), self._guard)

    def close(self) -> None:
        if self._camera is None:
            return
        with self._guard, suppress(Exception):
            self._camera.cancel_all_and_flush()
            self._camera.close()
        self._camera = None

    def _begin(self, setting: Setting) -> None:
        import libcamera  # a package of the system, not of PyPI

        self._camera.configure(
            self._camera.create_video_configuration(
                main={"size": setting.size, "format": "YUV420"},
                lores={"size": lores_size(setting.size), "format": "YUV420"},
                # The colour space that OpenCV assumes for YUV.
                colour_space=libcamera.ColorSpace.Smpte170m(),
                controls=controls(self._camera.camera_controls, setting),
            )
        )
        formats = {self._camera.stream_configuration(stream)["format"] for stream in ("main", "lores")}
        if not formats <= _TO_RGB.keys():
            raise ValueError(f"the camera gives {formats}")
        self._camera.start()


class _Request:
    """A RawFrame in the camera's own memory; `frame` and `drop` give the memory back."""

    def __init__(self, request: Any, tick_ms: int, guard: threading.Lock) -> None:  # noqa: ANN401  no types
        self._request = request
        self._tick_ms = tick_ms
        self._guard = guard  # the camera must not be closed while its memory is read

    def frame(self) -> Frame:
        with self._guard:
            try:
                return Frame(self._luma(), self._colours(), self._tick_ms)
            except Exception as error:
                raise CameraFault("camera: it was closed", hint="try again") from error
            finally:
                self._release()

    def drop(self) -> None:
        with self._guard:
            self._release()

    # No name may keep a view of mapped memory: the memory cannot be unmapped while a view exists.

    def _luma(self) -> Pixels:
        """The Y plane of `main`, one byte a pixel: a copy, because the frame outlives the camera's memory."""
        given = self._request.config["main"]
        width, height = given["size"]
        with self._mapped("main") as memory:
            luma = memory.array.reshape(-1, given["stride"])[:height, :width].copy()
        return luma.astype("uint8", copy=False)  # type: ignore[no-any-return]

    def _colours(self) -> Callable[[], Pixels]:
        """Makes RGB of a copy of the stream `lores`. Chroma is padded as luma is: so it is converted."""
        given = self._request.config["lores"]
        width, height = given["size"]
        how = _TO_RGB[given["format"]]
        with self._mapped("lores") as memory:
            yuv = memory.array.reshape(-1, given["stride"])[: height * 3 // 2].copy()
        return lambda: fit(cv2.cvtColor(yuv, how)[:, :width].astype("uint8", copy=False), RGB_LONG_PX)

    def _mapped(self, stream: str) -> Any:  # noqa: ANN401  no types
        from picamera2 import MappedArray

        return MappedArray(self._request, stream, reshape=False, write=False)

    def _release(self) -> None:
        with suppress(Exception):  # raised where the camera is gone
            self._request.release()


def _picamera2() -> ModuleType:
    """The module picamera2. Raises CameraFault where it, or libcamera below it, is not installed."""
    if not any(_is_installed(name) for name in ("kms", "pykms")):
        # picamera2 imports it for previews on a screen; only Raspberry Pi OS has it. We show no preview.
        sys.modules["pykms"] = _NoScreen("pykms")
    try:
        import picamera2
    except ImportError as error:
        if error.name == "picamera2":
            hint = "pip install 'doorward[pi]'"
        else:  # libcamera, which is a package of the system
            hint = "sudo apt-get install python3-libcamera, and make the virtual environment with "
            hint += "--system-site-packages: tools/guide/technician.md"
        raise CameraFault(
            f"picamera2 cannot be used: {error.name or 'a part of it'} is not installed", hint=hint
        ) from error
    module: ModuleType = picamera2
    return module


def _is_installed(module: str) -> bool:
    return module in sys.modules or importlib.util.find_spec(module) is not None


class _NoScreen(ModuleType):
    """A stand-in for pykms whose every name is there and does nothing."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever is asked for
        if name.startswith("__"):
            raise AttributeError(name)
        return _NoScreen(f"{self.__name__}.{name}")
