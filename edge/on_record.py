"""The capability without which no lock moves: proof that a durable record allows one movement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LockMovement(StrEnum):
    """The movements of a lock that a record can allow."""

    RELEASE = "release"
    FREE_ACCESS = "free-access"


@dataclass(frozen=True, slots=True, init=False)
class OnRecord:
    """Record `seq` of one door is durable in one journal, and allows this movement.

    Made in `edge.audit.journal` only. `journal`: public key of the device that wrote it. `door`: site of the
    door, as in the record.
    """

    journal: bytes
    door: str
    seq: int
    movement: LockMovement

    def __init__(self, journal: bytes, door: str, seq: int, movement: LockMovement, /) -> None:
        # Without names of arguments, `dataclasses.replace` cannot make a second proof of a first one.
        for name, value in zip(self.__slots__, (journal, door, seq, movement), strict=True):
            object.__setattr__(self, name, value)
