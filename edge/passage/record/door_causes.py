"""Finds the cause of a door's event: a grant, a request to exit, the fire input, a mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.ports import Cause, DoorEventKind

if TYPE_CHECKING:
    from edge.ports import DoorEvent

# After these events the door is free for this cause; None: it is locked.
_FREES: Final = {
    DoorEventKind.RELEASED: Cause.GRANT,
    DoorEventKind.REX: Cause.REX,
    DoorEventKind.FIRE: Cause.FIRE,
    DoorEventKind.FREE_ACCESS: Cause.MODE,
    DoorEventKind.RELOCKED: None,
    DoorEventKind.DENIED: None,
    DoorEventKind.BOOT: None,
    DoorEventKind.WATCHDOG: None,
}


class DoorCauses:
    """Keeps the latest grant, and the cause for which the door is free or open."""

    def __init__(self) -> None:
        self._granted_seq: int | None = None  # the latest grant
        self._free: Cause | None = None  # the cause for which the door is free now
        self._opened_seq: int | None = None  # the grant by which the leaf is open; None: it was forced
        self._opened = False
        self._ending = False

    def granted(self, seq: int) -> None:
        """Note a grant, with its number in the journal."""
        self._granted_seq = seq
        self._opened = False
        self._free = Cause.GRANT

    def ending(self) -> None:
        """The program ends: from now on it is the cause of a relock."""
        self._ending = True

    def of(self, event: DoorEvent) -> tuple[Cause | None, int | None]:
        """The cause of this event, and the number of its grant. Call it once for each event."""
        cause, seq = self._doing(event)
        if event.kind in _FREES:
            self._free = _FREES[event.kind]
        return cause, seq

    def _doing(self, event: DoorEvent) -> tuple[Cause | None, int | None]:
        """The cause of this event, and the number of its grant."""
        granted = self._granted_seq if self._free is Cause.GRANT else None
        match event.kind:
            case DoorEventKind.RELEASED | DoorEventKind.DENIED:
                cause = Cause.GRANT if event.kind is DoorEventKind.RELEASED else event.cause
                # a grant from before this program began: the door tells its number
                return cause, self._granted_seq if event.grant is None else event.grant
            case DoorEventKind.PRESENTED:
                return Cause.GRANT, granted
            case DoorEventKind.OPENED:
                self._opened, self._opened_seq = True, granted
                return self._free, granted
            case DoorEventKind.FORCED:
                self._opened_seq = None
            case DoorEventKind.CLOSED:  # the leaf may close late, after another holder was granted or denied
                return None, self._opened_seq
            case DoorEventKind.RELOCKED:
                return self._why_locked(event.cause), granted
            case _:
                pass
        return None, None

    def _why_locked(self, told: Cause | None) -> Cause:
        if self._ending and told in (None, Cause.COMMAND) and not self._opened:
            return Cause.SHUTDOWN
        return told or (Cause.OPENED if self._opened else Cause.TIMEOUT)
