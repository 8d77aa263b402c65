"""The passage table, row by row and as a whole."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Deny, Grant, Reason, Signal
from edge.passage import machine as m
from edge.passage.events import (
    Arm,
    ChallengeWanted,
    FaceWanted,
    Forget,
    GiveUp,
    Granted,
    Interrupted,
    Recorded,
    RecordFailed,
    TimedOut,
)
from edge.passage.machine import PassageState

GRANT = Grant(release_ms=3_000)
DENY = Deny(Reason.CARD_EXPIRED)
EVENTS: tuple[m.PassageEvent, ...] = (
    FaceWanted(),
    ChallengeWanted(),
    m.FactorWanted(Signal.WAIT),
    Granted(GRANT),
    m.Denied(DENY),
    Recorded(),
    RecordFailed(),
    m.Relocked(),
    TimedOut(),
    Interrupted(),
)

# A way from IDLE into every state.
ROADS: dict[PassageState, tuple[m.PassageEvent, ...]] = {
    PassageState.IDLE: (),
    PassageState.FACE: (FaceWanted(),),
    PassageState.CHALLENGE: (FaceWanted(), ChallengeWanted()),
    PassageState.FACTOR: (FaceWanted(), m.FactorWanted(Signal.WAIT)),
    PassageState.RECORDING_GRANT: (FaceWanted(), Granted(GRANT)),
    PassageState.RECORDING_DENY: (m.Denied(DENY),),
    PassageState.RELEASED: (FaceWanted(), Granted(GRANT), Recorded()),
    PassageState.COOLDOWN: (m.Denied(DENY), Recorded()),
    PassageState.HALTED: (Interrupted(),),
}


def machine_in(state: PassageState) -> m.PassageMachine:
    machine = m.PassageMachine()
    for event in ROADS[state]:
        machine.on(event)
    assert machine.state is state
    return machine


def run(*events: m.PassageEvent) -> list[m.PassageEffect]:
    machine = m.PassageMachine()
    return [effect for event in events for effect in machine.on(event)]


def test_a_granted_passage_records_before_it_releases() -> None:
    effects = run(FaceWanted(), Granted(GRANT), Recorded(), m.Relocked(), TimedOut())
    kinds = [type(effect) for effect in effects if isinstance(effect, m.Append | m.Release)]
    assert kinds == [m.Append, m.Release]
    assert effects[-2:] == [m.Show(None), Arm(0)]


def test_a_refused_card_is_recorded_and_shows_one_signal() -> None:
    effects = run(m.Denied(DENY), Recorded())
    assert m.Append(DENY) in effects
    assert effects[-2] == m.Show(Signal.ASK_STAFF)


def test_a_record_that_fails_relocks_and_never_releases() -> None:
    effects = run(FaceWanted(), Granted(GRANT), RecordFailed(), Recorded())
    assert m.Relock() in effects
    assert not [effect for effect in effects if isinstance(effect, m.Release)]


def test_a_timeout_asks_for_the_denial_and_does_not_decide() -> None:
    assert run(FaceWanted(), TimedOut())[-2:] == [Arm(0), GiveUp()]


def test_a_challenge_is_asked_before_anything_is_recorded() -> None:
    effects = run(FaceWanted(), ChallengeWanted())
    assert not [effect for effect in effects if isinstance(effect, m.Append | m.Release)]
    assert m.Append(GRANT) in run(FaceWanted(), ChallengeWanted(), Granted(GRANT))


@pytest.mark.parametrize("state", [state for state in PassageState if state is not PassageState.HALTED])
def test_an_interruption_relocks_first_in_every_state(state: PassageState) -> None:
    machine = machine_in(state)
    effects = machine.on(Interrupted())
    assert effects[0] == m.Relock()
    assert machine.state is PassageState.HALTED


def test_an_interrupted_search_for_a_face_is_recorded() -> None:
    effects = machine_in(PassageState.FACE).on(Interrupted(Reason.DEVICE_FAULT))
    assert m.Append(Deny(Reason.DEVICE_FAULT)) in effects
    assert Forget() in effects


@pytest.mark.parametrize(("state", "event"), list(itertools.product(PassageState, EVENTS)))
def test_unlisted_pairs_change_nothing(state: PassageState, event: m.PassageEvent) -> None:
    machine = machine_in(state)
    effects = machine.on(event)
    if (state, type(event)) in m.TABLE:
        assert machine.state is m.TABLE[state, type(event)][0]
    else:
        assert effects == []
        assert machine.state is state


def test_every_state_can_be_reached_and_every_event_is_tested() -> None:
    assert set(ROADS) == set(PassageState)
    assert {event for _, event in m.TABLE} == {type(event) for event in EVENTS}


def test_no_event_leaves_the_state_halted() -> None:
    assert not [row for row in m.TABLE if row[0] is PassageState.HALTED]


@given(st.lists(st.sampled_from(EVENTS), max_size=40))
def test_no_order_of_events_releases_without_a_recorded_grant(events: list[m.PassageEvent]) -> None:
    machine = m.PassageMachine()
    asked: Grant | Deny | None = None
    for event in events:
        for effect in machine.on(event):
            if isinstance(effect, m.Release):
                assert isinstance(event, Recorded)
                assert effect.grant == asked
                asked = None
            if isinstance(effect, m.Append):
                asked = effect.decision


@given(st.lists(st.sampled_from(EVENTS), max_size=40))
def test_every_passage_asks_for_exactly_one_record(events: list[m.PassageEvent]) -> None:
    machine = m.PassageMachine()
    open_passage = appended = 0
    for event in events:
        before = machine.state
        effects = machine.on(event)
        if before is PassageState.IDLE and machine.state in (
            PassageState.FACE,
            PassageState.RECORDING_GRANT,
            PassageState.RECORDING_DENY,
        ):
            open_passage, appended = 1, 0
        appended += sum(isinstance(effect, m.Append) for effect in effects)
        if open_passage and machine.state in (
            PassageState.COOLDOWN,
            PassageState.RELEASED,
            PassageState.HALTED,
        ):
            assert appended == 1
            open_passage = appended = 0


@pytest.mark.parametrize(("state", "event"), list(m.TABLE))
def test_each_step_sets_the_timer_and_stops_it_where_no_time_ends_the_state(
    state: PassageState, event: type[m.PassageEvent]
) -> None:
    machine = machine_in(state)
    effects = machine.on(next(each for each in EVENTS if type(each) is event))
    [timer] = [effect.for_ms for effect in effects if isinstance(effect, Arm)]
    waits = (machine.state, TimedOut) in m.TABLE and GiveUp() not in effects
    assert timer > 0 if waits else timer == 0


def test_a_passage_takes_the_times_that_the_site_sets() -> None:
    assert m.PassageMachine(m.PassageTimes(face_ms=5_000)).on(FaceWanted())[-1] == Arm(5_000)
