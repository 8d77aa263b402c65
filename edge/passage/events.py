"""Events and effects that the machines of a door and of a lane share."""

from __future__ import annotations

from dataclasses import dataclass

from edge.decision import Grant, Reason

# -- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FaceWanted:
    """A card was verified, and its holder must show a face."""


@dataclass(frozen=True, slots=True)
class ChallengeWanted:
    """The face matches, and the holder is asked to move the head."""


@dataclass(frozen=True, slots=True)
class Granted:
    """No rule of any authority that decides here objected."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class Recorded:
    """Every requested record is durable."""


@dataclass(frozen=True, slots=True)
class RecordFailed:
    """A record could not be made durable."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The timer that the last effect armed has run out."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The program must stop now; an open passage is recorded with this reason."""

    reason: Reason = Reason.PASSAGE_INTERRUPTED


# -- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arm:
    """(Re)start the one timer; `for_ms` 0 disarms it."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The time is over: put the denial for the missing input."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Wipe the reference, the embeddings, and all other data of this holder."""
