"""Steps of one controller's vector, and the contents that several of them use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tools.vectors.link import make as m
from tools.vectors.link.make import STARTED, LinkVector, Talk, u32, wire

TALK: Final = Talk()
CONTACT, TAMPER, SERVICE = 1, 4, 16
MALFORMED, BUSY, NO_KEY, LOCK_KIND, WRONG_TAG, LOCK_DOWN, _, SHUT_OR_TAMPERED, NOT_NOW = range(1, 10)
EXPIRED, VERSION = 11, 12


def grant(for_ms: int, expires: int) -> bytes:
    """The content of a RELEASE."""
    return for_ms.to_bytes(2, "little") + u32(77) + u32(expires)


def mode(number: int, expires: int = 0) -> bytes:
    """The content of a MODE."""
    return bytes([number]) + u32(expires)


THREE_SECONDS: Final = grant(3_000, 3_220)


@dataclass
class ControllerPlay:
    """The steps of one vector."""

    name: str
    comment: str
    key: bytes | None = m.KEY
    lock: int = m.FAIL_SECURE
    inputs: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    def step(
        self, ms: int, heard: bytes, *said: bytes, strike: int = 0, inputs: int | None = None
    ) -> ControllerPlay:
        """At `ms` this payload is heard, or nothing; the answers, and the strike's current after them."""
        step = {
            "ms": ms,
            "inputs": self.inputs if inputs is None else inputs,
            "hear": wire(heard).hex() if heard else "",
            "say": [payload.hex() for payload in said],
            "strike": strike,
        }
        self.steps.append(step)
        return self

    def open(
        self, talk: Talk = TALK, *, next_event: int = 2, strike: int = 0, flags: int = 0
    ) -> ControllerPlay:
        """The handshake."""
        self.step(0, talk.hello(), talk.welcome(flags=flags), strike=strike)
        return self.step(STARTED, talk.prove(lock=self.lock), talk.ready(next_event), strike=strike)

    def vector(self) -> LinkVector:
        """The file."""
        pair = {"key": self.key.hex() if self.key else None, "lock": self.lock}
        nonces = [nonce.hex() for nonce in m.NONCES]
        return LinkVector(
            f"controller_{self.name}",
            self.comment,
            {**pair, "nonces": nonces, "secret": m.SECRET.hex(), "inputs": self.inputs, "steps": self.steps},
        )
