"""Queue in SQLite of what other systems are to be told; it outlives a power cut. DELIVERY.md.

Each channel goes to one system, in order, one message at a time: a host that is away holds up its own channel
only, and one that has refused a message does not hold up the next. Bodies with anything personal in them are
sealed before they come here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.retry import RetrySchedule
from edge.sqlite import faults, make_tables, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

# A service that restarts is back in 2 s; a quarter of an hour after a host is back everything is on its way.
RETRY: Final = RetrySchedule(first_s=2.0, longest_s=900.0, jitter=0.5)
MAX_WAIT_S: Final = 3_600.0 + RETRY.longest_s  # a Post honours an hour of Retry-After
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
    """How much of one channel is kept, and for how long. What is owed by law is never given up."""

    max_bytes: int = 64 * 1024 * 1024  # 60,000 registrations: a host that is away for a season
    max_age_ms: int = 30 * 86_400_000


KEEP_ALL: Final = QueueLimits(max_bytes=2**62, max_age_ms=2**62)


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """One body on its way. `due_ms`: UTC milliseconds by which it is owed; None where nobody waits for it.

    `seq` and `made_ms` together name it: a journal that was replaced begins anew with its numbers.
    """

    channel: str
    seq: int
    body: bytes = field(repr=False)
    made_ms: int
    due_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """How one channel stands: counts, the bytes that wait, since when, and what went wrong last."""

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
    """A message that nobody tries to deliver any more, and why."""

    channel: str
    seq: int
    made_ms: int
    why: str


class DeliveryQueue:
    """The queue in a database that may hold other tables, so that both change in one transaction."""

    def __init__(self, db: sqlite3.Connection, path: Path, limits: QueueLimits | None = None) -> None:
        """Raises StorageFault, as everything here does."""
        self._db = db
        self._path = path
        self._limits = limits or QueueLimits()
        with faults(path):
            make_tables(db, _TABLES)

    def put(self, message: QueuedMessage) -> None:
        """Take a message; the same one again changes nothing. In the caller's transaction."""
        with faults(self._path):
            self._db.execute(
                "INSERT OR IGNORE INTO messages (channel, seq, body, state, why, made_ms, due_ms)"
                " VALUES (?, ?, ?, 'waiting', '', ?, ?)",
                (message.channel, message.seq, message.body, message.made_ms, message.due_ms),
            )

    def next_seq(self, channel: str) -> int:
        """A number for a message that brings none of its own. In the caller's transaction."""
        with faults(self._path):
            (last,) = self._db.execute(
                "SELECT coalesce(max(seq), 0) FROM messages WHERE channel = ?", (channel,)
            ).fetchone()
        return int(last) + 1

    def next(self, channel: str, now_ms: int) -> QueuedMessage | None:
        """What to deliver now; None where there is nothing, or its host is left alone for a while."""
        self._give_up(channel, now_ms)
        with faults(self._path):
            row = self._db.execute("SELECT next_ms FROM channels WHERE channel = ?", (channel,)).fetchone()
            # A clock that was set back must not silence a channel for longer than it ever waits.
            if row and now_ms < row[0] <= now_ms + int(MAX_WAIT_S * 1_000):
                return None
            row = self._db.execute(
                "SELECT channel, seq, body, made_ms, due_ms FROM messages"
                " WHERE channel = ? AND state = 'waiting' ORDER BY seq, made_ms LIMIT 1",
                (channel,),
            ).fetchone()
        return QueuedMessage(*row) if row else None

    def delivered(self, message: QueuedMessage, now_ms: int) -> None:
        """The host has it. Its body is forgotten; of what was owed, the time of delivery stays."""
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
        """The host will never take it as it is. The message's body is kept, for `revive` and for staff."""
        with faults(self._path), transaction(self._db):
            self._db.execute(
                f"UPDATE messages SET state = 'dead', why = ?, done_ms = ?, body = ? WHERE {_THIS}",  # noqa: S608  likewise
                (why[:_MAX_WHY_CHARS], now_ms, message.body, *_key(message)),
            )
            self._db.execute("DELETE FROM channels WHERE channel = ?", (message.channel,))

    def failed(self, channel: str, why: str, now_ms: int, *, wait_s: float) -> None:
        """The host did not answer, or wants to be left alone for this long."""
        with faults(self._path), transaction(self._db):
            self._db.execute(
                "INSERT INTO channels (channel, failures, next_ms, why) VALUES (?, 1, ?, ?)"
                " ON CONFLICT (channel) DO UPDATE SET"
                " failures = failures + 1, next_ms = excluded.next_ms, why = excluded.why",
                (channel, now_ms + int(wait_s * 1_000), why[:_MAX_WHY_CHARS]),
            )

    def revive(self, channel: str) -> int:
        """Try again what was refused, now that the host was mended; how many that are."""
        with faults(self._path), transaction(self._db):
            count: int = self._db.execute(
                "UPDATE messages SET state = 'waiting', why = '', done_ms = NULL"
                " WHERE channel = ? AND state = 'dead' AND body IS NOT NULL",
                (channel,),
            ).rowcount
            self._db.execute("DELETE FROM channels WHERE channel = ?", (channel,))
        return count

    def forget(self, seq: int, made_ms: int) -> None:
        """Leave nothing of what was made then, on any channel. In the caller's transaction."""
        with faults(self._path):
            self._db.execute("DELETE FROM messages WHERE seq = ? AND made_ms = ?", (seq, made_ms))

    def acknowledge(self, channel: str, marks: Iterable[MessageKey], now_ms: int) -> int:
        """A person has handed these over; how many messages that closed."""
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
        """What a host does not have, what it refused with it."""
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

    def expire(self, channel: str, before_ms: int) -> None:
        """Leave nothing of what was made before then and refused. In the caller's transaction."""
        with faults(self._path):
            self._db.execute(
                "DELETE FROM messages WHERE channel = ? AND state = 'dead' AND made_ms < ?",
                (channel, before_ms),
            )

    def status(self, channel: str, now_ms: int) -> ChannelStatus:
        """How a channel stands."""
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
        """What is not tried any more."""
        with faults(self._path):
            rows = self._db.execute(
                "SELECT channel, seq, made_ms, why FROM messages"
                " WHERE channel = ? AND state = 'dead' ORDER BY seq",
                (channel,),
            )
            return tuple(DeadLetter(*row) for row in rows)

    def _give_up(self, channel: str, now_ms: int) -> None:
        """Let go of what is too old, and of the oldest where there is too much; never of what is owed."""
        limits = self._limits
        if limits == KEEP_ALL:
            return
        free = "channel = ? AND state = 'waiting' AND due_ms IS NULL"
        with faults(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE messages SET state = 'dead', body = NULL, why = 'too old', done_ms = ?"  # noqa: S608  our own words
                f" WHERE {free} AND made_ms < ?",
                (now_ms, channel, now_ms - limits.max_age_ms),
            )
            self._db.execute(
                "UPDATE messages SET state = 'dead', body = NULL, why = 'too many are waiting', done_ms = ?"  # noqa: S608  likewise
                f" WHERE {free} AND seq IN (SELECT seq FROM (SELECT seq, sum(length(body)) OVER"
                f" (ORDER BY seq DESC, made_ms DESC) AS newer FROM messages WHERE {free}) WHERE newer > ?)",
                (now_ms, channel, channel, limits.max_bytes),
            )


def _key(message: QueuedMessage) -> tuple[str, int, int]:
    return message.channel, message.seq, message.made_ms
