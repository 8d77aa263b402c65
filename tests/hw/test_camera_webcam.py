"""The webcam's class on what a machine without a camera has: a film file, a pipe, and missing devices."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge.errors import CameraFault
from hw.camera_webcam import Webcam
from hw.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import Frame

SHADES = [20, 80, 140, 200]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (1280, 720))
    assert writer.isOpened()
    for shade in SHADES:
        writer.write(np.full((720, 1280, 3), (shade, 0, 0), np.uint8))  # BGR: blue
    writer.release()
    return path


def test_the_latest_frame_wins_and_a_film_ends(film: Path) -> None:
    camera = Webcam(film, clock=SystemClock())
    frames = camera.frames()
    next(frames)
    assert camera._capture is not None
    camera._capture.thread.join(30)  # the whole film has been read, and nobody looked
    shown = next(frames)
    assert abs(int(shown.rgb[100, 100, 2]) - SHADES[-1]) < 6  # MJPG is lossy
    assert shown.rgb[100, 100, 0] < 6
    with pytest.raises(StopIteration):
        next(frames)


def test_frames_come_in_the_two_sizes_and_ticks_never_go_back(film: Path) -> None:
    camera = Webcam(film, clock=SystemClock())
    shown: list[Frame] = list(camera.frames())
    assert 1 <= len(shown) <= len(SHADES)
    assert {(frame.luma.shape, frame.rgb.shape) for frame in shown} == {((720, 1280), (360, 640, 3))}
    ticks = [frame.tick_ms for frame in shown]
    assert ticks == sorted(ticks)


def test_asking_for_frames_after_the_end_opens_the_camera_anew(film: Path) -> None:
    camera = Webcam(film, clock=SystemClock())
    for _ in range(2):
        assert list(camera.frames())
    assert next(camera.frames()).luma.shape == (720, 1280)
    camera.close()


class JammedClock(SystemClock):
    """Holds the capture thread at its second frame, as a driver that never returns does."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self._frames = 0

    def tick_ms(self) -> int:
        self._frames += 1
        if self._frames == 2:
            self.gate.wait(60)
        return super().tick_ms()


def test_a_camera_that_falls_silent_is_a_fault_once_patience_is_over(film: Path) -> None:
    clock = JammedClock()
    camera = Webcam(film, clock=clock, stall_s=0.05)
    frames = camera.frames()
    next(frames)
    assert camera._capture is not None
    thread = camera._capture.thread
    with pytest.raises(CameraFault, match=r"no frame for 0\.05 s") as caught:
        next(frames)
    assert "plug" in caught.value.hint
    assert thread.is_alive()  # it still hangs, and nobody waits for it
    clock.gate.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_missing_camera_says_which_device_and_how_to_list_them() -> None:
    with pytest.raises(CameraFault, match="/dev/video987") as caught:
        Webcam(987, clock=SystemClock())
    assert "ls /dev/video" in caught.value.hint


def test_a_missing_film_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CameraFault, match="there is no"):
        Webcam(tmp_path / "absent.avi", clock=SystemClock())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_device_that_may_not_be_opened_names_the_video_group(film: Path) -> None:
    film.chmod(0)
    with pytest.raises(CameraFault, match="may not be opened") as caught:
        Webcam(film, clock=SystemClock())
    assert "video" in caught.value.hint


def test_a_file_that_is_no_film_is_a_fault_on_the_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "noise.avi"
    path.write_bytes(bytes(range(256)) * 64)
    camera = Webcam(path, clock=SystemClock())
    with pytest.raises(CameraFault, match="cannot be opened"):
        next(camera.frames())


def test_close_stops_the_thread_and_may_be_called_twice(film: Path) -> None:
    camera = Webcam(film, clock=SystemClock())
    next(camera.frames())
    assert camera._capture is not None
    thread = camera._capture.thread
    camera.close()
    camera.close()
    thread.join(30)
    assert not thread.is_alive()


def test_a_film_plays_in_true_time(film: Path) -> None:
    clock = SystemClock()
    start_ms = clock.tick_ms()
    shown = list(Webcam(film, clock=clock).frames())
    assert shown[-1].tick_ms - start_ms >= 1000 * (len(SHADES) - 1) // 10  # a busy machine only takes longer
