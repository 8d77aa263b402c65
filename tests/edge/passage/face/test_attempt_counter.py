"""The number of frames after which a verdict is final."""

from __future__ import annotations

import pytest

from edge.decision import Deny, Reason
from edge.passage.face.attempt_counter import APART_MS, FINAL_AFTER, GRAVEST_FIRST, AttemptCounter
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
    ticks = range(0, APART_MS * len(frames), APART_MS)
    final = [
        decision
        for verdict, tick in zip(frames, ticks, strict=True)
        if (decision := attempts.add(verdict, tick))
    ]
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
    for number, verdict in enumerate(frames):
        attempts.add(verdict, number * APART_MS)
    assert attempts.give_up() == Deny(reason)


def test_every_reason_that_can_be_final_has_a_rank() -> None:
    assert set(FINAL_AFTER) <= set(GRAVEST_FIRST)


def test_frames_of_one_moment_count_once() -> None:
    attempts = AttemptCounter()
    assert not any(attempts.add(MISS, tick) for tick in range(0, 2 * APART_MS, 10))
    assert attempts.add(MISS, 2 * APART_MS) == MISS


@pytest.mark.parametrize("before", [MISS, BLUR, ABSENT, Deny(Reason.FACE_SEVERAL)])
def test_no_other_objection_of_the_same_moment_hides_an_attack(before: Deny) -> None:
    attempts = AttemptCounter()
    attempts.add(before, 1_000)
    attempts.add(ATTACK, 1_001)
    assert attempts.add(MATCH, 9_000) is None


def test_a_new_burst_forgets_comparisons_but_no_attack() -> None:
    attempts = AttemptCounter()
    for tick in (0, APART_MS):
        attempts.add(MISS, tick)
    attempts.begin_again()
    assert attempts.add(MISS, 2 * APART_MS) is None
    assert attempts.add(MATCH, 3 * APART_MS) == MATCH
    attempts.add(ATTACK, 4 * APART_MS)
    attempts.begin_again()
    assert attempts.add(MATCH, 5 * APART_MS) is None
    assert attempts.give_up() == ATTACK


def test_blur_and_absence_are_never_final_however_long_they_last() -> None:
    attempts = AttemptCounter()
    blurs = [attempts.add(BLUR, APART_MS * frame) for frame in range(2_000)]
    assert not any(blurs)
