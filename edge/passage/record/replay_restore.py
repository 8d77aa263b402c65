"""Restores the replay memory after a restart, from this device's last decisions in its own journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge.audit.record import Passage, utc_ms
from edge.decision import Reason
from edge.trust.time.code_window import MAX_WINDOW, window

if TYPE_CHECKING:
    from edge.audit.journal import Journal
    from edge.trust.replay import ReplayMemory
    from edge.trust.time.trusted_clock import TrustedTime

# A code may be shown 120 s after it was made, and may have been made 100 s after it was decided upon (by a
# phone that is ahead): nothing older than both together can pass again.
REACH_MS: Final = round(2 * MAX_WINDOW.total_seconds() * 1_000)
# A passage takes 1.5 s at least and leaves five records; the rest is for a door whose contacts bounce.
MAX_RECORDS: Final = 8_192


def restore_replay(memory: ReplayMemory, journal: Journal, at: TrustedTime) -> None:
    """Let `memory` know which cards this device decided upon in the last minutes. Raises StorageFault."""
    since_ms = max(0, utc_ms(at.now) - REACH_MS)
    passages = (entry.record for entry in journal.tail(since_ms, MAX_RECORDS))
    memory.restore(
        (
            (passage.card, _until(passage.time_ms))
            for passage in passages
            # A replay says nothing new of its card, and must not keep its holder waiting.
            if isinstance(passage, Passage) and passage.card and passage.reason is not Reason.CARD_REPLAYED
        ),
        ahead=window(at.since_sync).ahead,
        now=at.now,
    )


def _until(time_ms: int) -> datetime:
    """The end of that millisecond: a record names its beginning."""
    return datetime.fromtimestamp(time_ms / 1_000, UTC) + timedelta(milliseconds=1)
