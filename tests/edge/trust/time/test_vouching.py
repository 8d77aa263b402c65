"""Times that a witness vouches for: our own time, which is stored, and the time by which data may be destroyed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from worlds.clocks import HOUR, SIGNED, YEAR, S, at, running
from worlds.trust import DAY, ISSUER, KID, LIST, NOW, TRUST, URI

from edge.trust.snapshot import TrustSnapshot
from edge.trust.time import clock_file
from edge.trust.time.steady_time import FIRST, LAST
from edge.trust.time.trusted_clock import ClockAnomaly, ClockMemory, TrustedClock
from edge.vouched_time import UNVOUCHED, VouchedTime

# -- our own time, which is stored -------------------------------------------------------------------------


def test_the_wall_clock_alone_moves_no_stored_time() -> None:
    trusted_clock = TrustedClock(ClockMemory(NOW, SIGNED))
    assert at(trusted_clock, NOW + 91 * DAY, 0).anomaly is None
    at(trusted_clock, NOW + 91 * DAY + HOUR, 3_600)
    assert NOW + 0.99 * HOUR < trusted_clock.memory.time <= NOW + HOUR
    assert at(TrustedClock(trusted_clock.memory), NOW + 2 * HOUR, 0).anomaly is None


def test_a_clock_that_no_witness_confirmed_cannot_be_set_back_before_what_was_counted() -> None:
    """A quiet door: no code and no news for four hours, so no step of its clock is noticed."""
    trusted_clock = TrustedClock(ClockMemory(NOW, SIGNED))
    at(trusted_clock, NOW + S, 0)
    assert at(trusted_clock, NOW + 4 * HOUR, 14_400).anomaly is None
    assert at(trusted_clock, NOW + 0.5 * HOUR, 14_401).anomaly is ClockAnomaly.BEHIND


def test_a_granted_code_moves_it_and_time_is_counted_on_from_there() -> None:
    trusted_clock = TrustedClock(ClockMemory(NOW, SIGNED))
    at(trusted_clock, NOW + DAY, 0)
    trusted_clock.agreed()
    at(trusted_clock, NOW + DAY + HOUR, 3_600)
    assert NOW + DAY + 0.99 * HOUR < trusted_clock.memory.time <= NOW + DAY + HOUR
    back = TrustedClock(trusted_clock.memory)
    assert at(back, NOW + DAY + 0.5 * HOUR, 0).anomaly is ClockAnomaly.BEHIND


def test_a_grant_under_a_suspect_clock_moves_nothing() -> None:
    trusted_clock = running()
    assert at(trusted_clock, NOW + YEAR, 1).anomaly is ClockAnomaly.AHEAD
    trusted_clock.agreed()
    assert trusted_clock.memory.time < NOW + HOUR


# -- the time by which data may be destroyed ---------------------------------------------------------------

# The wall clock and the seconds of one run; the time that has passed for certain, or None.
PASSED: dict[str, tuple[datetime, float, datetime | None]] = {
    "at the start": (NOW, 0, SIGNED),
    "an hour later": (NOW + HOUR, 3_600, SIGNED + 54.5454 * 60 * S),
    "a clock 91 days ahead": (NOW + 91 * DAY, 0, SIGNED),
    "a clock in 2099": (LAST - DAY, 3_600, SIGNED + 54.5454 * 60 * S),
    "a clock that the steady clock has overtaken": (NOW, 8_000, NOW),
    "no RTC": (FIRST, 3_600, None),
    "after 2100": (LAST + DAY, 3_600, None),
}


@pytest.mark.parametrize(("wall", "seconds", "passed"), PASSED.values(), ids=PASSED)
def test_only_what_a_signature_and_the_steady_clock_say_has_passed(
    wall: datetime, seconds: float, passed: datetime | None
) -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, FIRST, 0)
    vouched = at(trusted_clock, wall, seconds).vouched
    assert vouched == (VouchedTime(passed) if passed else UNVOUCHED) == trusted_clock.vouched


def test_the_time_without_power_is_not_counted_and_the_time_with_it_is() -> None:
    memory = None
    for start in range(10):  # a device that is switched on for two hours a day, and never online
        trusted_clock = TrustedClock(memory)
        at(trusted_clock, NOW + start * DAY, 0)
        at(trusted_clock, NOW + start * DAY + 2 * HOUR, 7_200)
        memory = clock_file.parse(clock_file.encode(trusted_clock.memory))
    assert SIGNED + 18 * HOUR < trusted_clock.vouched.at < SIGNED + 20 * HOUR


def test_a_key_that_signs_a_time_in_the_future_vouches_for_none() -> None:
    """The wall clock is the second witness: it is behind the signed time, so one of the two is wrong."""
    news = replace(TRUST, floor=NOW + YEAR, published_at=NOW + YEAR)
    assert at(running(), NOW + S, 1, news).vouched == UNVOUCHED


def test_a_clock_that_is_suspect_vouches_for_none() -> None:
    trusted_clock = running()
    assert at(trusted_clock, NOW + YEAR, 1).vouched == UNVOUCHED
    assert at(trusted_clock, NOW + 2 * S, 2).vouched.at > SIGNED


OTHER, THIRD = (bytes([number]) * 8 for number in (2, 3))
FOLDERS = {  # when each issuer signed its list, by hours before NOW, and when for certain
    "one issuer": ({KID: 3}, 3),
    "two: one alone does not vouch": ({KID: 3, OTHER: -9_000}, 3),
    "three: two of them do": ({KID: 3, OTHER: 48, THIRD: -9_000}, 3),
}


@pytest.mark.parametrize(("signed", "hours"), FOLDERS.values(), ids=FOLDERS)
def test_of_several_issuers_one_alone_vouches_for_no_time(signed: dict[bytes, int], hours: int) -> None:
    lists = {(kid, URI): replace(LIST, issued_at=NOW - before * HOUR) for kid, before in signed.items()}
    assert TrustSnapshot.of([ISSUER], lists).vouched_from == NOW - hours * HOUR


def test_where_there_is_a_publication_its_time_counts_alone() -> None:
    assert replace(TRUST, published_at=NOW - DAY).vouched_from == NOW - DAY
    assert TrustSnapshot.of([ISSUER], {}).vouched_from == FIRST
