"""A USB camera behind the interface of OpenCV, with a fixed list of formats."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

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
    takes the nearest size it has, and returns no picture for a damaged JPEG.
    """

    formats: Sequence[int]
    pictures: Sequence[bytes]
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.format = self.formats[0]
        self.taken = 0

    def isOpened(self) -> bool:  # noqa: N802  OpenCV's name
        return True

    def set(self, what: int, value: float) -> bool:
        if what == cv2.CAP_PROP_FOURCC:
            self.asked.append(int(value))
            if value in self.formats:
                self.format = int(value)
                return True
            return False
        return what != cv2.CAP_PROP_BUFFERSIZE

    def get(self, what: int) -> float:
        return time.monotonic() * 1_000 if what == cv2.CAP_PROP_POS_MSEC else 0.0

    def grab(self) -> bool:
        self.taken += 1
        return self.taken <= len(self.pictures)

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        picture = cv2.imdecode(np.frombuffer(self.pictures[self.taken - 1], np.uint8), cv2.IMREAD_COLOR)
        return picture is not None, picture

    def release(self) -> None:
        self.taken = len(self.pictures)


def jpeg(shade: int, size: tuple[int, int] = (1_280, 720)) -> bytes:
    """A JPEG of one shade of grey."""
    return cv2.imencode(".jpg", np.full((size[1], size[0], 3), shade, np.uint8))[1].tobytes()
