"""Reads the identity of a video device and sets its controls, which OpenCV cannot.

Source: linux/videodev2.h and linux/v4l2-controls.h. Numbers are the same on all processors of Linux.
"""

from __future__ import annotations

import fcntl
import os
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_QUERYCAP: Final = 0x80685600  # _IOR('V', 0, struct v4l2_capability)
_S_CTRL: Final = 0xC008561C  # _IOWR('V', 28, struct v4l2_control)
_CAPABILITY: Final = struct.Struct("=16s32s32sIII12x")
_CONTROL: Final = struct.Struct("=Ii")
_VIDEO_CAPTURE: Final = 0x1
_DEVICE_CAPS: Final = 0x8000_0000


class Control(IntEnum):
    """Controls of a camera, as V4L2 numbers them."""

    POWER_LINE_HZ = 0x0098_0918  # 0 off, 1 for 50 Hz, 2 for 60 Hz
    EXPOSURE_AUTO = 0x009A_0901  # 1 manual, 3 aperture priority, which UVC calls automatic
    EXPOSURE_100_US = 0x009A_0902
    EXPOSURE_MAY_SLOW = 0x009A_0903  # 1 lets a dark picture lower the frame rate
    FOCUS_AUTO = 0x009A_090C


@dataclass(frozen=True, slots=True)
class VideoDevice:
    """One node in /dev. `card`: the name of the camera; `bus`: the place where it is plugged in."""

    path: Path
    card: str
    bus: str
    captures: bool

    @property
    def is_webcam(self) -> bool:
        """Whether it gives pictures over USB; a Pi has ten more nodes, for its codecs."""
        return self.captures and self.bus.startswith("usb-")


def describe(path: Path, capability: bytes) -> VideoDevice:
    """A device from its `struct v4l2_capability`, 104 bytes."""
    _, card, bus, _, every, own = _CAPABILITY.unpack(capability)
    # A webcam has a second node for metadata; `own` holds the abilities of the node itself.
    flags = own if every & _DEVICE_CAPS else every
    return VideoDevice(path, _text(card), _text(bus), bool(flags & _VIDEO_CAPTURE))


def video_devices(folder: Path = Path("/dev")) -> list[VideoDevice]:
    """All video devices that this user may open and that answer, by number."""
    found = []
    for path in sorted(folder.glob("video*"), key=lambda path: (len(path.name), path.name)):
        with suppress(OSError), _opened(path) as fd:
            capability = bytearray(_CAPABILITY.size)
            fcntl.ioctl(fd, _QUERYCAP, capability)
            found.append(describe(path, bytes(capability)))
    return found


def set_controls(path: Path, values: Mapping[Control, int]) -> set[Control]:
    """Set each control that the camera has; returns the controls that it accepted. Never raises."""
    taken = set()
    with suppress(OSError), _opened(path) as fd:
        for control, value in values.items():
            with suppress(OSError):  # the camera has no such control: cheap ones have few
                fcntl.ioctl(fd, _S_CTRL, _CONTROL.pack(control, value))
                taken.add(control)
    return taken


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    # O_NONBLOCK: a node in use answers, and a node that is no device (a FIFO) does not block us.
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
