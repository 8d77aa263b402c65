"""The number of frames after which a verdict is final."""

from __future__ import annotations

import pytest

from edge.decision import Deny, Reason
from edge.passage.face.attempt_counter import FINAL_AFTER, GRAVEST_FIRST, AttemptCounter
from edge.policy.decide import FaceVerdict, Matches

MATCH = Matches()
MISS = Deny(Reason.FACE_NO_MATCH)
BLUR = Deny(Reason.FACE_QUALITY)
ATTACK = Deny(Reason.FACE_ATTACK)
ABSENT = Deny(Reason.FACE_ABSENT)

CASES: dict[str, tuple[list[FaceVerdict], FaceVerdict | None]] = {
    "one match is enough": ([MATCH], MATCH),
    "a match after blinks and blur is enough": ([BLUR, ABSENT, MISS, BLUR, MATCH], MATCH),
    "two frames without a match are not final": ([MISS, MISS], None),
    "three frames without a match are final": ([MISS, BLUR, MISS, MISS], MISS),
    "one attack frame may be an accident": ([ATTACK], None),
    "two attack frames are final": ([ATTACK, ABSENT, ATTACK], ATTACK),
    "after an attack frame nothing matches": ([ATTACK, MATCH, MATCH], None),
    "a reference that cannot be compared is final at once": (
        [Deny(Reason.FACE_TEMPLATE)],
        Deny(Reason.FACE_TEMPLATE),
    ),
    "absence is never final": ([ABSENT] * 200, None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_verdict_is_final_after_its_number_of_frames(case: str) -> None:
    frames, expected = CASES[case]
    attempts = AttemptCounter()
    final = [decision for verdict in frames if (decision := attempts.add(verdict))]
    assert (final[0] if final else None) == expected


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], Reason.FACE_ABSENT),
        ([ABSENT, BLUR, ABSENT], Reason.FACE_QUALITY),
        ([BLUR, MISS, ABSENT], Reason.FACE_NO_MATCH),
        ([MISS, ATTACK, BLUR], Reason.FACE_ATTACK),
    ],
)
def test_a_timeout_is_denied_with_the_gravest_objection(frames: list[Deny], reason: Reason) -> None:
    attempts = AttemptCounter()
    for verdict in frames:
        attempts.add(verdict)
    assert attempts.give_up() == Deny(reason)


def test_every_reason_that_can_be_final_has_a_rank() -> None:
    assert set(FINAL_AFTER) <= set(GRAVEST_FIRST)
