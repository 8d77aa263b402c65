"""A broker in memory, with the manners of a real one: it retains, and it speaks for those who have died."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.ports import MqttMessage

if TYPE_CHECKING:
    from collections.abc import Sequence


class SimMessageBus:
    """What all clients share. `say` is anybody's message, not retained, as a wake-up is."""

    def __init__(self) -> None:
        self.retained: dict[str, str] = {}
        self._clients: list[SimBroker] = []

    def connect(self, *, will: MqttMessage, subscriptions: Sequence[str]) -> SimBroker:
        """A client's connection."""
        client = SimBroker(self, will, tuple(subscriptions))
        self._clients.append(client)
        return client

    def say(self, topic: str, payload: str) -> None:
        """Tell everybody who listens to this topic."""
        for client in self._clients:
            client.deliver(MqttMessage(topic, payload))

    def lose(self, client: SimBroker) -> None:
        """A client's cable is pulled: its last will is said."""
        self._clients.remove(client)
        self.retained[client.will.topic] = client.will.payload


class SimBroker:
    """The Broker port in memory."""

    def __init__(self, bus: SimMessageBus, will: MqttMessage, subscriptions: tuple[str, ...]) -> None:
        self.will = will
        self._bus, self._subscriptions = bus, subscriptions
        self._heard: deque[MqttMessage] = deque(maxlen=100)

    def publish(self, message: MqttMessage) -> None:
        self._bus.retained[message.topic] = message.payload

    def heard(self) -> Sequence[MqttMessage]:
        messages = tuple(self._heard)
        self._heard.clear()
        return messages

    def close(self) -> None:
        self._bus.lose(self)

    def deliver(self, message: MqttMessage) -> None:
        """What the bus passes on."""
        if message.topic in self._subscriptions:
            self._heard.append(message)
