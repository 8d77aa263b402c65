"""The lane's table: for any order of events, at least one door is locked."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Deny, Grant, Reason, Signal
from edge.passage.events import (
    Arm,
    ChallengeWanted,
    FaceWanted,
    Forget,
    Granted,
    Interrupted,
    Recorded,
    RecordFailed,
    TimedOut,
)
from edge.passage.lane import events as e
from edge.passage.lane.events import Side, Why
from edge.passage.lane.machine import TABLE, LaneMachine, LaneState
from edge.passage.lane.occupancy import LaneOccupancy
from edge.passage.lane.times import LaneTimes

GRANT = Grant(3_000)
EVENTS: tuple[e.LaneEvent, ...] = (
    FaceWanted(),
    ChallengeWanted(),
    Granted(GRANT),
    e.LaneDenied(Deny(Reason.FACE_NO_MATCH)),
    e.Admitted(GRANT, "o-1"),
    e.SentBack("o-1"),
    e.Emptied("o-1"),
    Recorded(),
    RecordFailed(),
    e.ReleaseFailed(),
    TimedOut(),
    Interrupted(),
    *(e.Saw(situation) for situation in LaneOccupancy),
)
EMPTY, ONE, OPEN = e.Saw(LaneOccupancy.EMPTY), e.Saw(LaneOccupancy.ONE), e.Saw(LaneOccupancy.OUTER_OPEN)
IN = (EMPTY, FaceWanted(), Granted(GRANT), Recorded(), OPEN, ONE)
THROUGH = (*IN, Granted(GRANT), Recorded(), e.Saw(LaneOccupancy.INNER_OPEN), EMPTY)
REFERRED = (*IN, e.LaneDenied(Deny(Reason.LANE_SWAPPED)), Recorded())
# A way from UNKNOWN into every state.
ROADS: dict[LaneState, tuple[e.LaneEvent, ...]] = {
    LaneState.UNKNOWN: (),
    LaneState.IDLE: IN[:1],
    LaneState.OUTSIDE: IN[:2],
    LaneState.RECORDING_ENTRY: IN[:3],
    LaneState.ENTERING: IN[:4],
    LaneState.CLOSING: IN[:5],
    LaneState.INSIDE: IN,
    LaneState.RECORDING_EXIT: THROUGH[:7],
    LaneState.LEAVING: THROUGH[:8],
    LaneState.THROUGH: THROUGH[:9],
    LaneState.RECORDING_DENY: (EMPTY, e.LaneDenied(Deny(Reason.CARD_REVOKED))),
    LaneState.COOLDOWN: (EMPTY, e.LaneDenied(Deny(Reason.CARD_REVOKED)), Recorded()),
    LaneState.RECORDING_REFERRAL: REFERRED[:-1],
    LaneState.REFERRED: REFERRED,
    LaneState.REFERRED_ALONE: (*REFERRED, ONE),
    LaneState.RECORDING_ADMISSION: (*REFERRED, ONE, e.Admitted(GRANT, "o-1")),
    LaneState.RECORDING_RULING: (*REFERRED, e.SentBack("o-1")),
    LaneState.RECORDING_ABANDON: (*IN[:4], TimedOut()),
    LaneState.CLEARING: (*IN[:4], TimedOut(), Recorded()),
    LaneState.HALTED: (Interrupted(),),
}


def run(events: tuple[e.LaneEvent, ...]) -> tuple[LaneMachine, list[e.LaneEffect]]:
    lane = LaneMachine()
    return lane, [*lane.begin(), *(effect for event in events for effect in lane.on(event))]


@pytest.mark.parametrize("state", LaneState)
def test_there_is_a_way_into_every_state(state: LaneState) -> None:
    assert run(ROADS[state])[0].state is state


def test_a_record_comes_before_each_release() -> None:
    lane, effects = run(THROUGH)
    moves = [
        (type(effect), effect.side) for effect in effects if isinstance(effect, e.LaneAppend | e.LaneRelease)
    ]
    assert moves == [
        (e.LaneAppend, Side.OUTER), (e.LaneRelease, Side.OUTER), (e.LaneAppend, Side.INNER), (e.LaneRelease, Side.INNER),
    ]  # fmt: skip
    assert e.Passed() in effects
    assert lane.state is LaneState.IDLE


@pytest.mark.parametrize("road", [THROUGH, (*ROADS[LaneState.RECORDING_ADMISSION], Recorded())])
def test_each_release_follows_a_relock_of_the_other_door_in_the_same_step(
    road: tuple[e.LaneEvent, ...],
) -> None:
    lane = LaneMachine()
    releases = 0
    for event in road:
        effects = lane.on(event)
        for at, effect in enumerate(effects):
            if isinstance(effect, e.LaneRelease):
                releases += 1
                other = Side.INNER if effect.side is Side.OUTER else Side.OUTER
                assert e.LaneRelock(other) in effects[:at]
    assert releases == 2


def test_pairs_that_are_not_listed_change_nothing() -> None:
    for state, event in itertools.product(LaneState, EVENTS):
        lane, _ = run(ROADS[state])
        effects = lane.on(event)
        cue = event.situation if isinstance(event, e.Saw) else type(event)
        if (state, cue) not in TABLE:
            assert (effects, lane.state) == ([], state)


def test_a_halted_lane_does_nothing() -> None:
    assert not [pair for pair in TABLE if pair[0] is LaneState.HALTED]
    for state in LaneState:
        lane, _ = run((*ROADS[state], Interrupted()))
        assert lane.state is LaneState.HALTED
        assert not [effect for event in EVENTS for effect in lane.on(event)]


@pytest.mark.parametrize("state", [s for s in LaneState if s is not LaneState.HALTED])
def test_an_interruption_locks_both_doors(state: LaneState) -> None:
    lane, _ = run(ROADS[state])
    effects = lane.on(Interrupted())
    assert {e.LaneRelock(Side.OUTER), e.LaneRelock(Side.INNER)} <= set(effects)
    assert Forget() in effects


UNDECIDED = {LaneState.OUTSIDE, LaneState.ENTERING, LaneState.CLOSING, LaneState.INSIDE}


@pytest.mark.parametrize("state", [s for s in LaneState if s is not LaneState.HALTED])
def test_an_interruption_is_recorded_if_a_passage_is_open(state: LaneState) -> None:
    lane, _ = run(ROADS[state])
    recorded = [effect for effect in lane.on(Interrupted()) if isinstance(effect, e.LaneAppend)]
    assert bool(recorded) == (state in UNDECIDED)


@given(st.lists(st.sampled_from(EVENTS), max_size=60), st.sampled_from(LaneState))
def test_two_doors_are_never_released_at_once_and_none_without_its_record(
    events: list[e.LaneEvent], start: LaneState
) -> None:
    """Recorded comes only after an Append; all other events come in any order, from any state."""
    lane = LaneMachine()
    released: set[Side] = set()
    appended: e.LaneAppend | None = None
    seen: LaneOccupancy | None = None
    inside = False  # one person, both doors shut, ever since the face inside matched or an officer looked
    for event in (*ROADS[start], *events):
        if isinstance(event, Recorded) and appended is None:
            continue
        if isinstance(event, e.Saw):
            seen = event.situation
            inside = inside and seen is LaneOccupancy.ONE
        inside = inside or (isinstance(event, Granted) and lane.state is LaneState.INSIDE)
        inside = inside or (isinstance(event, e.Admitted) and lane.state is LaneState.REFERRED_ALONE)
        for effect in lane.on(event):
            if isinstance(effect, e.LaneRelease):
                assert isinstance(event, Recorded)
                assert appended is not None
                assert (appended.side, appended.decision) == (effect.side, effect.grant)
                assert inside if effect.side is Side.INNER else seen is LaneOccupancy.EMPTY
                assert not released - {effect.side}
            released, appended = follow(effect, released, appended)
        assert len(released) < 2
        if isinstance(event, Recorded | RecordFailed):
            appended = None


def follow(
    effect: e.LaneEffect, released: set[Side], appended: e.LaneAppend | None
) -> tuple[set[Side], e.LaneAppend | None]:
    match effect:
        case e.LaneRelease(side):
            return released | {side}, appended
        case e.LaneRelock(side):
            return released - {side}, appended
        case e.LaneAppend():
            return released, effect
        case _:
            return released, appended


@pytest.mark.parametrize("seen", [s for s in LaneOccupancy if s is not LaneOccupancy.ONE])
@pytest.mark.parametrize("state", [LaneState.RECORDING_EXIT, LaneState.RECORDING_ADMISSION])
def test_a_change_of_occupancy_between_the_record_and_the_strike_voids_the_release(
    state: LaneState, seen: LaneOccupancy
) -> None:
    lane, _ = run(ROADS[state])
    effects = [*lane.on(e.Saw(seen)), *lane.on(Recorded()), *lane.on(ONE), *lane.on(Recorded())]
    assert not [effect for effect in effects if isinstance(effect, e.LaneRelease)]


@pytest.mark.parametrize("seen", [LaneOccupancy.OUTER_OPEN, LaneOccupancy.BOTH_OPEN])
def test_an_outer_leaf_that_opens_locks_the_inner_door(seen: LaneOccupancy) -> None:
    lane, _ = run(ROADS[LaneState.LEAVING])
    assert e.LaneRelock(Side.INNER) in lane.on(e.Saw(seen))


@pytest.mark.parametrize("state", LaneState)
def test_the_holder_is_shown_a_signal_and_the_officers_a_reason(state: LaneState) -> None:
    lane, _ = run(ROADS[state])
    for event in EVENTS:
        lane, _ = run(ROADS[state])
        for effect in lane.on(event):
            if isinstance(effect, e.Tell):
                assert e.LaneShow(Side.INNER, Signal.ASK_STAFF) in run((*ROADS[state], event))[1]
                assert isinstance(effect.why, Why)


def test_an_officer_can_admit_only_in_a_referral() -> None:
    for state in LaneState:
        lane, _ = run(ROADS[state])
        changed = bool(lane.on(e.Admitted(GRANT, "o-1")))
        assert changed == (state is LaneState.REFERRED_ALONE)


TIMERS: dict[tuple[LaneState, type[e.LaneEvent]], str] = {
    (LaneState.OUTSIDE, TimedOut): "the camera is asked for its denial, once",
    (LaneState.INSIDE, TimedOut): "the camera is asked for its denial, once",
    (LaneState.CLEARING, TimedOut): "officers are called, once",
    (LaneState.UNKNOWN, TimedOut): "officers are called, once",
}


@pytest.mark.parametrize("state", LaneState)
def test_a_timer_stops_where_no_time_ends_the_state(state: LaneState) -> None:
    for event in EVENTS:
        lane, _ = run(ROADS[state])
        timers = [effect.for_ms for effect in lane.on(event) if isinstance(effect, Arm)]
        waits = (lane.state, TimedOut) in TABLE and (state, type(event)) not in TIMERS
        assert [timer > 0 for timer in timers] == [waits] * len(timers)
        assert all(timer >= 0 for timer in timers)


@pytest.mark.parametrize(
    "seen", [s for s in LaneOccupancy if s not in (LaneOccupancy.ONE, LaneOccupancy.EMPTY)]
)
def test_an_officer_cannot_admit_a_holder_who_is_no_longer_alone(seen: LaneOccupancy) -> None:
    lane, _ = run((*ROADS[LaneState.REFERRED_ALONE], e.Saw(seen)))
    assert lane.state is LaneState.REFERRED
    assert lane.on(e.Admitted(GRANT, "o-1")) == []


def test_the_record_of_a_holder_who_is_sent_back_names_the_officer() -> None:
    lane, _ = run(ROADS[LaneState.REFERRED])
    recorded = [effect for effect in lane.on(e.SentBack("o-7")) if isinstance(effect, e.LaneAppend)]
    assert [effect.officer for effect in recorded] == ["o-7"]


@pytest.mark.parametrize(
    ("road", "signal"),
    [(ROADS[LaneState.REFERRED], Signal.ASK_STAFF), (ROADS[LaneState.ENTERING], Signal.TRY_AGAIN)],
    ids=["after a referral", "after an entry without a passage"],
)
def test_the_outer_light_says_why_the_lane_is_cleared(road: tuple[e.LaneEvent, ...], signal: Signal) -> None:
    lane, _ = run(road)
    effects = [effect for event in (TimedOut(), Recorded()) for effect in lane.on(event)]
    assert lane.state is LaneState.CLEARING
    assert [x.signal for x in effects if isinstance(x, e.LaneShow) and x.side is Side.OUTER][-1] is signal


def test_a_lane_takes_the_times_that_the_site_sets() -> None:
    lane = LaneMachine(LaneTimes(face_ms=5_000))
    lane.on(EMPTY)
    assert Arm(5_000) in lane.on(FaceWanted())
