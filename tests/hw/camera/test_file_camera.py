from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from edge.errors import CameraFault
from edge.ports import Frame
from hw.camera.files import FileCamera
from hw.camera.framing import frame_from_rgb
from hw.sim.clock import SimClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clock() -> SimClock:
    return SimClock(datetime(2026, 1, 2, 8, tzinfo=UTC), tick_ms=1_000)


def frame(shade: int) -> Frame:
    return Frame(np.full((6, 8), shade, np.uint8), np.full((3, 4, 3), shade, np.uint8), tick_ms=-1)


def picture(path: Path, size: tuple[int, int], colour: tuple[int, int, int]) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.mark.parametrize(
    ("fps", "ticks"),
    [(10, [1000, 1100, 1200, 1300]), (30, [1000, 1033, 1067, 1100]), (1000, [1000, 1001, 1002, 1003])],
)
def test_ticks_advance_evenly_and_rounding_does_not_add_up(
    clock: SimClock, fps: float, ticks: list[int]
) -> None:
    camera = FileCamera([frame(n) for n in range(4)], clock=clock, fps=fps, wait=clock.advance)
    assert [shown.tick_ms for shown in camera.frames()] == ticks


def test_frames_from_memory_keep_their_pixels(clock: SimClock) -> None:
    (shown,) = FileCamera([frame(7)], clock=clock, wait=clock.advance).frames()
    assert (shown.luma == 7).all()
    assert (shown.rgb == 7).all()
    assert shown.rgb.shape == (3, 4, 3)


def test_a_slow_caller_is_not_made_slower(clock: SimClock) -> None:
    camera = FileCamera([frame(n) for n in range(3)], clock=clock, fps=10, wait=clock.advance)
    ticks = []
    for shown in camera.frames():
        ticks.append(shown.tick_ms)
        clock.advance(250)
    assert ticks == [1000, 1250, 1500]


@pytest.mark.parametrize(
    ("size", "luma", "rgb"),
    [
        ((1280, 720), (720, 1280), (360, 640, 3)),
        ((640, 480), (480, 640), (480, 640, 3)),
        ((4000, 3000), (960, 1280), (480, 640, 3)),
        ((300, 400), (400, 300), (400, 300, 3)),
        ((3000, 1), (1, 1280), (1, 640, 3)),
    ],
)
def test_a_picture_file_gives_the_two_sizes_of_a_camera(
    clock: SimClock, tmp_path: Path, size: tuple[int, int], luma: tuple[int, ...], rgb: tuple[int, ...]
) -> None:
    path = picture(tmp_path / "p.png", size, (255, 0, 0))
    (shown,) = FileCamera([path], clock=clock, wait=clock.advance).frames()
    assert (shown.luma.shape, shown.rgb.shape) == (luma, rgb)
    assert (shown.luma.dtype, shown.rgb.dtype) == (np.uint8, np.uint8)
    assert shown.rgb[0, 0].tolist() == [255, 0, 0]
    assert shown.luma[0, 0] == 76  # 0.299 * 255, BT.601


@pytest.mark.parametrize(
    "content", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n"], ids=["missing", "empty", "text", "cut"]
)
def test_an_unreadable_picture_is_a_camera_fault_after_those_before_it(
    clock: SimClock, tmp_path: Path, content: bytes | None
) -> None:
    bad = tmp_path / "bad.png"
    if content is not None:
        bad.write_bytes(content)
    shown = FileCamera([frame(1), bad], clock=clock, wait=clock.advance).frames()
    next(shown)
    with pytest.raises(CameraFault, match=r"bad\.png") as caught:
        next(shown)
    assert caught.value.hint


def test_close_ends_the_film(clock: SimClock) -> None:
    camera = FileCamera([frame(1), frame(2)], clock=clock, wait=clock.advance)
    shown = camera.frames()
    next(shown)
    camera.close()
    assert list(shown) == []


@pytest.mark.parametrize("fps", [0, -1, 1001, float("nan"), float("inf")])
def test_an_impossible_frame_rate_is_refused(clock: SimClock, fps: float) -> None:
    with pytest.raises(CameraFault, match="is not above 0 and at most 1000"):
        FileCamera([], clock=clock, fps=fps)


def test_scaling_down_never_leaves_a_side_without_pixels() -> None:
    shown = frame_from_rgb(np.zeros((1, 9_000, 3), np.uint8), 0)
    assert (shown.luma.shape, shown.rgb.shape) == ((1, 1280), (1, 640, 3))
