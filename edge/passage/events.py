"""Events and effects that a door's passage and a lane's have in common."""

from __future__ import annotations

from dataclasses import dataclass

from edge.decision import Grant, Reason

# -- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FaceWanted:
    """A card was verified, and a face is compared before the door opens."""


@dataclass(frozen=True, slots=True)
class ChallengeWanted:
    """The face matches, and its holder is asked to move."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Every rule was asked, of every authority that decides here, and none objected."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class Recorded:
    """Every record that was asked for is durable."""


@dataclass(frozen=True, slots=True)
class RecordFailed:
    """A record could not be made durable."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The timer that the last effect armed has run out."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """This program must stop now, for the reason that an open passage is to be recorded with."""

    reason: Reason = Reason.PASSAGE_INTERRUPTED


# -- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arm:
    """(Re)start the one timer; `for_ms` 0 disarms it."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The time is over: answer with the reason for what did not come."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Wipe the reference, the looks, and everything else known about this holder."""
