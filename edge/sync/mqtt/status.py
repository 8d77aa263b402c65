"""Topics and payloads of a device at an MQTT broker, without the connection.

    <base>/<device>/availability   "online", or "offline" as the last will; retained
    <base>/<device>/status         one JSON object, retained; ages and versions, no names of people
    <base>/<device>/staff          one JSON object for each message to staff, the last one retained
    <base>/<device>/wake           any payload: asks the device to sync
    <base>/wake                    any payload: asks all devices to sync
    <base>/<device>/command        "sync", if commands are enabled

MQTT.md describes each of them. The status may be on a screen at the door, so its word for duress is neutral;
the topic for staff says everything.

A broker is not trusted. It can only start a sync that would come anyway, at most once a minute. No message
moves a strike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.audit.export import utc
from edge.audit.record import Passage, Visited
from edge.ports import MqttMessage

if TYPE_CHECKING:
    from datetime import datetime

    from edge.audit.record import JournalEntry
    from edge.policy.staff_messages import StaffMessage

ONLINE, OFFLINE = "online", "offline"
SYNC: Final = "sync"
WAKE_EVERY_MS: Final = 60_000  # a faulty broker makes the device sync once a minute at most
SPREAD_MS: Final = 30_000  # devices answer a wake-up for all within half a minute, not all in one second


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """The state of a device, for an operator. Times are aware UTC; None if there is none yet.

    `note`: the last message to staff as a screen may show it; `noted`: its time.
    """

    software: str
    clock_suspect: bool
    lists_issued: datetime | None
    keys_issued: datetime | None
    synced: datetime | None
    free_mb: int | None
    note: str | None = None
    noted: datetime | None = None


class MqttTopics:
    """The topics and messages of one device."""

    def __init__(self, base: str, device: str, *, commands: bool = False) -> None:
        self.device = device
        self.commands = commands
        self._base = base
        self._own = f"{base}/{device}"
        self.availability = f"{self._own}/availability"
        self.state = f"{self._own}/status"
        self.staff = f"{self._own}/staff"
        self.command = f"{self._own}/command"

    @property
    def client_id(self) -> str:
        """The name of this connection: a second one of the same name would end the first.

        Devices of one id under different topics are two clients. No device id has a "_", so a name that
        begins with this one and "_" belongs to this device.
        """
        return f"doorward-{self.device}" if self._base == "doorward" else self._own

    @property
    def of_check(self) -> tuple[str, ...]:
        """The topics where `doorward check work` retains a message."""
        return (f"{self._own}/check/availability", f"{self._own}/check/result")

    @property
    def will(self) -> MqttMessage:
        """The last will, which the broker publishes when the connection is lost."""
        return MqttMessage(self.availability, OFFLINE)

    @property
    def birth(self) -> MqttMessage:
        """The first message after each connection."""
        return MqttMessage(self.availability, ONLINE)

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The topics that a device subscribes to."""
        wakes = (f"{self._base}/wake", f"{self._own}/wake")
        return (*wakes, self.command) if self.commands else wakes

    def status(self, status: StatusMessage) -> MqttMessage:
        """The retained message with the state of the device."""
        return MqttMessage(
            self.state,
            _json(
                {
                    "software": status.software,
                    "clock": "suspect" if status.clock_suspect else "trusted",
                    "lists_issued": _iso(status.lists_issued),
                    "keys_issued": _iso(status.keys_issued),
                    "synced": _iso(status.synced),
                    "free_mb": status.free_mb,
                    "note": status.note,
                    "noted": _iso(status.noted),
                }
            ),
        )

    def told(self, entry: JournalEntry, message: StaffMessage) -> MqttMessage:
        """One message to staff, in clear: only staff may read this topic."""
        record = entry.record
        passage = record if isinstance(record, Passage) else None
        visit = passage.visit if passage else None
        return MqttMessage(
            self.staff,
            _json(
                {
                    "code": message.code,
                    "level": message.level.name.lower(),
                    "door": record.door,
                    "record": entry.seq,
                    "time": utc(record.time_ms),
                    "outcome": passage.outcome.value if passage else None,
                    "reason": passage.reason if passage else None,
                    "path": visit.path.value if isinstance(visit, Visited) else None,
                    "card": passage.card if passage else None,
                }
            ),
        )

    def asks_for_sync(self, message: MqttMessage) -> bool:
        """Whether a received message asks for a sync."""
        if message.topic == self.command:
            return self.commands and message.payload == SYNC
        return message.topic in (f"{self._base}/wake", f"{self._own}/wake")

    def is_for_all(self, message: MqttMessage) -> bool:
        """Whether every device received this message, so that they should not all answer at once."""
        return message.topic == f"{self._base}/wake"


class WakeRateLimit:
    """Limits wake-ups to one a minute, and delays those for all devices by a random time."""

    def __init__(self) -> None:
        self._due_ms: int | None = None
        self._last_ms: int | None = None

    def hear(self, tick_ms: int, *, to_all: bool, random_number: int) -> None:
        """Take a wake-up. `random_number`: a random number of any size, for the delay of one `to_all`."""
        if self._due_ms is None:
            earliest = tick_ms if self._last_ms is None else max(tick_ms, self._last_ms + WAKE_EVERY_MS)
            self._due_ms = earliest + (random_number % SPREAD_MS if to_all else 0)

    def due(self, tick_ms: int) -> bool:
        """Whether to sync now; each wake-up counts once."""
        if self._due_ms is None or tick_ms < self._due_ms:
            return False
        self._due_ms, self._last_ms = None, tick_ms
        return True


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
