"""Parallax tells a head from a plane in any position."""

from __future__ import annotations

import itertools
from collections import defaultdict

import cv2
import numpy as np
import pytest
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from samples.head_points import BENT, FLAT, face

from edge.app.parts.code_readers import read_image
from edge.face.challenge import ChallengeLimits
from edge.face.engine import FaceEngine, subject
from edge.face.mesh import Landmarks
from edge.face.motion import Rest, step, usable, width
from edge.face.quality import pose

angles = st.floats(-35, 35)
places = st.tuples(st.floats(-120, 120), st.floats(-80, 80))


@pytest.mark.parametrize("angle", [-35, -20, -10, 0, 10, 20, 35])
def test_a_head_shows_the_sine_of_its_turn(angle):
    # and up to a third more, because of perspective at half a metre from the lens
    motion = Rest([face()]).motion(face(yaw=angle))
    assert motion.turn == pytest.approx(np.sin(np.radians(angle)), rel=0.36, abs=0.01)
    assert abs(motion.nod) < 0.02
    assert motion.rigidity > 0.9


@pytest.mark.parametrize("angle", [-20, 10, 25])
def test_a_head_shows_the_sine_of_its_nod(angle):
    motion = Rest([face()]).motion(face(nod=angle))
    assert motion.nod == pytest.approx(np.sin(np.radians(angle)), rel=0.36, abs=0.01)
    assert abs(motion.turn) < 0.02


def test_a_tilted_head_turns_about_its_own_axis():
    motion = Rest([face()]).motion(face(yaw=25, roll=30))
    assert motion.turn == pytest.approx(np.sin(np.radians(25)), rel=0.3)
    assert abs(motion.nod) < 0.1


@given(yaw=angles, nod=angles, roll=angles, shift=places, size=st.floats(0.5, 2))
def test_no_plane_shows_parallax_in_any_position(yaw, nod, roll, shift, size):
    rest = Rest([face(depth=FLAT)])
    motion = rest.motion(face(yaw, nod, roll=roll, shift=shift, size=size, depth=FLAT))
    assert max(abs(motion.turn), abs(motion.nod)) < 0.05


@given(yaw=angles, nod=angles, shift=places)
def test_no_cylinder_shows_parallax(yaw, nod, shift):
    motion = Rest([face(depth=BENT)]).motion(face(yaw, nod, shift=shift, depth=BENT))
    assert max(abs(motion.turn), abs(motion.nod)) < 0.05


@pytest.mark.parametrize(("yaw", "nod"), [(35, 0), (0, 35), (45, 0)])
def test_a_plane_that_tilts_is_less_rigid_than_a_head(yaw, nod):
    motion = Rest([face(depth=FLAT)]).motion(face(yaw, nod, depth=FLAT))
    assert motion.rigidity < 0.88
    assert motion.rigidity == pytest.approx(motion.stretch, abs=0.01)


@given(shift=places, size=st.floats(0.5, 2), roll=angles)
def test_a_movement_in_the_picture_is_no_turn(shift, size, roll):
    motion = Rest([face()]).motion(face(roll=roll, shift=shift, size=size))
    assert max(abs(motion.turn), abs(motion.nod)) < 1e-3
    assert motion.rigidity == pytest.approx(1, abs=1e-3)


def test_depths_without_a_nose_do_not_divide_by_zero():
    flat = face()
    flat[:, 2] = 0
    motion = Rest([flat]).motion(face(yaw=30))
    assert motion.turn == 0


def test_steps_are_measured_in_face_widths():
    before = face()
    assert width(before) == pytest.approx(150, rel=0.2)
    assert step(before, before + np.float32(15)) == pytest.approx(15 * np.sqrt(2) / width(before))


@pytest.mark.parametrize(
    "landmarks",
    [None, np.zeros((468, 3), np.float32), np.full((468, 3), np.nan, np.float32), np.ones((5, 2))],
    ids=["none", "one place", "no numbers", "another shape"],
)
def test_landmarks_that_are_no_face_are_not_usable(landmarks):
    assert not usable(landmarks)


def test_landmarks_of_a_face_are_usable():
    assert usable(face())


# --- real pictures -----------------------------------------------------


def landmarks(engine: FaceEngine, rgb: np.ndarray) -> np.ndarray | None:
    faces = engine.find(rgb)
    return engine.probe(rgb, subject(faces, rgb)).landmarks.points if faces else None


def yaw_of(points: np.ndarray) -> float:
    return pose(Landmarks(points, presence=1.0))[0]


def test_real_heads_in_two_pictures_show_the_parallax_of_their_turn(engine):
    turns, yaws = [], []
    for who in ("Tony_Blair", "Silvio_Berlusconi", "David_Beckham"):
        looks = []
        for path in sorted(shared("faces", "lfw").glob(f"{who}_*.jpg")):
            points = landmarks(engine, cv2.resize(read_image(path), (500, 500)))
            if points is not None:
                looks.append(points)
        resting = min(looks, key=lambda points: abs(yaw_of(points)))
        for look in looks:
            turns.append(Rest([resting]).motion(look).turn)
            yaws.append(yaw_of(look) - yaw_of(resting))
    turned = np.abs(yaws) > 25
    assert turned.sum() >= 2
    assert np.corrcoef(turns, np.sin(np.radians(yaws)))[0, 1] > 0.95
    assert (np.abs(turns)[turned] > 0.34).all()


def test_real_prints_held_by_hand_show_no_parallax(engine):
    sequences = defaultdict(list)
    for path in sorted(shared("faces", "nuaa", "print").glob("*.jpg")):
        sequences[path.stem.rsplit("_", 1)[0]].append(path)
    limits, pairs = ChallengeLimits(), 0
    for paths in itertools.islice((p for p in sequences.values() if len(p) >= 3), 12):
        looks = [landmarks(engine, read_image(path)) for path in paths]
        for one, other in itertools.permutations([look for look in looks if look is not None], 2):
            motion = Rest([one]).motion(other)
            assert max(abs(motion.turn), abs(motion.nod)) < limits.nodded
            pairs += 1
    assert pairs > 50
