"""Suspects that are mended: the whole way from pixels to a symbol that zxing reads."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from samples.damaged_qr import Drawn, random_symbol, symbol

from hw.codes.grid.mend import cut_out, mend
from hw.codes.grid.suspects import Suspect, plausible
from hw.codes.mender import mended_symbol
from hw.codes.zxing import ZxingReader

READER = ZxingReader()
SCALE = 5


def never() -> bool:
    return False


def torn(shown: Drawn, share: float = 0.54) -> np.ndarray:
    """A picture whose lower right is covered in grey, blurred and noisy."""
    picture = shown.picture(SCALE).astype(np.float32)
    size = len(shown.dark)
    start = int(size * (1 - share) + 4) * SCALE
    picture[start : (size + 4) * SCALE, start : (size + 4) * SCALE] = 120
    noise = np.random.default_rng(1).normal(0, 6, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 2) + noise, 0, 255).astype(np.uint8)


def test_a_torn_symbol_that_zxing_does_not_read_is_read() -> None:
    shown = symbol(5, "h")
    luma = torn(shown)
    assert READER.read(luma) == ()
    found = mended_symbol(READER, luma, Suspect(shown.corners(SCALE) + 1.5), thorough=True, expired=never)
    assert (found.text, found.mended, found.engine) == (shown.text, True, "zxing")
    assert np.abs(np.array(found.corners) - shown.corners(SCALE)).max() < 2 * SCALE


def test_zxing_names_the_suspect_itself() -> None:
    found = READER.search(torn(symbol(5, "h")))
    assert found.symbols == ()
    assert [plausible(suspect, (260, 260)) for suspect in found.suspects] == [True]
    assert found.suspects[0].version == 5


def test_a_text_that_zxing_does_not_read_from_the_drawn_symbol_does_not_leave() -> None:
    class Blind(ZxingReader):
        def read(self, luma):
            return ()

    shown = symbol(5, "h")
    assert (
        mended_symbol(Blind(), torn(shown), Suspect(shown.corners(SCALE)), thorough=True, expired=never)
        is None
    )


def test_a_symbol_larger_than_the_window_is_shrunk_first() -> None:
    shown = symbol(2)
    luma = cv2.resize(shown.picture(SCALE), None, fx=10, fy=10, interpolation=cv2.INTER_NEAREST)
    suspect = Suspect(shown.corners(SCALE) * 10)
    window = cut_out(luma, suspect)
    assert window.scale < 1
    assert max(window.image.shape) < 900
    assert np.allclose(window.in_picture(window.corners), suspect.corners)
    assert np.array_equal(mend(luma, suspect).dark, shown.dark)


def test_random_corners_on_a_picture_without_a_code_give_none() -> None:
    dice = np.random.default_rng(3)
    noise = cv2.GaussianBlur(dice.uniform(0, 255, (300, 400)), (0, 0), 3)
    luma = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    for _ in range(20):
        middle, radius = dice.uniform(60, 240, 2), dice.uniform(30, 120)
        corners = middle + radius * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * dice.uniform(
            0.7, 1, (4, 2)
        )
        assert mend(luma, Suspect(corners), thorough=False) is None


def test_random_corners_on_symbols_give_the_right_text_or_none() -> None:
    dice = np.random.default_rng(4)
    for _ in range(15):
        shown = random_symbol(dice, (1, 6))
        luma = shown.picture(SCALE)
        corners = shown.corners(SCALE) + dice.normal(0, 12, (4, 2))
        found = mended_symbol(READER, luma, Suspect(corners), thorough=False, expired=never)
        assert found is None or found.text == shown.text


OUTSIDE = {
    "beside the picture": np.array([(500, 500), (600, 500), (600, 600), (500, 600.0)]),
    "before the picture": np.array([(-200, -200), (-100, -200), (-100, -100), (-200, -100.0)]),
    "all around the picture": np.array([(-500, -500), (700, -500), (700, 700), (-500, 700.0)]),
    "one corner inside": np.array([(150, 150), (260, 150), (260, 260), (150, 260.0)]),
}


@pytest.mark.parametrize("corners", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_corners_outside_of_the_picture_give_none(corners: np.ndarray) -> None:
    assert mend(symbol(1).picture(SCALE), Suspect(corners), thorough=False) is None


def test_a_deadline_is_kept_by_the_dearest_suspect() -> None:
    """A large noisy symbol with patterns that fit: every step runs until the deadline."""
    shown = symbol(22, "h")
    luma = np.clip(
        shown.picture(8) + np.random.default_rng(1).normal(0, 90, (size := 8 * (len(shown.dark) + 8), size)),
        0,
        255,
    )
    suspect = Suspect(shown.corners(8))
    start = time.thread_time()
    mend(luma.astype(np.uint8), suspect, expired=lambda: time.thread_time() > start + 0.05)
    assert time.thread_time() - start < 0.5
