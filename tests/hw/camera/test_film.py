"""Films in real time: videos, folders of pictures, and files that are neither."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from peers.waiting import until
from PIL import Image

from edge.errors import CameraFault
from edge.ports import Frame
from hw.camera.film import Film, _Video
from hw.camera.setting import Setting
from hw.system.clock import SystemClock

SHADES = [20, 80, 140, 200]
CLOCK = SystemClock()
FPS = 20


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (1280, 720))
    assert writer.isOpened()
    for shade in SHADES:
        writer.write(np.full((720, 1280, 3), (shade, 0, 0), np.uint8))  # BGR: blue
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, shade in enumerate(SHADES):
        Image.new("RGB", (1280, 720), (0, 0, shade)).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def play(path: Path) -> Film:
    return Film(path, clock=CLOCK, setting=Setting(fps=FPS))


@pytest.mark.parametrize("kind", ["film", "folder"])
def test_the_latest_frame_is_given_and_a_film_ends(kind: str, request: pytest.FixtureRequest) -> None:
    camera = play(request.getfixturevalue(kind))
    frames = camera.frames()
    next(frames)
    until(lambda: camera.health().arrived == len(SHADES))  # the whole film is played, and no frame is read
    shown = next(frames)
    assert abs(int(shown.rgb[100, 100, 2]) - SHADES[-1]) < 6  # MJPG is lossy
    assert shown.rgb[100, 100, 0] < 6
    with pytest.raises(StopIteration):
        next(frames)
    assert camera.health().unseen == 2


def test_frames_come_in_the_two_sizes_and_ticks_never_go_back(film: Path) -> None:
    shown: list[Frame] = list(play(film).frames())
    assert 1 <= len(shown) <= len(SHADES)
    assert {(frame.luma.shape, frame.rgb.shape) for frame in shown} == {((720, 1280), (360, 640, 3))}
    ticks = [frame.tick_ms for frame in shown]
    assert ticks == sorted(ticks)


def test_a_film_plays_again_after_its_end(film: Path) -> None:
    camera = play(film)
    for _ in range(2):
        assert list(camera.frames())
    assert next(camera.frames()).luma.shape == (720, 1280)
    camera.close()


@pytest.mark.parametrize("kind", ["film", "folder"])
def test_a_film_plays_in_real_time(kind: str, request: pytest.FixtureRequest) -> None:
    start_ms = CLOCK.tick_ms()
    shown = list(play(request.getfixturevalue(kind)).frames())
    assert shown[-1].tick_ms - start_ms >= 1000 * (len(SHADES) - 1) // FPS  # a busy machine only takes longer


def test_a_larger_luma_is_kept_if_it_is_requested(tmp_path: Path) -> None:
    path = tmp_path / "large.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (2304, 1296))
    writer.write(np.full((1296, 2304, 3), 90, np.uint8))
    writer.release()
    (shown,) = Film(path, clock=CLOCK, setting=Setting(size=(2304, 1296))).frames()
    assert (shown.luma.shape, shown.rgb.shape) == ((1296, 2304), (360, 640, 3))


def damage(film: Path, number: int) -> Path:
    """The film, with no beginning of that JPEG."""
    data = bytearray(film.read_bytes())
    at = -1
    for _ in range(number + 1):
        at = data.index(b"\xff\xd8\xff", at + 1)
    data[at : at + 3] = b"???"
    film.write_bytes(data)
    return film


def blues(film: Path) -> list[int]:
    """The mean blue of all frames."""
    driver = _Video(film, CLOCK, 1_280, threading.Event())
    return [round(float(raw.frame().rgb[..., 2].mean())) for raw in iter(driver.read, None)]


@pytest.mark.parametrize("number", [1, 3])
def test_a_damaged_jpeg_of_a_film_is_left_out(number: int, film: Path) -> None:
    left = [shade for shade in SHADES if shade != SHADES[number]]
    assert blues(damage(film, number)) == pytest.approx(left, abs=6)


def test_a_film_whose_first_jpeg_we_cannot_decode_is_played_by_opencv(film: Path) -> None:
    capture = cv2.VideoCapture(str(damage(film, 0)))
    by_opencv = [round(float(bgr[..., 0].mean())) for _, bgr in iter(capture.read, (False, None))]
    assert blues(film) == by_opencv
    assert by_opencv[-3:] == pytest.approx(SHADES[1:], abs=6)


def test_a_missing_film_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CameraFault, match="does not exist"):
        play(tmp_path / "absent.avi")


def test_a_folder_without_pictures_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CameraFault, match="no pictures") as caught:
        play(tmp_path)
    assert "png" in caught.value.hint


def test_a_file_that_is_not_a_film_is_a_fault_at_each_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "noise.avi"
    path.write_bytes(bytes(range(256)) * 64)
    camera = play(path)
    for _ in range(2):
        with pytest.raises(CameraFault, match="cannot open it"):
            next(camera.frames())


def test_a_damaged_picture_is_a_fault(folder: Path) -> None:
    (folder / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(CameraFault, match=r"0\.png"):
        next(play(folder).frames())
