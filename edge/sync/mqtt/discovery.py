"""The announcement of a device to Home Assistant (MQTT device discovery): sensors, and a button for a sync.

Home Assistant knows the device by the topic of its announcement. Two devices with one id under different
`[mqtt] topic` would share it, so the announcement of the other one is recognised by its availability topic.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge.formats.untrusted_text import UnreadableText, typed_json
from edge.ports import MqttMessage
from edge.sync.mqtt.status import SYNC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.sync.mqtt.status import MqttTopics

DISCOVERY: Final = "homeassistant/device"
_TIMES: Final = {
    "lists_issued": "Lists",
    "keys_issued": "Keys",
    "synced": "Last sync",
    "noted": "Last message",
}
_OURS: Final = re.compile(r"[a-z0-9][a-z0-9/._-]{0,199}\Z")

_Parts = dict[str, dict[str, object]]


class _Announced(Struct, frozen=True):
    """The part of an announcement that names its device; the rest is ignored."""

    avty_t: Annotated[str, Meta(max_length=300)]


_decoder = msgspec.json.Decoder(_Announced)


class Announcement:
    """The announcement of one device."""

    def __init__(self, topics: MqttTopics, software: str) -> None:
        self._topics = topics
        self._software = software
        # A device id has no "_", so two ids never become one here.
        self._node = f"doorward_{topics.device.replace('.', '_')}"

    @property
    def topic(self) -> str:
        """The topic where the broker retains the announcement."""
        return f"{DISCOVERY}/{self._node}/config"

    @property
    def platforms(self) -> dict[str, str]:
        """Each part of the announcement with its platform."""
        return {key: str(part["p"]) for key, part in self._parts().items()}

    def message(self, before: Mapping[str, str]) -> MqttMessage:
        """The announcement. `before`: parts that were announced; those that are gone are removed by it."""
        gone = {key: {"p": platform} for key, platform in before.items() if key not in self.platforms}
        return MqttMessage(
            self.topic,
            _json(
                {
                    "dev": {
                        "ids": [self._node],
                        "name": self._topics.device,
                        "mf": "Doorward",
                        "sw": self._software,
                    },
                    "o": {"name": "doorward", "sw": self._software},
                    "avty_t": self._topics.availability,
                    "stat_t": self._topics.state,
                    "cmps": gone | self._parts(),
                }
            ),
        )

    def _parts(self) -> _Parts:
        parts: _Parts = {
            key: self._sensor(key, name, device_class="timestamp") for key, name in _TIMES.items()
        }
        parts["free_mb"] = self._sensor(
            "free_mb", "Free disk", device_class="data_size", unit_of_measurement="MB"
        )
        parts["note"] = self._sensor("note", "Message to staff")
        parts["clock"] = self._sensor("clock", "Clock", device_class="problem") | {
            "p": "binary_sensor",
            "payload_on": "suspect",
            "payload_off": "trusted",
        }
        if self._topics.commands:
            parts["sync"] = {
                "p": "button",
                "name": "Sync now",
                "command_topic": self._topics.command,
                "payload_press": SYNC,
                "unique_id": f"{self._node}_sync",
                "entity_category": "config",
            }
        return parts

    def _sensor(self, key: str, name: str, **more: str) -> dict[str, object]:
        return {
            "p": "sensor",
            "name": name,
            "value_template": f"{{{{ value_json.{key} }}}}",
            "unique_id": f"{self._node}_{key}",
            "entity_category": "diagnostic",
            **more,
        }


def announced_by(payload: str) -> str | None:
    """The availability topic in an announcement at the broker; None for any other text.

    A topic that no device of ours can have is "another program": no text from outside goes to a log.
    """
    try:
        topic = typed_json(payload.encode(), _decoder).avty_t
    except UnreadableText:
        return None
    return topic if _OURS.match(topic) else "another program"


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
