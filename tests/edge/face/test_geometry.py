from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.face.geometry import (
    ARCFACE,
    CROP_PX,
    Part,
    halve,
    invert,
    rotated_square,
    similarity_transform,
    transform,
    warp,
)

angles = st.floats(-math.pi, math.pi)
scales = st.floats(0.05, 20)
shifts = st.floats(-2000, 2000)


@given(angle=angles, scale=scales, dx=shifts, dy=shifts)
def test_a_similarity_transform_is_recovered_from_its_points(
    angle: float, scale: float, dx: float, dy: float
) -> None:
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    truth = np.array([[cos, -sin, dx], [sin, cos, dy]])
    found = similarity_transform(ARCFACE, (ARCFACE @ truth[:, :2].T + truth[:, 2]).astype(np.float32))
    assert np.allclose(transform(found, ARCFACE), ARCFACE @ truth[:, :2].T + truth[:, 2], atol=0.05 * scale)


def test_a_transform_is_never_a_reflection() -> None:
    mirrored = ARCFACE * np.array([-1, 1], dtype=np.float32)
    assert np.linalg.det(similarity_transform(mirrored, ARCFACE)[:, :2]) > 0


def test_equal_points_give_a_finite_transform_and_a_crop() -> None:
    matrix = similarity_transform(np.full((5, 2), 7, np.float32), ARCFACE)
    assert np.isfinite(matrix).all()
    assert warp(np.zeros((80, 80, 3), np.uint8), matrix, CROP_PX).shape == (112, 112, 3)


@given(angle=angles, side=st.floats(10, 2000), x=shifts, y=shifts)
def test_a_rotated_square_fills_the_crop(angle: float, side: float, x: float, y: float) -> None:
    matrix = rotated_square(np.array([x, y], np.float32), side, angle, 192)
    right = np.array([[x + side / 2 * math.cos(angle), y + side / 2 * math.sin(angle)]], np.float32)
    assert np.allclose(transform(matrix, np.array([[x, y]], np.float32)), [[96, 96]], atol=0.5)
    assert np.allclose(transform(matrix, right), [[192, 96]], atol=0.5)
    assert np.allclose(transform(invert(matrix), transform(matrix, right)), right, atol=2)


@pytest.mark.parametrize("zoom", [1.0, 0.49, 0.25, 0.1])
def test_a_warp_keeps_positions_and_brightness_at_any_zoom(zoom: float) -> None:
    size = round(112 / zoom)
    ramp = np.linspace(20, 220, size, dtype=np.float32)
    picture = np.repeat(np.tile(ramp, (size, 1))[..., np.newaxis], 3, axis=2).astype(np.uint8)
    matrix = rotated_square(np.array([size / 2, size / 2], np.float32), size, 0.0, 112)
    crop = warp(picture, matrix, 112)[56, 4:-4, 0].astype(float)
    assert np.abs(crop - np.linspace(20, 220, 112)[4:-4]).max() < 3


def test_a_warp_that_shrinks_averages_pixels() -> None:
    checks = (np.indices((1120, 1120)).sum(axis=0) % 2 * 255).astype(np.uint8)
    matrix = rotated_square(np.array([560, 560], np.float32), 1120, 0.0, 112)
    crop = warp(np.repeat(checks[..., np.newaxis], 3, axis=2), matrix, 112)
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 127).max() <= 2  # bilinear sampling alone gives 0 or 255


@given(
    angle=angles,
    side=st.floats(40, 900),
    centre=st.tuples(st.floats(-100, 360), st.floats(-100, 300)),
    part=st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(4, 60), st.integers(4, 60)),
)
def test_a_part_of_a_warp_has_the_pixels_of_the_whole(
    angle: float, side: float, centre: tuple[float, float], part: tuple[int, int, int, int]
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (200, 260, 3), dtype=np.uint8)
    matrix = rotated_square(np.array(centre, np.float32), side, angle, 160)
    left, top, width, height = part
    place = Part(left, top, left + width, top + height)
    whole = warp(noise, matrix, 160)[top : place.bottom, left : place.right]
    parts = warp(noise, matrix, 160, part=place)
    # OpenCV samples at 1/32 px, and rounds a shifted transform otherwise: 8 of 255 levels in each direction
    assert np.abs(parts.astype(int) - whole).max() <= 17
    assert (warp(noise, matrix, 160, part=place, channel=1) == parts[..., 1]).all()


@pytest.mark.parametrize("centre", [(-900, -900), (900, 50), (50, 5000)])
def test_a_warp_beyond_the_picture_is_black(centre: tuple[int, int]) -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    for side in (20, 400):
        assert not warp(white, rotated_square(np.array(centre, np.float32), side, 0.3, 112), 112).any()


@pytest.mark.parametrize(
    ("shape", "times", "expect"),
    [
        ((8, 8, 3), 2, (2, 2, 3)),
        ((9, 7, 3), 1, (4, 3, 3)),
        ((1, 9, 3), 3, (1, 9, 3)),
        ((4, 64, 3), 9, (1, 16, 3)),
    ],
)
def test_halving_stops_at_one_pixel(shape: tuple[int, ...], times: int, expect: tuple[int, ...]) -> None:
    assert halve(np.zeros(shape, np.uint8), times).shape == expect
