"""Suspects: plausible, distinct, the largest first."""

from __future__ import annotations

import numpy as np
import pytest

from hw.codes.grid.suspects import Suspect, distinct, holds, plausible

SQUARE = np.array([(100.0, 100.0), (200.0, 100.0), (200.0, 200.0), (100.0, 200.0)])
SHAPE = (480, 640)


def suspect(*, by: tuple[float, float] = (0, 0), times: float = 1, version: int | None = None) -> Suspect:
    return Suspect(SQUARE * times + by, version)


IMPOSSIBLE = {
    "not a number": np.where(SQUARE == 200, np.nan, SQUARE),
    "infinite": np.where(SQUARE == 200, np.inf, SQUARE),
    "small": SQUARE / 10,
    "much wider than high": SQUARE * [5, 1],
    "on one line": SQUARE * [1, 0],
    "crossed": SQUARE[[0, 2, 1, 3]],
    "a corner inside": np.array([(100, 100), (200, 100), (125, 125), (100, 200.0)]),
    "far outside of the picture": SQUARE + 10_000,
    "larger than the picture": SQUARE * 50,
    "very far": SQUARE * 1e300,
}


@pytest.mark.parametrize("corners", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_corners_of_no_symbol_are_not_plausible(corners: np.ndarray) -> None:
    assert not plausible(Suspect(corners), SHAPE)
    assert distinct([Suspect(corners)], [], SHAPE, 5) == []


def test_a_symbol_that_is_partly_outside_of_the_picture_is_plausible() -> None:
    assert plausible(suspect(by=(-150, 0)), SHAPE)


def test_the_largest_are_kept_and_each_place_once() -> None:
    small, large, near = suspect(), suspect(times=1.5), suspect(by=(2, 1))
    assert distinct([small, large, near], [], SHAPE, 5) == [large, small]
    assert distinct([small, large, near], [], SHAPE, 1) == [large]


def test_suspects_inside_a_symbol_that_was_read_are_left_out() -> None:
    assert distinct([suspect(by=(5, 5))], [SQUARE], SHAPE, 5) == []
    assert len(distinct([suspect(by=(200, 0))], [SQUARE], SHAPE, 5)) == 1


def test_versions_near_the_engines_guess_are_tried_and_versions_too_small_to_read_are_not() -> None:
    assert suspect(version=7).versions() == [5, 6, 7, 8, 9]
    assert suspect(version=1).versions() == [1, 2, 3]
    assert suspect().versions() == list(range(1, 11))  # 57 modules of 1.75 pixels
    assert suspect(version=40).versions() == []


def test_a_suspect_of_a_resized_picture_is_scaled_back() -> None:
    assert np.allclose(suspect(times=2, version=3).scaled(0.5).corners, SQUARE)


def test_no_corners_hold_nothing() -> None:
    assert not holds(np.zeros((0, 2)), np.zeros(2))
