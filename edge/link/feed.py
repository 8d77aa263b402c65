"""Receives every event of a controller once and in order, over a cable that loses frames, across its boots.

Sans-IO. The controller numbers its events from 1 at each boot and keeps the last 64 (LINK.md section 4).
After each opening of a session the host asks for events from the last known one on, which is included. If
that event comes back unchanged, the controller has not booted since; if it differs, the controller has
booted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge.link.messages import Happened

KEPT: Final = 64
# The host cannot know that the very last event was lost, and an alarm must not wait for the next event.
ASK_EVERY_MS: Final = 5_000
RETRY_MS: Final = 400  # 64 events take 230 ms at 115,200 baud
# Each opening and each loss of a session is an event too, and overwrites one of the kept events.
_UNHEARD: Final = 2
# An erased controller has lost its events; the only sign is that later ones come for 5 s. A line that loses
# most frames looks the same for a while: 8 tries, 3 s, were not always enough. Each try makes an event at the
# controller, which may overwrite another.
_TRIES: Final = 12


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The last known event: its number, and the controller's clock at that time."""

    number: int
    tick_ms: int


class Feed:
    """The received events of one controller. `after`: the last recorded event; None for a new controller."""

    def __init__(self, after: LastEvent | None = None) -> None:
        self._last = after
        self._is_sure = False  # whether `_last` is of this boot
        self._next = 1
        self._known = 1  # no event from this number on is known to exist
        self._asked_ms: int | None = None
        self._is_due = False
        self._tries = 0  # requests for the next event that got another one
        self.missed = 0  # events before the one taken last, of which none will come any more

    @property
    def is_complete(self) -> bool:
        """Whether every event that is known to exist was received."""
        return self._is_sure and self._next >= self._known

    def opened(self, next_event: int) -> None:
        """Begin with a session that opened; the controller's next event has the number `next_event`."""
        self._known = next_event
        self._is_sure = self._last is None
        self._asked_ms = None
        if self._last is not None and next_event <= self._last.number:
            self._begin_anew()
        elif self._last is not None:
            self._next = self._last.number + 1

    def wants(self, tick_ms: int) -> int | None:
        """The number of the first event to ask for now; None if it is not time to ask."""
        every_ms = RETRY_MS if self._is_due else ASK_EVERY_MS
        if self._asked_ms is not None and tick_ms - self._asked_ms < every_ms:
            return None
        self._tries += self._is_due
        self._asked_ms, self._is_due = tick_ms, False
        return self._next if self._is_sure or self._last is None else self._last.number

    def take(self, event: Happened) -> bool:
        """Whether this is the next new event; the caller has to record it."""
        self._known = max(self._known, event.number + 1)
        if not self._is_sure:
            self._recognise(event)
            return False  # it is told again
        if event.number < self._next:
            return False
        oldest = self._known - KEPT + _UNHEARD
        if event.number > max(self._next, oldest) and self._tries < _TRIES:
            self._is_due = (
                True  # events before it were lost on the cable; the controller probably still has them
            )
            return False
        self._tries = 0
        self.missed = event.number - self._next
        self._next = event.number + 1
        self._last = LastEvent(event.number, event.tick_ms)
        return True

    def _recognise(self, event: Happened) -> None:
        """Find out whether the controller booted since."""
        assert self._last is not None
        if event.number == self._last.number:
            if event.tick_ms == self._last.tick_ms:
                self._is_sure = True
            else:
                self._begin_anew()
            return
        self._is_due = True
        if self._known - self._last.number > KEPT:
            # Overwritten: this can be another boot, whose events would go on with the next number. So the
            # last one counts as missed, and is asked for all the same.
            self._is_sure = True
            self._next = self._last.number

    def _begin_anew(self) -> None:
        self._last = None
        self._is_sure = self._is_due = True
        self._next = 1
