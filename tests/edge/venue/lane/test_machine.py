"""The lane's table: whatever happens in whatever order, one door is shut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Deny, Grant, Reason, Signal
from edge.venue.lane import events as e
from edge.venue.lane.events import Side, Why
from edge.venue.lane.machine import TABLE, Lane, State
from edge.venue.lane.situation import Situation

GRANT = Grant(3_000)
EVENTS: tuple[e.Event, ...] = (
    e.FaceWanted(),
    e.ChallengeWanted(),
    e.Granted(GRANT),
    e.Denied(Deny(Reason.FACE_NO_MATCH)),
    e.Admitted(GRANT, "o-1"),
    e.SentBack("o-1"),
    e.Emptied("o-1"),
    e.Recorded(),
    e.RecordFailed(),
    e.ReleaseFailed(),
    e.TimedOut(),
    e.Interrupted(),
    *(e.Saw(situation) for situation in Situation),
)
EMPTY, ONE, OPEN = e.Saw(Situation.EMPTY), e.Saw(Situation.ONE), e.Saw(Situation.OUTER_OPEN)
IN = (EMPTY, e.FaceWanted(), e.Granted(GRANT), e.Recorded(), OPEN, ONE)
THROUGH = (*IN, e.Granted(GRANT), e.Recorded(), e.Saw(Situation.INNER_OPEN), EMPTY)
REFERRED = (*IN, e.Denied(Deny(Reason.LANE_SWAPPED)), e.Recorded())
# A way from UNKNOWN into every state.
ROADS: dict[State, tuple[e.Event, ...]] = {
    State.UNKNOWN: (),
    State.IDLE: IN[:1],
    State.OUTSIDE: IN[:2],
    State.RECORDING_ENTRY: IN[:3],
    State.ENTERING: IN[:4],
    State.CLOSING: IN[:5],
    State.INSIDE: IN,
    State.RECORDING_EXIT: THROUGH[:7],
    State.LEAVING: THROUGH[:8],
    State.THROUGH: THROUGH[:9],
    State.RECORDING_DENY: (EMPTY, e.Denied(Deny(Reason.CARD_REVOKED))),
    State.COOLDOWN: (EMPTY, e.Denied(Deny(Reason.CARD_REVOKED)), e.Recorded()),
    State.RECORDING_REFERRAL: REFERRED[:-1],
    State.REFERRED: REFERRED,
    State.REFERRED_ALONE: (*REFERRED, ONE),
    State.RECORDING_ADMISSION: (*REFERRED, ONE, e.Admitted(GRANT, "o-1")),
    State.RECORDING_RULING: (*REFERRED, e.SentBack("o-1")),
    State.RECORDING_ABANDON: (*IN[:4], e.TimedOut()),
    State.CLEARING: (*IN[:4], e.TimedOut(), e.Recorded()),
    State.HALTED: (e.Interrupted(),),
}


def run(events: tuple[e.Event, ...]) -> tuple[Lane, list[e.Effect]]:
    lane = Lane()
    return lane, [*lane.begin(), *(effect for event in events for effect in lane.on(event))]


@pytest.mark.parametrize("state", State)
def test_there_is_a_way_into_every_state(state: State) -> None:
    assert run(ROADS[state])[0].state is state


def test_one_who_goes_through_is_recorded_before_each_door() -> None:
    lane, effects = run(THROUGH)
    moves = [(type(effect), effect.side) for effect in effects if isinstance(effect, e.Append | e.Release)]
    assert moves == [
        (e.Append, Side.OUTER), (e.Release, Side.OUTER), (e.Append, Side.INNER), (e.Release, Side.INNER),
    ]  # fmt: skip
    assert e.Passed() in effects
    assert lane.state is State.IDLE


@pytest.mark.parametrize("road", [THROUGH, (*ROADS[State.RECORDING_ADMISSION], e.Recorded())])
def test_each_release_follows_a_relock_of_the_other_door_in_the_same_step(road: tuple[e.Event, ...]) -> None:
    lane = Lane()
    releases = 0
    for event in road:
        effects = lane.on(event)
        for at, effect in enumerate(effects):
            if isinstance(effect, e.Release):
                releases += 1
                other = Side.INNER if effect.side is Side.OUTER else Side.OUTER
                assert e.Relock(other) in effects[:at]
    assert releases == 2


def test_every_pair_has_an_answer_and_those_that_are_not_listed_change_nothing() -> None:
    for state, event in itertools.product(State, EVENTS):
        lane, _ = run(ROADS[state])
        effects = lane.on(event)
        cue = event.situation if isinstance(event, e.Saw) else type(event)
        if (state, cue) not in TABLE:
            assert (effects, lane.state) == ([], state)


def test_a_lane_that_halted_does_nothing_any_more() -> None:
    assert not [pair for pair in TABLE if pair[0] is State.HALTED]
    for state in State:
        lane, _ = run((*ROADS[state], e.Interrupted()))
        assert lane.state is State.HALTED
        assert not [effect for event in EVENTS for effect in lane.on(event)]


@pytest.mark.parametrize("state", [s for s in State if s is not State.HALTED])
def test_an_interruption_locks_both_doors(state: State) -> None:
    lane, _ = run(ROADS[state])
    effects = lane.on(e.Interrupted())
    assert {e.Relock(Side.OUTER), e.Relock(Side.INNER)} <= set(effects)
    assert e.Forget() in effects


UNDECIDED = {State.OUTSIDE, State.ENTERING, State.CLOSING, State.INSIDE}


@pytest.mark.parametrize("state", [s for s in State if s is not State.HALTED])
def test_an_interruption_is_recorded_where_a_passage_is_open(state: State) -> None:
    lane, _ = run(ROADS[state])
    recorded = [effect for effect in lane.on(e.Interrupted()) if isinstance(effect, e.Append)]
    assert bool(recorded) == (state in UNDECIDED)


@given(st.lists(st.sampled_from(EVENTS), max_size=60), st.sampled_from(State))
def test_whatever_happens_two_doors_are_never_released_and_none_without_its_record(
    events: list[e.Event], start: State
) -> None:
    """Recorded is said only after an Append; all else comes in any order, from any state."""
    lane = Lane()
    released: set[Side] = set()
    appended: e.Append | None = None
    seen: Situation | None = None
    inside = False  # one person, both doors shut, ever since the face inside matched or an officer looked
    for event in (*ROADS[start], *events):
        if isinstance(event, e.Recorded) and appended is None:
            continue
        if isinstance(event, e.Saw):
            seen = event.situation
            inside = inside and seen is Situation.ONE
        inside = inside or (isinstance(event, e.Granted) and lane.state is State.INSIDE)
        inside = inside or (isinstance(event, e.Admitted) and lane.state is State.REFERRED_ALONE)
        for effect in lane.on(event):
            if isinstance(effect, e.Release):
                assert isinstance(event, e.Recorded)
                assert appended is not None
                assert (appended.side, appended.decision) == (effect.side, effect.grant)
                assert inside if effect.side is Side.INNER else seen is Situation.EMPTY
                assert not released - {effect.side}
            released, appended = follow(effect, released, appended)
        assert len(released) < 2
        if isinstance(event, e.Recorded | e.RecordFailed):
            appended = None


def follow(
    effect: e.Effect, released: set[Side], appended: e.Append | None
) -> tuple[set[Side], e.Append | None]:
    match effect:
        case e.Release(side):
            return released | {side}, appended
        case e.Relock(side):
            return released - {side}, appended
        case e.Append():
            return released, effect
        case _:
            return released, appended


@pytest.mark.parametrize("seen", [s for s in Situation if s is not Situation.ONE])
@pytest.mark.parametrize("state", [State.RECORDING_EXIT, State.RECORDING_ADMISSION])
def test_what_is_seen_between_the_record_and_the_strike_voids_the_release(
    state: State, seen: Situation
) -> None:
    lane, _ = run(ROADS[state])
    effects = [*lane.on(e.Saw(seen)), *lane.on(e.Recorded()), *lane.on(ONE), *lane.on(e.Recorded())]
    assert not [effect for effect in effects if isinstance(effect, e.Release)]


@pytest.mark.parametrize("seen", [Situation.OUTER_OPEN, Situation.BOTH_OPEN])
def test_an_outer_leaf_that_opens_locks_the_inner_door(seen: Situation) -> None:
    lane, _ = run(ROADS[State.LEAVING])
    assert e.Relock(Side.INNER) in lane.on(e.Saw(seen))


@pytest.mark.parametrize("state", State)
def test_the_holder_is_shown_a_signal_and_the_officers_a_reason(state: State) -> None:
    lane, _ = run(ROADS[state])
    for event in EVENTS:
        lane, _ = run(ROADS[state])
        for effect in lane.on(event):
            if isinstance(effect, e.Tell):
                assert e.Show(Side.INNER, Signal.ASK_STAFF) in run((*ROADS[state], event))[1]
                assert isinstance(effect.why, Why)


def test_an_officer_who_admits_has_to_be_asked_first() -> None:
    for state in State:
        lane, _ = run(ROADS[state])
        changed = bool(lane.on(e.Admitted(GRANT, "o-1")))
        assert changed == (state is State.REFERRED_ALONE)
