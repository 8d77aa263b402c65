"""A door whose lock belongs to a third-party panel: this device is a reader, and a grant is a card number.

This program guarantees that it sends the number after a grant is on record, and at no other time. The panel
decides the rest: whether that number opens the door, for how long, and when it locks again. This device
cannot relock, and is told neither that the lock moved nor that the leaf did. So the release time of the
policy has no effect here, and the only event of a grant is that the number was presented. Panels compare
numbers and check no signatures: give each door its own number, which no printed card has.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from edge.errors import DoorLinkFault
from edge.ports import DoorEvent, DoorEventKind
from hw.door.strike import ProofCheck, capped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.on_record import OnRecord
    from edge.ports import Clock, EventMark, Signals
    from hw.door.link import DoorLink


class PanelStrike:
    """The Strike port of such a door. `present`: sends the number to the panel; raises DoorLinkFault."""

    def __init__(
        self, present: Callable[[OnRecord], None], close: Callable[[], None], *, clock: Clock
    ) -> None:
        self._present, self._close, self._clock = present, close, clock
        self._guard = threading.Lock()
        self._unread: deque[DoorEvent] = deque()
        self._is_closed = False
        self._proofs = ProofCheck()

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        capped(for_ms)
        with self._guard:
            if self._is_closed:
                raise DoorLinkFault("the line to the panel was closed", hint="start the device again")
            self._proofs.release(allowed)
            self._present(allowed)
            self._unread.append(DoorEvent(DoorEventKind.PRESENTED, self._clock.tick_ms()))

    def relock(self) -> None:
        """Do nothing: the panel relocks."""

    def events(self) -> Sequence[DoorEvent]:
        return tuple(self._unread.popleft() for _ in range(len(self._unread)))

    def close(self) -> None:
        with self._guard:
            if not self._is_closed:
                self._is_closed = True
                self._close()


class WiegandPanel(PanelStrike):
    """A panel on the Wiegand wires of a door controller, which keeps alarms, inputs and lamps."""

    def __init__(self, link: DoorLink, *, bits: int, value: int, clock: Clock) -> None:
        super().__init__(lambda allowed: link.wiegand(bits, value, allowed), link.close, clock=clock)
        self._link = link
        self.signals: Signals = link.signals

    def events(self) -> Sequence[DoorEvent]:
        told = super().events()
        return told or self._link.events()

    def recount(self, after: EventMark | None) -> None:
        """Ask the controller for all events after this one."""
        self._link.recount(after)
