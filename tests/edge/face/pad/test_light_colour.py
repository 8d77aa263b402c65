"""The balance of the light's colour, and the share of a face that it cannot restore."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.pad_pictures import FRAME, face, scene

from edge.face.pad import light_colour


@pytest.mark.parametrize("cast", [(1.25, 1, 0.75), (0.75, 1, 1.25), (1, 0.8, 1)])
def test_the_gains_of_a_scene_undo_the_colour_of_its_light(cast: tuple[float, float, float]) -> None:
    white = scene()
    lit = np.rint(white * np.array(cast)).astype(np.uint8)
    plain, after = (
        light_colour.balanced(light_colour.gains(picture))[picture, (0, 1, 2)] for picture in (white, lit)
    )
    brightness = after.mean() / plain.mean()  # the gains change it, and the networks hardly see it
    assert np.abs(after - plain * brightness).max() < 4


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 0, 0), (255, 255, 255), (3, 200, 9)])
def test_a_frame_of_one_colour_has_bounded_gains(colour: tuple[int, int, int]) -> None:
    picture = np.full((*FRAME, 3), colour, np.uint8)
    gains = light_colour.gains(picture)
    assert ((gains >= light_colour.LEAST) & (gains <= light_colour.MOST)).all()
    balanced = light_colour.balanced(gains)
    assert ((balanced >= 0) & (balanced <= 255)).all()


@given(seed=st.integers(0, 2**32 - 1), high=st.integers(1, 256))
@settings(max_examples=40)
def test_gains_are_those_of_the_minkowski_mean_of_every_eighth_pixel(seed: int, high: int) -> None:
    picture = np.random.default_rng(seed).integers(0, high, (64, 88, 3), dtype=np.uint8)
    pixels = picture[::8, ::8].reshape(-1, 3).astype(np.float64)
    mean = (pixels**6).mean(axis=0) ** (1 / 6)
    expected = np.clip(mean.mean() / np.maximum(mean, 1), 0.4, 2.5)
    assert light_colour.gains(picture) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_clipped_is_the_share_of_the_face_with_a_full_channel(channel: int) -> None:
    picture = np.full((*FRAME, 3), 254, np.uint8)
    assert light_colour.clipped(picture, face(side=200)) == 0
    picture[: FRAME[0] // 2, :, channel] = 255
    assert light_colour.clipped(picture, face(side=200)) == pytest.approx(0.5, abs=0.02)
    assert light_colour.clipped(picture, face(y=400, side=100)) == 0
    assert light_colour.clipped(picture, face(x=-900)) == 0
