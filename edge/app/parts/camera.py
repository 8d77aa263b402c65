"""Opens the camera of a configuration, and the clock of this machine."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge import config
    from edge.ports import Camera, Clock


def system_clock() -> Clock:
    """The clock of this machine."""
    from hw.system.clock import SystemClock

    return SystemClock()


def open_camera(camera: config.CameraConfig, base: Path, *, instead: str | None = None) -> Camera:
    """The camera of a configuration; `instead`: the one of the command line. Raises CameraFault.

    A film of the command line is played as it is: `rotate` and `mirror` are those of the mounted camera.
    """
    if camera.kind == "none" and instead is None:
        from hw.camera.none import NoCamera

        return NoCamera(clock=system_clock())
    from hw.camera.setting import Setting

    setting = Setting(
        camera.size,
        camera.fps,
        camera.exposure,
        camera.mains_hz,
        camera.lens,
        rotate=camera.rotate,
        mirror=camera.mirror,
    )
    named = instead if instead is not None else camera.device
    kind = camera.kind if instead is None else None
    if kind == "picamera2":
        from hw.camera.picamera2 import PiCamera  # installed on a Pi only

        return PiCamera(named, clock=system_clock(), setting=setting)
    if named is None or isinstance(named, int) or named.isdecimal():
        source: int | Path | None = None if named is None else int(named)
    else:
        source = Path(named) if instead is not None else base / named
    if isinstance(source, Path) and (kind == "film" or (kind is None and not _is_device(source))):
        from hw.camera.film import Film

        if instead is not None:
            setting = replace(setting, rotate=0, mirror=False)
        return Film(source, clock=system_clock(), setting=setting)
    from hw.camera.webcam import Webcam

    return Webcam(source, clock=system_clock(), setting=setting)


def _is_device(path: Path) -> bool:
    try:
        return stat.S_ISCHR(os.stat(path).st_mode)  # noqa: PTH116  pathlib raises for what can be no name
    except (OSError, ValueError):
        return False
