"""One code opens one door once: what was shown here in the last two minutes (FORMAT.md section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.errors import Fault, Refused
from edge.trust.clock import MAX_WINDOW

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import Card

MAX_ENTRIES: Final = 4_096  # 34 cards a second for two minutes: no door is that busy, an attack may be


class ReplayMemory:
    """The latest presentation of each card, for as long as its code could still pass the window.

    The one object of this room that changes; it belongs to the passage's single thread.
    """

    def __init__(self, *, max_entries: int = MAX_ENTRIES) -> None:
        self._latest: dict[tuple[bytes, bytes], datetime] = {}
        self._max_entries = max_entries
        self._forgotten_to: datetime | None = None

    def admit(self, card: Card, now: datetime) -> None:
        """Remember this presentation; Refused(CARD_REPLAYED) for one not newer than the last of its card.

        Raises Refused(CLOCK_UNTRUSTED) where the clock went back past what was already forgotten, and Fault
        when the memory is full of live entries: then it is this device that cannot do its job.
        """
        self._forget(now)
        if self._forgotten_to is not None and card.presented_at + MAX_WINDOW < self._forgotten_to:
            raise Refused(Reason.CLOCK_UNTRUSTED, "the clock went back past the replay memory")
        key = (card.kid, card.card_id)
        latest = self._latest.get(key)
        if latest is not None and card.presented_at <= latest:
            raise Refused(Reason.CARD_REPLAYED)
        if latest is None and len(self._latest) >= self._max_entries:
            raise Fault(
                "the replay memory is full", hint="more cards a minute than a door can pass: look at it"
            )
        self._latest[key] = card.presented_at

    def _forget(self, now: datetime) -> None:
        """Drop what is out of the widest window; `>=` keeps an entry for the last moment of it."""
        if self._forgotten_to is not None and now <= self._forgotten_to:
            return
        self._latest = {key: at for key, at in self._latest.items() if at + MAX_WINDOW >= now}
        self._forgotten_to = now
