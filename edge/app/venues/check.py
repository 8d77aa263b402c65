"""Opens a check from the configuration: its purpose, its queue, and the transport to its host."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge.app.clock_store import passed
from edge.app.parts.keys import device_seed, own_key
from edge.app.parts.network import open_broker
from edge.app.parts.sealed_keys import read_public
from edge.app.parts.trust_folder import open_files
from edge.app.parts.webhook import open_webhook
from edge.audit.record import utc_ms
from edge.card.attributes import Attribute
from edge.delivery.carriers import Delivered, RetryLater, deliver
from edge.delivery.carriers import DeliveryOutcome as Carried
from edge.delivery.queue import ChannelStatus, DeliveryQueue, QueuedMessage, QueueLimits
from edge.delivery.sealed_box import Sealer
from edge.errors import FetchError
from edge.ports import MqttMessage
from edge.sqlite import connect, empty_log
from edge.sync.mqtt.status import MqttTopics
from edge.venues.check.result import CheckOutcome, Result, encode, to_text
from edge.venues.check.venue import CheckVenue, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from edge import config
    from edge.delivery.carriers import Transport
    from edge.ports import Broker
    from edge.venues.check.venue import CheckFinding
    from hw.network.serial_host import SerialHost

CHANNEL: Final = "check"
FILE: Final = "check.db"
KEY_BYTES: Final = 32
CONTENT_TYPE: Final = 'application/cose; cose-type="cose-sign1"'
ANSWER_S: Final = 10.0  # the host's deadline to acknowledge one result
_POLL_S: Final = 0.02


def open_check(root: config.Config, base: Path, stack: ExitStack) -> CheckVenue:
    """The venue of a configuration; what it opens closes with `stack`. Raises ConfigError, StorageFault."""
    check = root.check
    purpose = Purpose(
        name=check.purpose,
        request=tuple(map(Attribute, check.request)),
        tells_reason=check.reason,
        compares=root.door.face != "none",
    )
    key = sector_key(base / check.sector_key)
    results = open_results(root, base)
    stack.callback(results.close)
    return CheckVenue(purpose, key, results)


def open_results(root: config.Config, base: Path) -> CheckResults:
    """The queue of results. Raises ConfigError, StorageFault."""
    check = root.check
    return CheckResults(
        base / check.folder,
        device=root.device.id,
        seed=device_seed(base / root.device.key),
        host=read_public(base / check.host_key) if check.host_key else None,
        is_told=check.via != "none",
    )


def sector_key(file: Path) -> bytes:
    """The key of a host's pseudonyms, made if there is none. Raises ConfigError, StorageFault."""
    return own_key(
        file, "the key of a host's pseudonyms", lost="copy the key from another device of this host"
    )


class CheckResults:
    """Implements Results: signs each finding, and puts it into the queue for the host."""

    def __init__(
        self,
        folder: Path,
        *,
        device: str,
        seed: bytes,
        host: bytes | None,
        is_told: bool,
    ) -> None:
        """`host`: its public key; without one no disclosed attribute is passed on. Raises StorageFault."""
        self.path = folder / FILE
        self._device = device
        self._seed = seed
        self._host = host
        self._is_told = is_told
        self._db = connect(self.path)
        self.queue = DeliveryQueue(self._db, self.path)

    def enter(self, finding: CheckFinding) -> None:
        if not self._is_told:
            return
        sealed = None
        if finding.attributes and self._host is not None:
            plain = json.dumps({name.value: value for name, value in finding.attributes}, ensure_ascii=False)
            sealed = Sealer(self._host).seal(plain.encode())
        at_ms = utc_ms(finding.at)
        result = Result(
            device=self._device,
            seq=finding.seq,
            at=finding.at,
            site=finding.site,
            purpose=finding.purpose,
            outcome=CheckOutcome.GRANTED if finding.granted else CheckOutcome.DENIED,
            face=finding.face,
            pseudonym=finding.pseudonym,
            sealed=sealed,
            reason=finding.reason,
        )
        self.queue.put(QueuedMessage(CHANNEL, finding.seq, encode(result, self._seed), at_ms))

    def tidy(self) -> None:
        """Delete delivered results from the database's files. Raises StorageFault."""
        empty_log(self._db, self.path)

    def close(self) -> None:
        """Safe to call again."""
        self._db.close()


