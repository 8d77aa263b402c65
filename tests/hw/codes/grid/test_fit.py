"""The fit: places of the modules from corners that are a little wrong."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from samples.damaged_qr import symbol

from hw.codes.grid.fit import fit, references, score
from hw.codes.grid.layout import size_of
from hw.codes.grid.sampling import centres
from hw.codes.grid.warp import place, unbent

SCALE = 6


@pytest.mark.parametrize("version", [1, 2, 4, 7, 11])
@pytest.mark.parametrize("seed", range(3))
def test_corners_that_are_half_a_module_off_are_found_again(version: int, seed: int) -> None:
    drawn = symbol(version)
    image = cv2.GaussianBlur(drawn.picture(SCALE).astype(np.float32), (0, 0), 1)
    off = np.random.default_rng(seed).uniform(-0.5, 0.5, (4, 2)) * SCALE
    found = fit(image, drawn.corners(SCALE) + off, [version])
    assert found.score > 0.95
    points = centres(version)
    wrong = place(found.grid[None], points)[0] - place(unbent(drawn.corners(SCALE))[None], points)[0]
    assert np.abs(wrong).max() < 0.5 * SCALE


def test_the_right_version_has_the_best_score() -> None:
    drawn = symbol(6)
    image = drawn.picture(SCALE).astype(np.float32)
    assert fit(image, drawn.corners(SCALE), [4, 5, 6, 7, 8]).version == 6


def test_a_bent_symbol_is_followed() -> None:
    drawn = symbol(4)
    picture, size = drawn.picture(SCALE), (size_of(4) + 8) * SCALE
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    bow = 1.5 * SCALE * np.sin(np.pi * x / size)
    bent = cv2.remap(picture, x, (y + bow).astype(np.float32), cv2.INTER_LINEAR, borderValue=255)
    flat_score = score(bent.astype(np.float32), unbent(drawn.corners(SCALE))[None], references(4))[0]
    found = fit(bent.astype(np.float32), drawn.corners(SCALE), [4])
    assert flat_score < 0.7
    assert found.score > 0.9


def test_light_that_changes_over_the_symbol_does_not_change_the_score() -> None:
    drawn = symbol(4)
    grid, image = unbent(drawn.corners(SCALE))[None], drawn.picture(SCALE).astype(np.float32)
    shadow = np.linspace(0.3, 1, image.shape[1], dtype=np.float32)
    assert abs(score(image * shadow + 20, grid, references(4))[0] - 1) < 0.05


def test_noise_has_a_low_score_and_an_even_picture_has_none() -> None:
    corners = symbol(4).corners(SCALE)
    noise = np.random.default_rng(1).uniform(0, 255, (300, 300)).astype(np.float32)
    assert fit(noise, corners, [3, 4, 5]).score < 0.45
    assert fit(np.full((300, 300), 128, np.float32), corners, [4]).score == pytest.approx(0, abs=1e-3)


def test_a_fit_without_versions_or_without_time_is_none() -> None:
    image, corners = symbol(4).picture(SCALE).astype(np.float32), symbol(4).corners(SCALE)
    assert fit(image, corners, []) is None
    assert fit(image, corners, [4], expired=lambda: True) is None


def test_a_deadline_within_the_search_ends_it_with_the_best_so_far() -> None:
    image, corners = symbol(4).picture(SCALE).astype(np.float32), symbol(4).corners(SCALE) + SCALE * 0.7
    asked = iter([False, False, False] + [True] * 100)
    short = fit(image, corners, [4], expired=lambda: next(asked))
    assert 0 < short.score < fit(image, corners, [4]).score
