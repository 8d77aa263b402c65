"""Bent grids: corners stay where they are, and bends move the points between them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hw.codes.grid.warp import BENT, UNIT_SQUARE, place, unbent

CORNERS = np.array([(10.0, 12.0), (110.0, 20.0), (100.0, 130.0), (5.0, 100.0)])
POINTS = np.random.default_rng(1).uniform(-0.2, 1.2, (50, 2))


def test_a_flat_grid_is_the_homography_of_its_corners() -> None:
    matrix = cv2.getPerspectiveTransform(UNIT_SQUARE.astype(np.float32), CORNERS.astype(np.float32))
    expected = cv2.perspectiveTransform(POINTS[None], matrix)[0]
    assert np.abs(place(unbent(CORNERS)[None], POINTS)[0] - expected).max() < 1e-3


@pytest.mark.parametrize("parameter", range(8, BENT))
def test_a_bend_leaves_the_corners_and_moves_the_points_between(parameter: int) -> None:
    grid = unbent(CORNERS)
    grid[parameter] = 5
    assert np.abs(place(grid[None], UNIT_SQUARE)[0] - CORNERS).max() < 1e-9
    quarter = np.array([(0.25, 0.25)])
    moved = place(grid[None], quarter)[0] - place(unbent(CORNERS)[None], quarter)[0]
    assert 3 < np.abs(moved).max() <= 5


def test_several_grids_are_placed_at_once() -> None:
    grids = np.stack([unbent(CORNERS), unbent(CORNERS * 2)])
    both = place(grids, POINTS)
    assert all(np.allclose(both[i], place(grids[i : i + 1], POINTS)[0]) for i in range(2))


@pytest.mark.parametrize("corners", [np.zeros((4, 2)), np.full((4, 2), 1e9), CORNERS * [1, 0]])
def test_corners_on_one_line_give_numbers(corners: np.ndarray) -> None:
    assert np.isfinite(place(unbent(corners)[None], UNIT_SQUARE)).all()
