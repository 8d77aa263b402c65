"""Sends queued messages to another system, and reads its answer. DELIVERY.md section 2."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from nacl.signing import SigningKey

from edge.delivery.queue import RETRY
from edge.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nacl.signing import SigningKey

    from edge.delivery.queue import DeliveryQueue, QueuedMessage
    from edge.ports import Post

MAX_AT_ONCE: Final = 100  # messages of one channel before the next has its turn
SIGNATURE_HEADER: Final = "Doorward-Signature"
# Answers that end the tries: the host understood the message and refuses it.
_NEVER: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.GONE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The host acknowledged the message."""


@dataclass(frozen=True, slots=True)
class DeliveryRefused:
    """The host refuses the message; another try would not help."""

    why: str


@dataclass(frozen=True, slots=True)
class RetryLater:
    """No answer, or neither an acknowledgement nor a refusal. `after_s`: the host's Retry-After."""

    why: str
    after_s: float = 0.0


DeliveryOutcome = Delivered | DeliveryRefused | RetryLater


class Transport(Protocol):
    """A way to one system."""

    def send(self, message: QueuedMessage) -> DeliveryOutcome:
        """Send the message and wait for the answer. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    """A web server. `key` signs for `device`; `only_ok`: only 200 acknowledges, as with an authority."""

    post: Post
    path: str
    device: str
    key: SigningKey
    content_type: str = "application/json"
    only_ok: bool = False

    def send(self, queued: QueuedMessage) -> DeliveryOutcome:
        mark = f"{self.device}-{queued.seq}-{queued.made_ms}"
        message = signed_message(queued.channel, mark, queued.body)
        signature = b64encode(self.key.sign(message).signature).decode()
        headers = {
            "Content-Type": self.content_type,
            "Idempotency-Key": f'"{mark}"',
            SIGNATURE_HEADER: f"ed25519={signature}",
        }
        try:
            answer = self.post.post(self.path, queued.body, headers)
        except FetchError as error:
            return RetryLater("no answer", error.after_s)
        if answer.status == HTTPStatus.OK or (not self.only_ok and 200 < answer.status < 300):
            return Delivered()
        why = f"answer {answer.status}"
        return DeliveryRefused(why) if answer.status in _NEVER else RetryLater(why, answer.after_s)


def signed_message(channel: str, mark: str, body: bytes) -> bytes:
    """The message that a device signs over a body; `mark` is the Idempotency-Key, without its quotes."""
    return f"doorward/delivery/v1\n{channel}\n{mark}\n{hashlib.sha256(body).hexdigest()}\n".encode()


def deliver(
    queue: DeliveryQueue,
    channel: str,
    transport: Transport,
    *,
    now_ms: Callable[[], int],
    random_unit: Callable[[], float],
) -> int:
    """Send the waiting messages of a channel until it is empty or must pause; the number acknowledged.

    Raises StorageFault.
    """
    count = 0
    for _ in range(MAX_AT_ONCE):
        message = queue.next(channel, now_ms())
        if message is None:
            break
        match transport.send(message):
            case Delivered():
                queue.delivered(message, now_ms())
                count += 1
            case DeliveryRefused(why):
                queue.refused(message, why, now_ms())
            case RetryLater(why, after_s):
                failures = queue.status(channel, now_ms()).failures + 1
                wait_s = RETRY.wait_s(failures, uniform=random_unit, asked_s=after_s)
                queue.failed(channel, why, now_ms(), wait_s=wait_s)
                break
    return count
