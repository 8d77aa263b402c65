"""Rendered heads that turn and sheets that tilt, as a camera sees them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.head_points import FLAT, face

from hw.sim.pictures.head import FRAME_MS, Move, Pose, Species, Subject, attack, head, script, sheet, wander
from hw.sim.pictures.solid import Lens, drape, grid, triangulate, turn

LENS = Lens(500.0, (160.0, 120.0))
SKIN, WALL = (200, 150, 120), (90, 110, 130)


def subject() -> Subject:
    """A constructed face in a frame of 320x240: skin in the oval, a blue nose tip, green cheeks."""
    landmarks = face(size=0.6)
    landmarks[:, :2] -= (160, 120)
    photo = np.full((240, 320, 3), WALL, np.uint8)
    y, x = np.mgrid[:240, :320]
    photo[((x - 160) / 45) ** 2 + ((y - 120) / 58) ** 2 < 1] = SKIN
    nose_x, nose_y = landmarks[1, :2].astype(int)
    photo[nose_y - 4 : nose_y + 5, nose_x - 4 : nose_x + 5] = (0, 0, 255)
    for side in (-1, 1):
        photo[112:122, 160 + side * 38 - 4 : 160 + side * 38 + 5] = (0, 255, 0)
    return Subject(photo, landmarks)


def blue(rgb: np.ndarray) -> tuple[float, float]:
    """The middle of the blue nose tip."""
    r, g, b = np.moveaxis(rgb.astype(int), 2, 0)
    rows, columns = np.nonzero((b > 170) & (r < 90) & (g < 90))
    return float(columns.mean()), float(rows.mean())


def green(rgb: np.ndarray) -> float:
    """x of the middle between the green cheeks."""
    r, g, b = np.moveaxis(rgb.astype(int), 2, 0)
    columns = np.nonzero((g > 150) & (r < 110) & (b < 110))[1]
    return float((columns.min() + columns.max()) / 2)


def first(film) -> np.ndarray:
    return next(iter(film))[0]


# --- solids ----------------------------------------------------------------------------------------------


@given(x=st.floats(0, 320), y=st.floats(0, 240), depth=st.floats(-200, 900))
def test_a_lens_inverts_its_projection(x, y, depth):
    seen = np.array([[x, y]], np.float32)
    assert LENS.project(LENS.unproject(seen, np.array([depth]))) == pytest.approx(seen, abs=0.05)


@pytest.mark.parametrize(
    ("angle", "moves"),
    [({"yaw": 20}, (1, 0)), ({"yaw": -20}, (-1, 0)), ({"pitch": 20}, (0, -1)), ({"pitch": -20}, (0, 1))],
)
def test_a_turn_moves_the_front_in_its_direction(angle, moves):
    nose = turn(np.array([[0, 0, -50]], np.float32), np.zeros(3), **angle)[0]
    assert np.sign(np.round(nose[:2], 3)).tolist() == list(moves)


def test_turning_keeps_distances():
    points = np.random.default_rng(1).normal(0, 50, (20, 3)).astype(np.float32)
    moved = turn(points, points[0], yaw=33, pitch=-12, roll=7)
    assert np.linalg.norm(moved - moved[0], axis=1) == pytest.approx(
        np.linalg.norm(points - points[0], axis=1), abs=1e-3
    )


def test_triangles_cover_the_hull_once():
    points = np.array([[0, 0], [100, 0], [100, 80], [0, 80], [40, 30], [70, 50.5]], np.float32)
    a, b, c = points[triangulate(points)].transpose(1, 0, 2)
    areas = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert areas.sum() == pytest.approx(8000)


def test_a_sheet_at_rest_is_the_picture_itself():
    picture = np.random.default_rng(2).uniform(0, 255, (240, 320, 3)).astype(np.float32)
    unit, triangles = grid(9, 7)
    spots = unit * (200, 150) + (60, 45)
    solid = np.column_stack([spots, np.zeros(len(spots))]).astype(np.float32)
    scene = np.zeros_like(picture)
    drawn = drape(scene, picture, spots, solid, triangles, LENS)
    assert drawn[50:190, 65:255] == pytest.approx(picture[50:190, 65:255], abs=2)
    assert not drawn[:40].any()


def test_a_near_surface_hides_a_far_one():
    picture = np.zeros((240, 320, 3), np.float32)
    picture[:, :160], picture[:, 160:] = (255, 0, 0), (0, 0, 255)
    spots = np.array([[10, 10], [150, 10], [10, 200], [170, 10], [310, 10], [170, 200]], np.float32)
    solid = np.array([[0, 0, z] for z in (50, 50, 50, 0, 0, 0)], np.float32)
    solid[:, :2] = np.tile([[20, 20], [300, 20], [20, 230]], (2, 1))
    triangles = np.array([[3, 4, 5], [0, 1, 2]], np.int32)
    drawn = drape(np.zeros_like(picture), picture, spots, solid, triangles, LENS)
    assert drawn[60, 60].tolist() == [0, 0, 255]


# --- films -----------------------------------------------------------------------------------------------


def test_a_head_at_rest_is_the_photograph():
    photo = subject().photo.astype(int)
    frame = first(head(subject(), [Pose()])).astype(int)
    assert np.abs(frame - photo)[60:180, 80:240].mean() < 8  # lens and sensor add their part


@pytest.mark.parametrize(("yaw", "way"), [(25, 1), (-25, -1)])
def test_the_nose_of_a_turning_head_moves_more_than_its_cheeks(yaw, way):
    rest, turned = (first(head(subject(), [Pose(yaw=angle)])) for angle in (0, yaw))
    ahead = (blue(turned)[0] - green(turned)) - (blue(rest)[0] - green(rest))
    assert way * ahead > 8


def test_the_nose_of_a_print_stays_between_its_cheeks():
    rest, turned = (first(sheet(subject(), [Pose(yaw=angle)])) for angle in (0, 40))
    assert abs((blue(turned)[0] - green(turned)) - (blue(rest)[0] - green(rest))) < 4.5


def test_a_nod_lowers_the_nose():
    rest, nodded = (first(head(subject(), [Pose(pitch=angle)])) for angle in (0, -20))
    assert blue(nodded)[1] > blue(rest)[1] + 6


def test_the_room_behind_a_head_does_not_turn_with_it():
    rest, turned = (first(head(subject(), [Pose(yaw=angle)])).astype(int) for angle in (0, 25))
    assert np.abs(rest - turned)[:, :40].max() == 0


def test_a_bulging_print_is_nearer_in_its_middle():
    flat = first(sheet(subject(), [Pose()]))
    bent = first(sheet(subject(), [Pose()], bend=np.array([[1.2, 0]], np.float32)))
    narrower = (bent != flat).any(axis=2)
    assert narrower[120, :90].any()
    assert abs(blue(bent)[0] - blue(flat)[0]) < 1.5


# --- scripts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("move", "measure"),
    [(Move.LEFT, lambda p: p.yaw), (Move.RIGHT, lambda p: -p.yaw), (Move.NOD, lambda p: -p.pitch)],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_script_turns_in_its_direction_and_returns(move, measure, seed):
    track = [measure(pose) for pose in script([move], seed=seed)]
    assert max(track) > 17
    assert min(track) > -6
    assert abs(track[0]) < 5
    assert abs(track[-1]) < 5
    assert max(abs(b - a) for a, b in itertools.pairwise(track)) < 11, "the limit of a human neck"


def test_sway_is_slow_and_never_nothing():
    sway = wander(200, 1)
    assert 0.3 < sway.std() < 3
    assert np.abs(np.diff(sway, axis=0)).max() < 1.2


@pytest.mark.parametrize("species", list(Species), ids=lambda s: s.name)
def test_the_same_seed_makes_the_same_film(species):
    films = [
        list(itertools.islice(attack(species, subject(), [Move.LEFT, Move.NOD], seed=7), 3)) for _ in "ab"
    ]
    for (one, tick), (other, same_tick) in zip(*films, strict=True):
        assert tick == same_tick
        assert (one == other).all()
    assert [tick for _, tick in films[0]] == [0, FRAME_MS, 2 * FRAME_MS]


def test_other_seeds_make_other_films():
    one, other = (first(head(subject(), script([Move.LEFT], seed=s), seed=s)) for s in (1, 2))
    assert (one != other).any()


def test_a_cut_skips_the_frames_between():
    cut = list(attack(Species.CUT, subject(), [Move.LEFT], seed=3))
    whole = list(head(subject(), script([Move.LEFT], seed=3), seed=3))
    assert len(cut) < len(whole)
    assert [tick for _, tick in cut] == [FRAME_MS * k for k in range(len(cut))]


def test_a_photograph_at_rest_changes_only_by_noise():
    film = [rgb.astype(int) for rgb, _ in attack(Species.STILL, subject(), [Move.LEFT], seed=2)]
    assert np.abs(film[0] - film[-1]).mean() < 4
    assert (film[0] != film[-1]).any()


def test_frames_have_the_form_of_a_camera():
    frame = first(attack(Species.WAVED, subject(), [Move.NOD], seed=1))
    assert frame.shape == (240, 320, 3)
    assert frame.dtype == np.uint8


def test_flat_faces_made_by_rule_are_flat():
    """The rule of head_points and the renderer agree on which way a head turns."""
    nose_of = {yaw: face(yaw=yaw)[1, 0] - face(yaw=yaw, depth=FLAT)[1, 0] for yaw in (-20, 20)}
    assert nose_of[20] > 0 > nose_of[-20]
