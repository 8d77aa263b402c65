"""Finder patterns and symbols found without an engine."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from samples.damaged_qr import symbol

from hw.codes.grid.finders import finders, suspects

SCALE = 6


@pytest.mark.parametrize("version", [1, 4, 10])
def test_the_corners_of_a_drawn_symbol_are_found(version: int) -> None:
    drawn = symbol(version)
    found = suspects(drawn.picture(SCALE))
    off = min(np.abs(one.corners - drawn.corners(SCALE)).max() for one in found)
    assert off < SCALE


def test_a_turned_symbol_is_found_from_its_own_top_left() -> None:
    drawn = symbol(3)
    picture = np.rot90(drawn.picture(SCALE)).copy()
    side = picture.shape[0]
    expected = np.stack([drawn.corners(SCALE)[:, 1], side - drawn.corners(SCALE)[:, 0]], 1)
    assert min(np.abs(one.corners - expected).max() for one in suspects(picture)) < SCALE


def test_each_finder_pattern_is_found_once() -> None:
    assert len(finders(symbol(2).picture(SCALE))) == 3


@pytest.mark.parametrize(
    "luma",
    [
        np.zeros((1, 1), np.uint8),
        np.full((300, 400), 128, np.uint8),
        np.random.default_rng(1).integers(0, 256, (400, 600), np.uint8),
        np.tile(symbol(1).picture(3)[:40, :40], (10, 10)),
    ],
    ids=["a pixel", "grey", "noise", "a sheet of finder patterns"],
)
def test_hostile_pictures_give_a_bounded_list_within_the_deadline(luma: np.ndarray) -> None:
    start = time.thread_time()
    assert len(suspects(luma, expired=lambda: time.thread_time() > start + 0.1)) <= 40
    assert time.thread_time() - start < 1


def test_a_blurred_symbol_has_its_finder_patterns() -> None:
    assert len(finders(cv2.GaussianBlur(symbol(2).picture(SCALE), (0, 0), SCALE * 0.6))) == 3
