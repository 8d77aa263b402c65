"""The venue's own code turns every 20 s, and two numbers count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.venue.rotation import Rotation
from hw.sim.board import SimBoard

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)


def new() -> Rotation:
    numbers = count(1)
    return Rotation(
        lambda now, nonce: f"{now:%H:%M:%S} {nonce.hex()}",
        SimBoard(),
        lambda size: next(numbers).to_bytes(size, "big"),
    )


def turned(rotation: Rotation, *seconds: float) -> Rotation:
    for second in seconds:
        rotation.turn(NOW + timedelta(seconds=second), round(second * 1_000))
    return rotation


N1, N2, N3 = (number.to_bytes(8, "big") for number in (1, 2, 3))
SEEN = {
    "at the start": ((0,), 1, N1, None),
    "a moment before it turns": ((0, 19.999), 1, N1, None),
    "when it turns": ((0, 20), 2, N2, N1),
    "after two turns": ((0, 20, 40), 3, N3, N2),
    "a little late, as loops are": ((0, 20.3, 40.2), 2, N2, N1),
    "after a passage of a minute the old one counts no more": ((0, 61), 2, N2, None),
}


@pytest.mark.parametrize(("seconds", "posts", "nonce", "before"), SEEN.values(), ids=SEEN)
def test_a_number_counts_for_as_long_as_somebody_may_be_answering_it(seconds, posts, nonce, before):
    rotation = turned(new(), *seconds)
    assert (len(rotation.board.posted), rotation.nonce, rotation.before) == (posts, nonce, before)
    assert rotation.board.current.endswith(rotation.nonce.hex())


def test_a_blank_screen_asks_for_nothing():
    rotation = turned(new(), 0, 20)
    rotation.blank()
    assert (rotation.board.current, rotation.nonce, rotation.before) == (None, None, None)
    turned(rotation, 21)
    assert (rotation.nonce, rotation.before) == (N3, None)


def test_no_number_shows_in_the_repr():
    assert "0001" not in repr(turned(new(), 0)).replace("SimBoard", "")


@given(st.lists(st.integers(0, 5_000), max_size=40))
def test_no_number_is_shown_for_longer_than_the_loop_makes_it(steps):
    rotation, tick = new(), 0
    shown: dict[bytes, int] = {}
    for step in steps:
        tick += step
        rotation.turn(NOW, tick)
        first = shown.setdefault(rotation.nonce, tick)
        assert tick - first < 20_000
        if rotation.before is not None:
            assert tick - shown[rotation.before] < 60_000
