"""Events and effects of `edge.passage.lane.machine`."""

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

    FACE = "face"  # the face inside was refused; the reason says why
    BY_EYE = "by-eye"  # this card has no face: an officer looks in place of the camera
    SEVERAL = "several"  # several people are in the lane
    HELD_OPEN = "held-open"  # a leaf does not shut
    INNER_OPENED = "inner-opened"  # the inner door opened without a release
    NOT_LEAVING = "not-leaving"  # the inner door was released, and the holder stays
    SENSORS = "sensors"  # the sensors cannot count the people in the lane
    OCCUPANCY = "occupancy"  # a person without a card is in the lane, or may be
    DEVICE = "device"  # a part of the lane failed


# -- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LaneDenied:
    """A card was refused, or an authority or the lane objects. `why`: for the officers."""

    deny: Deny
    why: Why = Why.FACE


@dataclass(frozen=True, slots=True)
class Saw:
    """The sensors show this now. It comes with every step, new or not."""

    situation: LaneOccupancy


@dataclass(frozen=True, slots=True)
class Admitted:
    """An officer admits the person in the lane, and policy grants the card."""

    grant: Grant
    officer: str


@dataclass(frozen=True, slots=True)
class SentBack:
    """An officer sends the holder back."""

    officer: str


@dataclass(frozen=True, slots=True)
class Emptied:
    """An officer looked, and declares the lane empty."""

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
    """Make this decision about this door durable, then put Recorded or RecordFailed.

    `officer`: the role of the officer who decided; None if the device did.
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
    """Begin to compare the face in the lane with the card's reference, and with the face outside."""


@dataclass(frozen=True, slots=True)
class LookAway:
    """Stop the face capture inside: another person may have been in view."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Open a referral on the officers' screens, with the reason and the cause."""

    reason: Reason
    why: Why


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Close the referral, after any result."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Let the sensors count from zero again, on the decision of this officer."""

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
