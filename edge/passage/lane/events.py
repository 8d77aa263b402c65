"""Events of a lane, and the effects that they call for: the words of `edge.passage.lane.machine`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

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
    from edge.decision import Decision, Deny, Grant, Reason, Signal
    from edge.passage.lane.occupancy import LaneOccupancy


class Side(StrEnum):
    """One of the two doors, and the screen before it."""

    OUTER = "outer"
    INNER = "inner"


class Why(StrEnum):
    """The cause behind a referral, for the officer's screen alone."""

    FACE = "face"  # the look inside did not come out as it should; the reason says how
    BY_EYE = "by-eye"  # this card has no face: an officer looks in place of the camera
    SEVERAL = "several"
    HELD_OPEN = "held-open"  # a leaf does not shut
    INNER_OPENED = "inner-opened"  # the inner door opened, and not for this holder
    NOT_LEAVING = "not-leaving"  # the inner door was released, and the holder stays
    SENSORS = "sensors"  # nobody can tell how many are in the lane
    OCCUPANCY = "occupancy"  # somebody is in the lane, or may be, whom no card brought there
    DEVICE = "device"  # a part of the lane failed


# -- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LaneDenied:
    """A card was refused, or somebody who decides objects. `why`: for the officers."""

    deny: Deny
    why: Why = Why.FACE


@dataclass(frozen=True, slots=True)
class Saw:
    """The sensors show this now. Said at every look, whether or not it is new."""

    situation: LaneOccupancy


@dataclass(frozen=True, slots=True)
class Admitted:
    """An officer answers for who stands there, and policy grants the card."""

    grant: Grant
    officer: str


@dataclass(frozen=True, slots=True)
class SentBack:
    """An officer sends the holder back."""

    officer: str


@dataclass(frozen=True, slots=True)
class Emptied:
    """An officer has looked: the lane is empty."""

    officer: str


@dataclass(frozen=True, slots=True)
class ReleaseFailed:
    """The strike could not be commanded."""


LaneEvent: TypeAlias = (
    FaceWanted
    | ChallengeWanted
    | Granted
    | LaneDenied
    | Saw
    | Admitted
    | SentBack
    | Emptied
    | Recorded
    | RecordFailed
    | ReleaseFailed
    | TimedOut
    | Interrupted
)

# -- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LaneShow:
    """Show one signal, or none, before one of the doors."""

    side: Side
    signal: Signal | None


@dataclass(frozen=True, slots=True)
class LaneAppend:
    """Make this decision about this door durable, then answer Recorded or RecordFailed.

    `officer`: the role of who decided it, where that was a person.
    """

    side: Side
    decision: Decision
    officer: str | None = None


@dataclass(frozen=True, slots=True)
class LaneRelease:
    """Energise the strike of one door."""

    side: Side
    grant: Grant


@dataclass(frozen=True, slots=True)
class LaneRelock:
    """De-energise the strike of one door now."""

    side: Side


@dataclass(frozen=True, slots=True)
class LookInside:
    """Begin to compare whoever stands in the lane with the card's reference, and with who came in."""


@dataclass(frozen=True, slots=True)
class LookAway:
    """Forget what was seen inside: it may have been somebody else."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Open a case on the officers' screens: the reason, and the cause."""

    reason: Reason
    why: Why


@dataclass(frozen=True, slots=True)
class Dismiss:
    """The case is over, however it ended."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Let the sensors count from nobody, on the word of this officer."""

    officer: str


@dataclass(frozen=True, slots=True)
class Passed:
    """The holder went through."""


LaneEffect: TypeAlias = (
    LaneShow
    | Arm
    | LaneAppend
    | LaneRelease
    | LaneRelock
    | LookInside
    | LookAway
    | GiveUp
    | Tell
    | Dismiss
    | Reset
    | Passed
    | Forget
)
