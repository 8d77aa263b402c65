"""An MQTT broker through paho-mqtt: connects and subscribes, and does both again, in its own thread."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from edge.errors import ConfigError
from edge.ports import MqttMessage
from hw.network.certificates import trust

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo

QOS: Final = 1  # at least once: a status that comes twice does no harm
KEEPALIVE_S: Final = 60  # the broker publishes our last will after one and a half of these
MAX_HEARD: Final = 100  # waiting messages; a wake-up is one, and a second wake-up adds nothing
MAX_PAYLOAD_BYTES: Final = 256  # "sync" has four
MAX_WATCHED_BYTES: Final = 16_384  # an announcement of ours has 2 kB
MAX_QUEUED: Final = 20  # our messages without a connection; retained ones are published again anyway
RETRY_S: Final = (1, 120)  # first and longest wait between two attempts


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a broker, and the login there. A `user` needs `tls`, or the password travels in clear."""

    host: str
    port: int = 8883
    tls: bool = True
    ca: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class PahoBroker:
    """The Broker port over MQTT 3.1.1, which every broker speaks.

    Raises ConfigError where paho-mqtt is not installed or the certificates cannot be read. A broker that does
    not answer is no error: the client retries until `close`.
    """

    def __init__(
        self,
        address: Address,
        *,
        client_id: str,
        will: MqttMessage,
        subscriptions: Sequence[str],
        watched: Sequence[str] = (),
    ) -> None:
        """`watched`: topics whose retained messages are heard too; also subscribed to."""
        self._subscriptions = (*subscriptions, *watched)
        self._watched = frozenset(watched)
        self._will = will
        self._retained: dict[str, str] = {}
        self._sent: dict[str, MQTTMessageInfo] = {}
        self._heard: deque[MqttMessage] = deque(maxlen=MAX_HEARD)
        self._lock = Lock()
        self._client = _client(address, client_id)
        self._client.will_set(will.topic, will.payload, qos=QOS, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect_async(address.host, address.port, KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, message: MqttMessage) -> None:
        with self._lock:
            self._retained[message.topic] = message.payload
            self._sent.pop(message.topic, None)
        if self._client.is_connected():
            self._send(message.topic, message.payload)

    def acknowledged(self, message: MqttMessage) -> bool:
        with self._lock:
            sent = self._sent.get(message.topic)
            return self._retained.get(message.topic) == message.payload and bool(sent and sent.is_published())

    def forget(self, topic: str) -> None:
        with self._lock:
            self._retained.pop(topic, None)
            self._sent.pop(topic, None)

    def heard(self) -> Sequence[MqttMessage]:
        with self._lock:
            messages = tuple(self._heard)
            self._heard.clear()
        return messages

    def close(self) -> None:
        if self._client.is_connected():  # for a client that disconnects, the broker publishes no last will
            said = self._client.publish(self._will.topic, self._will.payload, qos=QOS, retain=True)
            said.wait_for_publish(timeout=2)  # a broker on this continent answers in a tenth of this
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, _data: object, _flags: object, code: Any, _more: object) -> None:  # noqa: ANN401  paho's own types differ from version to version
        if code.is_failure:
            return
        for topic in self._subscriptions:
            client.subscribe(topic, qos=QOS)
        with self._lock:
            retained = dict(self._retained)
        for topic, payload in retained.items():
            self._send(topic, payload)

    def _send(self, topic: str, payload: str) -> None:
        sent = self._client.publish(topic, payload, qos=QOS, retain=True)
        with self._lock:
            if self._retained.get(topic) == payload:  # else a newer message or none is to be acknowledged
                self._sent[topic] = sent

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        watched = message.topic in self._watched
        # A wake-up that the broker retained is an old one.
        if not watched and (message.retain or len(message.payload) > MAX_PAYLOAD_BYTES):
            return
        if len(message.payload) > MAX_WATCHED_BYTES:
            return
        with self._lock:
            self._heard.append(MqttMessage(message.topic, message.payload.decode("ascii", errors="replace")))


def _client(address: Address, client_id: str) -> Client:
    try:
        from paho.mqtt.client import Client  # an optional dependency
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError as error:
        raise ConfigError(
            "[mqtt] needs paho-mqtt, which is not installed", hint="pip install 'doorward[mqtt]'"
        ) from error
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id)
    client.max_queued_messages_set(MAX_QUEUED)
    client.reconnect_delay_set(*RETRY_S)
    if address.user is not None:
        client.username_pw_set(address.user, address.password)
    if address.tls:
        client.tls_set_context(trust(address.ca, "[mqtt] ca"))
    return client
