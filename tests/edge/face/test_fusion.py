"""Burst fusion: the mean of the best frames, and the wiping of every embedding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Reason
from edge.errors import Refused
from edge.face.fusion import Fused, Fusion, FusionRule
from edge.face.template import DIMENSIONS, Reference, unit


def axis(*values: float) -> np.ndarray:
    """A unit vector of 64 that starts with these numbers."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(values)] = values
    return unit(vector)


def burst(threshold: float = 0.6, **rule: float) -> Fusion:
    """A fusion without `newcomer`: all frames count as one person, however different they are."""
    return Fusion(Reference(axis(1), "m"), threshold=threshold, rule=FusionRule(**{"newcomer": -1.0} | rule))


def test_one_frame_is_compared_alone() -> None:
    fused = burst().add(axis(0.6, 0.8))
    assert fused.similarity == pytest.approx(0.6)
    assert fused.frames == 1


def test_errors_of_single_frames_cancel() -> None:
    fusion = burst()
    fusion.add(axis(0.6, 0.8))
    assert fusion.add(axis(0.6, -0.8)).similarity == pytest.approx(1.0)


def test_another_person_begins_a_new_burst() -> None:
    fusion = burst(newcomer=0.3)
    fusion.add(axis(0, 1), quality=0.9)
    fusion.add(axis(0, 1), quality=0.9)
    fused = fusion.add(axis(0.9, 0.1), quality=0.1)
    assert fused.frames == 1
    assert fused.similarity == pytest.approx(0.9 / np.hypot(0.9, 0.1))


def test_a_frame_is_compared_with_those_before_it() -> None:
    fusion = burst(newcomer=0.3)
    assert fusion.alike is None
    fusion.add(axis(1))
    assert fusion.alike is None
    fusion.add(axis(0.8, 0.6))
    assert fusion.alike == pytest.approx(0.8)
    fusion.add(axis(0.6, 0.8))
    assert fusion.alike == pytest.approx(0.96)
    fusion.add(axis(0, 0, 1))  # another person: the next frame is compared with this one
    assert fusion.alike == pytest.approx(0)
    fusion.add(axis(0, 0, 1))
    assert fusion.alike == pytest.approx(1)
    fusion.wipe()
    assert fusion.alike is None


SETTLED = {
    "well above: settled at once": ([0.66], [True]),
    "at the threshold: another frame": ([0.60, 0.60], [False, False]),
    "below: never before the burst is full": ([0.1, 0.1, 0.1], [False, False, True]),
    "full": ([0.61, 0.61, 0.61], [False, False, True]),
}


@pytest.mark.parametrize("case", SETTLED, ids=str)
def test_a_burst_is_settled_when_it_is_sure_or_full(case: str) -> None:
    cosines, settled = SETTLED[case]
    fusion = burst(frames=3, sure=0.05)
    assert [fusion.add(axis(c, np.sqrt(1 - c * c))).settled for c in cosines] == settled


def test_only_the_best_frames_are_kept() -> None:
    fusion = burst(frames=2)
    fusion.add(axis(0, 1), quality=0.1)
    fusion.add(axis(0.6, 0.8), quality=0.5)
    assert not fusion.wants(0.1)
    assert fusion.wants(0.2)
    fused = fusion.add(axis(0.6, -0.8), quality=0.9)
    assert fused == Fused(pytest.approx(1.0), pytest.approx(0.6), 2, settled=True)


def test_a_frame_that_is_not_wanted_changes_nothing_but_is_compared_alone() -> None:
    fusion = burst(frames=1)
    before = fusion.add(axis(1), quality=0.9)
    after = fusion.add(axis(-1), quality=0.2)
    assert after == replace(before, alone=-1.0)


def test_the_frames_given_are_copied_and_the_copies_wiped() -> None:
    fusion, frame = burst(), axis(0.6, 0.8)
    fusion.add(frame)
    kept = fusion._kept[0][1]
    fusion.wipe()
    fusion.wipe()
    assert not kept.any()
    assert frame.any()
    assert repr(fusion) == "Fusion(frames=0)"


def test_a_wiped_reference_is_refused() -> None:
    reference = Reference(axis(1), "m")
    fusion = Fusion(reference, threshold=0.6)
    reference.wipe()
    with pytest.raises(Refused) as caught:
        fusion.add(axis(1))
    assert caught.value.reason is Reason.FACE_TEMPLATE


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=12), st.integers(1, 5))
def test_in_any_order_of_frames_at_most_the_rule_counts(frames: list[tuple[float, float]], most: int) -> None:
    fusion = burst(frames=most)
    for cosine, quality in frames:
        fused = fusion.add(axis(cosine, float(np.sqrt(1 - cosine * cosine))), quality)
        assert -1 <= fused.similarity <= 1
        assert fused.frames <= most
    assert fused.frames == min(most, len(frames))
