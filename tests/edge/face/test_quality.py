from __future__ import annotations

import math
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.errors import ModelFault
from edge.face import mesh
from edge.face.detect import Face
from edge.face.mesh import FaceMesh, Landmarks
from edge.face.quality import (
    LIMITS,
    Coaching,
    Component,
    Quality,
    detail,
    gate,
    measure,
    patch,
    pose,
    rank,
    shortfall,
)

GOOD = Quality(
    side_px=150,
    share=0.3,
    eyes_px=65,
    margin=1.5,
    sharpness=300,
    detail=0.8,
    brightness=0.5,
    contrast=0.15,
    eye_detail=0.12,
    eye_light=0.7,
    eye_opening=0.3,
    mouth_detail=0.1,
    presence=1.0,
    found=0.95,
    yaw=0,
    pitch=0,
    roll=0,
)

BAD = {
    "far away": ({"eyes_px": 23.0}, Component.INTER_EYE_DISTANCE, Coaching.COME_CLOSER),
    "not a face for the landmark network": (
        {"presence": 0.4},
        Component.FACE_OCCLUSION,
        Coaching.SHOW_YOUR_FACE,
    ),
    "at the lens": ({"share": 0.81}, Component.HEAD_SIZE, Coaching.STEP_BACK),
    "half out of the picture": ({"margin": -0.1}, Component.CROP_OF_THE_FACE, Coaching.COME_INTO_VIEW),
    "turned right": ({"yaw": 40.0}, Component.HEAD_POSE_YAW, Coaching.FACE_THE_CAMERA),
    "turned left": ({"yaw": -40.0}, Component.HEAD_POSE_YAW, Coaching.FACE_THE_CAMERA),
    "looking up": ({"pitch": 40.0}, Component.HEAD_POSE_PITCH, Coaching.LOOK_STRAIGHT),
    "looking down": ({"pitch": -40.0}, Component.HEAD_POSE_PITCH, Coaching.LOOK_STRAIGHT),
    "tilted far": ({"roll": -70.0}, Component.HEAD_POSE_ROLL, Coaching.FACE_THE_CAMERA),
    "upside down": ({"roll": 180.0}, Component.HEAD_POSE_ROLL, Coaching.FACE_THE_CAMERA),
    "upside down, with a low score of the detector": (
        {"found": 0.7},
        Component.HEAD_POSE_ROLL,
        Coaching.FACE_THE_CAMERA,
    ),
    "upside down, with a low presence": (
        {"presence": 0.999},
        Component.HEAD_POSE_ROLL,
        Coaching.FACE_THE_CAMERA,
    ),
    "behind a mask, with a low score of the detector": (
        {"mouth_detail": 0.01, "found": 0.7},
        Component.MOUTH_OCCLUSION,
        Coaching.UNCOVER_YOUR_FACE,
    ),
    "in the dark": ({"brightness": 0.05}, Component.UNDER_EXPOSURE, Coaching.MORE_LIGHT),
    "in the sun": ({"brightness": 0.95}, Component.OVER_EXPOSURE, Coaching.LESS_LIGHT),
    "in the fog": ({"contrast": 0.02}, Component.DYNAMIC_RANGE, Coaching.MORE_LIGHT),
    "behind plain glass": ({"eye_detail": 0.02}, Component.EYES_VISIBLE, Coaching.UNCOVER_YOUR_FACE),
    "behind dark glass": ({"eye_light": 0.2}, Component.EYES_VISIBLE, Coaching.UNCOVER_YOUR_FACE),
    "behind a mask": ({"mouth_detail": 0.01}, Component.MOUTH_OCCLUSION, Coaching.UNCOVER_YOUR_FACE),
    "asleep": ({"eye_opening": 0.1}, Component.EYES_OPEN, Coaching.OPEN_YOUR_EYES),
    "blurred": ({"sharpness": 15.0}, Component.SHARPNESS, Coaching.HOLD_STILL),
    "smeared": ({"detail": 0.2}, Component.SHARPNESS, Coaching.HOLD_STILL),
    "no number": ({"yaw": math.nan}, Component.HEAD_POSE_YAW, Coaching.FACE_THE_CAMERA),
    "far and blurred: the distance first": (
        {"eyes_px": 10.0, "sharpness": 1.0},
        Component.INTER_EYE_DISTANCE,
        Coaching.COME_CLOSER,
    ),
}


def test_a_good_probe_needs_no_coaching() -> None:
    assert shortfall(GOOD) is None
    assert gate(GOOD) is None


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_bad_probe_has_one_component_and_one_instruction(case: str) -> None:
    change, component, coaching = BAD[case]
    found = shortfall(replace(GOOD, **change))
    assert (found.component, found.coaching) == (component, coaching)
    assert gate(replace(GOOD, **change)) is coaching


def test_every_limit_has_a_probe_that_fails_it_alone() -> None:
    assert {shortfall(replace(GOOD, **change)) for change, *_ in BAD.values()} == set(LIMITS)


def test_names_of_components_fit_an_audit_record() -> None:
    assert all(re.fullmatch(r"[a-z][a-z_]{2,39}", component) for component in Component)


