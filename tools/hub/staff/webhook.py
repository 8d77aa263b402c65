"""The webhook for messages to staff: sends each waiting message to one web address, the most urgent first.

A message is JSON without personal data, signed by the hub's key (DELIVERY.md 2). It is sent at least once,
each time with one Idempotency-Key. A thread of its own sends, so a slow receiver delays no device.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from nacl.signing import SigningKey

from edge.app.parts.keys import own_key
from edge.app.parts.trust_folder import open_files
from edge.app.parts.webhook import webhook_to
from edge.app.repeating import repeating
from edge.config.sections.base import Url
from edge.delivery.carriers import Delivered, DeliveryRefused, RetryLater
from edge.delivery.queue import RETRY, QueuedMessage
from edge.errors import InputError, StorageFault
from tools.hub.staff.messages import StaffLog
from tools.hub.staff.push import push

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import RowMapping
    from structlog.typing import FilteringBoundLogger

    from edge.delivery.carriers import Transport
    from tools.hub.schema import Database

MAX_URL_BYTES: Final = 1_002  # an address and the end of its line
CHANNEL: Final = "staff"
SENDER: Final = "hub"
LOOK_EVERY_S: Final = 2.0  # the longest delay of a message that has arrived
WHOLE_S: Final = 15.0  # for one request: the stop of the hub waits for the last one
AT_ONCE: Final = 100  # messages in one turn; then the most urgent of those that came meanwhile is next
_random_unit = random.SystemRandom().random


class StaffWebhook:
    """Sends the waiting messages of a log. Call `work` every LOOK_EVERY_S, from one thread."""

    def __init__(
        self,
        staff_log: StaffLog,
        transport: Transport,
        log: FilteringBoundLogger,
        *,
        now_ms: Callable[[], int],
        random_unit: Callable[[], float] = _random_unit,
    ) -> None:
        self._staff_log = staff_log
        self._transport = transport
        self._log = log
        self._now_ms = now_ms
        self._random_unit = random_unit
        self._failures = 0
        self._next_ms = 0

    def work(self) -> int:
        """Send what waits, unless the receiver did not answer a short time ago; the number sent.

        A database that does not answer is logged, and its messages are sent later.
        """
        now_ms = self._now_ms()
        # A clock that was set back must not stop the webhook for longer than its longest wait.
        if now_ms < self._next_ms <= now_ms + int(RETRY.longest_s * 1_000):
            return 0
        try:
            return self._send()
        except StorageFault as fault:
            self._log.error("webhook", error=fault.message)
            return 0

    def _send(self) -> int:
        count = 0
        for row in self._staff_log.waiting(self._now_ms(), AT_ONCE):
            match self._transport.send(_queued(row)):
                case Delivered():
                    self._failures = 0
                    self._staff_log.told(row["id"], "", self._now_ms())
                    count += 1
                case DeliveryRefused(why):
                    self._failures = 0
                    self._log.error("webhook", message=row["id"], refused=why)
                    self._staff_log.told(row["id"], why, self._now_ms())
                case RetryLater(why, after_s):
                    self._failures += 1
                    wait_s = RETRY.wait_s(self._failures, uniform=self._random_unit, asked_s=after_s)
                    self._next_ms = self._now_ms() + int(wait_s * 1_000)
                    self._log.warning("webhook", waits_s=round(wait_s), why=why)
                    break
        return count


def _queued(row: RowMapping) -> QueuedMessage:
    body = msgspec.json.encode(push(row))
    return QueuedMessage(CHANNEL, row["id"], body, row["received_ms"])


def webhook_address(text: str | None) -> str | None:
    """The address in the option, or in the file that it names. Raises InputError, StorageFault."""
    if text is None:
        return None
    url = text
    if "://" not in text:
        path = Path(text)
        data = open_files(path.parent).read(path.name, limit=MAX_URL_BYTES)
        url = data.decode("ascii", errors="replace").strip()
    try:
        return msgspec.convert(url, Url)
    except msgspec.ValidationError as err:
        # The address is not repeated: its path may hold a secret.
        raise InputError(
            "--webhook: not an address that begins with https:// or http://, without ? and #",
            hint="give the address, or a file with nothing else in it",
        ) from err


@contextmanager
def sending(
    database: Database, url: str, *, key: Path, ca: Path | None, log: FilteringBoundLogger
) -> Iterator[None]:
    """Send the messages of this database to `url` in a thread until the block ends.

    `key`: the file of the hub's signing key, made if it is missing; its public key is in the log. `ca`: PEM
    file of CA certificates to trust. Raises ConfigError, StorageFault.
    """
    lost = "remove the file, and give the receiver the key that the hub makes at its next start"
    signer = SigningKey(own_key(key, "the hub's key", lost=lost))
    webhook = StaffWebhook(
        StaffLog(database),
        webhook_to(url, SENDER, signer, ca=ca, whole_s=WHOLE_S),
        log,
        now_ms=lambda: int(time.time() * 1000),
    )
    log.info("webhook", key=bytes(signer.verify_key).hex())
    with repeating("webhook", LOOK_EVERY_S, webhook.work):
        yield
