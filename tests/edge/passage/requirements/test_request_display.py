"""The request on the screen: a new number every 20 s, and two valid numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from hw.sim.screen import SimScreen

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
N1, N2, N3 = (number.to_bytes(8, "big") for number in (1, 2, 3))


class Screen(RequestDisplay):
    def __init__(self, show: DisplayMode = DisplayMode.OFFERED) -> None:
        numbers = count(1)
        self.board = SimScreen()
        super().__init__(
            self.board,
            lambda now, number: f"{now:%H:%M:%S} {number.hex()}",
            lambda: next(numbers).to_bytes(8, "big"),
            show,
        )

    def turned(self, *seconds: float) -> Screen:
        for second in seconds:
            self.turn(NOW + timedelta(seconds=second), round(second * 1_000))
        return self


SEEN = {
    "at the start": ((0,), 1, N1, None),
    "just before the change": ((0, 19.999), 1, N1, None),
    "at the change": ((0, 20), 2, N2, N1),
    "after two changes": ((0, 20, 40), 3, N3, N2),
    "a little late, as loops are": ((0, 20.3, 40.2), 2, N2, N1),
}


@pytest.mark.parametrize(("seconds", "posts", "nonce", "before"), SEEN.values(), ids=SEEN)
def test_the_current_and_the_previous_number_are_valid(seconds, posts, nonce, before):
    screen = Screen().turned(*seconds)
    assert (len(screen.board.posted), screen.nonce, screen.nonce_before) == (posts, nonce, before)
    assert screen.board.current.endswith(screen.nonce.hex())


@pytest.mark.parametrize(
    ("show", "needed"),
    [(DisplayMode.ON_DEMAND, False), (DisplayMode.OFFERED, False), (DisplayMode.NEEDED, True)],
)
def test_every_code_must_answer_only_in_the_mode_needed(show, needed):
    assert Screen(show).needed is needed


def test_a_screen_on_demand_shows_nothing_until_a_passage_needs_it():
    screen = Screen(DisplayMode.ON_DEMAND).turned(0, 20)
    assert (screen.board.posted, screen.nonce) == ([], None)
    assert screen.demand(NOW) == N1
    assert screen.board.current == "10:00:00 0000000000000001"
    assert (screen.nonce, screen.nonce_before) == (None, None)


def test_a_request_during_a_passage_has_its_own_number():
    screen = Screen().turned(0)
    assert screen.demand(NOW) == N2
    assert screen.nonce == N1
    screen.rest()
    assert (screen.board.current, screen.nonce, screen.nonce_before) == (None, None, None)
    screen.turned(3)
    assert (screen.nonce, screen.nonce_before) == (N3, None)


def test_after_a_long_passage_the_number_before_it_is_not_valid():
    assert Screen().turned(0, 39.999).nonce_before == N1
    assert Screen().turned(0, 40).nonce_before is None
    assert Screen().turned(0, 90).nonce_before is None
