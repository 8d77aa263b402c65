"""One code opens one door once: what was shown here in the last two minutes (FORMAT.md section 6).

Memory does not outlive a power cut, records do. What was shown before the last start is remembered from the
journal, which knows when a card was decided and not when its code was made: at the latest as far ahead as
any phone's clock may be. So after a start a holder who was here in the last seconds waits for a code that is
newer than that, 10 s and the drift of the clock at most.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.errors import Fault, Refused
from edge.trust.time.code_window import MAX_WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge.card.claims import Card

_A_SECOND: Final = timedelta(seconds=1)  # codes carry whole ones
MAX_ENTRIES: Final = 4_096  # 34 cards a second for two minutes: no door is that busy, an attack may be


class ReplayMemory:
    """The latest presentation of each card, for as long as its code could still pass the window.

    Cards go by their pseudonyms, as records name them: two that share one (1 in 2^48) only refuse each other.
    The one object of this room that changes beside the trusted clock; it belongs to the passage's single
    thread.
    """

    def __init__(self, *, max_entries: int = MAX_ENTRIES) -> None:
        self._latest: dict[str, datetime] = {}
        self._max_entries = max_entries
        self._forgotten_to: datetime | None = None

    def __len__(self) -> int:
        return len(self._latest)

    def restore(self, decided: Iterable[tuple[str, datetime]], *, ahead: timedelta, now: datetime) -> None:
        """Remember what an earlier run of this device decided: pseudonyms and times, the oldest first.

        `ahead`: as far as a phone's clock may be ahead of ours. What lies in the future was recorded by a
        clock that has been set right since, and is taken for a moment ago. Of too many the newest stay.
        """
        for pseudonym, at in decided:
            latest = min(at, now) + ahead
            before = self._latest.pop(pseudonym, latest)  # so that the newest are last
            self._latest[pseudonym] = max(before, latest)
        self._latest = dict(list(self._latest.items())[-self._max_entries :])
        self.tidy(now)

    def admit(self, card: Card, now: datetime) -> None:
        """Remember this presentation; Refused(CARD_REPLAYED) for one not newer than the last of its card.

        Raises Refused(CLOCK_UNTRUSTED) where the clock went back past what was already forgotten, and Fault
        when the memory is full of live entries: then it is this device that cannot do its job.
        """
        self.tidy(now)
        if self._forgotten_to is not None and card.presented_at + MAX_WINDOW < self._forgotten_to:
            raise Refused(Reason.CLOCK_UNTRUSTED, "the clock went back past the replay memory")
        latest = self._latest.get(card.pseudonym)
        if latest is not None and card.presented_at <= latest:
            raise Refused(Reason.CARD_REPLAYED)
        if latest is None and len(self._latest) >= self._max_entries:
            raise Fault(
                "the replay memory is full", hint="more cards a minute than a door can pass: look at it"
            )
        self._latest[card.pseudonym] = card.presented_at

    def tidy(self, now: datetime) -> None:
        """Drop what is out of the widest window. At every presentation, and while nobody comes."""
        if self._forgotten_to is not None and now + MAX_WINDOW < self._forgotten_to:
            self._begin_anew(now)
        if self._forgotten_to is not None and now <= self._forgotten_to:
            return
        # `>=` keeps an entry for the last moment of its window.
        self._latest = {key: at for key, at in self._latest.items() if at + MAX_WINDOW >= now}
        self._forgotten_to = now

    def _begin_anew(self, now: datetime) -> None:
        """The clock has been set right, far back: only codes that are made from now on can be told apart."""
        self._latest = {key: min(at, now) for key, at in self._latest.items()}
        self._forgotten_to = now + MAX_WINDOW + _A_SECOND
