"""Rules of the trusted clock one by one, and invariants for any sequence of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from worlds.clocks import HOUR, SIGNED, YEAR, S, at, running, trust
from worlds.trust import DAY, NOW

from edge.errors import ClockFault
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time import clock_file
from edge.trust.time.clock_slack import CLOCK_SLACK
from edge.trust.time.steady_time import FIRST, LAST
from edge.trust.time.trusted_clock import AGREES, SMALL_STEP, ClockAnomaly, ClockMemory, TrustedClock

# -- one start ---------------------------------------------------------------------------------------------

STARTS: dict[str, tuple[datetime, ClockMemory | None, ClockAnomaly | None, datetime]] = {
    "an ordinary clock": (NOW, None, None, NOW),
    "the latest signed second": (SIGNED, None, None, SIGNED),
    "a few seconds before it": (SIGNED - 10 * S, None, None, SIGNED),
    "more than that": (SIGNED - 11 * S, None, ClockAnomaly.BEHIND, SIGNED),
    "a few seconds before what was stored": (NOW, ClockMemory(NOW + 10 * S, SIGNED), None, NOW + 10 * S),
    "no RTC": (FIRST, None, ClockAnomaly.BEHIND, SIGNED),
    "before what was stored": (NOW, ClockMemory(NOW + HOUR, SIGNED), ClockAnomaly.BEHIND, NOW + HOUR),
    "after what was stored": (NOW, ClockMemory(NOW - HOUR, SIGNED), None, NOW),
    "older trust, whose newer time was stored": (
        NOW - HOUR,
        ClockMemory(FIRST, NOW),
        ClockAnomaly.BEHIND,
        NOW,
    ),
    "the last second of our formats": (LAST, None, None, LAST),
    "after 2100": (LAST + DAY, None, ClockAnomaly.AHEAD, SIGNED),
    "a year ahead, which cannot be noticed": (NOW + YEAR, None, None, NOW + YEAR),
}


@pytest.mark.parametrize("start", STARTS)
def test_the_clock_of_a_start_is_trusted_unless_a_signed_or_stored_time_contradicts_it(start: str) -> None:
    wall, memory, anomaly, expected = STARTS[start]
    believed = at(TrustedClock(memory), wall, 0)
    assert (believed.anomaly, believed.now, believed.suspect) == (anomaly, expected, anomaly is not None)
    assert believed.off == wall - expected


def test_the_time_is_not_before_that_of_the_image() -> None:
    trusted_clock = TrustedClock(built=NOW + DAY)
    assert at(trusted_clock, NOW, 0).now == NOW + DAY


def test_the_time_is_not_before_the_one_that_an_earlier_image_stored() -> None:
    trusted_clock = TrustedClock(ClockMemory(FIRST, SIGNED), built=NOW + DAY)
    assert at(trusted_clock, NOW, 0).now == NOW + DAY


def test_a_newer_signed_time_moves_the_reckoning_forward() -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, FIRST, 0)
    assert at(trusted_clock, FIRST, 10, trust(signed=NOW)).now == NOW
    assert at(trusted_clock, FIRST, 70, trust(signed=NOW)).now == NOW + 60 * S


def test_under_a_suspect_clock_time_goes_on_at_the_rate_of_the_monotonic_clock() -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, FIRST, 0)
    assert at(trusted_clock, FIRST + 90 * S, 90).now == SIGNED + 90 * S
    assert at(trusted_clock, FIRST, 100).now == SIGNED + 100 * S


# -- steps while it runs -----------------------------------------------------------------------------------

STEPS = {  # the step of the wall clock after an hour without a network, and the anomaly
    "not at all": (0 * S, None),
    "a leap second": (-S, None),
    "a leap second that was left out": (S, None),
    "two seconds": (-2 * S, None),
    "the drift of an hour": (2.07 * S, None),
    "more than that": (2.2 * S, ClockAnomaly.AHEAD),
    "back, more than that": (-2.2 * S, ClockAnomaly.BACK),
    "a time zone ahead": (8 * HOUR, ClockAnomaly.AHEAD),
    "a time zone back, behind the signed time": (-8 * HOUR, ClockAnomaly.BEHIND),
    "back, but not behind the signed time": (-1.5 * HOUR, ClockAnomaly.BACK),
    "a year ahead": (YEAR, ClockAnomaly.AHEAD),
}


@pytest.mark.parametrize(("step", "anomaly"), STEPS.values(), ids=STEPS)
def test_a_step_is_accepted_up_to_the_drift_of_a_crystal(
    step: timedelta, anomaly: ClockAnomaly | None
) -> None:
    trusted_clock = TrustedClock()
    begun = trust(synced=NOW)
    at(trusted_clock, NOW, 0, begun)
    believed = at(trusted_clock, NOW + HOUR + step, 3_600, begun)
    assert (believed.anomaly, believed.now) == (anomaly, NOW + HOUR + (timedelta(0) if anomaly else step))


@pytest.mark.parametrize("step", [-1.5 * HOUR, -8 * HOUR, 8 * HOUR, YEAR])
def test_a_clock_that_is_corrected_is_trusted_again(step: timedelta) -> None:
    trusted_clock = running(for_s=3_600)
    assert at(trusted_clock, NOW + HOUR + step, 3_601).anomaly is not None
    assert at(trusted_clock, NOW + HOUR + 2 * S, 3_602).anomaly is None


def test_many_small_steps_are_one_large_one() -> None:
    """An attacker gains nothing by small steps: the reference of the comparison does not move with them."""
    trusted_clock = running()
    doubts = [at(trusted_clock, NOW + (second + 1.5 * second) * S, second).anomaly for second in range(1, 10)]
    assert doubts[0] is None
    assert set(doubts[1:]) == {ClockAnomaly.AHEAD}


def test_setting_back_below_the_floor_and_forward_again_stays_suspect() -> None:
    trusted_clock = running()
    assert at(trusted_clock, FIRST, 1).anomaly is ClockAnomaly.BEHIND
    assert at(trusted_clock, NOW + DAY, 2).anomaly is ClockAnomaly.AHEAD


def test_without_a_clock_at_the_start_the_first_possible_time_is_trusted() -> None:
    """The network comes after the start and sets a clock that had no time."""
    trusted_clock = TrustedClock()
    at(trusted_clock, FIRST, 0)
    assert at(trusted_clock, NOW, 60).anomaly is None
    assert at(trusted_clock, NOW + HOUR, 61).anomaly is ClockAnomaly.AHEAD


# -- after a sync --------------------------------------------------------------------------------

# The step of the wall clock, the trust of the sync, and whether the wall clock is trusted after it.
SETTLED = {
    "ahead, and the new signed time agrees": (9 * HOUR, trust(signed=NOW + 8 * HOUR), True),
    "ahead of the new signed time by more than two days": (AGREES + HOUR, trust(signed=NOW + S), False),
    "ahead, a newer publication, whose time another issuer had signed": (HOUR, trust(synced=NOW), True),
    "ahead, and no sync": (HOUR, trust(), False),
    "a little back": (-60 * S, trust(synced=NOW), True),
    "ninety seconds behind our own time": (-89 * S, trust(synced=NOW), True),
    "91 seconds behind our own time": (-90 * S, trust(synced=NOW), False),
    "ahead of the new signed time by two days": (48 * HOUR, trust(signed=NOW + S), True),
    "ahead of the new signed time by two days and a second": (48 * HOUR + S, trust(signed=NOW + S), False),
    "just too far back": (-SMALL_STEP - 2 * S, trust(synced=NOW), False),
    "an hour back, and the reckoning agrees with the signed time": (-HOUR, trust(synced=NOW), False),
    "behind the new signed time": (-HOUR, trust(signed=NOW), False),
}


@pytest.mark.parametrize(("step", "news", "believed"), SETTLED.values(), ids=SETTLED)
def test_a_sync_confirms_a_clock_that_agrees_with_the_signed_time(
    step: timedelta, news: TrustSnapshot, believed: bool
) -> None:
    trusted_clock = running()
    assert at(trusted_clock, NOW + step, 1).anomaly is not None
    assert (at(trusted_clock, NOW + step + S, 2, news).anomaly is None) is believed


def test_an_hour_back_is_trusted_after_an_hour_and_a_sync() -> None:
    """Both clocks agree with the signed time, so neither is refuted until the wall clock has caught up."""
    trusted_clock, heard = running(), trust(synced=NOW)
    assert at(trusted_clock, NOW - 0.5 * HOUR, 1).anomaly is ClockAnomaly.BACK
    assert at(trusted_clock, NOW - 0.5 * HOUR + S, 2, heard).anomaly is ClockAnomaly.BACK
    assert at(trusted_clock, NOW - S, 1_800, heard).anomaly is ClockAnomaly.BACK
    assert at(trusted_clock, NOW, 1_801, heard).anomaly is None
    assert at(trusted_clock, NOW + S, 1_802, heard).anomaly is None


def test_an_hour_back_without_a_sync_stays_suspect() -> None:
    trusted_clock = running()
    assert at(trusted_clock, NOW - 0.5 * HOUR, 1).anomaly is ClockAnomaly.BACK
    assert at(trusted_clock, NOW + DAY - 0.5 * HOUR, 86_401).anomaly is ClockAnomaly.BACK


def test_a_sync_before_the_step_does_not_confirm_it() -> None:
    trusted_clock = running()
    heard = trust(synced=NOW)
    assert at(trusted_clock, NOW + S, 1, heard).anomaly is None
    assert at(trusted_clock, NOW + HOUR, 2, heard).anomaly is ClockAnomaly.AHEAD
    assert at(trusted_clock, NOW + HOUR, 3, heard).anomaly is ClockAnomaly.AHEAD


def test_a_clock_that_no_witness_confirmed_may_be_corrected() -> None:
    """The clock is a year ahead from its start, which cannot be noticed; then an operator corrects it."""
    trusted_clock = TrustedClock()
    assert at(trusted_clock, NOW + YEAR, 0).anomaly is None
    assert at(trusted_clock, NOW + S, 1).anomaly is None
    assert trusted_clock.memory.time < SIGNED + 2 * S


def test_a_clock_that_was_a_year_ahead_is_refuted_by_the_first_new_signed_time() -> None:
    """A holder's phone was a year ahead as well, so both were believed."""
    trusted_clock = TrustedClock()
    assert at(trusted_clock, NOW + YEAR, 0).anomaly is None
    trusted_clock.agreed()
    assert at(trusted_clock, NOW + S, 1).anomaly is ClockAnomaly.BACK
    assert trusted_clock.memory.time > NOW + YEAR
    assert at(trusted_clock, NOW + 2 * S, 2, trust(signed=NOW)).anomaly is None
    assert trusted_clock.memory.time == NOW  # and the stored time is right, too


