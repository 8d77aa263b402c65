"""Presentation attack detection in one frame: the table, and each measure on synthetic pictures."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.pad_pictures import FRAME, face, noise, scene

from edge.decision import Reason
from edge.errors import ModelFault
from edge.face.detect import Face
from edge.face.pad import geometry, texture
from edge.face.pad.detector import PadDetector
from edge.face.pad.fusion import TABLE, Family, Measure, PadPolicy, fuse
from edge.face.pad.passive import PassivePair, surroundings
from edge.face.quality import Coaching, Component

# --- the table ---------------------------------------------------------------------------------------------

NO_OBJECTION = {
    Measure.SHARE: 0.3,
    Measure.NOISE: 1.0,
    Measure.BELOW: 1.0,
    Measure.BORDER: 0.5,
    Measure.MOIRE: 0.4,
    Measure.CLIPPED: 0.4,
    Measure.LIVE: 0.9,
}
JUST_BEYOND = {
    Measure.BELOW: (0.2, 0.199),
    Measure.MOIRE: (0.85, 0.851),
    Measure.LIVE: (0.25, 0.249),
}
COACHED = {
    Measure.SHARE: (0.5, 0.501, Component.HEAD_SIZE, Coaching.STEP_BACK),
    Measure.NOISE: (8.0, 8.01, Component.UNDER_EXPOSURE, Coaching.MORE_LIGHT),
}


def test_each_measure_objects_or_coaches_or_depends_on_live() -> None:
    assert {*JUST_BEYOND, *COACHED, Measure.BORDER, Measure.CLIPPED} == set(TABLE) == set(Measure)


@pytest.mark.parametrize("measure", JUST_BEYOND)
def test_one_measure_beyond_its_limit_is_an_attack(measure: Measure) -> None:
    at_limit, beyond = JUST_BEYOND[measure]
    allowed = fuse({**NO_OBJECTION, measure: at_limit}.items())
    refused = fuse({**NO_OBJECTION, measure: beyond}.items())
    assert (allowed.reason, allowed.objections, allowed.shortfall) == (None, (), None)
    assert (refused.reason, refused.objections) == (Reason.FACE_ATTACK, (measure,))
    assert allowed.suspicion <= 0.5 < refused.suspicion


@pytest.mark.parametrize("measure", COACHED)
def test_a_frame_that_cannot_be_judged_is_no_attack_and_coaches(measure: Measure) -> None:
    at_limit, beyond, component, coaching = COACHED[measure]
    allowed = fuse({**NO_OBJECTION, measure: at_limit}.items())
    coached = fuse({**NO_OBJECTION, measure: beyond}.items())
    assert allowed.shortfall is None
    assert (coached.reason, coached.shortfall.component, coached.shortfall.coaching) == (
        None,
        component,
        coaching,
    )
    assert fuse({**NO_OBJECTION, measure: beyond, Measure.LIVE: 0.1}.items()).reason is Reason.FACE_ATTACK


@pytest.mark.parametrize(
    ("live", "objects"),
    [(0.6, False), (1.0, False), (0.599, True), (0.3, True), (math.nan, True), (None, True)],
)
def test_a_border_objects_unless_the_networks_are_sure_of_a_person(live: float | None, objects: bool) -> None:
    values = {**NO_OBJECTION, Measure.BORDER: 1.3, Measure.LIVE: live}
    evidence = fuse((measure, value) for measure, value in values.items() if value is not None)
    assert (Measure.BORDER in evidence.objections) is objects
    assert fuse({**NO_OBJECTION, Measure.BORDER: 1.0}.items()).objections == ()


CLIPPED = {
    "a face that keeps its colour": (0.5, 0.1, Reason.FACE_ATTACK, None),
    "one that lost it": (0.501, 0.1, None, Coaching.LESS_LIGHT),
    "one that lost it, and is a person all the same": (0.9, 0.25, None, None),
    "one that lost it, before a damaged network": (0.9, math.nan, Reason.FACE_ATTACK, Coaching.LESS_LIGHT),
    "one that lost it, where no network was asked": (0.9, None, None, None),
}


@pytest.mark.parametrize(("clipped", "live", "reason", "coaching"), CLIPPED.values(), ids=CLIPPED)
def test_a_clipped_face_asks_for_less_light_in_place_of_the_objection_of_the_networks(
    clipped: float, live: float | None, reason: Reason | None, coaching: Coaching | None
) -> None:
    values = {**NO_OBJECTION, Measure.CLIPPED: clipped, Measure.LIVE: live}
    evidence = fuse((measure, value) for measure, value in values.items() if value is not None)
    assert evidence.reason is reason
    assert (evidence.shortfall and evidence.shortfall.coaching) is coaching


def test_a_clipped_face_takes_back_no_other_objection() -> None:
    lost = {**NO_OBJECTION, Measure.CLIPPED: 0.9, Measure.LIVE: 0.1}
    for measure in (Measure.BELOW, Measure.MOIRE):
        assert fuse({**lost, measure: JUST_BEYOND[measure][1]}.items()).objections == (measure,)
    assert fuse({**lost, Measure.BORDER: 1.3}.items()).objections == (Measure.BORDER,)


@pytest.mark.parametrize("measure", TABLE)
def test_a_value_that_is_no_number_never_passes(measure: Measure) -> None:
    evidence = fuse({**NO_OBJECTION, Measure.LIVE: 0.3, measure: math.nan}.items())
    assert evidence.reason is Reason.FACE_ATTACK or evidence.shortfall


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
    assert PadPolicy(frozenset({Family.PASSIVE})).measures == (
        Measure.NOISE,
        Measure.CLIPPED,
        Measure.LIVE,
    )
    assert PadPolicy().measures == tuple(Measure)


def test_a_policy_without_measures_never_objects() -> None:
    evidence = PadDetector(PadPolicy(frozenset())).look(noise(), face(side=460))
    assert (evidence.readings, evidence.suspicion, evidence.reason) == ((), 0.0, None)


# --- noise ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0, 2, 8, 20])
def test_noise_is_measured_in_grey_levels_whatever_the_scene(sigma: float) -> None:
    grain = np.random.default_rng(4).normal(0, sigma, (*FRAME, 3))
    picture = np.clip(scene() + grain, 0, 255).astype(np.uint8)
    assert texture.noise(picture, face()) == pytest.approx(sigma, abs=0.5 + 0.1 * sigma)


@given(seed=st.integers(0, 2**32 - 1), high=st.integers(1, 256), rows=st.integers(16, 40))
def test_noise_is_the_median_detail_of_two_rows_in_eight(seed: int, high: int, rows: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, high, (rows, 33, 3), dtype=np.uint8)
    green = rgb[..., 1].astype(int)
    blocks = [(green[y : y + 2, x : x + 2]) for y in range(0, rows - 1, 8) for x in range(0, 32, 2)]
    median = np.median([abs(b[0, 0] - b[0, 1] - b[1, 0] + b[1, 1]) for b in blocks])
    assert texture.noise(rgb, face()) == pytest.approx(float(median) / 2 / 0.6745)


def test_the_edges_of_a_sheet_are_no_noise() -> None:
    assert texture.noise(paper(turn=20), face()) < TABLE[Measure.NOISE].limit


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


@given(kind=st.integers(0, 3), turn=st.floats(-45, 45), sides=st.floats(1, 3), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_a_search_that_ends_early_is_on_the_same_side_of_the_limit(
    kind: int, turn: float, sides: float, seed: int
) -> None:
    limit = TABLE[Measure.BORDER].limit
    picture = (paper(turn, sides), scene(), noise(), paper(turn, sides, tone=90))[kind].copy()
    for x0, y0, x1, y1 in np.random.default_rng(seed).integers(0, 640, (seed % 5, 4)):
        cv2.line(picture, (int(x0), int(y0)), (int(x1), int(y1)), (20, 20, 20), 5)
    exact, early = (geometry.border(picture, face(turn=turn), enough=enough) for enough in (0, limit))
    assert early == exact if exact > limit else exact <= early <= limit


# --- passive -----------------------------------------------------------------------------------------------


class Scripted:
    """A Network that gives scripted answers and keeps its inputs."""

    def __init__(self, *logits: float, shape: tuple[int, ...] = (1, 80, 80, 3)) -> None:
        self.input_shape = shape
        self.seen: list[np.ndarray] = []
        self._logits = np.array([logits], np.float32)

    def run(self, pixels: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, ...]:
        self.seen.append(np.stack([levels[pixels[..., at], at] for at in range(3)], axis=-1))
        return (self._logits,)


def test_live_is_the_mean_of_two_softmaxes_of_class_one() -> None:
    pair = PassivePair(Scripted(0, math.log(2), 0), Scripted(1, 1, 1))
    assert pair.live(noise(), face()) == pytest.approx((0.5 + 1 / 3) / 2)


def test_networks_get_blue_green_red_from_0_to_255() -> None:
    network = Scripted(0, 0, 0)
    PassivePair(network, network).live(np.full((*FRAME, 3), 90, np.uint8), face())
    assert [x.dtype for x in network.seen] == [np.float32] * 2
    assert all(np.allclose(x, 90) for x in network.seen)
    reddish = np.full((*FRAME, 3), (120, 100, 100), np.uint8)
    reddish[: FRAME[0] // 2] = (100, 100, 120)  # two lights: the mean of the whole is grey
    network = Scripted(0, 0, 0)
    PassivePair(network, network).live(reddish, face(y=420, side=60))
    blue, _, red = network.seen[0][70, 40]
    assert red > blue + 10


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
    ],
    ids=["another input", "two classes"],
)
def test_another_network_is_a_model_fault(network: object, said: str) -> None:
    with pytest.raises(ModelFault, match=said):
        PassivePair(Scripted(0, 0, 0), network()).live(noise(), face())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_network_that_gives_no_number_objects(value: float) -> None:
    pair = PassivePair(Scripted(0, 9, 0), Scripted(value, 0, 0))
    detector = PadDetector(PadPolicy(frozenset({Family.PASSIVE})), pair)
    assert detector.look(noise(), face()).reason is Reason.FACE_ATTACK


@pytest.mark.parametrize("colour", [(0, 0, 0), (230, 60, 20)], ids=["black", "one colour"])
@pytest.mark.parametrize("exact", [True, False])
def test_a_frame_of_one_colour_in_which_a_face_was_seen_is_judged_by_the_networks(
    colour: tuple[int, int, int], exact: bool
) -> None:
    pair = PassivePair(Scripted(9, 0, 0), Scripted(9, 0, 0))
    evidence = PadDetector(PadPolicy(exact=exact), pair).look(np.full((*FRAME, 3), colour, np.uint8), face())
    assert evidence.objections == (Measure.LIVE,)


@pytest.mark.parametrize("exact", [True, False])
def test_a_white_frame_in_which_a_face_was_seen_asks_for_less_light(exact: bool) -> None:
    pair = PassivePair(Scripted(9, 0, 0), Scripted(9, 0, 0))
    evidence = PadDetector(PadPolicy(exact=exact), pair).look(np.full((*FRAME, 3), 255, np.uint8), face())
    assert (evidence.reason, evidence.shortfall.coaching) == (None, Coaching.LESS_LIGHT)


@pytest.mark.parametrize(("logit", "measured"), [(9, False), (0.1, True)], ids=["sure", "not sure"])
def test_a_border_that_cannot_object_is_not_measured(logit: float, measured: bool) -> None:
    pair = PassivePair(Scripted(0, logit, 0), Scripted(0, logit, 0))
    sheet = paper()
    exact, short = (PadDetector(PadPolicy(exact=exact), pair).look(sheet, face()) for exact in (True, False))
    assert exact.value(Measure.BORDER) > 1.5
    assert (short.value(Measure.BORDER) is not None) is measured
    assert (short.objections, short.shortfall) == (exact.objections, exact.shortfall)
    assert [reading.measure for reading in exact.readings] == list(TABLE)


def test_a_policy_without_its_networks_does_not_start() -> None:
    with pytest.raises(ModelFault, match="not installed") as caught:
        PadDetector(PadPolicy(frozenset(Family)))
    assert caught.value.hint == "build the models again: doorward models fetch"


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
