"""The checks of every strike output: the longest release, and the proof that a record allows it."""

from __future__ import annotations

from typing import Final

from edge.errors import DoorLinkFault
from edge.on_record import LockMovement, OnRecord

# The longest single release; the door controller's firmware has the same limit. It is long enough to reach
# and pull a door from a wheelchair, and short enough that a forgotten release leaves no building open.
MAX_RELEASE_MS: Final = 10_000


def capped(for_ms: int) -> int:
    """The time of a release that is asked for `for_ms`, in ms. Raises DoorLinkFault below 1 ms."""
    if for_ms < 1:
        raise DoorLinkFault(f"release_ms: {for_ms} is not above 0", hint="set release_ms above 0")
    return min(for_ms, MAX_RELEASE_MS)


class ProofCheck:
    """Admits proofs of records at one output: of one journal and one door, each for one movement.

    The first proof decides which journal and which door. Each later one has a higher seq, so that neither
    the same proof nor an older one moves the lock again. Only the proof of the free access that goes on may
    come again: it renews that free access, also after releases in between.
    """

    def __init__(self) -> None:
        self._last: OnRecord | None = None
        self._free: OnRecord | None = None  # of the free access that was begun and not ended

    def release(self, allowed: OnRecord) -> int:
        """The seq of the record that allows a release. Raises DoorLinkFault."""
        return self._spend(allowed, LockMovement.RELEASE).seq

    def free_access(self, allowed: OnRecord | None) -> None:
        """Admit the begin of free access, or its renewal. Raises DoorLinkFault."""
        if self._free is None or allowed != self._free:
            self._free = self._spend(allowed, LockMovement.FREE_ACCESS)

    def ends_free_access(self) -> None:
        """Free access is over: its proof begins no other one."""
        self._free = None

    def _spend(self, allowed: OnRecord | None, movement: LockMovement) -> OnRecord:
        last = self._last
        if not isinstance(allowed, OnRecord) or allowed.movement is not movement:
            raise _unproved("no record allows it")
        if last is not None and (allowed.journal, allowed.door) != (last.journal, last.door):
            raise _unproved("the record is of another door or journal")
        if last is not None and allowed.seq <= last.seq:
            raise _unproved("the record was used before, or is older than the last one")
        self._last = allowed
        return allowed


def _unproved(why: str) -> DoorLinkFault:
    return DoorLinkFault(f"the lock does not move: {why}", hint="report this as a bug in doorward")
