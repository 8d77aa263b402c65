"""The Broker port: in memory, and on a real mosquitto."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from peers.mosquitto import Mosquitto
from peers.waiting import until

from edge.errors import ConfigError
from edge.ports import Broker, MqttMessage
from edge.sync.mqtt.status import MqttTopics
from hw.network.mqtt_paho import MAX_PAYLOAD_BYTES, Address, PahoBroker
from hw.sim.broker import SimBroker, SimMessageBus

PRESENCE = MqttTopics("doorward", "lobby-1")


class World(Protocol):
    """A broker seen from outside."""

    def connect(self, *, watched: Sequence[str] = ()) -> Broker: ...
    def say(self, topic: str, payload: str, *, retain: bool = False) -> None: ...
    def retained(self, topic: str) -> str | None: ...
    def cut(self, broker: Broker) -> None: ...


class Simulated:
    def __init__(self) -> None:
        self.bus = SimMessageBus()

    def connect(self, *, watched: Sequence[str] = ()) -> SimBroker:
        return self.bus.connect(will=PRESENCE.will, subscriptions=PRESENCE.subscriptions, watched=watched)

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        if retain:
            self.bus.retained[topic] = payload
        self.bus.say(topic, payload)

    def retained(self, topic: str) -> str | None:
        return self.bus.retained.get(topic)

    def cut(self, broker: Broker) -> None:
        assert isinstance(broker, SimBroker)
        self.bus.lose(broker)


@pytest.fixture(params=["sim", "mosquitto"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "sim":
        yield Simulated()
        return
    mosquitto = Mosquitto(tmp_path)
    yield mosquitto
    mosquitto.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.close()


def hears(world: World, broker: Broker, topic: str, payload: str) -> list[MqttMessage]:
    """The messages that arrive. A real broker may register the subscription after the first message."""
    found: list[MqttMessage] = []

    def arrived() -> bool:
        world.say(topic, payload)
        found.extend(broker.heard())
        return bool(found)

    until(arrived)
    return found


def test_a_published_message_is_retained(world: World) -> None:
    broker = world.connect()
    broker.publish(PRESENCE.birth)
    until(lambda: world.retained("doorward/lobby-1/availability") == "online")
    broker.close()


def test_a_wake_up_is_heard_with_its_topic(world: World) -> None:
    broker = world.connect()
    assert hears(world, broker, "doorward/lobby-1/wake", "now")[0] == MqttMessage(
        "doorward/lobby-1/wake", "now"
    )
    broker.close()


@pytest.mark.parametrize("dies", [True, False], ids=["without a message", "with a message"])
def test_a_device_that_leaves_is_offline(world: World, dies: bool) -> None:
    broker = world.connect()
    broker.publish(PRESENCE.birth)
    until(lambda: world.retained("doorward/lobby-1/availability") == "online")
    if dies:
        world.cut(broker)
    else:
        broker.close()
    until(lambda: world.retained("doorward/lobby-1/availability") == "offline")


def test_the_broker_acknowledges_the_last_message_of_a_topic(world: World) -> None:
    broker = world.connect()
    first, second = MqttMessage("doorward/lobby-1/status", "1"), MqttMessage("doorward/lobby-1/status", "2")
    assert not broker.acknowledged(first)
    broker.publish(first)
    until(lambda: broker.acknowledged(first))
    broker.publish(second)
    until(lambda: broker.acknowledged(second))
    assert not broker.acknowledged(first)
    broker.close()


def test_an_empty_message_withdraws_the_last_one(world: World) -> None:
    broker, topic = world.connect(), "doorward/lobby-1/status"
    broker.publish(MqttMessage(topic, "1"))
    until(lambda: world.retained(topic) == "1")
    broker.publish(MqttMessage(topic, ""))
    until(lambda: broker.acknowledged(MqttMessage(topic, "")))
    until(lambda: not world.retained(topic))
    broker.close()


def test_a_watched_topic_is_heard_with_what_the_broker_retains(world: World) -> None:
    long = "x" * (MAX_PAYLOAD_BYTES + 1)
    world.say("homeassistant/x", long, retain=True)
    broker = world.connect(watched=("homeassistant/x",))
    found: list[MqttMessage] = []
    until(lambda: found.extend(broker.heard()) or found)
    assert found[0] == MqttMessage("homeassistant/x", long)
    broker.close()


def test_what_is_retained_is_heard_before_the_broker_acknowledges_a_message(mosquitto: Mosquitto) -> None:
    mosquitto.say("homeassistant/x", "old", retain=True)
    broker = mosquitto.connect(watched=("homeassistant/x",))
    broker.publish(PRESENCE.birth)
    until(lambda: broker.acknowledged(PRESENCE.birth))
    assert MqttMessage("homeassistant/x", "old") in broker.heard()
    broker.close()


def test_a_forgotten_message_is_not_sent_again(mosquitto: Mosquitto) -> None:
    broker, gone = mosquitto.connect(), MqttMessage("doorward/lobby-1/status", "1")
    broker.publish(gone)
    until(lambda: mosquitto.retained(gone.topic) == "1")
    broker.forget(gone.topic)
    broker.publish(PRESENCE.birth)
    until(lambda: mosquitto.retained(PRESENCE.birth.topic) == "online")
    mosquitto.stop()
    mosquitto._seen.clear()
    mosquitto.start()
    until(lambda: mosquitto.retained(PRESENCE.birth.topic) == "online")
    assert mosquitto.retained(gone.topic) is None
    assert not broker.acknowledged(gone)
    broker.close()


def test_after_the_broker_was_unreachable_all_messages_are_sent_again(mosquitto: Mosquitto) -> None:
    broker = mosquitto.connect()
    broker.publish(PRESENCE.birth)
    until(lambda: mosquitto.retained("doorward/lobby-1/availability") == "online")
    mosquitto.stop()
    mosquitto._seen.clear()
    mosquitto.start()  # it has kept no message, as a broker without persistence
    until(lambda: mosquitto.retained("doorward/lobby-1/availability") == "online")
    assert hears(mosquitto, broker, "doorward/wake", "")
    broker.close()


def test_a_retained_wake_up_is_ignored(mosquitto: Mosquitto) -> None:
    mosquitto.say("doorward/wake", "old", retain=True)
    broker = mosquitto.connect()
    assert {message.payload for message in hears(mosquitto, broker, "doorward/wake", "new")} == {"new"}
    broker.close()


def test_a_long_message_is_not_retained(mosquitto: Mosquitto) -> None:
    broker = mosquitto.connect()
    hears(mosquitto, broker, "doorward/wake", "")
    mosquitto.say("doorward/wake", "x" * (MAX_PAYLOAD_BYTES + 1))
    assert not any(len(message.payload) > 4 for message in hears(mosquitto, broker, "doorward/wake", "sync"))
    broker.close()


def test_an_unreachable_broker_is_not_an_error() -> None:
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed: make setup")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        broker = PahoBroker(
            Address("127.0.0.1", taken.getsockname()[1], tls=False),
            client_id="x",
            will=PRESENCE.will,
            subscriptions=(),
        )
        broker.publish(PRESENCE.birth)
        assert broker.heard() == ()
        assert not broker.acknowledged(PRESENCE.birth)
        broker.close()


def test_invalid_certificates_are_an_error_of_the_configuration(tmp_path: Path) -> None:
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed: make setup")
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigError, match="certificates"):
        PahoBroker(
            Address("localhost", ca=tmp_path / "ca.pem"), client_id="x", will=PRESENCE.will, subscriptions=()
        )
