"""Memory of the presentations of the last two minutes, so that no code passes twice (FORMAT.md section 6).

A power cut clears the memory; a start fills it again from the journal. A record says when a card was decided,
not when its code was signed, so the latest time that a phone's clock may show is taken. After a start, a
holder who was here in the last seconds waits for a newer code: 10 s and the drift of the clock at most.
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

_A_SECOND: Final = timedelta(seconds=1)  # the time in a code is in whole seconds
MAX_ENTRIES: Final = 4_096  # 34 cards a second for two minutes: more than any door passes


class ReplayMemory:
    """The latest presentation of each card, kept while its code could still pass the window.

    The key is the pseudonym, as in records; of two cards that share one (1 in 2^48) one may be refused.
    Beside the trusted clock this is the only mutable object of the package; only the passage's thread uses
    it.
    """

    def __init__(self, *, max_entries: int = MAX_ENTRIES) -> None:
        self._latest: dict[str, datetime] = {}
        self._max_entries = max_entries
        self._forgotten_to: datetime | None = None

    def __len__(self) -> int:
        return len(self._latest)

    def restore(self, decided: Iterable[tuple[str, datetime]], *, ahead: timedelta, now: datetime) -> None:
        """Remember the decisions of earlier runs of this device: pseudonyms and times, the oldest first.

        `ahead`: the most that a phone's clock may be ahead of ours. A time in the future was recorded by a
        clock that has been corrected since. It counts as now, unless it is so near that codes of that time
        may still come: then our clock may have been set back instead. If there are too many, the newest stay.
        """
        for pseudonym, at in decided:
            latest = (at if at <= now + MAX_WINDOW else now) + ahead
            before = self._latest.pop(pseudonym, latest)  # so that the newest are last
            self._latest[pseudonym] = max(before, latest)
        self._latest = dict(list(self._latest.items())[-self._max_entries :])
        self.tidy(now)

    def admit(self, card: Card, now: datetime) -> None:
        """Remember this presentation; Refused(CARD_REPLAYED) for one not newer than the last of its card.

        Raises Refused(CLOCK_UNTRUSTED) if the clock went back past entries that were already dropped, and
        Fault if the memory is full of entries that are still needed.
        """
        self.tidy(now)
        if self._forgotten_to is not None and card.presented_at + MAX_WINDOW < self._forgotten_to:
            raise Refused(Reason.CLOCK_UNTRUSTED, "the clock went back to before the replay memory begins")
        latest = self._latest.get(card.pseudonym)
        if latest is not None and card.presented_at <= latest:
            raise Refused(Reason.CARD_REPLAYED)
        if latest is None and len(self._latest) >= self._max_entries:
            raise Fault(
                f"the replay memory is full: {self._max_entries} cards in two minutes",
                hint="see whether an attacker shows codes to this door",
            )
        self._latest[card.pseudonym] = card.presented_at

    def tidy(self, now: datetime) -> None:
        """Drop entries older than the widest window. To be called also while the door is idle."""
        if self._forgotten_to is not None and now + MAX_WINDOW < self._forgotten_to:
            self._begin_anew(now)
        if self._forgotten_to is not None and now <= self._forgotten_to:
            return
        # `>=` keeps an entry for the last moment of its window.
        self._latest = {key: at for key, at in self._latest.items() if at + MAX_WINDOW >= now}
        self._forgotten_to = now

    def _begin_anew(self, now: datetime) -> None:
        """Start again after the clock was corrected far back: only codes signed from now on are admitted."""
        self._latest = {key: min(at, now) for key, at in self._latest.items()}
        self._forgotten_to = now + MAX_WINDOW + _A_SECOND
