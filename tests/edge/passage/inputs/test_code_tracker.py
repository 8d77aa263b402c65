"""Presentations of codes: a code that stays in view is one presentation."""

from __future__ import annotations

import pytest

from edge.passage.inputs.code_tracker import GAP_MS, PresentationTracker
from edge.ports import Symbol

A = Symbol("EC1:A", b"EC1:A", "sim")
B = Symbol("EC1:B", b"EC1:B", "sim")
POSTER = Symbol("https://example.com", b"", "sim")

CASES: dict[str, tuple[list[tuple[int, tuple[Symbol, ...]]], list[bool]]] = {
    "held still": ([(0, (A,)), (66, (A,)), (133, (A,))], [True, False, False]),
    "lost for a few frames": ([(0, (A,)), (66, ()), (GAP_MS, (A,))], [True, False, False]),
    "removed and shown again": ([(0, (A,)), (GAP_MS + 1, (A,))], [True, True]),
    "rotated on the phone": ([(0, (A,)), (66, (B,))], [True, True]),
    "a second code joins": ([(0, (A,)), (66, (A, B))], [True, True]),
    "one of two removed": ([(0, (A, B)), (66, (B,)), (133, (A,))], [True, False, False]),
    "a poster joins": ([(0, (A,)), (66, (A, POSTER))], [True, False]),
    "a poster alone": ([(0, (POSTER,)), (66, (POSTER,))], [True, False]),
    "a code before a poster, and removed": (
        [(0, (POSTER,)), (66, (POSTER, A)), (133, (POSTER,))],
        [True, True, False],
    ),
    "the same code again before a poster": (
        [(0, (POSTER, A)), *[(1_000 * n, (POSTER,)) for n in range(1, 4)], (4_000, (POSTER, A))],
        [True, False, False, False, True],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_presentation_is_let_through_once(case: str) -> None:
    frames, fresh = CASES[case]
    tracker = PresentationTracker()
    assert [bool(tracker.fresh(symbols, tick)) for tick, symbols in frames] == fresh


def test_after_a_grant_the_phone_must_leave_the_picture_first() -> None:
    tracker = PresentationTracker()
    assert tracker.fresh((A,), 0)
    tracker.hold(6_000)
    tracker.passed(6_000)
    assert not tracker.fresh((B,), 6_066)  # the phone has made its next code
    assert not tracker.fresh((), 6_133)
    assert not tracker.fresh((B,), 6_200)
    assert not tracker.fresh((), 6_200 + GAP_MS + 1)
    assert tracker.fresh((B,), 6_300 + GAP_MS)


def test_a_code_in_view_through_a_whole_passage_is_not_presented_again() -> None:
    tracker = PresentationTracker()
    assert tracker.fresh((A,), 0)
    for tick in range(66, 9_000, 66):
        tracker.hold(tick)
    assert not tracker.fresh((A,), 9_066)


def test_a_poster_does_not_count_as_the_phone_that_must_leave_after_a_grant() -> None:
    tracker = PresentationTracker()
    assert tracker.fresh((POSTER, A), 0) == (A,)
    tracker.passed(66)
    assert not tracker.fresh((POSTER, B), 133)
    assert not tracker.fresh((POSTER,), 133 + GAP_MS)
    assert not tracker.fresh((POSTER,), 134 + GAP_MS)
    assert tracker.fresh((POSTER, B), 200 + GAP_MS) == (B,)
