"""Queue in SQLite of messages to other systems; it survives a power cut. DELIVERY.md.

Each channel goes to one system, in order, one message at a time. An unreachable host stops only its own
channel; a refused message does not stop the next one. Callers seal bodies with personal data before `put`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.retry import RetrySchedule
from edge.sqlite import faults, make_tables, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from edge.vouched_time import VouchedTime

# A service that restarts is back in 2 s; within 15 minutes of a host's return its channel sends again.
RETRY: Final = RetrySchedule(first_s=2.0, longest_s=900.0, jitter=0.5)
MAX_WAIT_S: Final = 3_600.0 + RETRY.longest_s  # a Post obeys Retry-After up to an hour
_MAX_WHY_CHARS: Final = 120
_THIS: Final = "channel = ? AND seq = ? AND made_ms = ?"

MessageKey = tuple[int, int]  # seq and made_ms

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS messages (
  channel TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB, state TEXT NOT NULL, why TEXT NOT NULL,
  made_ms INTEGER NOT NULL, due_ms INTEGER, done_ms INTEGER, PRIMARY KEY (channel, seq, made_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channels (
  channel TEXT PRIMARY KEY, failures INTEGER NOT NULL, next_ms INTEGER NOT NULL, why TEXT NOT NULL
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Bytes and age up to which messages of one channel are kept; those owed by law are always kept.

    `while_away`: a message is too old only while its host does not answer, and what can be delivered is.
    """

    max_bytes: int = 64 * 1024 * 1024  # 60,000 registrations: a host that is unreachable for a season
    max_age: timedelta = timedelta(days=30)
    while_away: bool = False


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """One message. `due_ms`: its deadline by law in UTC milliseconds; None if it has none.

    `seq` and `made_ms` together identify it: a replaced journal counts from 0 again.
    """

    channel: str
    seq: int
    body: bytes = field(repr=False)
    made_ms: int
    due_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """State of one channel: counts, waiting bytes, time of the oldest message, and the last failure."""

    channel: str
    waiting: int
    bytes: int
    oldest_ms: int | None
    overdue: int
    dead: int
    failures: int
    why: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that is not sent any more, and the cause."""

    channel: str
    seq: int
    made_ms: int
    why: str


class DeliveryQueue:
    """The queue in a database that may hold other tables, so that all change in one transaction."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        """Raises StorageFault, as every method of this class does."""
        self._db = db
        self._path = path
        with faults(path):
            make_tables(db, _TABLES)

    def put(self, message: QueuedMessage) -> None:
        """Add a message; adding it again changes nothing. In the caller's transaction."""
        with faults(self._path):
            self._db.execute(
                "INSERT OR IGNORE INTO messages (channel, seq, body, state, why, made_ms, due_ms)"
                " VALUES (?, ?, ?, 'waiting', '', ?, ?)",
                (message.channel, message.seq, message.body, message.made_ms, message.due_ms),
            )

    def next_seq(self, channel: str) -> int:
        """A number for a message that has none of the journal. In the caller's transaction."""
        with faults(self._path):
            (last,) = self._db.execute(
                "SELECT coalesce(max(seq), 0) FROM messages WHERE channel = ?", (channel,)
            ).fetchone()
        return int(last) + 1

    def next(self, channel: str, now_ms: int) -> QueuedMessage | None:
        """The message to send now; None if nothing waits, or the channel pauses."""
        with faults(self._path):
            row = self._db.execute("SELECT next_ms FROM channels WHERE channel = ?", (channel,)).fetchone()
            # A clock that was set back must not stop a channel for longer than its longest wait.
            if row and now_ms < row[0] <= now_ms + int(MAX_WAIT_S * 1_000):
                return None
            row = self._db.execute(
                "SELECT channel, seq, body, made_ms, due_ms FROM messages"
                " WHERE channel = ? AND state = 'waiting' ORDER BY seq, made_ms LIMIT 1",
                (channel,),
            ).fetchone()
        return QueuedMessage(*row) if row else None

    def delivered(self, message: QueuedMessage, now_ms: int) -> None:
        """The host acknowledged it. Deletes it; of a message with a deadline, the time of delivery stays."""
        with faults(self._path), transaction(self._db):
            if message.due_ms is None:
                self._db.execute(f"DELETE FROM messages WHERE {_THIS}", _key(message))  # noqa: S608  our own words
            else:
                self._db.execute(
                    f"UPDATE messages SET state = 'done', body = NULL, why = '', done_ms = ? WHERE {_THIS}",  # noqa: S608  likewise
                    (now_ms, *_key(message)),
                )
            self._db.execute("DELETE FROM channels WHERE channel = ?", (message.channel,))

    def refused(self, message: QueuedMessage, why: str, now_ms: int) -> None:
        """The host refused it: a dead letter. Its body is kept, for `revive` and for staff."""
        with faults(self._path), transaction(self._db):
            self._db.execute(
                f"UPDATE messages SET state = 'dead', why = ?, done_ms = ?, body = ? WHERE {_THIS}",  # noqa: S608  likewise
                (why[:_MAX_WHY_CHARS], now_ms, message.body, *_key(message)),
            )
            self._db.execute("DELETE FROM channels WHERE channel = ?", (message.channel,))

    def failed(self, channel: str, why: str, now_ms: int, *, wait_s: float) -> None:
        """The host did not answer, or asked for a pause: the channel pauses for `wait_s`."""
        with faults(self._path), transaction(self._db):
            self._db.execute(
                "INSERT INTO channels (channel, failures, next_ms, why) VALUES (?, 1, ?, ?)"
                " ON CONFLICT (channel) DO UPDATE SET"
                " failures = failures + 1, next_ms = excluded.next_ms, why = excluded.why",
                (channel, now_ms + int(wait_s * 1_000), why[:_MAX_WHY_CHARS]),
            )

    def revive(self, channel: str) -> int:
        """Queue refused messages again, once the host is repaired; their number."""
        with faults(self._path), transaction(self._db):
            count: int = self._db.execute(
                "UPDATE messages SET state = 'waiting', why = '', done_ms = NULL"
                " WHERE channel = ? AND state = 'dead' AND body IS NOT NULL",
                (channel,),
            ).rowcount
            self._db.execute("DELETE FROM channels WHERE channel = ?", (channel,))
        return count

    def forget(self, seq: int, made_ms: int) -> None:
        """Delete the message with this `seq` and time on every channel. In the caller's transaction."""
        with faults(self._path):
            self._db.execute("DELETE FROM messages WHERE seq = ? AND made_ms = ?", (seq, made_ms))

    def acknowledge(self, channel: str, marks: Iterable[MessageKey], now_ms: int) -> int:
        """Close messages that staff handed over by other means; the number closed."""
        with faults(self._path), transaction(self._db):
            return sum(
                self._db.execute(
                    "UPDATE messages SET state = 'done', body = NULL, why = 'handed over', done_ms = ?"  # noqa: S608  likewise
                    f" WHERE {_THIS} AND state != 'done'",
                    (now_ms, channel, *mark),
                ).rowcount
                for mark in marks
            )

    def waiting(self, channel: str) -> tuple[MessageKey, ...]:
        """Keys of all messages that the host does not have, with those it refused."""
        with faults(self._path):
            return tuple(
                self._db.execute(
                    "SELECT seq, made_ms FROM messages WHERE channel = ? AND state != 'done'"
                    " ORDER BY seq, made_ms",
                    (channel,),
                )
            )

    def kept(self, channel: str) -> tuple[tuple[QueuedMessage, bool], ...]:
        """Every message that has a body, and whether the host refused it."""
        with faults(self._path):
            rows = self._db.execute(
                "SELECT channel, seq, body, made_ms, due_ms, state = 'dead' FROM messages"
                " WHERE channel = ? AND body IS NOT NULL ORDER BY seq, made_ms",
                (channel,),
            )
            return tuple((QueuedMessage(*row[:-1]), bool(row[-1])) for row in rows)

    def expire(self, channel: str, past: VouchedTime, keep: timedelta) -> None:
        """Delete the refused messages that were kept for so long. In the caller's transaction."""
        with faults(self._path):
            self._db.execute(
                "DELETE FROM messages WHERE channel = ? AND state = 'dead' AND made_ms >= ? AND made_ms < ?",
                (channel, *past.made_ms(keep)),
            )

    def give_up(self, channel: str, limits: QueueLimits, past: VouchedTime, now_ms: int) -> None:
        """Give up messages that are too old, and the oldest if too many wait; never one with a deadline.

        `now_ms`: noted with a message that is given up.
        """
        free = "channel = ? AND state = 'waiting' AND due_ms IS NULL"
        with faults(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE messages SET state = 'dead', body = NULL, why = 'too old', done_ms = ?"  # noqa: S608  our own words
                f" WHERE {free} AND made_ms >= ? AND made_ms < ?"
                " AND (NOT ? OR EXISTS (SELECT 1 FROM channels WHERE channels.channel = messages.channel))",
                (now_ms, channel, *past.made_ms(limits.max_age), limits.while_away),
            )
            self._db.execute(
                "UPDATE messages SET state = 'dead', body = NULL, why = 'too many are waiting', done_ms = ?"  # noqa: S608  likewise
                f" WHERE {free} AND seq IN (SELECT seq FROM (SELECT seq, sum(length(body)) OVER"
                f" (ORDER BY seq DESC, made_ms DESC) AS newer FROM messages WHERE {free}) WHERE newer > ?)",
                (now_ms, channel, channel, limits.max_bytes),
            )

    def status(self, channel: str, now_ms: int) -> ChannelStatus:
        """State of a channel."""
        with faults(self._path):
            waiting, size, oldest = self._db.execute(
                "SELECT count(*), coalesce(sum(length(body)), 0), min(made_ms) FROM messages"
                " WHERE channel = ? AND state = 'waiting'",
                (channel,),
            ).fetchone()
            (overdue,) = self._db.execute(
                "SELECT count(*) FROM messages WHERE channel = ? AND state != 'done' AND due_ms <= ?",
                (channel, now_ms),
            ).fetchone()
            (dead,) = self._db.execute(
                "SELECT count(*) FROM messages WHERE channel = ? AND state = 'dead'", (channel,)
            ).fetchone()
            row = self._db.execute(
                "SELECT failures, why FROM channels WHERE channel = ?", (channel,)
            ).fetchone()
        failures, why = row or (0, "")
        return ChannelStatus(channel, waiting, size, oldest, overdue, dead, failures, why)

    def dead(self, channel: str) -> tuple[DeadLetter, ...]:
        """The dead letters of a channel."""
        with faults(self._path):
            rows = self._db.execute(
                "SELECT channel, seq, made_ms, why FROM messages"
                " WHERE channel = ? AND state = 'dead' ORDER BY seq",
                (channel,),
            )
            return tuple(DeadLetter(*row) for row in rows)


def _key(message: QueuedMessage) -> tuple[str, int, int]:
    return message.channel, message.seq, message.made_ms
