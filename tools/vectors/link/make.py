"""The door link by hand: frames, tags and keys as LINK.md says them, of nothing but hmac and libsodium."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Final

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base

FAIL_SECURE: Final = 1
FAIL_SAFE: Final = 2

VERSION: Final = 2
HELLO, PROVE, KEY_OFFER, KEY_CONFIRM = 0x01, 0x02, 0x04, 0x05
PING, RELEASE, RELOCK, MODE, SIGNAL, EVENTS, WIEGAND = range(0x10, 0x17)
WELCOME, READY, KEY_ANSWER, KEY_SET, REFUSED = 0x81, 0x82, 0x84, 0x85, 0x8F
PONG, DONE, DENIED, EVENT = range(0x90, 0x94)

FIRMWARE: Final = bytes((0, 2, 0))
STARTED: Final = 10  # the controller's tick when the session of these vectors is open


def digest(label: str) -> bytes:
    """32 bytes that look random and are the same at each run."""
    return hashlib.sha256(label.encode()).digest()


KEY: Final = digest("door link: key")
OTHER_KEY: Final = digest("door link: another key")
HOST_NONCE: Final = digest("door link: nonce of the host")[:16]
HOST_SECRET: Final = digest("door link: secret key of the host")
SECRET: Final = digest("door link: secret key of the controller")
NONCES: Final = tuple(digest(f"door link: nonce {n} of the controller")[:16] for n in range(3))


def cobs(data: bytes) -> bytes:
    """Consistent overhead byte stuffing of fewer than 254 bytes, without the delimiter."""
    out = bytearray()
    for block in data.split(b"\0"):
        out += bytes([len(block) + 1]) + block
    return bytes(out)


def crc(payload: bytes) -> bytes:
    """CRC-16/CCITT-FALSE of a payload, in the byte order of the wire."""
    return binascii.crc_hqx(payload, 0xFFFF).to_bytes(2, "little")


def wire(payload: bytes) -> bytes:
    """The frame of a payload."""
    return cobs(payload + crc(payload)) + b"\0"


def u32(number: int) -> bytes:
    """The number in four bytes, in the byte order of the wire."""
    return number.to_bytes(4, "little")


def mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 of a message, 32 bytes."""
    return hmac.digest(key, message, "sha256")


@dataclass(frozen=True)
class Talk:
    """The payloads of one session, of host and controller."""

    key: bytes = KEY
    host_nonce: bytes = HOST_NONCE
    nonce: bytes = NONCES[0]

    def _side(self, label: bytes) -> bytes:
        return mac(mac(self.key, b"doorward link\x02" + self.host_nonce + self.nonce), label)

    @property
    def host(self) -> bytes:
        """The key that the host's messages are tagged with."""
        return self._side(b"host to controller")

    @property
    def controller(self) -> bytes:
        """Likewise."""
        return self._side(b"controller to host")

    def hello(self, *, version: int = VERSION) -> bytes:
        return bytes([HELLO, version]) + self.host_nonce

    def welcome(self, *, version: int = VERSION, firmware: bytes = FIRMWARE, flags: int = 0) -> bytes:
        body = bytes([WELCOME, version]) + firmware + bytes([flags]) + self.nonce
        return body + mac(self.controller, body)[:8]

    def prove(self, *, lock: int = FAIL_SECURE) -> bytes:
        body = bytes([PROVE, lock])
        return body + mac(self.host, body)[:8]

    def ready(self, next_event: int, tick: int = STARTED) -> bytes:
        body = bytes([READY]) + u32(next_event) + u32(tick)
        return body + mac(self.controller, body)[:8]

    def ask(self, kind: int, counter: int, content: bytes = b"", *, seen: int = STARTED) -> bytes:
        """A message of the host, which has seen this tick of the controller."""
        body = bytes([kind]) + u32(counter) + u32(seen) + content
        return body + mac(self.host, body)[:8]

    def tell(self, kind: int, counter: int, content: bytes = b"") -> bytes:
        """A message of the controller."""
        body = bytes([kind]) + u32(counter) + content
        return body + mac(self.controller, body)[:8]


@dataclass(frozen=True)
class Exchange:
    """One commissioning's payloads, of both sides."""

    lock: int = FAIL_SECURE
    host_secret: bytes = HOST_SECRET
    secret: bytes = SECRET

    @property
    def key(self) -> bytes:
        """The key that both have then."""
        public = crypto_scalarmult_base(self.secret)
        shared = crypto_scalarmult(self.secret, crypto_scalarmult_base(self.host_secret))
        return mac(shared, b"doorward link key" + self.offer()[1:] + public)

    def offer(self, *, version: int = VERSION) -> bytes:
        return bytes([KEY_OFFER, version, self.lock]) + crypto_scalarmult_base(self.host_secret)

    def answer(self) -> bytes:
        public = crypto_scalarmult_base(self.secret)
        return bytes([KEY_ANSWER]) + public + mac(self.key, b"controller check")[:8]

    def confirm(self) -> bytes:
        return bytes([KEY_CONFIRM]) + mac(self.key, b"host check")[:8]

    def is_set(self) -> bytes:
        """KEY_SET."""
        return bytes([KEY_SET]) + mac(self.key, b"key set")[:8]


@dataclass(frozen=True)
class LinkVector:
    """One file of tests/vectors/link."""

    name: str
    comment: str
    says: dict[str, Any] = field(default_factory=dict)

    def render(self) -> str:
        """JSON with one step a line; MicroPython's json reads it as well."""
        parts = [f'"comment": {json.dumps(self.comment)}']
        for key, value in self.says.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                steps = ",\n  ".join(json.dumps(step) for step in value)
                parts.append(f'"{key}": [\n  {steps}\n ]')
            else:
                parts.append(f'"{key}": {json.dumps(value)}')
        return "{\n " + ",\n ".join(parts) + "\n}\n"