def test_a_more_frontal_and_sharper_probe_ranks_higher() -> None:
    assert 0 < rank(replace(GOOD, yaw=30.0)) < rank(GOOD) <= 1
    assert rank(replace(GOOD, detail=0.4)) < rank(GOOD)
    assert rank(replace(GOOD, pitch=170.0)) == 0


def textured(seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64), dtype=np.uint8)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135])
def test_motion_blur_is_found_in_any_direction(angle: float) -> None:
    kernel = np.zeros((13, 13), np.float32)
    kernel[6] = 1
    kernel = cv2.warpAffine(kernel, cv2.getRotationMatrix2D((6, 6), angle, 1), (13, 13))
    sharp = cv2.GaussianBlur(textured(), (0, 0), 1.5)
    smeared = cv2.filter2D(sharp, -1, kernel / kernel.sum())
    assert detail(smeared) < 0.4 * detail(sharp)


def test_a_plain_surface_has_no_detail() -> None:
    assert detail(np.full((64, 64), 90, np.uint8)) == 0


@pytest.mark.parametrize("centre", [(56, 56), (-500, 20), (1e9, 1e9), (0, 111)])
def test_a_patch_is_never_empty(centre: tuple[float, float]) -> None:
    assert patch(np.zeros((112, 112), np.uint8), np.array(centre), (8, 5)).size > 0


def head(yaw: float = 0, pitch: float = 0, roll: float = 0) -> Landmarks:
    """A head of four landmarks, rotated by degrees; x right, y down, z away from the camera."""
    spots = {
        mesh.RIGHT_EYE_OUTER: (-45, -30, 0),
        mesh.LEFT_EYE_OUTER: (45, -30, 0),
        mesh.FOREHEAD: (0, -80, 0),
        mesh.CHIN: (0, 80, 0),
    }
    y, p, r = (math.radians(angle) for angle in (-yaw, -pitch, roll))
    about_y = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    about_z = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    points = np.zeros((mesh.POINTS, 3), np.float32)
    for number, spot in spots.items():
        points[number] = about_z @ about_y @ about_x @ np.array(spot)
    return Landmarks(points, 1.0)


@pytest.mark.parametrize("angle", [-30, -10, 0, 20])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_turned_head_has_that_pose(axis: int, angle: float) -> None:
    expect = [0.0, 0.0, 0.0]
    expect[axis] = angle
    assert pose(head(*expect)) == pytest.approx(expect, abs=0.01)


def test_the_middle_of_the_crop_is_measured() -> None:
    face = Face((10, 20, 110, 140), np.zeros((6, 2), np.float32), 0.9)
    crop = np.zeros((112, 112, 3), np.uint8)
    crop[24:104, 20:92] = 51
    found = measure(np.zeros((300, 480, 3), np.uint8), face, head(), crop, np.eye(2, 3, dtype=np.float32))
    assert found.side_px == 120
    assert found.share == pytest.approx(0.4)
    assert found.brightness == pytest.approx(0.2)
    assert found.contrast == 0
    assert found.sharpness == 0
    assert found.detail == 0
    assert (found.eye_detail, found.mouth_detail) == (0, 0)


class Answers:
    """A Network with scripted answers."""

    def __init__(self, *outputs: np.ndarray) -> None:
        self.input_shape = (1, 192, 192, 3)
        self.outputs = outputs

    def run(self, pixels: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.outputs


def flat(value: float = 96.0) -> np.ndarray:
    return np.full((1, 1, 1, 1404), value, np.float32)


def test_landmarks_are_in_pixels_of_the_picture() -> None:
    points = np.zeros((6, 2), np.float32)
    points[:2] = [[250, 210], [290, 210]]
    face = Face((200, 100, 328, 228), points, 0.9)  # 128 px, so the crop of 192 px has scale 1
    spots = flat().reshape(468, 3).copy()
    spots[mesh.NOSE_TIP] = [106, 86, -5]
    network = FaceMesh(Answers(spots.reshape(1, 1, 1, 1404), np.zeros((1, 1, 1, 1), np.float32)))
    found = network.locate(np.zeros((480, 640, 3), np.uint8), face)
    assert found.points[0] == pytest.approx([264, 164, 96], abs=0.01)
    assert found.points[mesh.NOSE_TIP] == pytest.approx([274, 154, -5], abs=0.01)
    assert found.presence == pytest.approx(0.5)
    assert found.eyes_px == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    "outputs",
    [
        (),
        (flat(),),
        (np.zeros((1, 1, 1, 1)), flat()),
        (flat(np.nan), np.zeros((1, 1, 1, 1))),
        (flat(), np.full((1, 1, 1, 1), np.inf)),
    ],
)
def test_an_output_without_landmarks_is_a_model_fault(outputs: tuple[np.ndarray, ...]) -> None:
    face = Face((0, 0, 50, 50), np.zeros((6, 2), np.float32), 0.9)
    with pytest.raises(ModelFault):
        FaceMesh(Answers(*outputs)).locate(np.zeros((100, 100, 3), np.uint8), face)
