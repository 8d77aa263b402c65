"""Pictures without colour, and pictures that only look like it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.face.pad.grey import is_grey
from edge.ports import Pixels


def scene(noise: float = 0.0) -> Pixels:
    """A grey ramp with noise that is the same in all channels."""
    ramp = np.tile(np.linspace(20, 230, 320), (240, 1)) + np.random.default_rng(1).normal(
        0, noise, (240, 320)
    )
    return np.repeat(np.clip(ramp, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def through_jpeg(rgb: Pixels) -> Pixels:
    _, data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def with_patch(rgb: Pixels, colour: tuple[int, int, int]) -> Pixels:
    out = rgb.copy()
    out[100:140, 100:140] = colour
    return out


CASES = {
    "a mono camera": (scene(), True),
    "a mono camera in the dark": (scene(noise=12), True),
    "a mono camera that sends JPEG": (through_jpeg(scene(noise=4)), True),
    "a mono camera, scaled down": (cv2.resize(scene(4), (160, 120), interpolation=cv2.INTER_AREA), True),
    "a pale face": (with_patch(scene(), (142, 136, 132)), False),
    "a colour camera in the dark": (
        np.clip(scene() + np.random.default_rng(2).normal(0, 4, (240, 320, 3)), 0, 255).astype(np.uint8),
        False,
    ),
    "a covered lens": (np.full((240, 320, 3), 16, np.uint8), False),
    "a lamp in the lens": (np.full((240, 320, 3), 255, np.uint8), False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_picture_is_grey_if_it_shows_something_without_colour(case: str) -> None:
    rgb, expected = CASES[case]
    assert is_grey(rgb) is expected


def test_a_photograph_is_grey_only_as_a_grey_copy(photos) -> None:
    rgb = cv2.imread(str(photos / "astronaut.png"))
    grey = cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2RGB)
    assert [is_grey(rgb), is_grey(grey)] == [False, True]
