r"""One passage as a table: events in, effects out. This file has every transition.

    IDLE -> FACE -> CHALLENGE -> FACTOR -> RECORDING_GRANT -> RELEASED -> COOLDOWN -> IDLE
      \       \---------\----------\-----> RECORDING_DENY ----------------^
       \------------------------------------^

Theory of operation. A passage begins with a verified card or a refused code and ends with exactly one
record. The record comes before the strike: `Release` is emitted in one place only, for the event
`Recorded` in the state RECORDING_GRANT. Pairs that are not listed change nothing.
A state before the record is left out if the door does not need it; FACTOR follows itself for a second factor.
`Interrupted` (Ctrl-C, service stop, a bug) is accepted in every state: the strike relocks first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

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

if TYPE_CHECKING:
    from collections.abc import Callable


class PassageState(StrEnum):
    """The states of a passage."""

    IDLE = "idle"
    FACE = "face"
    CHALLENGE = "challenge"
    FACTOR = "factor"
    RECORDING_GRANT = "recording grant"
    RECORDING_DENY = "recording denial"
    RELEASED = "released"
    COOLDOWN = "cooldown"
    HALTED = "halted"


# -- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactorWanted:
    """A factor is asked for: a PIN, a second document, the answer of a host."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class Denied:
    """A card was refused, or a rule objected."""

    deny: Deny


@dataclass(frozen=True, slots=True)
class Relocked:
    """The door reports that the strike is locked again."""


PassageEvent = (
    FaceWanted
    | ChallengeWanted
    | FactorWanted
    | Granted
    | Denied
    | Recorded
    | RecordFailed
    | Relocked
    | TimedOut
    | Interrupted
)

# -- effects --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Show:
    """Show the holder one signal, or none."""

    signal: Signal | None


@dataclass(frozen=True, slots=True)
class Append:
    """Make this decision durable, then put Recorded or RecordFailed."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class Release:
    """Energise the strike."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class Relock:
    """De-energise the strike now."""


PassageEffect = Show | Arm | Append | Release | Relock | GiveUp | Forget


@dataclass(frozen=True, slots=True)
class PassageTimes:
    """Time limits of a passage, in ms.

    `face_ms`: to look into the camera; 8 s is three unhurried tries. A site sets it: `[face] time_ms`.
    `challenge_ms`: for all prompts and the frames after them; one takes 3 to 5 s (read, turn, turn back), a
    door asks for four at most, and `edge.face.challenge.ChallengeLimits` ends each one earlier.
    `factor_ms`: for one factor: to find another document, or to type a PIN three times.
    `released_ms`: then the passage relocks even without a word from the door: the longest release and 2 s.
    `cooldown_ms`: the last signal stays readable for this time before the next passage may begin.
    """

    face_ms: int = 8_000
    challenge_ms: int = 30_000
    factor_ms: int = 30_000
    released_ms: int = 12_000
    cooldown_ms: int = 1_500


def _look(times: PassageTimes, _: Decision | None, __: PassageEvent) -> list[PassageEffect]:
    return [Show(Signal.LOOK_HERE), Arm(times.face_ms)]


def _ask(times: PassageTimes, _: Decision | None, __: PassageEvent) -> list[PassageEffect]:
    return [Show(Signal.LOOK_HERE), Arm(times.challenge_ms)]


def _demand(times: PassageTimes, _: Decision | None, event: PassageEvent) -> list[PassageEffect]:
    assert isinstance(event, FactorWanted)
    return [Show(event.signal), Arm(times.factor_ms)]


def _give_up(_: PassageTimes, __: Decision | None, ___: PassageEvent) -> list[PassageEffect]:
    return [Arm(0), GiveUp()]


def _record(_: PassageTimes, decision: Decision | None, __: PassageEvent) -> list[PassageEffect]:
    assert decision is not None
    return [Arm(0), Show(Signal.WAIT), Append(decision), Forget()]


def _release(times: PassageTimes, decision: Decision | None, _: PassageEvent) -> list[PassageEffect]:
    assert isinstance(decision, Grant), "only a recorded grant moves the strike"
    return [Arm(times.released_ms), Release(decision)]  # "welcome" is shown once the strike has moved


def _refuse(times: PassageTimes, decision: Decision | None, _: PassageEvent) -> list[PassageEffect]:
    assert isinstance(decision, Deny)
    return [Show(decision.signal), Arm(times.cooldown_ms)]


def _fault(times: PassageTimes, _: Decision | None, __: PassageEvent) -> list[PassageEffect]:
    return [Relock(), Show(Deny(Reason.DEVICE_FAULT).signal), Arm(times.cooldown_ms)]


def _cool_down(times: PassageTimes, _: Decision | None, __: PassageEvent) -> list[PassageEffect]:
    return [Arm(times.cooldown_ms)]


