"""A real mosquitto on the loopback interface, for tests, which skip if it is not installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from peers.waiting import until

from edge.ports import Broker
from edge.sync.mqtt.status import MqttTopics
from hw.network.mqtt_paho import Address, PahoBroker

PRESENCE = MqttTopics("doorward", "lobby-1")
DEADLINE_S = 10  # on an idle machine it takes milliseconds


class Mosquitto:
    """A real broker, and a client that publishes and subscribes to everything."""

    def __init__(self, folder: Path) -> None:
        mqtt = pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed: make setup")
        program = shutil.which(
            "mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/sbin"
        )
        if program is None:
            pytest.skip("mosquitto is not installed: apt install mosquitto")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n"
        )
        self._program = program
        self.start()
        self._seen: dict[str, str] = {}
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = lambda _client, _data, message: self._seen.update(
            {message.topic: message.payload.decode()}
        )
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._listens)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self, presence: MqttTopics = PRESENCE, *, watched: Sequence[str] = ()) -> PahoBroker:
        return PahoBroker(
            Address("127.0.0.1", self.port, tls=False),
            client_id="lobby-1",
            will=presence.will,
            subscriptions=presence.subscriptions,
            watched=watched,
        )

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(DEADLINE_S)

    def retained(self, topic: str) -> str | None:
        return self._seen.get(topic)

    def cut(self, broker: Broker) -> None:
        """Shut the socket of a device's client down without an MQTT DISCONNECT, as a broken cable does."""
        assert isinstance(broker, PahoBroker)
        broker._client.loop_stop()
        sock = broker._client.socket()
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._client.loop_stop()
        self.stop()
