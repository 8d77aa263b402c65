from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import NOW

from edge.card.claims import Freshness
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.time.clock_slack import CLOCK_SLACK
from edge.trust.time.code_window import MAX_WINDOW, check_floor, window
from edge.trust.time.freshness import Budgets, freshness

S, DAY = timedelta(seconds=1), timedelta(days=1)

WINDOWS = {  # since sync: behind, ahead, in seconds
    "just set": (timedelta(0), 30.0, 10.0),
    "a day": (DAY, 31.728, 11.728),
    "thirty days": (30 * DAY, 81.84, 61.84),
    "years": (5_000 * DAY, 120.0, 100.0),
    "set in the future": (-DAY, 30.0, 10.0),
}


@pytest.mark.parametrize(("since", "behind", "ahead"), WINDOWS.values(), ids=WINDOWS)
def test_the_window_grows_with_the_drift_up_to_its_limit(since, behind, ahead):
    allowed = window(since)
    assert (allowed.behind.total_seconds(), allowed.ahead.total_seconds()) == (behind, ahead)


@given(st.timedeltas(timedelta(0), timedelta(days=100_000)))
def test_no_window_is_wider_than_the_replay_memory(since):
    allowed = window(since)
    assert allowed.ahead < allowed.behind <= MAX_WINDOW


def test_a_time_at_the_floor_is_accepted_and_one_before_its_slack_is_not():
    check_floor(NOW, NOW)
    check_floor(NOW - CLOCK_SLACK, NOW)
    with pytest.raises(Refused) as caught:
        check_floor(NOW - CLOCK_SLACK - timedelta(microseconds=1), NOW)
    assert caught.value.reason is Reason.CLOCK_UNTRUSTED


AGES = {
    "new": (timedelta(0), Freshness.FRESH),
    "a day": (DAY, Freshness.FRESH),
    "over a day": (DAY + S, Freshness.AGEING),
    "a week": (7 * DAY, Freshness.AGEING),
    "over a week": (7 * DAY + S, Freshness.STALE),
    "from another clock": (-CLOCK_SLACK, Freshness.FRESH),
    "from the future": (-CLOCK_SLACK - S, Freshness.STALE),
}


@pytest.mark.parametrize(("age", "expected"), AGES.values(), ids=AGES)
def test_freshness_follows_from_the_age(age, expected):
    assert freshness(age, Budgets()) is expected


@given(st.timedeltas(), st.timedeltas(timedelta(0)))
def test_getting_older_never_makes_a_list_fresher(age, more):
    order = [Freshness.FRESH, Freshness.AGEING, Freshness.STALE]
    if timedelta(0) <= age < timedelta.max - more:
        assert order.index(freshness(age, Budgets())) <= order.index(freshness(age + more, Budgets()))
