"""Witnesses of the wall clock: what confirms it, what does not, and what the trusted clock tells and keeps."""

from __future__ import annotations

from datetime import timedelta

from worlds.clocks import HOUR, SIGNED, YEAR, S, at, running, trust
from worlds.trust import DAY, NOW

from edge.trust.time.steady_time import FIRST
from edge.trust.time.trusted_clock import ClockAnomaly, ClockMemory, TrustedClock
from edge.vouched_time import UNVOUCHED

UNCONFIRMED = ClockMemory(FIRST, SIGNED)  # of a device that has heard of the signed time before


def test_before_the_first_call_the_time_is_the_stored_one_and_nothing_is_vouched_for() -> None:
    trusted_clock = TrustedClock(ClockMemory(NOW, SIGNED))
    assert (trusted_clock.now, trusted_clock.anomaly) == (NOW, None)
    assert trusted_clock.vouched is UNVOUCHED


def test_the_clock_tells_its_latest_time_and_anomaly() -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, NOW, 0)
    assert (trusted_clock.now, trusted_clock.anomaly) == (NOW, None)
    at(trusted_clock, FIRST, 1)
    assert trusted_clock.anomaly is ClockAnomaly.BEHIND
    assert trusted_clock.now == NOW + S


def test_a_code_before_the_first_call_confirms_nothing() -> None:
    trusted_clock = TrustedClock(UNCONFIRMED)
    trusted_clock.agreed()
    at(trusted_clock, NOW, 0)
    assert at(trusted_clock, NOW + HOUR, 1).anomaly is None


def test_a_code_under_a_suspect_clock_confirms_nothing() -> None:
    trusted_clock = TrustedClock(UNCONFIRMED)
    at(trusted_clock, NOW, 0)
    assert at(trusted_clock, FIRST, 1).anomaly is ClockAnomaly.BEHIND
    trusted_clock.agreed()
    assert at(trusted_clock, NOW + HOUR, 2).anomaly is None


def test_a_code_confirms_the_clock_as_it_was_corrected() -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, NOW + YEAR, 0)
    assert at(trusted_clock, NOW + S, 1).anomaly is None
    trusted_clock.agreed()
    assert at(trusted_clock, NOW + 2 * S, 2).anomaly is None
    assert at(trusted_clock, NOW + HOUR, 3).anomaly is ClockAnomaly.AHEAD


def test_a_sync_does_not_confirm_a_clock_that_is_behind_it() -> None:
    trusted_clock, news = TrustedClock(UNCONFIRMED), trust(signed=NOW + DAY)
    at(trusted_clock, NOW, 0)
    assert at(trusted_clock, NOW + S, 1, news).anomaly is ClockAnomaly.BEHIND
    assert at(trusted_clock, NOW + 5 * DAY, 2, news).anomaly is None


def test_trust_without_a_sync_is_no_news() -> None:
    """The stored time is a year ahead; only a sync since then refutes it."""
    memory = ClockMemory(NOW + YEAR, SIGNED, NOW - HOUR)
    assert at(TrustedClock(memory), NOW, 0, trust()).anomaly is ClockAnomaly.BEHIND


def test_each_sync_begins_the_drift_anew() -> None:
    trusted_clock, days = running(), 10 * DAY
    news = trust(signed=NOW + days, synced=NOW + days)
    wall, tick = NOW + days + 16 * S, 864_000
    assert at(trusted_clock, wall, tick, news).anomaly is None, "10 days of drift are 17 s"
    assert at(trusted_clock, wall + S, tick + 1, news).anomaly is None
    assert at(trusted_clock, wall + 5 * S, tick + 2, news).anomaly is ClockAnomaly.AHEAD


def test_a_sync_takes_nothing_from_the_time_that_was_counted() -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, SIGNED, 0)
    assert at(trusted_clock, SIGNED + 99 * S, 100, trust(synced=NOW)).anomaly is None
    assert trusted_clock.memory.time > SIGNED + 99 * S


def test_a_clock_ahead_that_a_sync_confirms_leaves_our_own_time_as_it_is() -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, NOW, 0)
    trusted_clock.agreed()
    assert at(trusted_clock, NOW + HOUR, 1).anomaly is ClockAnomaly.AHEAD
    assert at(trusted_clock, NOW + HOUR + S, 2, trust(synced=NOW)).anomaly is None
    assert timedelta(0) <= trusted_clock.memory.time - NOW <= 2 * S
