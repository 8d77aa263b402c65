"""A host of the door link, written from firmware/LINK.md alone: hmac, binascii, libsodium; nothing of either half."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

KEY = bytes(range(32))
NONCE = bytes(range(100, 116))  # a host's
TAG_BYTES = 8
PONG = 0x90


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def tagged(key: bytes, body: bytes) -> bytes:
    return body + mac(key, body)[:TAG_BYTES]


def framed(payload: bytes) -> bytes:
    checked = payload + binascii.crc_hqx(payload, 0xFFFF).to_bytes(2, "little")
    return b"".join(bytes([len(block) + 1]) + block for block in checked.split(b"\0")) + b"\0"


def unframed(wire: bytes) -> list[bytes]:
    """The payloads of complete frames with the right CRC."""
    return [_payload(frame) for frame in wire.split(b"\0")[:-1]]


def _payload(frame: bytes) -> bytes:
    checked = bytearray()
    while frame:
        checked += frame[1 : frame[0]] + b"\0"
        frame = frame[frame[0] :]
    payload, crc = bytes(checked[:-3]), bytes(checked[-3:-1])
    assert crc == binascii.crc_hqx(payload, 0xFFFF).to_bytes(2, "little")
    return payload


class Nonces:
    """The random numbers of a controller, the same in each run. `private`: its secret keys at commissioning."""

    def __init__(self, label: bytes = b"controller", private: bytes = bytes(range(32))) -> None:
        self.fresh = nonces(label)
        self.private = private

    def secret(self) -> Generator[None, None, bytes]:
        yield
        return self.private


def nonces(label: bytes = b"controller") -> Callable[[], bytes]:
    """A nonce() that never returns one value twice, with the same values in each run."""
    numbers = itertools.count()
    return lambda: hashlib.sha256(label + b"%d" % next(numbers)).digest()[:16]


class Keys:
    """A key store in memory: (lock, key) or None, and the number of writes."""

    def __init__(self, stored: tuple[int, bytes] | None = (1, KEY)) -> None:
        self.stored = stored
        self.writes = 0

    def load(self) -> tuple[int, bytes] | None:
        return self.stored

    def save(self, lock: int, key: bytes) -> None:
        self.stored = lock, key
        self.writes += 1

    def erase(self) -> None:
        self.stored = None
        self.writes += 1


@dataclass
class Host:
    """State of a host: makes payloads, and checks those that come back."""

    key: bytes = KEY
    lock: int = 1
    nonce: bytes = NONCE
    seen: int = 0  # the controller's tick in its newest READY or PONG
    sent: int = 0
    taken: int = 0
    host: bytes = field(default=b"", repr=False)
    controller: bytes = field(default=b"", repr=False)

    def hello(self) -> bytes:
        return b"\x01\x02" + self.nonce

    def prove(self, welcome: bytes) -> bytes:
        """Check a WELCOME; returns the answer."""
        assert len(welcome) == 30
        secret = mac(self.key, b"doorward link\x02" + self.nonce + welcome[6:22])
        self.host, self.controller = mac(secret, b"host to controller"), mac(secret, b"controller to host")
        assert welcome == tagged(self.controller, b"\x81" + welcome[1:22])
        return tagged(self.host, bytes([2, self.lock]))

    def ready(self, ready: bytes) -> int:
        """Check a READY: the number of the next event."""
        assert len(ready) == 17
        assert ready == tagged(self.controller, b"\x82" + ready[1:9])
        self.seen = int.from_bytes(ready[5:9], "little")
        self.sent = self.taken = 0
        return int.from_bytes(ready[1:5], "little")

    def message(
        self, kind: int, content: bytes = b"", counter: int | None = None, seen: int | None = None
    ) -> bytes:
        if counter is None:
            self.sent += 1
            counter = self.sent
        head = bytes([kind]) + u32(counter) + u32(self.seen if seen is None else seen)
        return tagged(self.host, head + content)

    def heard(self, payload: bytes) -> tuple[int, bytes]:
        """Check a message of the controller; returns its type and content."""
        body = payload[:-TAG_BYTES]
        assert payload == tagged(self.controller, body)
        counter = int.from_bytes(body[1:5], "little")
        assert counter == self.taken + 1
        self.taken = counter
        if body[0] == PONG:
            self.seen = int.from_bytes(body[9:13], "little")
        return body[0], body[5:]


@dataclass
class Technician:
    """A host that commissions: makes payloads, and checks those that come back. `key`: what both have then."""

    lock: int = 1
    private: bytes = bytes(range(200, 232))
    key: bytes = field(default=b"", repr=False)

    def offer(self, version: int = 2) -> bytes:
        return bytes([4, version, self.lock]) + crypto_scalarmult_base(self.private)

    def confirm(self, answer: bytes) -> bytes:
        """Check a KEY_ANSWER, answer it."""
        assert len(answer) == 41
        public = answer[1:33]
        shared = crypto_scalarmult(self.private, public)
        self.key = mac(shared, b"doorward link key" + self.offer()[1:] + public)
        assert answer == b"\x84" + public + mac(self.key, b"controller check")[:8]
        return b"\x05" + mac(self.key, b"host check")[:8]

    def is_set(self) -> bytes:
        """The KEY_SET that ends it."""
        return b"\x85" + mac(self.key, b"key set")[:8]


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")
