"""Topics and payloads of a device at an MQTT broker, without the connection.

    <base>/<device>/availability   "online", or "offline" as the last will; retained
    <base>/<device>/status         one JSON object, retained; ages and versions, no names of people
    <base>/<device>/wake           any payload: asks the device to sync
    <base>/wake                    any payload: asks all devices to sync
    <base>/<device>/command        "sync", if commands are enabled

A broker is not trusted. It can only start a sync that would come anyway, at most once a minute. No message
moves a strike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.ports import MqttMessage

if TYPE_CHECKING:
    from datetime import datetime

ONLINE, OFFLINE = "online", "offline"
SYNC: Final = "sync"
WAKE_EVERY_MS: Final = 60_000  # a faulty broker makes the device sync once a minute at most
SPREAD_MS: Final = 30_000  # devices answer a wake-up for all within half a minute, not all in one second
DISCOVERY: Final = "homeassistant/device"


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """The state of a device, for an operator. Times are aware UTC; None if there is none yet."""

    software: str
    clock_suspect: bool
    lists_issued: datetime | None
    keys_issued: datetime | None
    synced: datetime | None
    free_mb: int | None


class MqttTopics:
    """The topics and messages of one device."""

    def __init__(self, base: str, device: str, *, commands: bool = False) -> None:
        self._base, self._device, self._commands = base, device, commands
        self._own = f"{base}/{device}"

    @property
    def will(self) -> MqttMessage:
        """The last will, which the broker publishes when the connection is lost."""
        return MqttMessage(f"{self._own}/availability", OFFLINE)

    @property
    def birth(self) -> MqttMessage:
        """The first message after each connection."""
        return MqttMessage(f"{self._own}/availability", ONLINE)

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The topics that a device subscribes to."""
        wakes = (f"{self._base}/wake", f"{self._own}/wake")
        return (*wakes, f"{self._own}/command") if self._commands else wakes

    def status(self, status: StatusMessage) -> MqttMessage:
        """The retained message with the state of the device."""
        return MqttMessage(
            f"{self._own}/status",
            _json(
                {
                    "software": status.software,
                    "clock": "suspect" if status.clock_suspect else "trusted",
                    "lists_issued": _iso(status.lists_issued),
                    "keys_issued": _iso(status.keys_issued),
                    "synced": _iso(status.synced),
                    "free_mb": status.free_mb,
                }
            ),
        )

    def asks_for_sync(self, message: MqttMessage) -> bool:
        """Whether a received message asks for a sync."""
        if message.topic == f"{self._own}/command":
            return self._commands and message.payload == SYNC
        return message.topic in (f"{self._base}/wake", f"{self._own}/wake")

    def is_for_all(self, message: MqttMessage) -> bool:
        """Whether every device received this message, so that they should not all answer at once."""
        return message.topic == f"{self._base}/wake"

    def discovery(self, software: str) -> MqttMessage:
        """The announcement to Home Assistant (MQTT device discovery): sensors only, no switch."""
        node = f"doorward_{self._device.replace('.', '_')}"
        parts: dict[str, dict[str, object]] = {
            key: {
                "p": "sensor",
                "name": name,
                "device_class": "timestamp",
                "value_template": f"{{{{ value_json.{key} }}}}",
                "unique_id": f"{node}_{key}",
                "entity_category": "diagnostic",
            }
            for key, name in (("lists_issued", "Lists"), ("keys_issued", "Keys"), ("synced", "Last sync"))
        }
        parts["free_mb"] = {
            "p": "sensor",
            "name": "Free disk",
            "device_class": "data_size",
            "unit_of_measurement": "MB",
            "value_template": "{{ value_json.free_mb }}",
            "unique_id": f"{node}_free_mb",
            "entity_category": "diagnostic",
        }
        parts["clock"] = {
            "p": "binary_sensor",
            "name": "Clock",
            "device_class": "problem",
            "payload_on": "suspect",
            "payload_off": "trusted",
            "value_template": "{{ value_json.clock }}",
            "unique_id": f"{node}_clock",
            "entity_category": "diagnostic",
        }
        if self._commands:
            parts["sync"] = {
                "p": "button",
                "name": "Sync now",
                "command_topic": f"{self._own}/command",
                "payload_press": SYNC,
                "unique_id": f"{node}_sync",
                "entity_category": "config",
            }
        return MqttMessage(
            f"{DISCOVERY}/{node}/config",
            _json(
                {
                    "dev": {"ids": [node], "name": self._device, "mf": "Doorward", "sw": software},
                    "o": {"name": "doorward", "sw": software},
                    "avty_t": f"{self._own}/availability",
                    "stat_t": f"{self._own}/status",
                    "cmps": parts,
                }
            ),
        )


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
