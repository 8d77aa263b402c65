"""Frames that are turned to be upright, in luma and RGB alike, for each kind of camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.app.parts.camera import open_camera
from edge.config import parse_config
from edge.face.pad.grey import is_grey
from edge.ports import Frame
from hw.camera.framing import frame_from_bgr, frame_from_jpeg, frame_from_rgb, frame_from_yuyv, upright

TURNS = (0, 90, 180, 270)


def corners() -> np.ndarray:
    """A picture of 640x480 whose corner at the top left is red, at the top right green, at the bottom left blue."""
    picture = np.full((480, 640, 3), 90, np.uint8)
    picture[:120, :160] = (220, 20, 20)
    picture[:120, -160:] = (20, 220, 20)
    picture[-120:, :160] = (20, 20, 220)
    return picture


def hung(picture: np.ndarray, rotate: int, *, mirror: bool) -> np.ndarray:
    """The picture of a camera that needs this turn: by hand, not with the code under test."""
    raw = picture[:, ::-1] if mirror else picture
    return np.ascontiguousarray(np.rot90(raw, rotate // 90))  # counter-clockwise: it undoes the turn


def places(frame: Frame) -> tuple[str, ...]:
    """The colours of the corners of `rgb`: top left, top right, bottom left; "-" is grey."""
    height, width = frame.rgb.shape[:2]
    spots = frame.rgb[[30, 30, height - 30], [30, width - 30, 30]]
    return tuple("rgb"[int(spot.argmax())] if spot.max() > 160 else "-" for spot in spots)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("rotate", TURNS)
def test_a_turn_makes_luma_and_colour_upright(rotate: int, mirror: bool) -> None:
    raw = frame_from_rgb(hung(corners(), rotate, mirror=mirror), 7)
    frame, wanted = upright(raw, rotate, mirror=mirror), frame_from_rgb(corners(), 7)
    assert np.array_equal(frame.luma, wanted.luma)
    assert np.array_equal(frame.rgb, wanted.rgb)
    assert frame.tick_ms == 7
    assert frame.luma.flags.c_contiguous
    assert frame.rgb.flags.c_contiguous


def test_a_frame_that_needs_no_turn_is_not_copied() -> None:
    raw = frame_from_rgb(corners(), 7)
    assert upright(raw, 0, mirror=False) is raw


@given(st.sampled_from(TURNS), st.integers(1, 9), st.integers(1, 9))
def test_four_quarters_or_two_mirrors_change_nothing(rotate: int, width: int, height: int) -> None:
    pixels = np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3)
    raw = Frame(pixels[..., 0].copy(), pixels, 0)
    there = upright(raw, rotate, mirror=False)
    assert np.array_equal(upright(there, (360 - rotate) % 360, mirror=False).rgb, pixels)
    twice = upright(upright(raw, rotate, mirror=True), rotate, mirror=True)
    assert np.array_equal(twice.luma, raw.luma)


def test_colour_is_made_once_and_only_when_a_caller_asks_for_it() -> None:
    made: list[int] = []

    def colours() -> np.ndarray:
        made.append(1)
        return corners()

    frame = upright(Frame(np.zeros((480, 640), np.uint8), colours, 7), 180, mirror=True).at(9)
    assert (frame.tick_ms, made) == (9, [])
    assert frame.rgb is frame.rgb
    assert np.array_equal(frame.rgb, corners()[::-1])
    assert made == [1]


@pytest.mark.parametrize("luma_px", [1280, 640])
def test_a_jpeg_gives_the_same_frame_as_its_decoded_picture(luma_px: int) -> None:
    packed = cv2.imencode(".jpg", corners())[1]
    frame = frame_from_jpeg(packed, 7, luma_px=luma_px)
    assert frame is not None
    wanted = frame_from_bgr(cv2.imdecode(packed, cv2.IMREAD_COLOR), 7, luma_px=luma_px)
    assert frame.luma.shape == wanted.luma.shape
    assert np.abs(frame.luma.astype(int) - wanted.luma).mean() < 0.5
    assert np.array_equal(frame.rgb, wanted.rgb)


def test_a_jpeg_whose_colours_are_lost_is_grey_and_raises_nothing() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    packed = cv2.imencode(".jpg", picture)[1].reshape(-1)
    frame = frame_from_jpeg(packed, 7)
    assert frame is not None
    packed[:] = 0  # a driver that uses its memory again
    assert is_grey(frame.rgb)
    assert frame.rgb.shape == (96, 128, 3)


def test_only_a_whole_jpeg_is_a_frame() -> None:
    packed = cv2.imencode(".jpg", corners())[1]
    for damaged in (packed[:0], packed[:2], packed[:100], packed[2:], cv2.imencode(".png", corners())[1]):
        assert frame_from_jpeg(damaged, 7) is None


def test_black_and_white_of_yuyv_are_those_of_other_frames() -> None:
    for level, shade in ((0, 0), (16, 0), (126, 128), (235, 255), (255, 255)):
        yuyv = np.full((48, 64, 2), 128, np.uint8)
        yuyv[..., 0] = level
        frame = frame_from_yuyv(yuyv, 7)
        assert set(frame.luma.flat) == {shade}
        assert abs(int(frame.rgb.max()) - shade) <= 1


def folder(place: Path, picture: np.ndarray) -> Path:
    place.mkdir()
    Image.fromarray(picture).save(place / "1.png")
    return place


def video(place: Path, picture: np.ndarray) -> Path:
    path = place.with_suffix(".avi")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, picture.shape[1::-1])
    for _ in range(3):
        writer.write(picture[..., ::-1])
    writer.release()
    return path


@pytest.mark.parametrize("kind", [folder, video])
@pytest.mark.parametrize(("rotate", "mirror"), [(0, False), (90, False), (180, False), (270, True)])
def test_the_setting_turns_a_camera_and_no_film_of_the_command_line(
    kind, rotate: int, mirror: bool, tmp_path: Path
) -> None:
    path = kind(tmp_path / "film", hung(corners(), rotate, mirror=mirror))
    text = f"[camera]\ndevice = '{path}'\nrotate = {rotate}\nmirror = {str(mirror).lower()}\n"
    config = parse_config(text.encode(), tmp_path / "door.toml")
    camera = open_camera(config.camera, tmp_path)
    assert places(next(camera.frames())) == ("r", "g", "b")
    camera.close()
    as_it_is = open_camera(config.camera, tmp_path, instead=str(path))
    assert (places(next(as_it_is.frames())) == ("r", "g", "b")) is (rotate == 0)
    as_it_is.close()
