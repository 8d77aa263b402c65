"""The evidence of one frame: for the holder, against, or missing with its cause."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from samples.head_points import face

from edge.decision import Deny, Reason
from edge.face.engine import FaceEvidence
from edge.face.quality import Component, Quality
from edge.passage.face.frame_evidence import STRANGER, Against, For, Missing, weigh_frame
from edge.policy.decide import Matches

MATCH, NO_MATCH = Matches(), Deny(Reason.FACE_NO_MATCH)
HOLDER = FaceEvidence(1, 0.8, 0.8, landmarks=face(0))
QUALITY = FaceEvidence(1, reason=Reason.FACE_QUALITY, landmarks=face(0))


@pytest.mark.parametrize(("verdict", "matches"), [(MATCH, True), (NO_MATCH, False)])
def test_only_a_compared_face_is_for_the_holder(verdict: Matches | Deny, matches: bool) -> None:
    stance = weigh_frame(HOLDER, verdict)
    assert isinstance(stance, For)
    assert stance.matches is matches


AGAINST = {
    "an attack": (replace(QUALITY, reason=Reason.FACE_ATTACK), Deny(Reason.FACE_ATTACK), Reason.FACE_ATTACK),
    "a reference of another model": (
        FaceEvidence(0, reason=Reason.FACE_TEMPLATE), Deny(Reason.FACE_TEMPLATE), Reason.FACE_TEMPLATE,
    ),
    "a stranger whose burst still matches": (
        replace(HOLDER, alone=STRANGER - 0.01), MATCH, Reason.FACE_NO_MATCH,
    ),
    "a card that is no longer accepted": (HOLDER, Deny(Reason.STATUS_STALE), Reason.STATUS_STALE),
}  # fmt: skip


@pytest.mark.parametrize("case", AGAINST)
def test_an_objection_is_against_the_holder(case: str) -> None:
    evidence, verdict, reason = AGAINST[case]
    assert weigh_frame(evidence, verdict) == Against(reason)


MISSING = {
    "no face": FaceEvidence(0, reason=Reason.FACE_ABSENT),
    "two faces": replace(HOLDER, faces=2, reason=Reason.FACE_SEVERAL),
    "two faces without a reason": replace(HOLDER, faces=2),
    "dark glasses": replace(QUALITY, fta=Component.EYES_VISIBLE),
    "no similarity": replace(HOLDER, similarity=None, alone=None),
    "only the similarity of the burst": replace(HOLDER, alone=None),
    "a similarity that is no number": replace(HOLDER, alone=float("nan")),
    "no landmarks": replace(HOLDER, landmarks=None),
    "landmarks that are no numbers": replace(HOLDER, landmarks=np.full((468, 3), np.nan, np.float32)),
}


@pytest.mark.parametrize("verdict", [MATCH, NO_MATCH], ids=["match", "no match"])
@pytest.mark.parametrize("case", MISSING)
def test_a_frame_without_a_comparison_is_missing_and_not_followed(case: str, verdict: Matches | Deny) -> None:
    stance = weigh_frame(MISSING[case], verdict)
    assert isinstance(stance, Missing)
    assert stance.landmarks is None


@pytest.mark.parametrize(
    "cause", [Component.HEAD_POSE_YAW, Component.HEAD_POSE_PITCH, Component.SHARPNESS, Component.EYES_OPEN]
)
def test_a_face_that_its_own_movement_hides_is_missing_and_followed(cause: Component) -> None:
    stance = weigh_frame(replace(QUALITY, fta=cause), NO_MATCH)
    assert isinstance(stance, Missing)
    assert stance.cause is cause
    assert stance.landmarks is QUALITY.landmarks


def test_a_face_turned_beyond_the_limits_of_quality_is_followed_whatever_else_hides_it() -> None:
    straight = Quality(
        side_px=150, share=0.3, eyes_px=50, margin=1, sharpness=500, detail=1, brightness=0.5, contrast=0.2,
        eye_detail=0.1, mouth_detail=0.1, eye_light=0.8, eye_opening=0.3, presence=1, found=1, yaw=0, pitch=0, roll=0,
    )  # fmt: skip
    for quality, followed in (
        (replace(straight, yaw=50.0), True),
        (replace(straight, pitch=-50.0), True),
        (replace(straight, sharpness=0.0), False),
        (None, False),
    ):
        stance = weigh_frame(replace(QUALITY, fta=Component.EYES_VISIBLE, quality=quality), NO_MATCH)
        assert isinstance(stance, Missing)
        assert (stance.landmarks is not None) is followed


CAUSES = {
    "a component of quality": (replace(QUALITY, fta=Component.SHARPNESS), Component.SHARPNESS),
    "a reason alone": (QUALITY, Reason.FACE_QUALITY),
    "several faces without a reason": (replace(HOLDER, faces=2), Reason.FACE_SEVERAL),
}


@pytest.mark.parametrize("case", CAUSES)
def test_missing_evidence_has_its_cause(case: str) -> None:
    evidence, cause = CAUSES[case]
    stance = weigh_frame(evidence, NO_MATCH)
    assert isinstance(stance, Missing)
    assert stance.cause is cause


def test_a_second_face_is_not_followed_though_the_first_moves() -> None:
    stance = weigh_frame(replace(QUALITY, faces=2, fta=Component.SHARPNESS), NO_MATCH)
    assert isinstance(stance, Missing)
    assert stance.landmarks is None


def test_no_landmark_is_in_a_repr() -> None:
    moved = weigh_frame(replace(QUALITY, fta=Component.SHARPNESS), NO_MATCH)
    assert "landmarks" not in repr(weigh_frame(HOLDER, MATCH))
    assert "landmarks" not in repr(moved)
