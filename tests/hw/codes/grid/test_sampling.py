"""Brightness between pixels."""

from __future__ import annotations

import numpy as np
from samples.damaged_qr import symbol

from hw.codes.grid.sampling import module_brightness, sample
from hw.codes.grid.warp import unbent

RAMP = np.tile(np.arange(40, dtype=np.float32), (30, 1))


def test_the_centre_of_a_pixel_has_its_brightness_and_points_between_are_mixed() -> None:
    points = np.array([(5.5, 3.5), (6.0, 3.5), (6.5, 20.5)])
    assert np.allclose(sample(RAMP, points), [5, 5.5, 6], atol=0.05)


def test_points_outside_take_the_border() -> None:
    points = np.array([(-50.0, 3.0), (1e12, 3.0), (-1e12, -1e12)])
    assert sample(RAMP, points).tolist() == [0, 39, 0]


def test_points_that_are_no_numbers_are_sampled_without_an_error() -> None:
    assert np.isfinite(sample(RAMP, np.array([(np.nan, 1.0), (np.inf, -np.inf)]))).all()


def test_more_points_than_opencv_takes_in_a_row_are_sampled() -> None:
    points = np.random.default_rng(1).uniform(1, 28, (70_001, 2))
    assert np.allclose(sample(RAMP, points), points[:, 0] - 0.5, atol=0.05)


def test_the_modules_of_a_drawn_symbol_are_dark_or_light() -> None:
    drawn = symbol(3)
    seen = module_brightness(drawn.picture().astype(np.float32), unbent(drawn.corners()), 3)
    assert np.array_equal(seen < 128, drawn.dark)
