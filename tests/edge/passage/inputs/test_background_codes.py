"""Codes of the background: a text that stays before the camera is no visitor's."""

from __future__ import annotations

from itertools import count

import pytest

from edge.passage.inputs.background_codes import FORGET_MS, IN_VIEW_MS, MAX_TEXTS, BackgroundCodes
from edge.passage.inputs.code_tracker import GAP_MS, PresentationTracker
from edge.ports import Symbol

EVERY_MS = 200


def symbol(text: str) -> Symbol:
    return Symbol(text, text.encode(), "sim")


POSTER, PRINTED, PHONE = symbol("https://example.com"), symbol("EC1:00"), symbol("EC1:QED8WEX0")


def watch(background: BackgroundCodes, seen: tuple[Symbol, ...], begin_ms: int, for_ms: int) -> int:
    """Show these symbols for this time; returns the time after it."""
    for tick_ms in range(begin_ms, begin_ms + for_ms + 1, EVERY_MS):
        background.foreground(seen, tick_ms)
    return begin_ms + for_ms


@pytest.mark.parametrize("stays", [POSTER, PRINTED], ids=["a poster", "a printed code of ours"])
def test_a_text_is_background_after_a_minute_in_view(stays: Symbol) -> None:
    background = BackgroundCodes(GAP_MS)
    end_ms = watch(background, (stays,), 0, IN_VIEW_MS - EVERY_MS)
    assert background.foreground((), end_ms) == ()
    assert background.take_found() == 0
    assert background.foreground((stays, PHONE), end_ms + EVERY_MS) == (PHONE,)
    assert background.take_found() == 1
    assert background.foreground((stays,), end_ms + 2 * EVERY_MS) == ()
    assert background.take_found() == 0


def test_visitors_who_hide_a_poster_do_not_begin_its_minute_again() -> None:
    background, tick_ms = BackgroundCodes(GAP_MS), 0
    for _ in range(9):
        tick_ms = watch(background, (POSTER,), tick_ms, IN_VIEW_MS // 8) + 60_000
    assert background.foreground((POSTER,), tick_ms) == ()


def test_a_background_that_was_away_for_long_is_a_code_again() -> None:
    background = BackgroundCodes(GAP_MS)
    end_ms = watch(background, (PRINTED,), 0, IN_VIEW_MS)
    assert background.foreground((PRINTED,), end_ms + FORGET_MS) == ()
    assert background.foreground((PRINTED,), end_ms + 2 * FORGET_MS + 1) == (PRINTED,)


def test_two_sights_far_apart_are_not_a_time_in_view() -> None:
    background = BackgroundCodes(GAP_MS)
    for tick_ms in range(0, 5 * IN_VIEW_MS, GAP_MS + 1):
        assert background.foreground((PRINTED,), tick_ms) == (PRINTED,)


def test_the_codes_of_a_phone_are_never_background() -> None:
    background, number = BackgroundCodes(GAP_MS), count()
    for tick_ms in range(0, 10 * IN_VIEW_MS, 20_000):
        code = symbol(f"EC1:{next(number)}")
        watch(background, (code,), tick_ms, 20_000)
        assert background.foreground((code,), tick_ms + 20_000) == (code,)


def test_the_memory_is_bounded_and_holds_no_text() -> None:
    background = BackgroundCodes(GAP_MS)
    for number in range(10 * MAX_TEXTS):
        background.foreground((symbol(f"EC1:{number}"),), number)
    assert len(background._seen) == MAX_TEXTS
    assert all(isinstance(key, bytes) and len(key) == 16 for key in background._seen)


@pytest.mark.parametrize("stays", [POSTER, PRINTED], ids=["a poster", "a printed code of ours"])
def test_a_visitor_before_the_background_is_one_presentation_also_after_a_grant(stays: Symbol) -> None:
    tracker = PresentationTracker()
    for tick_ms in range(0, IN_VIEW_MS + 1, EVERY_MS):
        tracker.fresh((stays,), tick_ms)
    assert tracker.take_background() == 1
    assert tracker.fresh((stays, PHONE), 61_000) == (PHONE,)
    tracker.passed(61_000)
    assert not tracker.fresh((stays,), 62_000)
    assert not tracker.fresh((stays,), 61_001 + GAP_MS)
    assert tracker.fresh((stays, PHONE), 70_000) == (PHONE,)


def test_two_phones_before_the_background_are_still_two() -> None:
    tracker, other = PresentationTracker(), symbol("EC1:0000")
    for tick_ms in range(0, IN_VIEW_MS + 1, EVERY_MS):
        tracker.fresh((POSTER,), tick_ms)
    assert tracker.fresh((POSTER, PHONE, other), 61_000) == (PHONE, other)


def test_a_text_that_is_not_read_for_the_gap_was_in_view_and_for_longer_was_not() -> None:
    for every_ms, background in ((GAP_MS, True), (GAP_MS + 1, False)):
        codes = BackgroundCodes(GAP_MS)
        for tick_ms in range(0, 2 * IN_VIEW_MS, every_ms):
            codes.foreground((PRINTED,), tick_ms)
        assert bool(codes.take_found()) is background


def test_a_text_is_background_after_sixty_seconds_and_not_a_millisecond_before() -> None:
    background = BackgroundCodes(GAP_MS)
    watch(background, (PRINTED,), 0, 59_800)
    assert background.foreground((PRINTED,), 59_999) == (PRINTED,)
    assert background.foreground((PRINTED,), 60_000) == ()


def test_a_code_among_more_texts_than_the_memory_holds_is_a_visitors() -> None:
    background = BackgroundCodes(GAP_MS)
    many = tuple(symbol(f"EC1:{number}") for number in range(3 * MAX_TEXTS))
    assert background.foreground(many, 0) == many
