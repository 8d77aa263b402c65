"""Store of a library entrance in one SQLite file: pseudonyms as digests, all else sealed (identity.py).

The passage reads from memory only; the worker's thread and commands write the file.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge.delivery.queue import DeliveryQueue, QueuedMessage
from edge.sqlite import connect, faults, make_tables, transaction
from edge.venues.library.lending import Lend, TakeBack
from edge.venues.library.offline_queue import OfflineEntry, OfflineState, UploadedEntry
from edge.venues.library.rules import SeenPatron
from edge.venues.library.sip2.messages import Malformed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Self

    from edge.card.person import Person
    from edge.venues.library.identity import Vault
    from edge.venues.library.sip2.replies import Circulated
    from edge.vouched_time import VouchedTime

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS patrons (name BLOB PRIMARY KEY, sealed BLOB) STRICT;
CREATE TABLE IF NOT EXISTS seen (name BLOB PRIMARY KEY, day INTEGER, alone INTEGER) STRICT
"""
CHANNEL: Final = "library"
_BUSY_S: Final = 10.0  # a command and the entrance may write at the same time
_EPOCH: Final = date(1970, 1, 1)


class LibraryStore:
    """Entries made offline, bound patrons, and recent entries. Raises StorageFault. For any thread."""

    def __init__(self, path: Path, vault: Vault) -> None:
        """Open the file, or make it, with mode 0600."""
        self._path, self._vault = path, vault
        self._lock = threading.RLock()
        self._db = connect(path, busy_s=_BUSY_S, any_thread=True, prepare=lambda db: make_tables(db, _TABLES))
        try:
            self._queue = DeliveryQueue(self._db, path)
            with faults(path):
                self.roll: dict[bytes, bytes] = {}
                self._version: int | None = None
                self.refresh()
                self._seen = {
                    name: SeenPatron(_EPOCH + timedelta(day), bool(alone))
                    for name, day, alone in self._db.execute("SELECT name, day, alone FROM seen")
                }
        except BaseException:
            self._db.close()
            raise

    def refresh(self) -> None:
        """Load the bindings if a command has changed them; cheap if not."""
        with self._lock, faults(self._path):
            (version,) = self._db.execute("PRAGMA data_version").fetchone()  # others' commits change it
            if version == self._version:
                return
            now = dict(self._db.execute("SELECT name, sealed FROM patrons"))
            self._version = version
        self.roll.update(now)  # never emptied: the passage reads it at any time
        for name in self.roll.keys() - now.keys():
            self.roll.pop(name, None)

    def bind(self, pairs: Iterable[tuple[Person, str]]) -> int:
        """Bind persons to patrons' numbers, in place of earlier ones; their number."""
        rows = [(self._vault.person(person), self._vault.seal(number)) for person, number in pairs]
        with self._writing() as db:
            db.executemany("INSERT OR REPLACE INTO patrons (name, sealed) VALUES (?, ?)", rows)
        self.roll.update(rows)
        return len(rows)

    def unbind(self, person: Person) -> None:
        """Delete the binding of this person."""
        name = self._vault.person(person)
        with self._writing() as db:
            db.execute("DELETE FROM patrons WHERE name = ?", (name,))
        self.roll.pop(name, None)

    def seen(self, number: str) -> SeenPatron | None:
        """The last entry of a patron, from memory; None if it is not known."""
        return self._seen.get(self._vault.patron(number))

    def remember(self, number: str, seen: SeenPatron) -> None:
        """Store that the library system admitted this patron."""
        name = self._vault.patron(number)
        if self._seen.get(name) == seen:
            return
        with self._writing() as db:
            row = (name, (seen.day - _EPOCH).days, int(seen.alone))
            db.execute("INSERT OR REPLACE INTO seen (name, day, alone) VALUES (?, ?, ?)", row)
        self._seen[name] = seen

    def forget(self, number: str) -> None:
        """Delete the last entry of a patron whom the library system refuses."""
        name = self._vault.patron(number)
        if self._seen.pop(name, None) is not None:
            with self._writing() as db:
                db.execute("DELETE FROM seen WHERE name = ?", (name,))

    def add(self, act: Lend | TakeBack, at: datetime) -> OfflineEntry:
        """Store an entry; it is durable when this returns."""
        with self._writing():
            seq = self._queue.next_seq(CHANNEL)
            self._queue.put(QueuedMessage(CHANNEL, seq, self._sealed(act, ()), int(at.timestamp() * 1_000)))
        return OfflineEntry(seq, act, at)

    def entries(self, state: OfflineState | None = None) -> Sequence[OfflineEntry]:
        """The entries in this state, or all, the oldest first."""
        with self._lock:
            kept = self._queue.kept(CHANNEL)
        entries = (self._entry(*one) for one in kept)
        return tuple(entry for entry in entries if state in (None, entry.state))

    def first(self) -> OfflineEntry | None:
        """The oldest entry that waits."""
        with self._lock:
            message = self._queue.next(CHANNEL, now_ms=0)  # the worker has its own pauses
        return None if message is None else self._entry(message)

    def count(self, state: OfflineState) -> int:
        """Number of entries in this state."""
        with self._lock:
            status = self._queue.status(CHANNEL, now_ms=0)
        return status.dead if state is OfflineState.REFUSED else status.waiting

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock for sending entries, against this process and others."""
        with faults(self._path):
            file = os.open(f"{self._path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            with faults(self._path):
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def tell_first(self, tell: Callable[[OfflineEntry], Circulated]) -> UploadedEntry | None:
        """Send the oldest waiting entry to the system; None: none waits. A refused entry is kept.

        A return must never overtake the loan before it: without a reply (`tell` raises HostFault) the entry
        and all behind it go on waiting. An invalid reply would be invalid again tomorrow: it is a conflict.
        Raises HostFault.
        """
        entry = self.first()
        if entry is None:
            return None
        try:
            result = tell(entry)
        except Malformed as fault:
            refused: tuple[str, ...] | None = (fault.message,)
        else:
            refused = None if result.done else result.lines
        if refused is None:
            self.erase(entry.seq)
        else:
            self.refuse(entry.seq, refused)
        return UploadedEntry(entry, refused)

    def refuse(self, seq: int, lines: tuple[str, ...]) -> None:
        with self._lock:
            for message in self._messages(seq):
                body = self._sealed(self._entry(message).act, lines)
                self._queue.refused(replace(message, body=body), "", message.made_ms)

    def erase(self, seq: int) -> None:
        with self._writing():
            for message in self._messages(seq):
                self._queue.forget(seq, message.made_ms)

    def expire(self, past: VouchedTime, *, seen_days: int, refused_days: int) -> None:
        """Delete old entries of patrons and old conflicts; waiting entries are kept."""
        oldest = (past.at.date() - _EPOCH).days - seen_days
        with self._writing() as db:
            db.execute("DELETE FROM seen WHERE day < ?", (oldest,))
            self._queue.expire(CHANNEL, past, timedelta(days=refused_days))
        self._seen = {name: seen for name, seen in self._seen.items() if (seen.day - _EPOCH).days >= oldest}

    def close(self) -> None:
        """Safe to call again."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sealed(self, act: Lend | TakeBack, lines: tuple[str, ...]) -> bytes:
        patron = act.patron if isinstance(act, Lend) else None
        return self._vault.seal(json.dumps([patron, act.item, lines]))

    def _messages(self, seq: int) -> list[QueuedMessage]:
        return [message for message, _ in self._queue.kept(CHANNEL) if message.seq == seq]

    def _entry(self, message: QueuedMessage, is_refused: bool = False) -> OfflineEntry:  # noqa: FBT001, FBT002  as `kept` pairs them
        patron, item, lines = json.loads(self._vault.open(message.body))
        act = TakeBack(item) if patron is None else Lend(patron, item)
        at = datetime.fromtimestamp(message.made_ms / 1_000, UTC)
        state = OfflineState.REFUSED if is_refused else OfflineState.WAITING
        return OfflineEntry(message.seq, act, at, state, tuple(lines))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, faults(self._path), transaction(self._db):
            yield self._db
