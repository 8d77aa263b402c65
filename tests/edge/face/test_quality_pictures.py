"""The quality gate on real faces, and on the same faces with worse quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from conftest import shared

from edge.app.parts.code_readers import read_image
from edge.face.mesh import LEFT_EYE_OUTER, MOUTH_LEFT, MOUTH_RIGHT, RIGHT_EYE_OUTER
from edge.face.quality import Component, shortfall

if TYPE_CHECKING:
    from edge.face.engine import FaceEngine, Probe


@pytest.fixture(scope="session")
def portrait(astronaut: np.ndarray) -> np.ndarray:
    """The astronaut's head, 210 px from brow to chin."""
    return cv2.resize(astronaut[:300, 70:370], None, fx=2, fy=2)


def look(engine: FaceEngine, picture: np.ndarray) -> Probe:
    picture = np.ascontiguousarray(picture)
    return engine.probe(picture, engine.find(picture)[0])


def verdict(engine: FaceEngine, picture: np.ndarray) -> Component | None:
    row = shortfall(look(engine, picture).quality)
    return row.component if row else None


def smeared(picture: np.ndarray, length: int, angle: float) -> np.ndarray:
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D((length // 2, length // 2), angle, 1)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def covered(engine: FaceEngine, picture: np.ndarray, what: str, colour: tuple[int, int, int]) -> np.ndarray:
    """Plain glasses, or a plain mask over the mouth."""
    points, picture = look(engine, picture).landmarks.points, picture.copy()
    eyes, mouth = points[[RIGHT_EYE_OUTER, LEFT_EYE_OUTER], :2], points[[MOUTH_RIGHT, MOUTH_LEFT], :2]
    wide = float(np.hypot(*(eyes[1] - eyes[0])))
    inner = [eyes[0] * 0.75 + eyes[1] * 0.25, eyes[0] * 0.25 + eyes[1] * 0.75]
    spots, size = (inner, (0.3, 0.2)) if what == "glasses" else ([mouth.mean(axis=0)], (0.6, 0.4))
    for x, y in spots:
        axes = round(size[0] * wide), round(size[1] * wide)
        cv2.ellipse(picture, (round(float(x)), round(float(y))), axes, 0, 0, 360, colour, -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.2)


def test_a_portrait_passes(engine: FaceEngine, portrait: np.ndarray) -> None:
    assert verdict(engine, portrait) is None


@pytest.mark.parametrize("angle", [0, 45, 90, 135])
def test_a_moving_face_is_told_to_hold_still(engine: FaceEngine, portrait: np.ndarray, angle: float) -> None:
    assert verdict(engine, smeared(portrait, 25, angle)) is Component.SHARPNESS


@pytest.mark.parametrize("colour", [(20, 20, 22), (60, 45, 40), (150, 150, 150)])
def test_plain_glasses_hide_the_eyes(
    engine: FaceEngine, portrait: np.ndarray, colour: tuple[int, int, int]
) -> None:
    assert verdict(engine, covered(engine, portrait, "glasses", colour)) is Component.EYES_VISIBLE


@pytest.mark.parametrize("colour", [(235, 235, 240), (110, 160, 200), (190, 140, 120)])
def test_a_plain_mask_hides_the_mouth(
    engine: FaceEngine, portrait: np.ndarray, colour: tuple[int, int, int]
) -> None:
    assert verdict(engine, covered(engine, portrait, "mask", colour)) is Component.MOUTH_OCCLUSION


def test_a_half_face_is_told_to_come_into_view(engine: FaceEngine, portrait: np.ndarray) -> None:
    edge = round(float(look(engine, portrait).landmarks.points[:, 0].min())) + 25
    assert verdict(engine, portrait[:, edge:]) is Component.CROP_OF_THE_FACE


def test_every_picture_of_london_passes(engine: FaceEngine) -> None:
    for file in sorted(shared("faces", "london").glob("*.jpg"))[::7]:
        assert verdict(engine, read_image(file)) is None, file.name
