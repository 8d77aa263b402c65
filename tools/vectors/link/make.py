"""Makes frames, tags and keys of the door link from LINK.md, with the standard library alone."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Final

FAIL_SECURE: Final = 1
FAIL_SAFE: Final = 2

HELLO, PROVE, SET_KEY = 0x01, 0x02, 0x03
PING, RELEASE, RELOCK, MODE, SIGNAL, EVENTS, WIEGAND = range(0x10, 0x17)
WELCOME, READY, KEY_SET, REFUSED = 0x81, 0x82, 0x83, 0x8F
PONG, DONE, DENIED, EVENT = range(0x90, 0x94)

FIRMWARE: Final = bytes((0, 1, 0))


def digest(label: str) -> bytes:
    """32 bytes that look random and are the same at each run."""
    return hashlib.sha256(label.encode()).digest()


KEY: Final = digest("door link: key")
OTHER_KEY: Final = digest("door link: another key")
HOST_NONCE: Final = digest("door link: nonce of the host")[:16]
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
        return mac(mac(self.key, b"doorward link v1" + self.host_nonce + self.nonce), label)

    @property
    def host(self) -> bytes:
        """The key for the tags of the host's messages."""
        return self._side(b"host")

    @property
    def controller(self) -> bytes:
        """The key for the tags of the controller's messages."""
        return self._side(b"controller")

    def hello(self, *, version: int = 1) -> bytes:
        return bytes([HELLO, version]) + self.host_nonce

    def welcome(self, *, version: int = 1, firmware: bytes = FIRMWARE, flags: int = 0) -> bytes:
        body = bytes([WELCOME, version]) + firmware + bytes([flags]) + self.nonce
        return body + mac(self.controller, body)[:8]

    def prove(self, *, lock: int = FAIL_SECURE) -> bytes:
        body = bytes([PROVE, lock])
        return body + mac(self.host, body)[:8]

    def ready(self, next_event: int) -> bytes:
        body = bytes([READY]) + u32(next_event)
        return body + mac(self.controller, body)[:8]

    def ask(self, kind: int, counter: int, content: bytes = b"") -> bytes:
        """A message of the host."""
        body = bytes([kind]) + u32(counter) + content
        return body + mac(self.host, body)[:8]

    def tell(self, kind: int, counter: int, content: bytes = b"") -> bytes:
        """A message of the controller."""
        body = bytes([kind]) + u32(counter) + content
        return body + mac(self.controller, body)[:8]


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
