"""Tells staff over a broker: each message in the journal, in order, until the broker has acknowledged it."""

from __future__ import annotations

import os
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec import structs

from edge.audit.errors import JournalBroken
from edge.audit.record import decode
from edge.errors import StorageFault
from edge.log import log_line
from edge.policy.staff_messages import staff_messages
from edge.upload.journal_reader import open_journal_reader

if TYPE_CHECKING:
    from pathlib import Path

    from edge.app.sync.mqtt_announcer import MqttMemoryFile
    from edge.audit.record import JournalEntry
    from edge.ports import Broker, MqttMessage
    from edge.sync.mqtt.status import MqttTopics

AT_ONCE: Final = 500  # records in one turn: 10 ms; a backlog of a day takes some turns
RECENT: Final = 500  # records in which the last message is looked for at the start


class StaffTopic:
    """The topic for staff of one device. Call `turn` every few seconds; it never waits for the broker.

    The place in the journal is in the memory about this broker: a restart or an outage loses no message, and
    repeats at most the last one. `in_clear`: False publishes nothing there, and only keeps `note` up to date.
    """

    def __init__(
        self, journal: Path, broker: Broker, topics: MqttTopics, memory: MqttMemoryFile, *, in_clear: bool
    ) -> None:
        self.note: str | None = None
        self.noted: datetime | None = None
        self._journal, self._broker, self._topics, self._memory = journal, broker, topics, memory
        self._in_clear = in_clear
        self._waiting: deque[tuple[int, MqttMessage]] = deque()
        self._sent: MqttMessage | None = None
        self._next: int | None = None  # the first record that was not read yet
        self._state: object = None  # of the journal's files at the last look
        self._fails = False

    def turn(self) -> None:
        """Read new records, and publish the next message if the broker has the last one."""
        try:
            self._read()
            self._fails = False
        except (StorageFault, JournalBroken) as error:
            if not self._fails:
                log_line("mqtt", level="warning", state="staff not told", why=error.message, hint=error.hint)
            self._fails = True
        if self._sent is not None:
            if not self._broker.acknowledged(self._sent):
                return
            self._sent = None
            seq, _ = self._waiting.popleft()
            if not self._waiting:
                self._remember(max(seq + 1, self._next or 0))
            elif self._waiting[0][0] != seq:
                self._remember(seq + 1)
        if self._waiting:
            _, self._sent = self._waiting[0]
            self._broker.publish(self._sent)

    def _read(self) -> None:
        """Read the records that are new. Raises StorageFault, JournalBroken."""
        state = _state(self._journal)
        if state is None and self._memory.entry.next is None:
            self._remember(0)  # a new device: its very first message is told too
        if state is None or state == self._state or len(self._waiting) > AT_ONCE:
            return
        with open_journal_reader(self._journal) as reader:
            start, size = self._start(reader.first, reader.size), reader.size
            stop = min(size, start + AT_ONCE)
            entries = [decode(body) for body in reader.bodies(start, stop)]
        for entry in entries:
            self._take(entry)
        self._next = stop
        if stop == size:  # else the next turn reads on
            self._state = state
        if not self._waiting:
            self._remember(max(stop, self._memory.entry.next or 0))

    def _start(self, first: int, size: int) -> int:
        if self._next is not None and self._next <= size:
            return max(first, self._next)
        told = self._memory.entry.next
        if told is None or told > size:  # a new broker, or a new journal: nothing old is told
            self._remember(told := size if told is None else 0)
        return max(first, min(told, max(0, size - RECENT)))

    def _take(self, entry: JournalEntry) -> None:
        messages = staff_messages(entry.record)
        if not messages:
            return
        self.note = messages[0].word
        self.noted = datetime.fromtimestamp(entry.record.time_ms / 1_000, UTC)
        if self._in_clear and entry.seq >= (self._memory.entry.next or 0):
            self._waiting.extend((entry.seq, self._topics.told(entry, message)) for message in messages)

    def _remember(self, seq: int) -> None:
        """Store that all records before `seq` were told; after a disk error some are told once more."""
        try:
            self._memory.save(structs.replace(self._memory.entry, next=seq))
        except StorageFault as fault:
            log_line("mqtt", level="warning", state="memory not written", why=fault.message, hint=fault.hint)


def _state(journal: Path) -> object:
    """Size and time of the journal's newest files; None: there is no journal yet."""
    found = []
    for name in (journal, journal.with_name(f"{journal.name}-wal")):
        try:
            status = os.stat(name)  # noqa: PTH116  Path.stat raises ValueError for what can be no name
        except (OSError, ValueError):
            continue
        found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found) or None
