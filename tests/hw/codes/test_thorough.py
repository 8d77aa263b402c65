"""Still pictures: every step, all codes, and a deadline that hostile pictures cannot pass by much."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from samples.damaged_qr import symbol
from samples.qr_pictures import TEXT, draw

from hw.codes.thorough import ThoroughReader
from hw.codes.zxing import ZxingReader

SCALE = 5
SLACK_S = 3.0  # one step that has begun: 4x of 16 megapixels, in CPU time


def torn() -> np.ndarray:
    shown = symbol(5, "h")
    picture = shown.picture(SCALE).astype(np.float32)
    start = int(len(shown.dark) * 0.46 + 4) * SCALE
    picture[start : -4 * SCALE, start : -4 * SCALE] = 120
    rough = np.random.default_rng(1).normal(0, 6, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 2) + rough, 0, 255).astype(np.uint8)


def beside(*pictures: np.ndarray) -> np.ndarray:
    height = max(len(one) for one in pictures)
    return np.hstack(
        [np.pad(one, ((0, height - len(one)), (0, 60)), constant_values=255) for one in pictures]
    )


def test_codes_are_added_and_only_the_mended_one_is_marked() -> None:
    found = ThoroughReader(ZxingReader()).read(beside(torn(), draw(TEXT)))
    assert {symbol.text: symbol.mended for symbol in found} == {TEXT: False, "EC1:HELLO": True}


def test_without_every_code_the_first_step_that_reads_is_the_last() -> None:
    found = ThoroughReader(ZxingReader(), every_code=False).read(beside(torn(), draw(TEXT)))
    assert [symbol.text for symbol in found] == [TEXT]


def test_a_code_that_several_steps_read_is_one_code() -> None:
    assert len(ThoroughReader(ZxingReader()).read(draw(TEXT))) == 1


def test_the_same_text_at_two_places_is_two_codes() -> None:
    assert len(ThoroughReader(ZxingReader()).read(beside(draw(TEXT), draw(TEXT)))) == 2


def test_another_engine_reads_last_and_adds_its_codes() -> None:
    class Last:
        name = "last"

        def read(self, luma):
            return ZxingReader().read(np.ascontiguousarray(draw("EC1:LAST")))

    found = ThoroughReader(ZxingReader(), last=Last()).read(np.full((300, 300), 200, np.uint8))
    assert [symbol.text for symbol in found] == ["EC1:LAST"]


def sheet_of_suspects() -> np.ndarray:
    """Some 500 symbols whose content is noise: zxing suspects each, and nothing can be read."""
    dice = np.random.default_rng(1)
    drawn = symbol(2, "l")
    rows = []
    for _ in range(20):
        row = []
        for _ in range(25):
            dark = drawn.dark.copy()
            dark[9:-9, 9:] = dice.random(dark[9:-9, 9:].shape) < 0.5
            luma = np.where(np.pad(dark, 4), 0, 255).astype(np.uint8)
            row.append(luma.repeat(3, 0).repeat(3, 1))
        rows.append(np.hstack(row))
    return np.vstack(rows)


def finder_sheet() -> np.ndarray:
    return np.tile(symbol(1).picture(4)[:44, :44], (40, 60))


HOSTILE = {
    "500 suspects": sheet_of_suspects,
    "a sheet of finder patterns": finder_sheet,
    "noise": lambda: np.random.default_rng(1).integers(0, 256, (2_000, 2_000), np.uint8),
    "100 megapixels": lambda: np.full((10_000, 10_000), 128, np.uint8),
    "one row": lambda: np.zeros((1, 30_000), np.uint8),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_pictures_end_at_the_deadline(make) -> None:
    luma = make()
    reader = ThoroughReader(ZxingReader(), budget_s=0.5, clock=time.thread_time)
    start = time.thread_time()
    assert reader.read(luma) == ()
    assert time.thread_time() - start < 0.5 + SLACK_S


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 500), (25, 25)])
def test_any_shape_is_read(shape: tuple[int, int]) -> None:
    assert ThoroughReader(ZxingReader()).read(np.full(shape, 128, np.uint8)) == ()
