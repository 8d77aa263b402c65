"""A USB camera behind the interface of OpenCV, with a fixed list of formats."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

MJPG, YUYV = (cv2.VideoWriter.fourcc(*name) for name in ("MJPG", "YUYV"))


class SamePicture(Sequence[bytes]):
    """One picture, a thousand million times: this cable is never pulled."""

    def __init__(self, picture: bytes) -> None:
        self._picture = picture

    def __len__(self) -> int:
        return 1_000_000_000

    def __getitem__(self, _: int) -> bytes:  # type: ignore[override]
        return self._picture


@dataclass
class UsbCamera:
    """Stand-in for `cv2.VideoCapture`. `formats`: those it supports; `pictures`: JPEG files, one after the other.

    After the last picture its cable is pulled. As OpenCV does, it refuses a format that it lacks and keeps its own,
    takes the nearest size it has, and returns no picture for a damaged JPEG. With CAP_PROP_CONVERT_RGB = 0 it gives
    pictures as they come over USB, in the shapes of OpenCV's cap_v4l.cpp: one row of bytes for MJPEG, two bytes a
    pixel for YUYV; a change of the format sets it back. `raw`: "refused", or "ignored": accepted, and pictures are
    converted all the same.
    """

    formats: Sequence[int]
    pictures: Sequence[bytes]
    raw: Literal["given", "refused", "ignored"] = "given"
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.format = self.formats[0]
        self.taken = 0
        self.converts = True

    def isOpened(self) -> bool:  # noqa: N802  OpenCV's name
        return True

    def set(self, what: int, value: float) -> bool:
        if what == cv2.CAP_PROP_FOURCC:
            self.asked.append(int(value))
            if value in self.formats:
                self.format = int(value)
                return True
            return False
        if what == cv2.CAP_PROP_CONVERT_RGB:
            if value == 0 and self.raw == "refused":
                return False
            self.converts = bool(value) or self.raw == "ignored"
            return True
        self.converts = True
        return what != cv2.CAP_PROP_BUFFERSIZE

    def get(self, what: int) -> float:
        if what == cv2.CAP_PROP_FOURCC:
            return float(self.format)
        return time.monotonic() * 1_000 if what == cv2.CAP_PROP_POS_MSEC else 0.0

    def grab(self) -> bool:
        self.taken += 1
        return self.taken <= len(self.pictures)

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        packed = np.frombuffer(self.pictures[self.taken - 1], np.uint8)
        if self.format == MJPG and not self.converts:
            return True, packed.reshape(1, -1).copy()
        picture = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        if picture is not None and not self.converts:
            picture = yuyv(picture)
        return picture is not None, picture

    def release(self) -> None:
        self.taken = len(self.pictures)


def yuyv(bgr: np.ndarray) -> np.ndarray:
    """The picture as a webcam sends it without compression: ITU-R BT.601, luma from 16 to 235."""
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_YUY2)


def jpeg(shade: int, size: tuple[int, int] = (1_280, 720)) -> bytes:
    """A JPEG of one shade of grey."""
    return cv2.imencode(".jpg", np.full((size[1], size[0], 3), shade, np.uint8))[1].tobytes()
