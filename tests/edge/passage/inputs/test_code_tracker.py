"""Presentations of codes: a code that stays in view is one presentation."""

from __future__ import annotations

import itertools

import pytest

from edge.passage.inputs.code_tracker import FOREIGN_EVERY_MS, GAP_MS, HELD_MS, PresentationTracker
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
    "a poster alone": (
        [*[(100 * n, (POSTER,)) for n in range(5)], (HELD_MS, (POSTER,)), (600, (POSTER,))],
        [*[False] * 5, True, False],
    ),
    "a shirt that passes by": ([(0, (POSTER,)), (66, (POSTER,)), (133, ()), (600, ())], [False] * 4),
    "a poster that is lost for a few frames": (
        [(0, (POSTER,)), (100, ()), (HELD_MS, (POSTER,))],
        [False, False, True],
    ),
    "a poster that is away for longer": (
        [(0, (POSTER,)), (GAP_MS + 1, (POSTER,)), (GAP_MS + HELD_MS + 1, (POSTER,))],
        [False, False, True],
    ),
    "a code before a poster, and removed": (
        [(0, (POSTER,)), (66, (POSTER, A)), (133, (POSTER,)), (133 + HELD_MS, (POSTER,))],
        [False, True, False, False],
    ),
    "a poster that was told, and a code": (
        [(0, (POSTER,)), (HELD_MS, (POSTER,)), (600, (POSTER, A))],
        [False, True, True],
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


# --- codes of other systems --------------------------------------------------------------------------------


def foreign(number: int) -> Symbol:
    return Symbol(f"https://example.com/{number}", b"", "sim")


def test_a_foreign_code_that_a_scanner_sends_is_told_at_once() -> None:
    assert PresentationTracker().fresh((POSTER,), 0, {POSTER.text}) == [POSTER]


def test_a_second_wrong_code_is_told_and_a_flood_of_them_is_not() -> None:
    """Codes that change each half second, for a minute: 12 records, not 120."""
    tracker = PresentationTracker()
    told = [tick for tick in range(0, 60_000, 100) if tracker.fresh((foreign(tick // 600),), tick)]
    assert 2 <= len(told) <= 60_000 // FOREIGN_EVERY_MS
    assert min(after - before for before, after in itertools.pairwise(told)) >= FOREIGN_EVERY_MS


def test_a_wrong_code_that_is_held_through_the_wait_is_told_after_it() -> None:
    tracker = PresentationTracker()
    first, second = foreign(1), foreign(2)
    assert [bool(tracker.fresh((first,), tick)) for tick in (0, HELD_MS)] == [False, True]
    told = [tick for tick in range(700, 9_000, 100) if tracker.fresh((second,), tick)]
    assert told == [HELD_MS + FOREIGN_EVERY_MS + 100 - (HELD_MS + FOREIGN_EVERY_MS) % 100 - 100]


def test_a_flood_of_foreign_codes_never_delays_one_of_ours() -> None:
    tracker = PresentationTracker()
    for tick in range(0, 10_000, 100):
        tracker.fresh((foreign(tick),), tick)
    assert tracker.fresh((foreign(0), A), 10_000) == (A,)


def test_the_memory_of_foreign_codes_is_what_was_in_view_just_now() -> None:
    tracker = PresentationTracker()
    for tick in range(0, 100_000, 100):
        tracker.fresh((foreign(tick),), tick)
    assert len(tracker._foreign) <= GAP_MS // 100 + 1


def test_a_passage_ends_the_time_for_which_a_wrong_code_was_held() -> None:
    tracker = PresentationTracker()
    assert not tracker.fresh((POSTER,), 0)
    tracker.hold(HELD_MS - 100)
    assert not tracker.fresh((POSTER,), HELD_MS), "the time before the passage does not count"
    assert tracker.fresh((POSTER,), 2 * HELD_MS)


def test_after_a_grant_the_time_of_the_passage_is_no_time_out_of_view() -> None:
    tracker = PresentationTracker()
    tracker.passed(0)
    for tick in range(0, 10_000, 100):
        tracker.hold(tick)
    assert not tracker.fresh((), 9_900 + GAP_MS)
    assert not tracker.fresh((B,), 9_900 + GAP_MS)


def test_without_a_grant_a_passage_holds_back_no_new_code() -> None:
    tracker = PresentationTracker()
    tracker.hold(0)
    assert tracker.fresh((A,), 100) == (A,)


def test_a_wrong_code_is_in_view_from_its_latest_sight_on() -> None:
    tracker = PresentationTracker()
    tracker.fresh((A, POSTER), 0)
    frames = range(0, 3 * GAP_MS, 400)
    told = [tick for tick in frames if tracker.fresh((foreign(1),), tick)]
    assert told == [800]
