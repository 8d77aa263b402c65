"""A broker in memory: like a real one it retains messages, and publishes the last will of lost clients."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.ports import MqttMessage

if TYPE_CHECKING:
    from collections.abc import Sequence


class SimMessageBus:
    """The bus that all clients share. `say`: a message of any sender, not retained, like a wake-up."""

    def __init__(self) -> None:
        self.retained: dict[str, str] = {}
        self._clients: list[SimBroker] = []

    def connect(
        self, *, will: MqttMessage, subscriptions: Sequence[str], watched: Sequence[str] = ()
    ) -> SimBroker:
        """Connect a client. `watched`: topics whose retained messages it hears too."""
        client = SimBroker(self, will, (*subscriptions, *watched))
        for topic in watched:
            if self.retained.get(topic):
                client.deliver(MqttMessage(topic, self.retained[topic]))
        self._clients.append(client)
        return client

    def say(self, topic: str, payload: str) -> None:
        """Send a message to all clients that subscribe to this topic."""
        for client in self._clients:
            client.deliver(MqttMessage(topic, payload))

    def lose(self, client: SimBroker) -> None:
        """Lose a client, as if its cable was pulled: its last will is published."""
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
        self._bus.say(message.topic, message.payload)

    def acknowledged(self, message: MqttMessage) -> bool:
        return self._bus.retained.get(message.topic) == message.payload

    def forget(self, topic: str) -> None:
        """Nothing to do: this broker has no reconnections."""

    def heard(self) -> Sequence[MqttMessage]:
        messages = tuple(self._heard)
        self._heard.clear()
        return messages

    def close(self) -> None:
        self._bus.lose(self)

    def deliver(self, message: MqttMessage) -> None:
        """Take a message from the bus."""
        if message.topic in self._subscriptions:
            self._heard.append(message)
