r"""One lane as a table: events in, effects out. This file has every transition.

    outside          |            the lane             |    inside
    code, face ->  OUTER  -> shut -> one person, face -> INNER  ->

    IDLE -> OUTSIDE -> RECORDING_ENTRY -> ENTERING -> CLOSING -> INSIDE -> RECORDING_EXIT -> LEAVING
      ^        v                             v          v ^        v ^           v             v  v
      |   RECORDING_DENY -> COOLDOWN    RECORDING_ABANDON |   RECORDING_REFERRAL <------------ + THROUGH
      |                                      v            |        v
    UNKNOWN                               CLEARING <------+--- REFERRED, _ALONE -> RECORDING_ADMISSION

Theory of operation. At most one of the two strikes is energised: each `Release` follows a `Relock` of the
other door, in the only function that makes it. The outer strike is released for `Recorded` in
RECORDING_ENTRY; the inner one for `Recorded` in RECORDING_EXIT or RECORDING_ADMISSION. These two are reached
only from INSIDE and REFERRED_ALONE, where both leaves are shut around one person. Any other view of the
sensors voids the passage in the same step, also between the record and the strike.

INSIDE asks policy again, for the face in the lane. A denial there is recorded and referred: the holder sees
"ask staff", officers see the reason and the cause. Officers decide about the person and never about a card.
No visitor is ever held: from the lane, the outer door always opens by its handle, outside of this table.

Pairs that are not listed change nothing. After a power cut the number of people in the lane is not known:
UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from edge.decision import Decision, Deny, Grant, Reason, Signal
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
from edge.passage.lane import events as e
from edge.passage.lane.events import Side, Why
from edge.passage.lane.occupancy import LaneOccupancy
from edge.passage.lane.times import LaneTimes

if TYPE_CHECKING:
    from collections.abc import Callable


class LaneState(StrEnum):
    """The states of a lane."""

    UNKNOWN = "unknown"
    IDLE = "idle"
    OUTSIDE = "face outside"
    RECORDING_ENTRY = "recording entry"
    RECORDING_DENY = "recording denial"
    ENTERING = "entering"
    CLOSING = "closing"
    INSIDE = "face inside"
    RECORDING_EXIT = "recording exit"
    LEAVING = "leaving"
    THROUGH = "through"
    RECORDING_REFERRAL = "recording referral"
    REFERRED = "referred"
    REFERRED_ALONE = "referred, alone"
    RECORDING_ADMISSION = "recording admission"
    RECORDING_RULING = "recording ruling"
    RECORDING_ABANDON = "giving up"
    CLEARING = "clearing"
    COOLDOWN = "cooldown"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class _Step:
    """The arguments of a function of the table."""

    times: LaneTimes
    event: e.LaneEvent
    decision: Decision | None
    why: Why

    @property
    def deny(self) -> Deny:
        assert isinstance(self.decision, Deny)
        return self.decision


_LOCKED: Final = (e.LaneRelock(Side.INNER), e.LaneRelock(Side.OUTER))


def _lights(outer: Signal | None, inner: Signal | None) -> list[e.LaneEffect]:
    return [e.LaneShow(Side.OUTER, outer), e.LaneShow(Side.INNER, inner)]


def _nothing(_: _Step) -> list[e.LaneEffect]:
    return []


def _rest(_: _Step) -> list[e.LaneEffect]:
    return [Arm(0), e.Dismiss(), Forget(), *_lights(None, None)]


def _beware(step: _Step) -> list[e.LaneEffect]:
    return [*_LOCKED, Forget(), *_lights(Signal.WAIT, Signal.ASK_STAFF), Arm(step.times.clear_ms)]


def _look_outside(step: _Step) -> list[e.LaneEffect]:
    return [e.LaneShow(Side.OUTER, Signal.LOOK_HERE), Arm(step.times.face_ms)]


def _challenge(step: _Step) -> list[e.LaneEffect]:
    return [Arm(step.times.challenge_ms)]


def _give_up(_: _Step) -> list[e.LaneEffect]:
    return [Arm(0), GiveUp()]


def _record_entry(step: _Step) -> list[e.LaneEffect]:
    assert isinstance(step.decision, Grant)
    return [Arm(0), *_lights(Signal.WAIT, None), e.LaneAppend(Side.OUTER, step.decision)]


def _record_deny(step: _Step) -> list[e.LaneEffect]:
    return [Arm(0), *_lights(Signal.WAIT, None), e.LaneAppend(Side.OUTER, step.deny), Forget()]


def _release(step: _Step, side: Side, other: Side, for_ms: int) -> list[e.LaneEffect]:
    """Release a strike, after locking the other door. No other function releases a strike."""
    assert isinstance(step.decision, Grant), "only a recorded grant moves a strike"
    return [
        e.LaneRelock(other),
        Arm(for_ms),
        e.LaneRelease(side, step.decision),
    ]


def _let_in(step: _Step) -> list[e.LaneEffect]:
    return _release(step, Side.OUTER, Side.INNER, step.times.enter_ms)


def _let_out(step: _Step) -> list[e.LaneEffect]:
    return [e.Dismiss(), *_release(step, Side.INNER, Side.OUTER, step.times.leave_ms)]


def _close(step: _Step) -> list[e.LaneEffect]:
    return [*_LOCKED, e.LookAway(), *_lights(Signal.WAIT, Signal.WAIT), Arm(step.times.shut_ms)]


def _look_inside(step: _Step) -> list[e.LaneEffect]:
    return [e.LaneShow(Side.INNER, Signal.LOOK_HERE), Arm(step.times.inside_ms), e.LookInside()]


def _record_exit(step: _Step) -> list[e.LaneEffect]:
    assert isinstance(step.decision, Grant)
    return [Arm(0), e.LaneShow(Side.INNER, Signal.WAIT), e.LaneAppend(Side.INNER, step.decision)]


def _record_admission(step: _Step) -> list[e.LaneEffect]:
    assert isinstance(step.event, e.Admitted)
    return [Arm(0), e.LaneAppend(Side.INNER, step.event.grant, step.event.officer)]


def _go_on(step: _Step) -> list[e.LaneEffect]:
    return [e.LaneRelock(Side.INNER), Arm(step.times.through_ms)]


def _done(step: _Step) -> list[e.LaneEffect]:
    return [*_LOCKED, e.Passed(), *_rest(step)]


def _refer(step: _Step) -> list[e.LaneEffect]:
    lights = _lights(Signal.WAIT, Signal.WAIT)
    return [*_LOCKED, Arm(0), e.LookAway(), *lights, e.LaneAppend(Side.INNER, step.deny)]


def _tell(step: _Step) -> list[e.LaneEffect]:
    lights = _lights(Signal.WAIT, Signal.ASK_STAFF)
    return [*_LOCKED, *lights, e.Tell(step.deny.reason, step.why), Arm(step.times.officer_ms)]


def _rule(step: _Step) -> list[e.LaneEffect]:
    officer = step.event.officer if isinstance(step.event, e.SentBack) else None
    return [Arm(0), e.LaneAppend(Side.INNER, step.deny, officer)]


def _abandon(step: _Step) -> list[e.LaneEffect]:
    return [*_LOCKED, Arm(0), e.LaneAppend(Side.INNER, step.deny)]


def _void(_: _Step) -> list[e.LaneEffect]:
    return [*_LOCKED]


def _clear(step: _Step) -> list[e.LaneEffect]:
    signal = step.decision.signal if isinstance(step.decision, Deny) else Signal.WAIT
    return [
        *_LOCKED,
        e.Dismiss(),
        Forget(),
        *_lights(signal, Signal.ASK_STAFF),
        Arm(step.times.clear_ms),
    ]


def _call(_: _Step) -> list[e.LaneEffect]:
    return [Arm(0), e.Tell(Reason.LANE_REFERRED, Why.OCCUPANCY)]


def _reset(step: _Step) -> list[e.LaneEffect]:
    assert isinstance(step.event, e.Emptied)
    return [e.Reset(step.event.officer)]


def _refuse(step: _Step) -> list[e.LaneEffect]:
    return [e.LaneShow(Side.OUTER, step.deny.signal), Arm(step.times.cooldown_ms)]


def _fault(step: _Step) -> list[e.LaneEffect]:
    return [
        *_LOCKED,
        Forget(),
        e.LaneShow(Side.OUTER, Signal.ASK_STAFF),
        Arm(step.times.cooldown_ms),
    ]


def _halt(_: _Step) -> list[e.LaneEffect]:
    return [*_LOCKED, Arm(0), e.Dismiss(), *_lights(None, None), Forget()]


def _halt_and_record(step: _Step, side: Side) -> list[e.LaneEffect]:
    assert isinstance(step.event, Interrupted)
    return [*_LOCKED, e.LaneAppend(side, Deny(step.event.reason)), *_halt(step)]


def _halt_outside(step: _Step) -> list[e.LaneEffect]:
    return _halt_and_record(step, Side.OUTER)


def _halt_inside(step: _Step) -> list[e.LaneEffect]:
    return _halt_and_record(step, Side.INNER)


_Effects: TypeAlias = "Callable[[_Step], list[e.LaneEffect]]"
Cue: TypeAlias = "type[e.LaneEvent] | LaneOccupancy"  # of `Saw`, its occupancy


@dataclass(frozen=True, slots=True)
class LaneTransition:
    """The next state and the effects of an event. `reason`: of its denial, if the event has no decision."""

    to: LaneState
    effects: _Effects
    reason: Reason | None = None
    why: Why = Why.DEVICE


def _referral(reason: Reason, why: Why) -> LaneTransition:
    return LaneTransition(LaneState.RECORDING_REFERRAL, _refer, reason, why)


S, X = LaneState, LaneOccupancy

_ABANDON: Final = LaneTransition(S.RECORDING_ABANDON, _abandon, Reason.PASSAGE_INTERRUPTED)
_DISTURBED: Final = LaneTransition(S.RECORDING_DENY, _record_deny, Reason.PASSAGE_INTERRUPTED)
_SEVERAL: Final = _referral(Reason.LANE_SEVERAL, Why.SEVERAL)
_SENSORS: Final = _referral(Reason.DEVICE_FAULT, Why.SENSORS)
_HELD: Final = _referral(Reason.LANE_REFERRED, Why.HELD_OPEN)
_OPENED: Final = _referral(Reason.LANE_REFERRED, Why.INNER_OPENED)
_STAYS: Final = _referral(Reason.LANE_REFERRED, Why.NOT_LEAVING)
_BROKEN: Final = _referral(Reason.DEVICE_FAULT, Why.DEVICE)
_DENIED: Final = LaneTransition(S.RECORDING_REFERRAL, _refer)
_VOID: Final = LaneTransition(S.RECORDING_ABANDON, _void, Reason.PASSAGE_INTERRUPTED)
_CLEAR: Final = LaneTransition(S.CLEARING, _clear)
_BEWARE: Final = LaneTransition(S.UNKNOWN, _beware)
_REST: Final = LaneTransition(S.IDLE, _rest)
_RULED: Final = LaneTransition(S.RECORDING_RULING, _rule, Reason.LANE_REFERRED)

_NOT_EMPTY: Final = tuple(x for x in X if x is not X.EMPTY)
_NOT_ALONE: Final = tuple(x for x in X if x is not X.ONE)
_UNDECIDED: Final = (S.ENTERING, S.CLOSING, S.INSIDE)  # a passage that has begun and is not decided yet

TABLE: Final[dict[tuple[LaneState, Cue], LaneTransition]] = {
    # the lane is empty, as far as is known
    (S.UNKNOWN, X.EMPTY): _REST,
    (S.UNKNOWN, TimedOut): LaneTransition(S.UNKNOWN, _call),
    (S.UNKNOWN, e.Emptied): LaneTransition(S.UNKNOWN, _reset),
    (S.IDLE, FaceWanted): LaneTransition(S.OUTSIDE, _look_outside),
    (S.IDLE, Granted): LaneTransition(S.RECORDING_ENTRY, _record_entry),
    (S.IDLE, e.LaneDenied): LaneTransition(S.RECORDING_DENY, _record_deny),
    **{(S.IDLE, x): _BEWARE for x in _NOT_EMPTY},
    (S.OUTSIDE, ChallengeWanted): LaneTransition(S.OUTSIDE, _challenge),
    (S.OUTSIDE, Granted): LaneTransition(S.RECORDING_ENTRY, _record_entry),
    (S.OUTSIDE, e.LaneDenied): LaneTransition(S.RECORDING_DENY, _record_deny),
    (S.OUTSIDE, TimedOut): LaneTransition(S.OUTSIDE, _give_up),
    **{(S.OUTSIDE, x): _DISTURBED for x in _NOT_EMPTY},
    (S.RECORDING_DENY, Recorded): LaneTransition(S.COOLDOWN, _refuse),
    (S.RECORDING_DENY, RecordFailed): LaneTransition(S.COOLDOWN, _fault),
    (S.COOLDOWN, TimedOut): _REST,
    (S.RECORDING_ENTRY, Recorded): LaneTransition(S.ENTERING, _let_in),
    (S.RECORDING_ENTRY, RecordFailed): LaneTransition(S.COOLDOWN, _fault),
    **{(S.RECORDING_ENTRY, x): _VOID for x in _NOT_EMPTY},
    # the outer door is released, or open
    (S.ENTERING, X.OUTER_OPEN): LaneTransition(S.CLOSING, _close),
    (S.ENTERING, X.ONE): LaneTransition(S.CLOSING, _close),
    (S.ENTERING, TimedOut): _ABANDON,
    (S.ENTERING, e.ReleaseFailed): LaneTransition(S.RECORDING_ABANDON, _abandon, Reason.DEVICE_FAULT),
    (S.CLOSING, X.ONE): LaneTransition(S.INSIDE, _look_inside),
    (S.CLOSING, X.EMPTY): _ABANDON,
    (S.CLOSING, TimedOut): _HELD,
    # one person, both doors shut
    (S.INSIDE, ChallengeWanted): LaneTransition(S.INSIDE, _challenge),
    (S.INSIDE, Granted): LaneTransition(S.RECORDING_EXIT, _record_exit),
    (S.INSIDE, e.LaneDenied): _DENIED,
    (S.INSIDE, TimedOut): LaneTransition(S.INSIDE, _give_up),
    (S.INSIDE, X.OUTER_OPEN): LaneTransition(S.CLOSING, _close),
    (S.INSIDE, X.EMPTY): _ABANDON,
    **{
        (state, x): row
        for state in _UNDECIDED
        for x, row in (
            (X.SEVERAL, _SEVERAL), (X.BLIND, _SENSORS), (X.INNER_OPEN, _OPENED), (X.BOTH_OPEN, _OPENED)
        )
    },
    (S.RECORDING_EXIT, Recorded): LaneTransition(S.LEAVING, _let_out),
    (S.RECORDING_EXIT, RecordFailed): LaneTransition(S.REFERRED, _tell, Reason.DEVICE_FAULT),
    **{(S.RECORDING_EXIT, x): _VOID for x in _NOT_ALONE},
    # the inner door is released, or open
    (S.LEAVING, X.INNER_OPEN): LaneTransition(S.THROUGH, _go_on),
    (S.LEAVING, X.SEVERAL): _SEVERAL,
    (S.LEAVING, X.BLIND): _SENSORS,
    (S.LEAVING, X.OUTER_OPEN): _CLEAR,
    (S.LEAVING, X.BOTH_OPEN): _CLEAR,
    (S.LEAVING, X.EMPTY): _CLEAR,
    (S.LEAVING, TimedOut): _STAYS,
    (S.LEAVING, e.ReleaseFailed): _BROKEN,
    (S.THROUGH, X.EMPTY): LaneTransition(S.IDLE, _done),
    (S.THROUGH, X.ONE): _STAYS,
    (S.THROUGH, X.SEVERAL): _SEVERAL,
    (S.THROUGH, X.BLIND): _BEWARE,
    (S.THROUGH, X.OUTER_OPEN): _CLEAR,
    (S.THROUGH, X.BOTH_OPEN): _CLEAR,
    (S.THROUGH, TimedOut): _CLEAR,
    # an officer is asked
    (S.RECORDING_REFERRAL, Recorded): LaneTransition(S.REFERRED, _tell),
    (S.RECORDING_REFERRAL, RecordFailed): LaneTransition(S.REFERRED, _tell),
    (S.REFERRED, X.ONE): LaneTransition(S.REFERRED_ALONE, _nothing),
    **{(S.REFERRED_ALONE, x): LaneTransition(S.REFERRED, _nothing) for x in _NOT_ALONE if x is not X.EMPTY},
    (S.REFERRED_ALONE, e.Admitted): LaneTransition(S.RECORDING_ADMISSION, _record_admission),
    **{
        (state, cue): row
        for state in (S.REFERRED, S.REFERRED_ALONE)
        for cue, row in (
            (X.EMPTY, _CLEAR),
            (e.SentBack, _RULED),
            (TimedOut, _RULED),
            (e.Emptied, LaneTransition(state, _reset)),
        )
    },
    (S.RECORDING_ADMISSION, Recorded): LaneTransition(S.LEAVING, _let_out),
    (S.RECORDING_ADMISSION, RecordFailed): LaneTransition(S.REFERRED, _tell, Reason.DEVICE_FAULT),
    **{(S.RECORDING_ADMISSION, x): _VOID for x in _NOT_ALONE},
    (S.RECORDING_RULING, Recorded): _CLEAR,
    (S.RECORDING_RULING, RecordFailed): _CLEAR,
    # the next passage waits until the lane is empty
    (S.RECORDING_ABANDON, Recorded): _CLEAR,
    (S.RECORDING_ABANDON, RecordFailed): _CLEAR,
    (S.CLEARING, X.EMPTY): _REST,
    (S.CLEARING, X.BLIND): _BEWARE,
    (S.CLEARING, TimedOut): LaneTransition(S.CLEARING, _call),
    (S.CLEARING, e.Emptied): LaneTransition(S.CLEARING, _reset),
    # the program ends
    **{(state, Interrupted): LaneTransition(S.HALTED, _halt) for state in S if state is not S.HALTED},
    (S.OUTSIDE, Interrupted): LaneTransition(S.HALTED, _halt_outside),
    **{(state, Interrupted): LaneTransition(S.HALTED, _halt_inside) for state in _UNDECIDED},
}  # fmt: skip


class LaneMachine:
    """The state of one lane. `on` is the only way to change it."""

    def __init__(self, times: LaneTimes | None = None) -> None:
        self.times = times or LaneTimes()
        self.state = LaneState.UNKNOWN
        self._decision: Decision | None = None
        self._why = Why.DEVICE

    def begin(self) -> list[e.LaneEffect]:
        """The effects at the start: lock both doors; the number of people between them is not known."""
        return _beware(_Step(self.times, TimedOut(), None, self._why))

    def on(self, event: e.LaneEvent) -> list[e.LaneEffect]:
        """Take one event; return what must be done, in order. Unlisted pairs change nothing."""
        row = TABLE.get((self.state, event.situation if isinstance(event, e.Saw) else type(event)))
        if row is None:
            return []
        match event:
            case Granted(grant=decision) | e.Admitted(grant=decision):
                self._decision = decision
            case e.LaneDenied(deny=decision, why=why):
                self._decision, self._why = decision, why
            case _ if row.reason is not None:
                self._decision, self._why = Deny(row.reason), row.why
            case _:
                pass
        self.state = row.to
        return row.effects(_Step(self.times, event, self._decision, self._why))
