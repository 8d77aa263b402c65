"""The schedule of a door: what each frame without a code costs, and how soon it is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from samples.damaged_qr import symbol
from samples.qr_pictures import TEXT, draw

from hw.codes.door import SCHEDULE, DoorReader
from hw.codes.grid.suspects import Suspect
from hw.codes.zxing import Found, ZxingReader

SCALE = 5
EMPTY = np.zeros((480, 640), np.uint8)


class Clock:
    """A clock that moves only when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched(ZxingReader):
    """zxing that keeps the shapes of the pictures it searched, and may be told what to suspect in a frame."""

    def __init__(self, *suspects: Suspect) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []
        self.suspects = suspects

    def search(self, luma, *, one_threshold=False):
        self.shapes.append(luma.shape)
        found = super().search(luma, one_threshold=one_threshold)
        return Found(found.symbols, found.suspects or (self.suspects if luma.shape == EMPTY.shape else ()))


def torn(seed: int = 1, *, level: str = "h", share: float = 0.54, noise: float = 6) -> np.ndarray:
    """A symbol with a grey lower right, blurred, with the noise of one frame."""
    shown = symbol(5, level)
    picture = shown.picture(SCALE).astype(np.float32)
    start = int(len(shown.dark) * (1 - share) + 4) * SCALE
    picture[start : -4 * SCALE, start : -4 * SCALE] = 120
    rough = np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 2) + rough, 0, 255).astype(np.uint8)


def in_frame(luma: np.ndarray) -> np.ndarray:
    """A frame of the size of EMPTY with this picture at its top left."""
    frame = np.full(EMPTY.shape, 200, np.uint8)
    frame[: luma.shape[0], : luma.shape[1]] = luma
    return frame


def test_a_frame_with_a_readable_code_is_searched_once() -> None:
    inner = Watched()
    assert [found.text for found in DoorReader(inner).read(draw(TEXT))] == [TEXT]
    assert len(inner.shapes) == 1


def test_frames_without_a_code_take_the_steps_in_turn() -> None:
    inner = Watched()
    reader = DoorReader(inner)
    for _ in range(len(SCHEDULE)):
        assert reader.read(EMPTY) == ()
    steps = inner.shapes[1::2]
    assert steps == [(480, 640), (960, 1280), (240, 320), (960, 1280)]


def test_a_symbol_of_a_step_has_the_corners_of_the_frame() -> None:
    luma = np.pad(draw(TEXT, scale=8), 100, constant_values=255)
    side = len(luma)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), 20, 1)
    luma = cv2.warpAffine(luma, turn, (side, side), borderValue=255)
    small = cv2.resize(luma, None, fx=0.16, fy=0.16, interpolation=cv2.INTER_AREA)
    assert ZxingReader().read(small) == ()
    reader = DoorReader(ZxingReader())
    symbols = next(filter(None, (reader.read(small) for _ in SCHEDULE)))
    assert [found.text for found in symbols] == [TEXT]
    assert np.array(symbols[0].corners).max() <= max(small.shape)


def test_a_torn_code_is_mended_in_its_first_frame() -> None:
    (found,) = DoorReader(ZxingReader(), fit_s=5).read(torn())
    assert (found.text, found.mended) == (symbol(5, "h").text, True)


def test_a_code_that_zxing_reads_is_not_marked() -> None:
    (found,) = DoorReader(ZxingReader()).read(draw(TEXT))
    assert not found.mended


def test_the_fit_ends_at_its_deadline() -> None:
    clock = Clock()

    def passing() -> float:
        clock.now += 0.01  # each question takes 10 ms
        return clock.now

    asked = []
    assert DoorReader(ZxingReader(), clock=lambda: asked.append(1) or passing()).read(torn()) == ()
    assert len(asked) < 20


def test_fits_at_one_place_rest_ever_longer_and_another_place_begins_again() -> None:
    here = Suspect(np.array([(100.0, 100.0), (200.0, 100.0), (200.0, 200.0), (100.0, 200.0)]))
    inner = Watched(here)
    reader = DoorReader(inner, clock=Clock())

    def fits(frames: int) -> list[bool]:
        """Whether each frame was fitted: a fit takes the place of a step."""
        fitted = []
        for _ in range(frames):
            before = len(inner.shapes)
            reader.read(EMPTY)
            fitted.append(len(inner.shapes) == before + 1)
        return fitted

    assert fits(5)[0]
    assert sum(fits(40)) <= 8
    inner.suspects = (Suspect(here.corners + 300),)
    assert fits(1) == [True]


def test_frames_together_read_what_no_frame_alone_reads() -> None:
    frames = [in_frame(torn(seed, level="q", share=0.3, noise=110)) for seed in range(30)]

    def read(*, together: bool) -> int | None:
        inner = Watched(Suspect(symbol(5, "q").corners(SCALE)))
        reader = DoorReader(inner, together=together, clock=Clock())
        for number, frame in enumerate(frames):
            if reader.read(frame):
                return number
        return None

    assert read(together=False) is None
    assert read(together=True) is not None


@pytest.mark.parametrize("shape", [(1, 1), (0, 0), (30, 2_000), (2_000, 30)])
def test_any_shape_is_read(shape: tuple[int, int]) -> None:
    reader = DoorReader(ZxingReader())
    assert all(reader.read(np.full(shape, 128, np.uint8)) == () for _ in range(8))
