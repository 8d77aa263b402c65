"""Presentation attack detection in one frame: the table, and each measure on synthetic pictures."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.decision import Reason
from edge.errors import ModelFault
from edge.face.detect import Face
from edge.face.pad import geometry, texture
from edge.face.pad.detector import PadDetector
from edge.face.pad.fusion import TABLE, Family, Measure, PadPolicy, fuse
from edge.face.pad.passive import PassivePair, surroundings

FRAME = (480, 640)


def face(x: float = 320, y: float = 240, side: float = 150, turn: float = 0) -> Face:
    """A face with this side and centre, rotated by `turn` degrees."""
    a = math.radians(turn)
    eyes = side / 4 * np.array([[-math.cos(a), -math.sin(a)], [math.cos(a), math.sin(a)]])
    points = np.vstack([np.array([x, y]) + eyes, np.tile([x, y], (4, 1))]).astype(np.float32)
    return Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), points, 0.9)


def noise(seed: int = 1, sigma: float = 6) -> np.ndarray:
    """A picture of a wall with the noise of a camera."""
    grain = np.random.default_rng(seed).normal(128, sigma, (*FRAME, 3))
    return cv2.GaussianBlur(grain, (0, 0), 0.7).clip(0, 255).astype(np.uint8)


# --- the table ---------------------------------------------------------------------------------------------

NO_OBJECTION = {
    Measure.SHARE: 0.3,
    Measure.BELOW: 1.0,
    Measure.BORDER: 0.5,
    Measure.MOIRE: 0.4,
    Measure.LIVE: 0.9,
}
JUST_BEYOND = {
    Measure.SHARE: (0.5, 0.501),
    Measure.BELOW: (0.2, 0.199),
    Measure.BORDER: (1.0, 1.01),
    Measure.MOIRE: (0.85, 0.851),
    Measure.LIVE: (0.25, 0.249),
}


@pytest.mark.parametrize("measure", TABLE)
def test_one_measure_beyond_its_limit_is_an_attack(measure: Measure) -> None:
    at_limit, beyond = JUST_BEYOND[measure]
    allowed = fuse({**NO_OBJECTION, measure: at_limit}.items())
    refused = fuse({**NO_OBJECTION, measure: beyond}.items())
    assert (allowed.reason, allowed.objections) == (None, ())
    assert (refused.reason, refused.objections) == (Reason.FACE_ATTACK, (measure,))
    assert allowed.suspicion <= 0.5 < refused.suspicion


def test_evidence_holds_the_measures_of_the_policy_only() -> None:
    evidence = fuse({Measure.SHARE: 0.3, Measure.MOIRE: 2.0}.items())
    assert [reading.measure for reading in evidence.readings] == [Measure.SHARE, Measure.MOIRE]
    assert (evidence.value(Measure.MOIRE), evidence.value(Measure.LIVE)) == (2.0, None)


@given(st.sampled_from(list(TABLE)), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_suspicion_grows_from_clear_to_certain_and_stays_in_its_range(
    measure: Measure, one: float, other: float
) -> None:
    rule = TABLE[measure]
    towards = 1 if rule.certain > rule.clear else -1
    less, more = sorted((one, other), key=lambda value: towards * value)
    assert 0 <= rule.suspicion(less) <= rule.suspicion(more) <= 1
    assert [rule.suspicion(v) for v in (rule.clear, rule.limit, rule.certain)] == [0, 0.5, 1]


def test_a_policy_names_its_measures() -> None:
    assert PadPolicy(frozenset()).measures == ()
    assert PadPolicy(frozenset({Family.TEXTURE})).measures == (Measure.MOIRE,)
    assert PadPolicy().measures == (Measure.SHARE, Measure.BELOW, Measure.BORDER, Measure.MOIRE)
    assert set(PadPolicy(frozenset(Family)).measures) == set(Measure)


def test_a_policy_without_measures_never_objects() -> None:
    evidence = PadDetector(PadPolicy(frozenset())).look(noise(), face(side=460))
    assert (evidence.readings, evidence.suspicion, evidence.reason) == ((), 0.0, None)


# --- geometry ----------------------------------------------------------------------------------------------


def paper(turn: float = 0, sides: float = 1.6, place: Face | None = None, tone: int = 225) -> np.ndarray:
    """A sheet with a face on it before a wall, rotated by `turn` degrees."""
    place = place or face()
    picture = noise()
    box = cv2.boxPoints(((320.0, 240.0), (sides * place.side, 1.25 * sides * place.side), turn))
    cv2.fillConvexPoly(picture, np.rint(box).astype(np.int32), (tone, tone, tone))
    axes = (round(0.4 * place.side), round(0.53 * place.side))
    cv2.ellipse(picture, (320, 240), axes, turn, 0, 360, (180, 150, 130), -1)
    return picture


@pytest.mark.parametrize("turn", [0, 5, -20, 40])
@pytest.mark.parametrize("tone", [225, 40], ids=["paper", "a phone's rim"])
def test_a_sheet_around_the_face_is_a_border_at_any_angle(turn: float, tone: int) -> None:
    assert geometry.border(paper(turn, tone=tone), face(turn=turn)) > 1.5


def test_a_sheet_beyond_the_surroundings_is_no_border() -> None:
    assert geometry.border(paper(sides=4.2, place=face(side=80)), face(side=80)) < 0.2


def test_a_door_frame_behind_a_person_is_below_the_limit() -> None:
    picture = noise()
    cv2.rectangle(picture, (210, 120), (430, 700), (20, 20, 20), 6)  # ends below the surroundings
    assert geometry.border(picture, face()) == pytest.approx(1, abs=0.05)
    cv2.line(picture, (150, 380), (490, 380), (20, 20, 20), 6)  # and a straight edge before the chest
    assert geometry.border(picture, face()) > 1.5


@pytest.mark.parametrize("radius", [100, 150, 230])
def test_round_objects_and_grain_are_below_the_limit(radius: int) -> None:
    picture = noise(sigma=40)
    cv2.circle(picture, (320, 240), radius, (60, 50, 40), -1)
    assert geometry.border(picture, face()) < TABLE[Measure.BORDER].limit


@pytest.mark.parametrize("fill", [0, 4])
def test_the_edge_of_padding_is_no_border(fill: int) -> None:
    picture = noise()
    picture[:, :180] = picture[:, 460:] = picture[:80] = picture[400:] = fill
    assert geometry.border(picture, face()) == 0


def test_share_and_below_are_in_sides_of_the_face() -> None:
    picture = np.zeros((*FRAME, 3), np.uint8)
    assert geometry.share(picture, face(side=240)) == 0.5
    assert geometry.below(picture, face(y=240, side=160)) == 1.0
    assert geometry.below(picture, face(y=440, side=160)) == -0.25


# --- texture -----------------------------------------------------------------------------------------------


def raster(period: float, turn: float, depth: float) -> np.ndarray:
    """Grain multiplied by the dots of a printer: two waves at a right angle."""
    y, x = np.mgrid[: FRAME[0], : FRAME[1]].astype(np.float32)
    c, s = math.cos(turn), math.sin(turn)
    dots = np.cos(2 * np.pi / period * (x * c + y * s)) + np.cos(2 * np.pi / period * (y * c - x * s))
    return (noise() * (1 + depth / 2 * dots[..., np.newaxis])).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("period", [2.6, 3.7, 5.2])
@pytest.mark.parametrize("turn", [0.1, 0.785])
def test_a_printers_raster_is_moire(period: float, turn: float) -> None:
    assert texture.moire(raster(period, turn, depth=0.05), face()) > TABLE[Measure.MOIRE].limit


def test_grain_is_no_moire_and_a_deeper_raster_has_more() -> None:
    depths = [texture.moire(raster(3.7, 0.4, depth), face()) for depth in (0, 0.02, 0.08)]
    assert depths[0] < 0.6
    assert depths == sorted(depths)


def test_jpegs_own_raster_is_no_moire() -> None:
    ok, data = cv2.imencode(".jpg", noise(sigma=12), [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert ok
    assert texture.moire(cv2.imdecode(data, cv2.IMREAD_COLOR), face()) < TABLE[Measure.MOIRE].limit


@pytest.mark.parametrize("factor", [2, 3.3, 6])
def test_an_enlarged_picture_has_no_raster_of_its_enlargement(factor: float) -> None:
    large = cv2.resize(noise(), None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    where = face(320 * factor, 240 * factor, 100 * factor)
    assert texture.moire(large, where) < TABLE[Measure.MOIRE].limit


def test_a_face_smaller_than_a_window_has_no_moire() -> None:
    assert texture.moire(raster(3.7, 0.4, 0.1), face(side=60)) == 0
    sliver = Face((300.0, -500.0, 301.0, 900.0), face().points, 0.9)
    assert texture.moire(raster(3.7, 0.4, 0.1), sliver) == 0


# --- passive -----------------------------------------------------------------------------------------------


class Scripted:
    """A Network that gives scripted answers and keeps its inputs."""

    def __init__(self, *logits: float, shape: tuple[int, ...] = (1, 80, 80, 3)) -> None:
        self.input_shape = shape
        self.seen: list[np.ndarray] = []
        self._logits = np.array([logits], np.float32)

    def run(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        self.seen.append(x)
        return (self._logits,)


def test_live_is_the_mean_of_two_softmaxes_of_class_one() -> None:
    pair = PassivePair(Scripted(0, math.log(2), 0), Scripted(1, 1, 1))
    assert pair.live(noise(), face()) == pytest.approx((0.5 + 1 / 3) / 2)


def test_networks_get_blue_green_red_from_0_to_255() -> None:
    picture = np.zeros((*FRAME, 3), np.uint8)
    picture[...] = (200, 100, 50)
    network = Scripted(0, 0, 0)
    PassivePair(network, network).live(picture, face())
    assert [x.dtype for x in network.seen] == [np.float32] * 2
    assert all((x == np.array([50, 100, 200], np.float32)).all() for x in network.seen)


def test_surroundings_are_moved_inside_and_shrunk_never_padded() -> None:
    picture = np.full((*FRAME, 3), 9, np.uint8)
    for where in (face(), face(5, 5), face(640, 480), face(side=470), face(320, -60, 100)):
        for scale in (2.7, 4.0):
            cut = surroundings(picture, where, scale)
            assert cut.shape == (80, 80, 3)
            assert (cut == 9).all()


def test_surroundings_are_as_many_boxes_as_asked() -> None:
    picture = np.zeros((*FRAME, 3), np.uint8)
    picture[190:290, 270:370] = 255  # the box
    cut = surroundings(picture, face(side=100), 2.7)[..., 0] > 127
    assert cut.mean() == pytest.approx(1 / 2.7**2, rel=0.05)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (lambda: Scripted(0, 0, 0, shape=(1, 128, 128, 3)), "input"),
        (lambda: Scripted(0, 0), "not that of MiniFASNet"),
        (lambda: Scripted(math.nan, 0, 0), "not finite"),
    ],
    ids=["another input", "two classes", "NaN"],
)
def test_another_network_is_a_model_fault(network: object, said: str) -> None:
    with pytest.raises(ModelFault, match=said):
        PassivePair(Scripted(0, 0, 0), network()).live(noise(), face())


def test_a_policy_without_its_weights_does_not_start() -> None:
    with pytest.raises(ModelFault, match="not installed") as caught:
        PadDetector(PadPolicy(frozenset(Family)))
    assert "doorward models fetch --pad-weights DIR" in caught.value.hint


# --- any picture ----------------------------------------------------------------------------------


@given(
    shape=st.tuples(st.integers(64, 200), st.integers(64, 200)),
    x=st.floats(-300, 500),
    y=st.floats(-300, 500),
    side=st.floats(32, 700),
    turn=st.floats(-180, 180),
    grey=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_fuzz_every_measure_answers_for_any_face_in_any_picture(
    shape: tuple[int, int], x: float, y: float, side: float, turn: float, grey: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (*shape, 1 if grey else 3), dtype=np.uint8)
    picture = np.ascontiguousarray(np.broadcast_to(picture, (*shape, 3)))
    detector = PadDetector(PadPolicy(frozenset(Family)), PassivePair(Scripted(0, 1, 2), Scripted(2, 1, 0)))
    evidence = detector.look(picture, face(x, y, side, turn))
    assert {reading.measure for reading in evidence.readings} == set(Measure)
    assert all(math.isfinite(reading.value) for reading in evidence.readings)
    assert 0 <= evidence.value(Measure.BORDER) <= 2


def test_a_nan_objects() -> None:
    assert fuse([(Measure.MOIRE, float("nan"))]).reason is Reason.FACE_ATTACK
