"""Announces a device at a broker, and withdraws what is retained of it under an older name or setting."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import structs

from edge.app.parts.trust_folder import open_files
from edge.errors import InputError, StorageFault
from edge.log import log_line
from edge.ports import MqttMessage
from edge.sync.mqtt import memory as mqtt_memory
from edge.sync.mqtt.discovery import announced_by
from edge.sync.mqtt.memory import BrokerMemory, MqttMemory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge.ports import Broker
    from edge.sync.mqtt.discovery import Announcement
    from edge.sync.mqtt.status import MqttTopics


class MqttMemoryFile:
    """The memory about one broker, in the state folder. `broker`: its name and port."""

    def __init__(self, state: Path, broker: str) -> None:
        """`state`: the folder. An unreadable file counts as empty, with a line in the log."""
        self._state = open_files(state)
        self._memory = _read(state)
        self.entry = self._memory.at(broker)

    def save(self, entry: BrokerMemory) -> None:
        """Store this entry, if it is new. Raises StorageFault."""
        if entry != self.entry or entry not in self._memory.brokers:
            memory = self._memory.having(entry)
            self._state.write(mqtt_memory.FILE, mqtt_memory.encode(memory))
            self._memory, self.entry = memory, entry


class MqttAnnouncer:
    """Publishes that the device is there; call `turn` every few seconds.

    `announcement`: for Home Assistant; None: it is switched off, and an old one is withdrawn. An announcement
    waits until the broker has told what it retains there: another device may have it.
    """

    def __init__(
        self,
        broker: Broker,
        topics: MqttTopics,
        memory: MqttMemoryFile,
        *,
        announcement: Announcement | None,
        kept: Iterable[str],
    ) -> None:
        """`kept`: the topics on which this device retains messages besides. Raises StorageFault."""
        self._broker, self._topics, self._memory = broker, topics, memory
        self._announcement = announcement
        self._ours = {*memory.entry.topics, topics.availability}
        self._is_ready = False
        self._is_announced = False
        kept = tuple(kept)
        wanted = {*kept, *((announcement.topic,) if announcement else ())}
        self._old = [topic for topic in memory.entry.topics if topic not in wanted]
        entry = memory.entry.with_topics(*kept)
        if announcement is None or announcement.topic not in entry.topics:
            entry = structs.replace(entry, parts={})  # those of another announcement, withdrawn as a whole
        memory.save(entry)
        broker.publish(topics.birth)
        for topic in self._old:
            broker.publish(MqttMessage(topic, ""))

    def turn(self, heard: Iterable[MqttMessage]) -> None:
        """Take the messages that were heard since the last call."""
        self._withdraw()
        if self._announcement is None:
            return
        others = {
            other
            for message in heard
            if message.topic == self._announcement.topic and (other := announced_by(message.payload))
        }
        if others - self._ours:
            self._refuse(min(others - self._ours))
        elif not self._is_announced and self._is_ready:
            self._announce(self._announcement)
        self._is_ready = self._broker.acknowledged(self._topics.birth)

    def repeat(self) -> None:
        """Publish what is announced once more: a broker may have lost it."""
        self._broker.publish(self._topics.birth)
        if self._announcement is not None and self._is_announced:
            self._announce(self._announcement)

    def _announce(self, announcement: Announcement) -> None:
        entry = self._memory.entry.with_topics(announcement.topic)
        message = announcement.message(entry.parts)
        entry = structs.replace(entry, parts=entry.parts | announcement.platforms)
        with suppress(StorageFault):  # remembered before it is published; else the next turn tries again
            self._memory.save(entry)
            self._broker.publish(message)
            self._is_announced = True

    def _withdraw(self) -> None:
        """Forget the old topics that the broker has cleared."""
        for topic in list(self._old):
            if self._broker.acknowledged(MqttMessage(topic, "")):
                with suppress(StorageFault):  # then it is cleared once more after the next start
                    self._memory.save(self._memory.entry.without(topic))
                self._broker.forget(topic)
                self._old.remove(topic)

    def _refuse(self, other: str) -> None:
        """Leave the topic to the other device, which may be at work."""
        assert self._announcement is not None
        topic, self._announcement = self._announcement.topic, None
        self._broker.forget(topic)
        with suppress(StorageFault):  # the announcement there is not ours to withdraw
            self._memory.save(structs.replace(self._memory.entry.without(topic), parts={}))
        ours, theirs = (each.removesuffix("/availability") for each in (self._topics.availability, other))
        log_line(
            "mqtt",
            level="error",
            state="not announced",
            why=f'Home Assistant would take "{ours}" and "{theirs}" for one device',
            hint="give one of the two another [device] id; if the other one is gone, clear its announcement: "
            f"mosquitto_pub -r -n -t {topic}",
        )


def warn_without_broker(state: Path) -> None:
    """Log that a broker still announces this device, if the configuration no longer names a broker."""
    left = [entry.broker for entry in _read(state).brokers if entry.topics]
    if left:
        log_line(
            "mqtt",
            level="warning",
            state="still announced",
            brokers=left,
            hint="name the broker in [mqtt] host once more with home_assistant = false, run doorward sync "
            f"--watch once, then remove [mqtt] and {mqtt_memory.FILE} in the state folder",
        )


def _read(state: Path) -> MqttMemory:
    if not os.path.exists(state / mqtt_memory.FILE):  # noqa: PTH110  Path.exists raises for what can be no name
        return MqttMemory()
    try:
        return mqtt_memory.decode(
            open_files(state).read(mqtt_memory.FILE, limit=mqtt_memory.MAX_MEMORY_BYTES)
        )
    except (InputError, StorageFault) as error:
        log_line("mqtt", level="warning", state="memory lost", why=error.message, hint=error.hint)
        return MqttMemory()
