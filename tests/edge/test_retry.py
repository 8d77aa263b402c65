from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.retry import RetrySchedule

HALF = RetrySchedule(2.0, 900.0, jitter=0.5)
uniform = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(("failures", "least", "most"), [(1, 1, 2), (2, 2, 4), (5, 16, 32), (99, 450, 900)])
def test_a_wait_doubles_with_a_random_share(failures: int, least: float, most: float) -> None:
    assert HALF.wait_s(failures, uniform=lambda: 0.0) == least
    assert HALF.wait_s(failures, uniform=lambda: 1.0) == most


def test_without_jitter_a_wait_is_not_random() -> None:
    schedule = RetrySchedule(0.5, 30.0)
    assert [schedule.wait_s(n, uniform=lambda: 0.0) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert schedule.wait_s(3) == 2.0


@given(st.integers(1, 10**9), uniform, st.floats(0, 3_600), st.floats(0, 1))
def test_a_wait_is_after_the_asked_delay_and_is_bounded(
    failures: int, thrown: float, asked_s: float, jitter: float
) -> None:
    schedule = RetrySchedule(2.0, 900.0, jitter=jitter)
    wait = schedule.wait_s(failures, uniform=lambda: thrown, asked_s=asked_s)
    assert asked_s <= wait <= asked_s + 900.0


def test_clients_with_one_asked_delay_do_not_return_together() -> None:
    waits = {HALF.wait_s(5, uniform=lambda n=n: n / 100, asked_s=60.0) for n in range(100)}
    assert len(waits) == 100
