"""Consistency of a burst: one living person, or the objection of the table."""

from __future__ import annotations

import numpy as np
import pytest
from samples.head_points import face

from edge.decision import Reason
from edge.face.consistency import MAX_LOOKS, Consistency, LandmarkFrame, Objection, judge, measure
from edge.face.engine import FaceEngine
from hw.sim.pictures.head import Pose, Subject, head, script, sheet

FRAME_MS = 66
GOOD = Consistency(looks=12, span_ms=726, gap_ms=66, alike=0.9, fastest=0.3, sway=0.02, drift=0.004)


def noise(seed: int, sigma: float = 0.08) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, (468, 3)).astype(np.float32)


def standing(count: int = 12, *, sway_px: float = 0.4, turn: float = 0.15) -> list[LandmarkFrame]:
    """A person who sways and turns by fractions of a degree, with a constant likeness."""
    return [
        LandmarkFrame(face(turn * k, shift=(sway_px * k, 0)) + noise(k), k * FRAME_MS, 0.95 - 0.01 * (k % 2))
        for k in range(count)
    ]


def test_a_standing_person_is_consistent():
    evidence = measure(standing())
    assert judge(evidence) is None
    assert evidence.looks == 12
    assert evidence.span_ms == 11 * FRAME_MS
    assert evidence.alike == 0.94


def test_another_person_in_the_middle_of_a_burst_is_swapped():
    looks = standing()
    looks[6] = LandmarkFrame(looks[6].landmarks, looks[6].tick_ms, 0.2)
    assert judge(measure(looks)) is Objection.SWAPPED


def test_a_swap_is_found_if_only_some_frames_were_compared():
    looks = [LandmarkFrame(look.landmarks, look.tick_ms) for look in standing()]
    looks[9] = LandmarkFrame(looks[9].landmarks, looks[9].tick_ms, 0.2)
    assert judge(measure(looks)) is Objection.SWAPPED


def test_a_face_that_jumps_is_another_face():
    looks = standing()
    looks[6:] = [
        LandmarkFrame(look.landmarks + np.float32(70), look.tick_ms, look.alike) for look in looks[6:]
    ]
    assert judge(measure(looks)) is Objection.JUMPED


def test_a_gap_without_a_face_is_interrupted():
    looks = standing()
    looks[6:] = [LandmarkFrame(look.landmarks, look.tick_ms + 1_500, look.alike) for look in looks[6:]]
    assert judge(measure(looks)) is Objection.INTERRUPTED


def test_a_photograph_on_a_stand_is_frozen():
    looks = [LandmarkFrame(face() + noise(k), k * FRAME_MS) for k in range(17)]
    assert judge(measure(looks)) is Objection.FROZEN
    assert judge(measure(looks[:12])) is Objection.TOO_SHORT  # a person may stand so for a moment


def test_one_repeated_frame_is_frozen():
    assert judge(measure([LandmarkFrame(face(), k * FRAME_MS) for k in range(17)])) is Objection.FROZEN


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_frames_are_too_short(count):
    assert judge(measure(standing(count))) is Objection.TOO_SHORT


def test_frames_that_were_not_compared_are_judged_by_their_motion():
    looks = [LandmarkFrame(look.landmarks, look.tick_ms) for look in standing()]
    assert measure(looks).alike is None
    assert judge(measure(looks)) is None


def test_unusable_frames_are_left_out():
    broken = LandmarkFrame(np.full((468, 3), np.nan, np.float32), 0)
    assert measure([broken, *standing()]) == measure(standing())


def test_the_last_frames_of_a_long_burst_count():
    assert measure(standing(MAX_LOOKS + 40)).looks == MAX_LOOKS


def test_equal_ticks_do_not_divide_by_zero():
    looks = [LandmarkFrame(look.landmarks, 0, look.alike) for look in standing()]
    assert judge(measure(looks)) is Objection.TOO_SHORT


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({}, None),
        ({"alike": 0.59}, Objection.SWAPPED),
        ({"alike": None}, None),
        ({"fastest": 4.6}, Objection.JUMPED),
        ({"gap_ms": 1_201}, Objection.INTERRUPTED),
        ({"looks": 5}, Objection.TOO_SHORT),
        ({"span_ms": 299}, Objection.TOO_SHORT),
        ({"sway": 0.001, "drift": 0.001, "span_ms": 1_000}, Objection.FROZEN),
        ({"sway": 0.001, "drift": 0.001, "span_ms": 999}, Objection.TOO_SHORT),
        ({"sway": 0.001}, None),
        ({"drift": 0.001}, None),
        ({"alike": 0.1, "looks": 2}, Objection.SWAPPED),
    ],
    ids=str,
)
def test_the_first_matching_rule_gives_the_objection(change, objection):
    values = {name: getattr(GOOD, name) for name in Consistency.__slots__} | change
    assert judge(Consistency(**values)) is objection


@pytest.mark.parametrize("objection", list(Objection))
def test_every_objection_has_a_reason(objection):
    mendable = objection in {Objection.TOO_SHORT, Objection.INTERRUPTED}
    assert objection.reason is (Reason.FACE_QUALITY if mendable else Reason.FACE_ATTACK)


def test_a_rendered_standing_head_is_alive_and_its_photograph_is_frozen(
    engine: FaceEngine, astronaut: np.ndarray
):
    photo = astronaut[:384]

    def look(rgb: np.ndarray, tick_ms: int) -> LandmarkFrame:
        probe = engine.probe(rgb, engine.find(rgb)[0])
        return LandmarkFrame(probe.landmarks.points, tick_ms)

    subject = Subject(photo, look(photo, 0).landmarks)
    alive = measure([look(*frame) for frame in head(subject, script([], seed=1, rest=10), seed=1)])
    assert judge(alive) is None
    still = measure([look(*frame) for frame in sheet(subject, [Pose()] * 17, seed=1)])
    assert judge(still) is Objection.FROZEN