@dataclass(slots=True)
class OverBroker:
    """Retains one result at a time; when the host sends its `seq` on another topic, it is cleared."""

    broker: Broker
    topic: str
    wait_s: float = ANSWER_S

    def send(self, message: QueuedMessage) -> Carried:
        self.broker.heard()  # drops answers to an earlier result
        self.broker.publish(MqttMessage(f"{self.topic}/result", to_text(message.body)))
        until = time.monotonic() + self.wait_s
        while time.monotonic() < until:
            if any(heard.payload.strip() == str(message.seq) for heard in self.broker.heard()):
                self.broker.publish(MqttMessage(f"{self.topic}/result", ""))
                return Delivered()
            time.sleep(_POLL_S)
        return RetryLater("no acknowledgement")


@dataclass(slots=True)
class OverSerial:
    """Sends a line with the result; the host answers `OK` and its `seq`."""

    host: SerialHost
    wait_s: float = ANSWER_S

    def send(self, message: QueuedMessage) -> Carried:
        try:
            answer = self.host.ask(to_text(message.body), wait_s=self.wait_s)
        except FetchError:
            return RetryLater("no answer")
        return Delivered() if answer.strip() == f"OK {message.seq}" else RetryLater("another answer")


class CheckOffice:
    """Sends waiting results to the host. It runs in its own process: no passage waits for it."""

    def __init__(self, root: config.Config, base: Path) -> None:
        """Raises ConfigError, StorageFault."""
        self.results = open_results(root, base)
        self._limits = QueueLimits(root.check.queue_mb * 1_048_576, timedelta(hours=root.check.queue_h))
        self._state = open_files(base / root.paths.state)
        self._closing: list[Callable[[], None]] = []
        try:
            self._transport = self._open(root, base)
        except BaseException:
            self.results.close()
            raise

    def deliver(self, *, now_ms: Callable[[], int], random_unit: Callable[[], float]) -> int:
        """Give up old results and send the others; returns how many the host took. Raises StorageFault."""
        if self._transport is None:
            return 0
        queue, wall_ms = self.results.queue, now_ms()
        past = passed(self._state, datetime.fromtimestamp(wall_ms / 1_000, UTC))
        queue.give_up(CHANNEL, self._limits, past, wall_ms)
        count = deliver(queue, CHANNEL, self._transport, now_ms=now_ms, random_unit=random_unit)
        self.results.tidy()
        return count

    def status(self, now_ms: int) -> ChannelStatus:
        """The status of the queue. Raises StorageFault."""
        return self.results.queue.status(CHANNEL, now_ms)

    def close(self) -> None:
        """Safe to call again."""
        self.results.close()
        while self._closing:
            with suppress(FetchError):
                self._closing.pop()()

    def _open(self, root: config.Config, base: Path) -> Transport | None:
        check = root.check
        match check.via:
            case "webhook":
                assert check.webhook is not None
                ca = base / check.ca if check.ca else None
                return open_webhook(root, base, check.webhook, ca=ca, content_type=CONTENT_TYPE)
            case "mqtt":
                topic = f"{root.mqtt.topic}/{root.device.id}/check"
                broker = open_broker(
                    root.mqtt,
                    base,
                    client_id=f"{MqttTopics(root.mqtt.topic, root.device.id).client_id}_check",
                    will=MqttMessage(f"{topic}/availability", "offline"),
                    topics=(f"{topic}/acknowledged",),
                )
                self._closing.append(broker.close)
                broker.publish(MqttMessage(f"{topic}/availability", "online"))
                return OverBroker(broker, topic)
            case "serial":
                from hw.network.serial_host import SerialHost

                assert check.port is not None
                host = SerialHost(str(base / check.port), check.baud)
                self._closing.append(host.close)
                return OverSerial(host)
            case "none":
                return None
