"""Parallax tells a head from a plane, whatever else the two do."""

from __future__ import annotations

import numpy as np
import pytest
from head_points import BENT, FLAT, face
from hypothesis import given
from hypothesis import strategies as st

from edge.face.motion import Rest, step, usable, width

angles = st.floats(-35, 35)
places = st.tuples(st.floats(-120, 120), st.floats(-80, 80))


@pytest.mark.parametrize("angle", [-35, -20, -10, 0, 10, 20, 35])
def test_a_head_shows_the_sine_of_its_turn(angle):
    # and up to a third more: half a metre from the lens perspective helps
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
def test_no_plane_shows_parallax_however_it_is_held(yaw, nod, roll, shift, size):
    rest = Rest([face(depth=FLAT)])
    motion = rest.motion(face(yaw, nod, roll=roll, shift=shift, size=size, depth=FLAT))
    assert max(abs(motion.turn), abs(motion.nod)) < 0.05


@given(yaw=angles, nod=angles, shift=places)
def test_no_cylinder_shows_parallax(yaw, nod, shift):
    motion = Rest([face(depth=BENT)]).motion(face(yaw, nod, shift=shift, depth=BENT))
    assert max(abs(motion.turn), abs(motion.nod)) < 0.05


@pytest.mark.parametrize(("yaw", "nod"), [(35, 0), (0, 35), (45, 0)])
def test_a_plane_that_tilts_is_not_rigid_as_a_head_is(yaw, nod):
    motion = Rest([face(depth=FLAT)]).motion(face(yaw, nod, depth=FLAT))
    assert motion.rigidity < 0.88
    assert motion.rigidity == pytest.approx(motion.stretch, abs=0.01)


@given(shift=places, size=st.floats(0.5, 2), roll=angles)
def test_what_only_moves_in_the_picture_has_not_turned(shift, size, roll):
    motion = Rest([face()]).motion(face(roll=roll, shift=shift, size=size))
    assert max(abs(motion.turn), abs(motion.nod)) < 1e-3
    assert motion.rigidity == pytest.approx(1, abs=1e-3)


def test_depths_that_have_no_nose_divide_by_nothing():
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
