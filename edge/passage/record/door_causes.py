"""Ties the events of a door to the grant, or to another cause, that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.ports import Cause, DoorEventKind

if TYPE_CHECKING:
    from edge.ports import DoorEvent

# After these the passage is free for that reason, or not free at all.
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
    """Remembers the latest grant, and why the door is free or stands open."""

    def __init__(self) -> None:
        self._granted_seq: int | None = None  # the latest grant: what the strike and the leaf do is its doing
        self._free: Cause | None = None  # why the passage is free now
        self._opened_seq: int | None = None  # the grant by which the leaf stands open; None: by force
        self._opened = False
        self._ending = False

    def granted(self, seq: int) -> None:
        """A grant stands in the journal under this number."""
        self._granted_seq = seq
        self._opened = False
        self._free = Cause.GRANT

    def ending(self) -> None:
        """The program ends: from here on it is what relocks."""
        self._ending = True

    def of(self, event: DoorEvent) -> tuple[Cause | None, int | None]:
        """Why the door did this, and the number of the grant by which it did. Takes each event once."""
        cause, seq = self._doing(event)
        if event.kind in _FREES:
            self._free = _FREES[event.kind]
        return cause, seq

    def _doing(self, event: DoorEvent) -> tuple[Cause | None, int | None]:
        """Why the door did this, and by which grant."""
        granted = self._granted_seq if self._free is Cause.GRANT else None
        match event.kind:
            case DoorEventKind.RELEASED | DoorEventKind.DENIED:
                cause = Cause.GRANT if event.kind is DoorEventKind.RELEASED else event.cause
                # perhaps before this program began: then the door knows the grant
                return cause, self._granted_seq if event.grant is None else event.grant
            case DoorEventKind.PRESENTED:
                return Cause.GRANT, granted
            case DoorEventKind.OPENED:
                self._opened, self._opened_seq = True, granted
                return self._free, granted
            case DoorEventKind.FORCED:
                self._opened_seq = None
            case DoorEventKind.CLOSED:  # perhaps long after: another holder was granted, or denied, since
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
