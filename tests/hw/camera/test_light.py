"""Black and saturated pictures of the simulated door."""

from __future__ import annotations

import numpy as np
import pytest

from edge.ports import Frame, Light, Pixels
from hw.camera.framing import frame_from_rgb
from hw.camera.light import light_of
from hw.sim.camera import black, saturated
from hw.sim.pictures.phone import phone
from hw.sim.pictures.scene import CODE_SIZE, empty, hold_up


def doorway() -> Frame:
    return frame_from_rgb(empty(size=CODE_SIZE), 0)


def dim(share: float) -> Pixels:
    return (doorway().luma * share).astype(np.uint8)


PICTURES = {
    "a doorway": (lambda: doorway().luma, Light.FINE),
    "a doorway at a quarter of its light": (lambda: dim(0.25), Light.FINE),
    "a doorway at night": (lambda: dim(0.05), Light.BLACK),
    "a phone before the lens": (lambda: frame_from_rgb(hold_up(phone("A" * 300), width_px=900), 0).luma, Light.FINE),
    "a cap on the lens": (lambda: black(doorway()).luma, Light.BLACK),
    "a dead sensor": (lambda: np.zeros((720, 1280), np.uint8), Light.BLACK),
    "a lamp in the lens": (lambda: saturated(doorway()).luma, Light.SATURATED),
    "half a white screen": (lambda: np.repeat(np.uint8([[90], [255]]), 360, 0).repeat(1280, 1), Light.FINE),
    "no pixels": (lambda: np.zeros((0, 0), np.uint8), Light.FINE),
}  # fmt: skip


@pytest.mark.parametrize("picture", PICTURES)
def test_light_is_classified_from_the_picture_alone(picture: str) -> None:
    luma, light = PICTURES[picture]
    assert light_of(luma()) is light