def _relock(times: PassageTimes, _: Decision | None, __: PassageEvent) -> list[PassageEffect]:
    return [Relock(), Arm(times.cooldown_ms)]


def _rest(_: PassageTimes, __: Decision | None, ___: PassageEvent) -> list[PassageEffect]:
    return [Show(None), Arm(0)]


def _halt(_: PassageTimes, __: Decision | None, ___: PassageEvent) -> list[PassageEffect]:
    return [Relock(), Arm(0), Show(None), Forget()]


def _halt_and_record(_: PassageTimes, __: Decision | None, event: PassageEvent) -> list[PassageEffect]:
    assert isinstance(event, Interrupted)
    return [Relock(), Arm(0), Append(Deny(event.reason)), Show(None), Forget()]


_Effects: TypeAlias = "Callable[[PassageTimes, Decision | None, PassageEvent], list[PassageEffect]]"

TABLE: dict[tuple[PassageState, type[PassageEvent]], tuple[PassageState, _Effects]] = {
    (PassageState.IDLE, FaceWanted): (PassageState.FACE, _look),
    (PassageState.IDLE, FactorWanted): (PassageState.FACTOR, _demand),
    (PassageState.IDLE, Granted): (PassageState.RECORDING_GRANT, _record),
    (PassageState.IDLE, Denied): (PassageState.RECORDING_DENY, _record),
    (PassageState.IDLE, Interrupted): (PassageState.HALTED, _halt),
    (PassageState.FACE, FactorWanted): (PassageState.FACTOR, _demand),
    (PassageState.FACE, Granted): (PassageState.RECORDING_GRANT, _record),
    (PassageState.FACE, Denied): (PassageState.RECORDING_DENY, _record),
    (PassageState.FACE, TimedOut): (PassageState.FACE, _give_up),
    (PassageState.FACE, ChallengeWanted): (PassageState.CHALLENGE, _ask),
    (PassageState.FACE, Interrupted): (PassageState.HALTED, _halt_and_record),
    (PassageState.CHALLENGE, FactorWanted): (PassageState.FACTOR, _demand),
    (PassageState.CHALLENGE, Granted): (PassageState.RECORDING_GRANT, _record),
    (PassageState.CHALLENGE, Denied): (PassageState.RECORDING_DENY, _record),
    (PassageState.CHALLENGE, TimedOut): (PassageState.CHALLENGE, _give_up),
    (PassageState.CHALLENGE, Interrupted): (PassageState.HALTED, _halt_and_record),
    (PassageState.FACTOR, FactorWanted): (PassageState.FACTOR, _demand),
    (PassageState.FACTOR, Granted): (PassageState.RECORDING_GRANT, _record),
    (PassageState.FACTOR, Denied): (PassageState.RECORDING_DENY, _record),
    (PassageState.FACTOR, TimedOut): (PassageState.FACTOR, _give_up),
    (PassageState.FACTOR, Interrupted): (PassageState.HALTED, _halt_and_record),
    (PassageState.RECORDING_GRANT, Recorded): (PassageState.RELEASED, _release),
    (PassageState.RECORDING_GRANT, RecordFailed): (PassageState.COOLDOWN, _fault),
    (PassageState.RECORDING_GRANT, Interrupted): (PassageState.HALTED, _halt),
    (PassageState.RECORDING_DENY, Recorded): (PassageState.COOLDOWN, _refuse),
    (PassageState.RECORDING_DENY, RecordFailed): (PassageState.COOLDOWN, _fault),
    (PassageState.RECORDING_DENY, Interrupted): (PassageState.HALTED, _halt),
    (PassageState.RELEASED, Relocked): (PassageState.COOLDOWN, _cool_down),
    (PassageState.RELEASED, TimedOut): (PassageState.COOLDOWN, _relock),
    (PassageState.RELEASED, Interrupted): (PassageState.HALTED, _halt),
    (PassageState.COOLDOWN, TimedOut): (PassageState.IDLE, _rest),
    (PassageState.COOLDOWN, Interrupted): (PassageState.HALTED, _halt),
}


class PassageMachine:
    """The state of one passage. `on` is the only way to change it."""

    def __init__(self, times: PassageTimes | None = None) -> None:
        self.times = times or PassageTimes()
        self.state = PassageState.IDLE
        self._decision: Decision | None = None

    def on(self, event: PassageEvent) -> list[PassageEffect]:
        """Take one event; return what must be done, in order. Unlisted pairs change nothing."""
        row = TABLE.get((self.state, type(event)))
        if row is None:
            return []
        match event:
            case Granted(grant=decision) | Denied(deny=decision):
                self._decision = decision
            case _:
                pass
        self.state, effects = row
        return effects(self.times, self._decision, event)
