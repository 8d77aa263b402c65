"""Other light: a cast keeps green, darkness keeps the picture and adds noise."""

from __future__ import annotations

import numpy as np
import pytest

from edge.face.evaluation import lighting

GREY = np.full((64, 64, 3), 100, np.uint8)


@pytest.mark.parametrize("eighths", [-2, 0, 2, 4])
def test_a_cast_scales_red_up_and_blue_down_and_keeps_green(eighths: float) -> None:
    red, green, blue = lighting.cast(GREY, eighths)[0, 0].tolist()
    assert (red, green, blue) == (round(100 * (1 + eighths / 8)), 100, round(100 * (1 - eighths / 8)))


def test_a_cast_stays_in_the_range_of_a_picture() -> None:
    assert lighting.cast(np.full((2, 2, 3), 250, np.uint8), 4).max() == 255


def test_darkness_keeps_the_mean_and_doubles_the_noise_every_two_stops_or_faster() -> None:
    spreads = [lighting.darken(GREY, stops, seed=1).astype(float) for stops in (0, 2, 4)]
    assert all(abs(picture.mean() - 100) < 3 for picture in spreads)
    noise = [picture.std() for picture in spreads]
    assert noise[1] > 1.9 * noise[0]
    assert noise[2] > 1.9 * noise[1]


def test_one_seed_gives_one_picture() -> None:
    one, same, other = (lighting.darken(GREY, 3, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
