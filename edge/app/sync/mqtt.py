"""Connects a device to the broker of its configuration, for its status and for sync requests."""

from __future__ import annotations

import secrets
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.app.parts.camera import system_clock
from edge.app.parts.network import open_broker
from edge.audit.record import ClockTrust
from edge.sync.mqtt_status import MqttTopics, StatusMessage, WakeRateLimit
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
    _gate: WakeRateLimit

    def tell(self, status: DeviceStatus, *, synced: datetime | None) -> None:
        """Publish the device's status."""
        self.broker.publish(
            self.topics.status(
                StatusMessage(
                    software=status.software,
                    clock_suspect=status.clock is ClockTrust.SUSPECT,
                    lists_issued=_moment(status.lists_issued_s),
                    keys_issued=_moment(status.keys_issued_s),
                    synced=synced,
                    free_mb=status.free_mb,
                )
            )
        )

    def sync_requested(self) -> bool:
        """Whether a message asks for a sync; at most once a minute."""
        tick_ms = system_clock().tick_ms()
        for message in self.broker.heard():
            if self.topics.asks_for_sync(message):
                self._gate.hear(
                    tick_ms, to_all=self.topics.is_for_all(message), random_number=secrets.randbits(32)
                )
        return self._gate.due(tick_ms)


@contextmanager
def open_mqtt_status(config: Config, base: Path) -> Iterator[MqttStatus | None]:
    """Connect to a configuration's broker; None: it names no broker. Raises ConfigError, StorageFault."""
    if config.mqtt.host is None:
        yield None
        return
    device = config.device.id
    presence = MqttTopics(config.mqtt.topic, device, commands=config.mqtt.commands)
    broker = open_broker(
        config.mqtt,
        base,
        client_id=f"doorward-{device}",
        will=presence.will,
        topics=presence.subscriptions,
    )
    broker.publish(presence.birth)
    if config.mqtt.home_assistant:
        broker.publish(presence.discovery(software_version()))
    with closing(broker):
        yield MqttStatus(broker, presence, WakeRateLimit())


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
