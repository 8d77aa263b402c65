"""Connects a device to the broker of its configuration, for its status and for sync requests."""

from __future__ import annotations

import secrets
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.app.parts.camera import system_clock
from edge.app.parts.network import open_broker
from edge.app.sync.mqtt_announcer import MqttAnnouncer, MqttMemoryFile, warn_without_broker
from edge.app.sync.staff_topic import StaffTopic
from edge.audit.record import ClockTrust
from edge.sync.mqtt.discovery import Announcement
from edge.sync.mqtt.status import MqttTopics, StatusMessage, WakeRateLimit
from edge.version import software_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.config import Config
    from edge.ports import Broker
    from edge.upload.batch import DeviceStatus


@dataclass(frozen=True, slots=True)
class MqttStatus:
    """A device that is connected to a broker. Call `sync_requested` every few seconds."""

    broker: Broker
    topics: MqttTopics
    _announcer: MqttAnnouncer
    _staff: StaffTopic
    _gate: WakeRateLimit

    def tell(self, status: DeviceStatus, *, synced: datetime | None) -> None:
        """Publish the device's status; also what a broker without a disk may have lost."""
        self._announcer.repeat()
        self._staff.turn()  # the record that asked for this sync is in its status
        self.broker.publish(
            self.topics.status(
                StatusMessage(
                    software=status.software,
                    clock_suspect=status.clock is ClockTrust.SUSPECT,
                    lists_issued=_moment(status.lists_issued_s),
                    keys_issued=_moment(status.keys_issued_s),
                    synced=synced,
                    free_mb=status.free_mb,
                    note=self._staff.note,
                    noted=self._staff.noted,
                )
            )
        )

    def sync_requested(self) -> bool:
        """Whether a message asks for a sync; at most once a minute. Also tells staff what is new."""
        tick_ms = system_clock().tick_ms()
        heard = self.broker.heard()
        self._announcer.turn(heard)
        self._staff.turn()
        for message in heard:
            if self.topics.asks_for_sync(message):
                self._gate.hear(
                    tick_ms, to_all=self.topics.is_for_all(message), random_number=secrets.randbits(32)
                )
        return self._gate.due(tick_ms)


@contextmanager
def open_mqtt_status(config: Config, base: Path) -> Iterator[MqttStatus | None]:
    """Connect to a configuration's broker; None: it names no broker. Raises ConfigError, StorageFault."""
    mqtt, state = config.mqtt, base / config.paths.state
    if mqtt.host is None:
        warn_without_broker(state)
        yield None
        return
    topics = MqttTopics(mqtt.topic, config.device.id, commands=mqtt.commands)
    announcement = Announcement(topics, software_version()) if mqtt.home_assistant else None
    broker = open_broker(
        mqtt,
        base,
        client_id=topics.client_id,
        will=topics.will,
        topics=topics.subscriptions,
        watched=(announcement.topic,) if announcement else (),
    )
    with closing(broker):
        memory = MqttMemoryFile(state, f"{mqtt.host}:{mqtt.port}")
        kept = [topics.availability, topics.state]
        kept += [topics.staff] if mqtt.staff else []
        # Another process publishes these: under an old name they are withdrawn here too.
        kept += topics.of_check if config.check.via == "mqtt" else []
        announcer = MqttAnnouncer(broker, topics, memory, announcement=announcement, kept=kept)
        staff = StaffTopic(base / config.paths.journal, broker, topics, memory, in_clear=mqtt.staff)
        yield MqttStatus(broker, topics, announcer, staff, WakeRateLimit())


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