def test_a_year_that_was_stored_is_refuted_at_the_next_start() -> None:
    memory = ClockMemory(NOW + YEAR, SIGNED)
    assert at(TrustedClock(memory), NOW, 0).anomaly is ClockAnomaly.BEHIND
    assert at(TrustedClock(memory), NOW, 0, trust(signed=SIGNED + S)).anomaly is None


def test_a_sync_that_was_known_when_it_was_stored_refutes_nothing() -> None:
    memory = ClockMemory(NOW + YEAR, SIGNED, NOW - HOUR)
    assert at(TrustedClock(memory), NOW, 0, trust(synced=NOW - HOUR)).anomaly is ClockAnomaly.BEHIND


def test_a_stored_time_a_day_ahead_is_not_refuted_and_true_time_catches_up() -> None:
    trusted_clock = TrustedClock(ClockMemory(NOW + DAY, SIGNED))
    assert at(trusted_clock, NOW, 0, trust(signed=NOW)).anomaly is ClockAnomaly.BEHIND
    assert at(trusted_clock, NOW + DAY, 86_400, trust(signed=NOW)).anomaly is None


def test_a_stick_from_yesterday_does_not_refute_the_time_stored_today() -> None:
    """The attack: a genuine publication older than our stored time, and a clock set back to it."""
    trusted_clock = TrustedClock(ClockMemory(NOW, SIGNED - 30 * DAY))
    assert at(trusted_clock, NOW - DAY + S, 0, trust(signed=NOW - DAY)).anomaly is ClockAnomaly.BEHIND


