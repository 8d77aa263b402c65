"""Soft readings of symbols under light and blur that one threshold does not read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from samples.damaged_qr import symbol

from hw.codes.grid.format_info import likely_formats
from hw.codes.grid.readings import readings
from hw.codes.grid.sampling import module_brightness
from hw.codes.grid.standard import LEVELS
from hw.codes.grid.warp import unbent

DRAWN = symbol(5)
SCALE = 4


def read(image: np.ndarray) -> list[np.ndarray]:
    grid = unbent(DRAWN.corners(SCALE))
    image = image.astype(np.float32)
    return readings(image, grid, 5, module_brightness(image, grid, 5))


def wrong(soft: np.ndarray) -> float:
    return float(((soft < 0) != DRAWN.dark).mean())


def test_each_reading_reads_a_clean_symbol() -> None:
    for soft in read(DRAWN.picture(SCALE)):
        assert soft.dtype == np.float32
        assert np.abs(soft).max() <= 1
        assert wrong(soft) < 0.01


def test_the_mean_reads_through_a_shadow_that_one_threshold_does_not() -> None:
    picture = DRAWN.picture(SCALE)
    shadow = np.where(np.arange(picture.shape[1]) < picture.shape[1] // 2, 0.2, 0.8)
    mean, _, one_threshold, *_ = (wrong(soft) for soft in read((picture + 60.0) * shadow))
    assert mean < 0.04
    assert one_threshold > 0.1


def test_the_equaliser_reads_motion_that_the_mean_of_a_module_does_not() -> None:
    trail = np.zeros((1, 2 * SCALE + 1), np.float32)
    trail[0, :] = 1 / trail.size
    moved = cv2.filter2D(DRAWN.picture(SCALE).astype(np.float32), -1, trail)
    softs = read(moved)
    assert wrong(softs[1]) < wrong(softs[-1]) / 2


@pytest.mark.parametrize("fill", [0, 128, 255, np.nan])
def test_a_picture_without_contrast_gives_no_errors(fill: float) -> None:
    with np.errstate(invalid="ignore"):
        softs = read(np.full((200, 200), 128 if np.isnan(fill) else fill))
    assert all(np.isfinite(soft).all() for soft in softs)


@pytest.mark.parametrize("version", [1, 6, 7, 40])
@pytest.mark.parametrize("level", "lmqh")
def test_the_format_is_found_with_a_quarter_of_its_modules_unknown(version: int, level: str) -> None:
    drawn = symbol(version, level)
    soft = drawn.soft
    soft[:6, 8] = soft[8, :4] = 0
    agreement, found, _ = likely_formats(soft, version)[0]
    assert (found, agreement > 0.6) == (LEVELS["lmqh".index(level)], True)


def test_a_symbol_without_readable_format_has_no_likely_format() -> None:
    assert likely_formats(np.zeros((21, 21), np.float32), 1) == []
