"""The contract of every camera.

With `--hardware` it also runs on the camera of DOORWARD_CAMERA: a webcam by number or path, or "picamera2".
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from peers.camera_script import Scripted
from peers.usb_camera import MJPG, YUYV, SamePicture, UsbCamera, jpeg
from PIL import Image

from edge.ports import Camera, Clock, Frame, TellsHealth
from hw.camera.capture import LiveCamera
from hw.camera.files import FileCamera
from hw.camera.film import Film
from hw.camera.picamera2 import PiCamera
from hw.camera.setting import Setting
from hw.camera.webcam import Webcam
from hw.sim.camera import SimCamera
from hw.sim.clock import SimClock
from hw.system.clock import SystemClock

ENOUGH = 4


def frames(count: int) -> list[Frame]:
    return [
        Frame(np.full((72, 128), 40 + n, np.uint8), np.full((36, 64, 3), 40 + n, np.uint8), 0)
        for n in range(count)
    ]


def sim(_: Path) -> tuple[Camera, Clock]:
    clock = SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC), tick_ms=500)
    return SimCamera(frames(60), clock=clock), clock


def files(_: Path) -> tuple[Camera, Clock]:
    clock = SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC), tick_ms=500)
    return FileCamera(frames(60), clock=clock, wait=clock.advance), clock


def video(folder: Path) -> tuple[Camera, Clock]:
    path = folder / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 60, (640, 480))
    for shade in range(30):
        writer.write(np.full((480, 640, 3), 40 + shade, np.uint8))
    writer.release()
    clock = SystemClock()
    return Film(path, clock=clock), clock


def pictures(folder: Path) -> tuple[Camera, Clock]:
    for number in range(30):
        Image.new("RGB", (640, 480), (number, 60, 60)).save(folder / f"{number:02}.jpg")
    clock = SystemClock()
    return Film(folder, clock=clock, setting=Setting(fps=60)), clock


def live(_: Path) -> tuple[Camera, Clock]:
    clock = SystemClock()
    return LiveCamera("scripted", lambda stop: Scripted(clock, stop)), clock


def webcam(formats: Sequence[int], raw: Literal["given", "refused"], folder: Path) -> tuple[Camera, Clock]:
    """A Webcam whose device behind OpenCV is simulated."""
    (node := folder / "video0").touch()
    clock = SystemClock()
    device = UsbCamera(formats, SamePicture(jpeg(60)), raw)
    return Webcam(node, clock=clock, setting=Setting(fps=60), open_device=lambda *_: device), clock


def real(_: Path) -> tuple[Camera, Clock]:
    named = os.environ.get("DOORWARD_CAMERA") or pytest.skip("DOORWARD_CAMERA names no camera")
    clock = SystemClock()
    if named == "picamera2":
        return PiCamera(None, clock=clock, setting=Setting()), clock
    return Webcam(int(named) if named.isdecimal() else Path(named), clock=clock), clock


Make = Callable[[Path], tuple[Camera, Clock]]
WEBCAMS = [
    pytest.param(partial(webcam, formats, raw), id=name)
    for name, formats, raw in (
        ("webcam, MJPEG", [MJPG], "given"),
        ("webcam, YUYV", [YUYV], "given"),
        ("webcam, decoded by OpenCV", [MJPG], "refused"),
    )
]
ALL = [sim, files, video, pictures, live, *WEBCAMS, pytest.param(real, marks=pytest.mark.hardware)]
pytestmark = pytest.mark.parametrize("make", ALL)


@pytest.fixture
def at(make: Make, tmp_path: Path) -> Iterator[tuple[Camera, Clock]]:
    camera, clock = make(tmp_path)
    yield camera, clock
    camera.close()


def test_frames_have_luma_for_codes_and_colour_for_faces(at: tuple[Camera, Clock]) -> None:
    camera, _ = at
    for frame in itertools.islice(camera.frames(), ENOUGH):
        assert (frame.luma.dtype, frame.luma.ndim) == (np.uint8, 2)
        assert (frame.rgb.dtype, frame.rgb.ndim, frame.rgb.shape[2]) == (np.uint8, 3, 3)
        assert max(frame.rgb.shape) <= 640
        assert frame.luma.shape[1] * frame.rgb.shape[0] == frame.luma.shape[0] * frame.rgb.shape[1]


def test_frames_are_recent_and_their_ticks_never_go_back(at: tuple[Camera, Clock]) -> None:
    camera, clock = at
    last_ms = clock.tick_ms()
    for frame in itertools.islice(camera.frames(), ENOUGH):
        assert last_ms - 1_000 <= frame.tick_ms <= clock.tick_ms()
        assert frame.tick_ms >= last_ms or last_ms > 0
        last_ms = frame.tick_ms


def test_a_frame_belongs_to_its_caller(at: tuple[Camera, Clock]) -> None:
    camera, _ = at
    shown = camera.frames()
    first = next(shown)
    luma, rgb = first.luma.copy(), first.rgb.copy()
    later = list(itertools.islice(shown, ENOUGH))
    assert (first.luma == luma).all()
    assert (first.rgb == rgb).all()
    assert not any(np.shares_memory(first.luma, frame.luma) for frame in later)


def test_a_closed_camera_gives_no_more_frames(at: tuple[Camera, Clock]) -> None:
    camera, _ = at
    shown = camera.frames()
    next(shown)
    camera.close()
    camera.close()
    assert len(list(shown)) <= 1  # a frame may be on its way


def test_no_thread_runs_after_its_camera_is_closed(at: tuple[Camera, Clock]) -> None:
    camera, _ = at
    before = {thread for thread in threading.enumerate() if thread.name == "camera"}
    next(camera.frames())
    mine = {thread for thread in threading.enumerate() if thread.name == "camera"} - before
    camera.close()
    for thread in mine:
        thread.join(30)
        assert not thread.is_alive()


def test_cameras_with_health_count_the_frames(at: tuple[Camera, Clock]) -> None:
    camera, _ = at
    shown = len(list(itertools.islice(camera.frames(), ENOUGH)))
    if isinstance(camera, TellsHealth):
        health = camera.health()
        assert health.arrived - health.unseen >= shown
        assert health.restarts == 0
    else:
        assert isinstance(camera, FileCamera)