def test_a_signed_time_is_never_refuted() -> None:
    trusted_clock = TrustedClock()
    at(trusted_clock, NOW + YEAR, 0, trust(signed=NOW + YEAR))
    for second in range(1, 4):  # the authority has corrected its mistake, and signs again
        news = trust(signed=NOW + second * S, synced=NOW + second * S)
        assert at(trusted_clock, NOW + HOUR, second, news).anomaly is ClockAnomaly.BEHIND


# -- the drift ---------------------------------------------------------------------------------------------


def test_drift_counts_from_the_last_network_or_else_from_the_latest_signed_time() -> None:
    assert at(TrustedClock(), NOW, 0).since_sync == HOUR
    assert at(TrustedClock(), NOW, 0, trust(synced=NOW - DAY)).since_sync == DAY
    assert at(TrustedClock(ClockMemory(FIRST, SIGNED, NOW - 3 * DAY)), NOW, 0).since_sync == 3 * DAY
    assert at(TrustedClock(), NOW, 0, trust(synced=NOW + DAY)).since_sync == timedelta(0)


# -- any sequence ------------------------------------------------------------------------------------------

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 100_000)),
        st.tuples(st.just("step"), st.integers(-400 * 86_400, 400 * 86_400)),
        st.tuples(st.just("sign"), st.integers(0, 200_000)),
        st.tuples(st.just("sync"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=20,
)


@given(MOVES)
@example([("step", -3_601)])  # a second behind the last signed time
@example([("step", -3_613), ("wait", 3)])  # accepted again, so the time that was counted meanwhile is over
def test_the_time_never_goes_back_before_a_signed_time(moves: list[tuple[str, int]]) -> None:
    """True time goes on, the wall clock is stepped, issuers sign at true times: the floor always holds."""
    true, off, tick = NOW, timedelta(0), 0
    trusted_clock, snapshot = TrustedClock(), trust()
    for move, amount in moves:
        match move:
            case "wait":
                true += amount * S
                tick += amount * 1_000
            case "step":
                off += amount * S
            case "sign":
                snapshot = trust(signed=max(snapshot.floor, true - amount * S), synced=snapshot.synced_at)
            case "sync":
                snapshot = trust(signed=snapshot.floor, synced=max(FIRST, true + off))
            case "restart":
                trusted_clock, tick = (
                    TrustedClock(clock_file.parse(clock_file.encode(trusted_clock.memory))),
                    0,
                )
        wall = max(true + off, FIRST)
        trusted_time = trusted_clock.at(wall, tick, snapshot)
        assert trusted_time.now >= snapshot.floor
        assert trusted_time.suspect or timedelta(0) <= trusted_time.now - wall <= CLOCK_SLACK
        assert trusted_time.since_sync >= timedelta(0)
        assert trusted_clock.memory.time >= snapshot.floor


@given(MOVES)
def test_a_right_clock_is_always_trusted(
    moves: list[tuple[str, int]],
) -> None:
    true, tick = NOW, 0
    trusted_clock, snapshot = TrustedClock(), trust()
    for move, amount in moves:
        match move:
            case "wait":
                true, tick = true + amount * S, tick + amount * 1_000
            case "sign":
                snapshot = trust(signed=max(snapshot.floor, true - amount * S), synced=snapshot.synced_at)
            case "sync":
                snapshot = trust(signed=snapshot.floor, synced=true)
            case "restart":
                trusted_clock, tick = TrustedClock(trusted_clock.memory), 0
        assert trusted_clock.at(true, tick, snapshot).anomaly is None


# -- clock.json --------------------------------------------------------------------------------------------

EVER = datetime(1970, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001  the strategy wants them without a zone
INSTANTS = st.datetimes(*EVER).map(lambda at: at.replace(tzinfo=UTC))


@given(INSTANTS, INSTANTS, st.none() | INSTANTS, INSTANTS)
def test_a_stored_memory_is_read_back(
    time: datetime, signed: datetime, synced: datetime | None, vouched: datetime
) -> None:
    memory = ClockMemory(time, signed, synced, vouched)
    data = clock_file.encode(memory)
    assert clock_file.parse(data) == memory
    assert len(data) < clock_file.MAX_CLOCK_BYTES // 4


BROKEN = {
    "empty": b"",
    "cut off": b'{"time": "2026-11-22T06:0',
    "no zone": b'{"time":"2026-11-22T06:00:00","signed":"2026-11-22T06:00:00Z","v":1}',
    "after 2100": b'{"time":"2126-11-22T06:00:00Z","signed":"2026-11-22T06:00:00Z","v":1}',
    "another version": b'{"time":"2026-11-22T06:00:00Z","signed":"2026-11-22T06:00:00Z","v":2}',
    "an unknown key": b'{"time":"2026-11-22T06:00:00Z","signed":"2026-11-22T06:00:00Z","v":1,"x":1}',
    "deep": b"[" * 1_000,
    "large": b" " * 2_000,
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_damaged_memory_is_a_clock_fault(data: bytes) -> None:
    with pytest.raises(ClockFault, match=r"clock\.json") as caught:
        clock_file.parse(data)
    assert caught.value.hint


@given(st.binary(max_size=200))
def test_any_bytes_are_a_memory_or_a_clock_fault(data: bytes) -> None:
    try:
        memory = clock_file.parse(data)
    except ClockFault:
        return
    assert FIRST <= memory.time <= LAST
