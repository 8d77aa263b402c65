"""Restores the replay memory after a restart, from the last decisions in this device's journal."""

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

# A code may be shown up to 120 s after it was made, and a phone whose clock is ahead may have dated it 100 s
# after its decision: a decision older than both together cannot concern a code that still passes.
REACH_MS: Final = round(2 * MAX_WINDOW.total_seconds() * 1_000)
# A passage takes at least 1.5 s and makes five records; the rest is for a door with bouncing contacts.
MAX_RECORDS: Final = 8_192


def restore_replay(memory: ReplayMemory, journal: Journal, at: TrustedTime) -> None:
    """Put the cards of this device's decisions in the last minutes into `memory`. Raises StorageFault."""
    since_ms = max(0, utc_ms(at.now) - REACH_MS)
    passages = (entry.record for entry in journal.tail(since_ms, MAX_RECORDS))
    memory.restore(
        (
            (passage.card, _until(passage.time_ms))
            for passage in passages
            # A replay is no new presentation of its card, and must not make its holder wait.
            if isinstance(passage, Passage) and passage.card and passage.reason is not Reason.CARD_REPLAYED
        ),
        ahead=window(at.since_sync).ahead,
        now=at.now,
    )


def _until(time_ms: int) -> datetime:
    """The end of that millisecond; a record has its beginning."""
    return datetime.fromtimestamp(time_ms / 1_000, UTC) + timedelta(milliseconds=1)
