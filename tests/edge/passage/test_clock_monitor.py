"""The time of a running device, and the changes of trust in it that are recorded once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from worlds.trust import ISSUER, NOW, TRUST

from edge.audit.record import ClockEvent
from edge.passage.clock_monitor import ClockMonitor
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.phone_clock_offset import ENOUGH, HALF_A_CODE, PhoneClockOffset
from edge.trust.time.trusted_clock import TrustedClock
from hw.sim.clock import SimClock

S = timedelta(seconds=1)
LATE = 60 * S  # more than an alarm needs


class Device:
    """A clock monitor with simulated clocks, and phones whose clocks differ from it."""

    def __init__(self) -> None:
        self.clock = SimClock(NOW, tick_ms=5_000)
        self.trusted = TrustedClock()
        self.phones = PhoneClockOffset()
        self.trust_asked = 0
        self.monitor = ClockMonitor(self.clock, self.trusted, self.phones, self._trust)

    def _trust(self) -> TrustSnapshot:
        self.trust_asked += 1
        return TRUST

    def agree(self) -> None:
        """A holder's phone agrees: from now on a step of the clock is noticed."""
        self.monitor.at(TRUST)
        self.monitor.agreed()

    def hear_phones(self, behind: timedelta, phones: int = ENOUGH) -> None:
        for number in range(phones):
            self.phones.hear(f"phone{number}", NOW - HALF_A_CODE - behind, NOW)


@pytest.fixture
def device() -> Device:
    return Device()


def test_a_clock_that_is_trusted_from_the_start_has_no_change_to_record(device: Device) -> None:
    device.agree()
    device.monitor.at(TRUST)
    assert device.monitor.changes() == []


def test_each_change_of_trust_is_told_once_and_only_a_suspect_clock_has_an_error(device: Device) -> None:
    device.agree()
    device.clock.jump(NOW - 3_600 * S)
    assert device.monitor.at(TRUST).now == NOW
    device.monitor.at(TRUST)
    assert device.monitor.changes() == [(ClockEvent.BACK, -3_600 * S)]
    device.clock.jump(NOW + S)
    device.monitor.at(TRUST)
    assert device.monitor.changes() == [(ClockEvent.TRUSTED, None)]
    assert device.monitor.changes() == []


def test_phones_are_compared_anew_after_a_change_of_trust_in_the_clock(device: Device) -> None:
    device.agree()
    device.hear_phones(LATE)
    device.clock.jump(NOW - 3_600 * S)
    device.monitor.at(TRUST)
    assert device.phones.offset is None
    assert [event for event, _ in device.monitor.changes()] == [ClockEvent.BACK]


def test_an_alarm_of_the_phones_is_told_once_and_again_after_it_ended(device: Device) -> None:
    for _ in range(2):
        device.hear_phones(timedelta())
        assert device.monitor.changes() == []
        device.hear_phones(LATE)
        assert device.monitor.changes() == [(ClockEvent.PHONES, LATE)]
        assert device.monitor.changes() == [], "an alarm that goes on is no change"


def test_an_alarm_before_the_first_question_is_told(device: Device) -> None:
    device.hear_phones(LATE)
    assert device.monitor.changes() == [(ClockEvent.PHONES, LATE)]


def test_the_stamp_of_a_record_takes_the_latest_trust_and_asks_for_it_only_before_the_first(
    device: Device,
) -> None:
    assert device.monitor.now() == NOW
    assert device.trust_asked == 1
    later = TrustSnapshot.of([ISSUER], {})
    device.monitor.at(later)
    assert device.monitor.now() == NOW
    assert device.trust_asked == 1
