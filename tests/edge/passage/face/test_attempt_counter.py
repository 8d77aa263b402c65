"""When looks at a face add up to a decision."""

from __future__ import annotations

import pytest

from edge.decision import Deny, Reason
from edge.passage.face.attempt_counter import FINAL_AFTER, GRAVEST_FIRST, AttemptCounter
from edge.policy.decide import FaceVerdict, Matches

MATCH = Matches()
MISS = Deny(Reason.FACE_NO_MATCH)
BLUR = Deny(Reason.FACE_QUALITY)
ATTACK = Deny(Reason.FACE_ATTACK)
NOBODY = Deny(Reason.FACE_ABSENT)

CASES: dict[str, tuple[list[FaceVerdict], FaceVerdict | None]] = {
    "one match is enough": ([MATCH], MATCH),
    "a match after blinks and blur is enough": ([BLUR, NOBODY, MISS, BLUR, MATCH], MATCH),
    "two strangers' looks are not final": ([MISS, MISS], None),
    "the third is": ([MISS, BLUR, MISS, MISS], MISS),
    "one attack frame may be an accident": ([ATTACK], None),
    "the second is not": ([ATTACK, NOBODY, ATTACK], ATTACK),
    "after an attack frame nothing matches": ([ATTACK, MATCH, MATCH], None),
    "a reference that cannot be compared is final at once": (
        [Deny(Reason.FACE_TEMPLATE)],
        Deny(Reason.FACE_TEMPLATE),
    ),
    "absence is never final": ([NOBODY] * 200, None),
}


@pytest.mark.parametrize("case", CASES)
def test_looks_add_up(case: str) -> None:
    looks, expected = CASES[case]
    attempts = AttemptCounter()
    final = [decision for look in looks if (decision := attempts.add(look))]
    assert (final[0] if final else None) == expected


@pytest.mark.parametrize(
    ("looks", "reason"),
    [
        ([], Reason.FACE_ABSENT),
        ([NOBODY, BLUR, NOBODY], Reason.FACE_QUALITY),
        ([BLUR, MISS, NOBODY], Reason.FACE_NO_MATCH),
        ([MISS, ATTACK, BLUR], Reason.FACE_ATTACK),
    ],
)
def test_out_of_time_is_denied_with_the_gravest_objection(looks: list[Deny], reason: Reason) -> None:
    attempts = AttemptCounter()
    for look in looks:
        attempts.add(look)
    assert attempts.give_up() == Deny(reason)


def test_what_can_be_final_is_ranked() -> None:
    assert set(FINAL_AFTER) <= set(GRAVEST_FIRST)
